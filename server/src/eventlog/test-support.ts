import { encodeRecord, type RecordBatch, recordFields, recordKinds } from '../events/index.ts';
import type { EventLog } from './ports.ts';

/** Helpers of the tests of event logs: records that carry a number (`seq`) by which they are known again. */

export const testEpochMs = 1_800_000_000_000;

export interface TestRecord {
  readonly seq: number;
  readonly vehicleNo?: number;
  readonly receivedAt?: number;
  /** Bytes of the body behind the three of a heartbeat. */
  readonly padding?: number;
}

export const makeRecord = ({
  seq,
  vehicleNo = 1 + (seq % 5),
  receivedAt = testEpochMs + seq,
  padding = 0,
}: TestRecord): Uint8Array => {
  const body = new Uint8Array(3 + padding).fill(seq, 3);
  body[0] = 1;
  const header = { kind: recordKinds.telemetry, vehicleNo, deviceNo: 1, boot: 1, hasSequence: true, vocabularyVersion: 1 };
  return encodeRecord({ ...header, seq, receivedAt }, body);
};

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const seqOf = (bytes: Uint8Array): number => recordFields.seq(viewOf(bytes), 0);

/** Appends one record; answers its offset once it is durable. A refusal rejects with its name as the message. */
export const append = (log: EventLog, record: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    const listener = {
      appended: (_token: number, _partition: number, offset: number) => resolve(offset),
      appendFailed: (_token: number, error: Error) => reject(error),
    };
    const refused = log.append(record, listener, 0);
    if (refused) reject(new Error(refused));
  });

/** Appends the records numbered `from` to `to` (exclusive) at once; answers their offsets. */
export const appendRange = (log: EventLog, from: number, to: number): Promise<number[]> =>
  Promise.all(range(from, to).map((seq) => append(log, makeRecord({ seq }))));

export const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

export const seqsIn = (batch: RecordBatch): number[] =>
  range(0, batch.count).map((i) => recordFields.seq(batch.view, batch.starts[i] as number));

/** The numbers of all records from an offset on, as a follower hears them until it has caught up. */
export const readAll = async (log: EventLog, fromOffset = log.startOffset(0)): Promise<number[]> => {
  const seqs: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const handle = (batch: RecordBatch): void => void seqs.push(...seqsIn(batch));
  const follower = log.follow({ partition: 0, fromOffset, handle, caughtUp: resolve, failed: reject });
  await promise;
  await follower.stop();
  return seqs;
};
