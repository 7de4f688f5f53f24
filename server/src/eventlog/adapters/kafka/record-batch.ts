import type { RecordBatch } from '../../../events/index.ts';

/** What is used of a batch as the client hands it out. */
export interface FetchedBatch {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly records: readonly { readonly offsetDelta: number; readonly value: Uint8Array | null }[];
}

/** Bit of a batch that only marks the end of a transaction. */
const isControl = 1 << 5;

interface Place {
  readonly offset: number;
  readonly value: Uint8Array;
}

/** Records at or after an offset: a broker answers with the whole batch that holds it. */
const placesOf = (batches: readonly FetchedBatch[], fromOffset: number): Place[] => {
  const places: Place[] = [];
  for (const { firstOffset, attributes, records } of batches) {
    if (attributes & isControl) continue;
    const first = Number(firstOffset);
    for (const { offsetDelta, value } of records) {
      const offset = first + offsetDelta;
      if (offset >= fromOffset && value !== null) places.push({ offset, value });
    }
  }
  return places;
};

/** What was fetched as one piece of memory. `fromOffset`: what was asked for. Undefined: there is nothing. */
export const recordBatchOf = (
  partition: number,
  batches: readonly FetchedBatch[],
  fromOffset: number,
): RecordBatch | undefined => {
  const last = batches.at(-1);
  if (!last) return undefined;
  const nextOffset = Number(last.firstOffset) + last.lastOffsetDelta + 1;
  if (nextOffset <= fromOffset) return undefined;
  const places = placesOf(batches, fromOffset);
  const bytes = new Uint8Array(places.reduce((sum, { value }) => sum + value.length, 0));
  const starts = new Int32Array(places.length);
  const ends = new Int32Array(places.length);
  let at = 0;
  for (const [i, { value }] of places.entries()) {
    starts[i] = at;
    bytes.set(value, at);
    at += value.length;
    ends[i] = at;
  }
  const offsets = Float64Array.from(places, ({ offset }) => offset);
  return { partition, count: places.length, bytes, view: new DataView(bytes.buffer), starts, ends, offsets, nextOffset };
};
