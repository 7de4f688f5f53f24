import type { DeriveDay } from '../types.ts';
import { encodeDay } from './day-document.ts';
import { lastCapacity, type ReadPages, rowsOf, toSamples } from './read-samples.ts';
import { dayMs } from './store-limits.ts';

/** A day as it is stored. */
export interface MadeDay {
  readonly document: Uint8Array;
  /** Battery size it was made with: what the vehicle reports wins; null: unknown. */
  readonly usedPackKwh: number | null;
}

export interface DayWanted {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** In the registry. */
  readonly packKwh: number | null;
  readonly nowMs: number;
}

/** Makes a day from what history answers. */
export type MakeDay = (wanted: DayWanted, read: ReadPages) => Promise<MadeDay>;

/** In the thread that asks. */
export const makeDayWith =
  (derive: DeriveDay): MakeDay =>
  async ({ day, packKwh, nowMs }, read) => {
    const startMs = day * dayMs;
    let reported: { readonly atMs: number; readonly kwh: number } | undefined;
    const vehicle = {
      // Known when everything is read, which is before anything asks for it.
      get packKwh(): number | null {
        return reported?.kwh ?? packKwh;
      },
    };
    const readSamples = async (fromMs: number, toMs: number) => {
      const rows = rowsOf(await read(fromMs, toMs));
      const found = lastCapacity(rows, startMs + dayMs);
      if (found && found.atMs >= (reported?.atMs ?? Number.NEGATIVE_INFINITY)) reported = found;
      return toSamples(rows);
    };
    const made = await derive(startMs, readSamples, vehicle, nowMs);
    return { document: encodeDay(made), usedPackKwh: vehicle.packKwh };
  };
