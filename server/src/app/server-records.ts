import type { AppendListener, EventLog } from '../eventlog/index.ts';
import {
  type ConnectionEventName,
  encodeConnectionEvent,
  encodeRecord,
  recordKinds,
  setRecordPartition,
} from '../events/index.ts';
import { type Clock, MilepostError } from '../kernel/index.ts';

/** How often the log is told that the server runs: the precision with which a kill is dated. */
export const serverAliveEveryMs = 10_000;

/** Of a cluster: without a note of any gateway for so long none was there. */
export const unheardAfterMs = 2.5 * serverAliveEveryMs;

export interface ServerRecords {
  /** Resolves when the record is durable, or with false when the log takes nothing. */
  write(event: ConnectionEventName, detailMs?: number): Promise<boolean>;
}

const isDiskFull = (error: Error): boolean => error instanceof MilepostError && error.code === 'disk_full';

const append = (log: EventLog, record: Uint8Array): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const listener: AppendListener = {
      appended: () => resolve(true),
      appendFailed: (_token, error) => (isDiskFull(error) ? resolve(false) : reject(error)),
    };
    // A log that takes nothing (full disk) will say so elsewhere; the server goes on without this note.
    if (log.append(record, listener, 0)) resolve(false);
  });

/**
 * Records about the server itself (vehicleNo 0), from which `live` knows which silence was ours. Whoever follows one partition alone must hear
 * of it, too: each has its own.
 */
export const makeServerRecords = (log: EventLog, clock: Clock, vocabularyVersion: number): ServerRecords => ({
  write: async (event, detailMs = 0) => {
    const header = {
      kind: recordKinds.connection,
      vehicleNo: 0,
      deviceNo: 0,
      boot: 0,
      seq: 0,
      hasSequence: false,
      receivedAt: clock.now(),
      vocabularyVersion,
    };
    const record = encodeRecord(header, encodeConnectionEvent({ event, detailMs }));
    const partitions = log.partitions();
    if (partitions.length === 1) return append(log, record);
    // A virtual partition below the number of physical ones lies in the physical one of the same number.
    const stored = await Promise.all(partitions.map((partition) => append(log, setRecordPartition(record, partition))));
    return stored.every(Boolean);
  },
});
