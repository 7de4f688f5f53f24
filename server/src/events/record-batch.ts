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
