import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { emptySamples, inOrder, rowAt } from '../samples.ts';
import type { ReadSamples, TripSamples } from '../types.ts';
import type { Row } from './generated-samples.ts';

/** Cells of a gzipped CSV without quotes, by line, the head left out. */
export const readRows = (file: URL): string[][] =>
  gunzipSync(readFileSync(file))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

/** Rows by their first cell. */
export const groupRows = (rows: readonly string[][]): Map<string, string[][]> => {
  const groups = new Map<string, string[][]>();
  for (const row of rows) {
    const key = row[0] as string;
    const group = groups.get(key) ?? [];
    if (group.length === 0) groups.set(key, group);
    group.push(row);
  }
  return groups;
};

const recorded = new URL('../../../../simulator/data/', import.meta.url);

/** The six recorded trips of a Renault Twizy, 1 Hz: speed, level and a position that is held between fixes. Their local times as UTC. */
export const readTwizyTrips = (): Map<string, TripSamples> => {
  const trips = groupRows(readRows(new URL('twizy-ev/telemetry.csv.gz', recorded)));
  return new Map(
    [...trips].map(([name, rows]) => {
      const samples = emptySamples(Float64Array.from(rows, (row) => Date.parse(`${row[1]}Z`)));
      for (const [i, row] of rows.entries()) {
        samples.energyPercent[i] = Number(row[2]);
        samples.speedKmh[i] = Number(row[3]);
        samples.latitude[i] = Number(row[5]);
        samples.longitude[i] = Number(row[6]);
      }
      return [name, samples];
    }),
  );
};

const mileKm = 1.609344;

/** A recorded day of the buses of Austin by bus: position and speed at each fix, some two minutes apart. Their local time as UTC. */
export const readBuses = (day: string): Map<string, TripSamples> => {
  const buses = groupRows(readRows(new URL(`capmetro-bus/${day}.csv.gz`, recorded)));
  const dayMs = Date.parse(`${day}T00:00:00Z`);
  return new Map(
    [...buses].map(([bus, rows]) => {
      const samples = emptySamples(Float64Array.from(rows, (row) => dayMs + Number(row[1]) * 1000));
      for (const [i, row] of rows.entries()) {
        samples.speedKmh[i] = Number(row[2]);
        samples.latitude[i] = Number(row[3]);
        samples.longitude[i] = Number(row[4]);
      }
      return [bus, samples];
    }),
  );
};

/** Rows of the buses in the order in which they were published: some repeat a time, many are older than one before. */
export const readDisorderedBuses = (): Map<string, Row[]> => {
  const file = new URL('../../http/testing/recorded/capmetro-bus/2015-03-07-repeats.csv.gz', import.meta.url);
  return new Map(
    [...groupRows(readRows(file))].map(([bus, rows]) => [
      bus,
      rows.map((row) => ({
        timeMs: Date.parse(row[1] as string),
        speedKmh: Number(row[2]) * mileKm,
        latitude: Number(row[3]),
        longitude: Number(row[4]),
      })),
    ]),
  );
};

const cut = (samples: TripSamples, from: number, to: number): TripSamples =>
  Object.fromEntries(
    Object.entries(samples).map(([name, column]: [string, Float64Array | readonly Float64Array[]]) => [
      name,
      column instanceof Float64Array ? column.subarray(from, to) : column.map((one) => one.subarray(from, to)),
    ]),
  ) as unknown as TripSamples;

/** Answers from memory as history does: by time, one row a time. */
export const readFrom = (samples: TripSamples): ReadSamples => {
  const ordered = inOrder(samples);
  return (fromMs, toMs) => Promise.resolve(cut(ordered, rowAt(ordered.times, fromMs), rowAt(ordered.times, toMs)));
};
