import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A body that is made slice by slice, as fast as the client reads it, with a turn of the event loop between slices. */
export const streamSlices = (slices: Iterable<string>): Readable =>
  Readable.from(
    (async function* () {
      for (const slice of slices) {
        yield slice;
        await nextTurn();
      }
    })(),
    { objectMode: false },
  );

/** `[from, to)` of each slice of rows. */
export const rowSlices = function* (rows: number, rowsPerSlice: number): Iterable<readonly [from: number, to: number]> {
  for (let from = 0; from < rows; from += rowsPerSlice) yield [from, Math.min(rows, from + rowsPerSlice)];
};
