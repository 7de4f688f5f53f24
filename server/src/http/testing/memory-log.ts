import type { AppendListener, EventLog, VehicleRecord } from '../../eventlog/index.ts';
import { type RecordBatch, recordFields } from '../../events/index.ts';

interface Stored extends VehicleRecord {
  readonly view: DataView;
}

const batchOf = ({ bytes, view, offset }: Stored): RecordBatch => ({
  partition: 0,
  count: 1,
  bytes,
  view,
  starts: Int32Array.of(0),
  ends: Int32Array.of(bytes.length),
  offsets: Float64Array.of(offset),
  nextOffset: offset + 10,
});

const unused = (): never => {
  throw new Error('the log of this test does not do that');
};

/** An event log in memory: every append is a commit of its own, applied before its listener hears. */
export const makeMemoryLog = (apply: (batch: RecordBatch) => void): EventLog => {
  const records: Stored[] = [];
  return {
    append: (record: Uint8Array, listener: AppendListener, token: number) => {
      const bytes = record.slice();
      const stored = { bytes, view: new DataView(bytes.buffer), offset: records.length * 10 };
      records.push(stored);
      queueMicrotask(() => {
        apply(batchOf(stored));
        listener.appended(token, 0, stored.offset);
      });
      return undefined;
    },
    refusal: () => undefined,
    onWritable: () => {},
    partitions: () => [0],
    endOffset: () => records.length * 10,
    startOffset: () => 0,
    follow: unused,
    readVehicle: ({ vehicleNo, fromMs, toMs, beforeOffset = Number.POSITIVE_INFINITY, limit }) => {
      const fits = ({ view, offset }: Stored): boolean => {
        const receivedAt = recordFields.receivedAt(view, 0);
        return (
          recordFields.vehicleNo(view, 0) === vehicleNo && offset < beforeOffset && receivedAt >= fromMs && receivedAt < toMs
        );
      };
      return Promise.resolve(records.filter(fits).toReversed().slice(0, limit));
    },
    commitConsumer: unused,
    consumerPosition: unused,
    enforceRetention: unused,
    statistics: () => ({
      bytes: 0,
      segments: 1,
      oldestReceivedAt: null,
      appendedRecords: records.length,
      commits: records.length,
      pendingRecords: 0,
      pendingBytes: 0,
    }),
    close: () => Promise.resolve(),
  };
};
