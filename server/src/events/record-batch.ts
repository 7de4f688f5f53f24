/**
 * Consecutive records of one physical partition of the log, without copies: record `i` lies in `bytes` from `starts[i]` to
 * `ends[i]`. Valid only while the handler that got it runs, unless it says otherwise.
 */
export interface RecordBatch {
  /** Physical partition of the adapter: always 0 in the embedded journal. */
  readonly partition: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Opaque, increasing, with gaps. */
  readonly offsets: Float64Array;
  /** Where to read on after this batch. */
  readonly nextOffset: number;
}

/** The part of a batch from an offset on; the batch itself when all of it is. */
export const batchFrom = (batch: RecordBatch, fromOffset: number): RecordBatch => {
  let first = 0;
  while (first < batch.count && (batch.offsets[first] as number) < fromOffset) first++;
  if (first === 0) return batch;
  return {
    ...batch,
    count: batch.count - first,
    starts: batch.starts.subarray(first),
    ends: batch.ends.subarray(first),
    offsets: batch.offsets.subarray(first),
  };
};
