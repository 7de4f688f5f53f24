import { emptySamples, type PlainColumn, plainColumns } from '../samples.ts';
import type { TripSamples } from '../types.ts';

/** A row of samples: only what it says. */
export type Row = { readonly timeMs: number } & Partial<Readonly<Record<PlainColumn, number>>> & {
    readonly tireKpa?: readonly number[];
    readonly tireCelsius?: readonly number[];
  };

export const samplesOf = (rows: readonly Row[]): TripSamples => {
  const samples = emptySamples(Float64Array.from(rows, ({ timeMs }) => timeMs));
  for (const [i, row] of rows.entries()) {
    for (const name of plainColumns) if (row[name] !== undefined) samples[name][i] = row[name];
    for (const [wheel, kpa] of (row.tireKpa ?? []).entries()) (samples.tireKpa[wheel] as Float64Array)[i] = kpa;
    for (const [wheel, celsius] of (row.tireCelsius ?? []).entries()) (samples.tireCelsius[wheel] as Float64Array)[i] = celsius;
  }
  return samples;
};

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** Rows from a time to before another, so far apart. */
export const every = (stepMs: number, fromMs: number, toMs: number, make: (timeMs: number) => Omit<Row, 'timeMs'>): Row[] => {
  const rows: Row[] = [];
  for (let timeMs = fromMs; timeMs < toMs; timeMs += stepMs) rows.push({ timeMs, ...make(timeMs) });
  return rows;
};

/** Where a generated vehicle stands, and that it stands. */
export const parked = { latitude: 34, longitude: -6.8, speedKmh: 0 } as const;
