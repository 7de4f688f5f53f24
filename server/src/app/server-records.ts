import type { AppendListener, EventLog } from '../eventlog/index.ts';
import { type ConnectionEventName, encodeConnectionEvent, encodeRecord, recordKinds } from '../events/index.ts';
import { type Clock, MilepostError } from '../kernel/index.ts';

/** How often the log is told that the server runs: the precision with which a kill is dated. */
export const serverAliveEveryMs = 10_000;

export interface ServerRecords {
  /** Resolves when the record is durable, or with false when the log takes nothing. */
  write(event: ConnectionEventName, detailMs?: number): Promise<boolean>;
}

const isDiskFull = (error: Error): boolean => error instanceof MilepostError && error.code === 'disk_full';

/** Records about the server itself (vehicleNo 0), from which `live` knows which silence was ours. */
export const makeServerRecords = (log: EventLog, clock: Clock, vocabularyVersion: number): ServerRecords => ({
  write: (event, detailMs = 0) =>
    new Promise((resolve, reject) => {
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
      const listener: AppendListener = {
        appended: () => resolve(true),
        appendFailed: (_token, error) => (isDiskFull(error) ? resolve(false) : reject(error)),
      };
      const refused = log.append(encodeRecord(header, encodeConnectionEvent({ event, detailMs })), listener, 0);
      // A log that takes nothing (full disk) will say so elsewhere; the server goes on without this note.
      if (refused) resolve(false);
    }),
});
