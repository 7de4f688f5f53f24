import { OperationalError } from '../kernel/index.ts';
import { queryFlushBytes, queryRecordBytesMax } from './limits.ts';
import type { Memtable } from './memtable.ts';

/** Records one after the other; `ends` says where each ends. */
export interface CopiedRecords {
  readonly records: Uint8Array;
  readonly ends: number[];
}

/**
 * Whether a vehicle has so much in memory that it is better written first: each page of a long answer would copy and decode all of it
 * again. Where it cannot be written it is read from memory after all.
 */
export const hasBacklog = (tables: readonly Memtable[], vehicleNo: number): boolean => {
  let bytes = 0;
  for (const table of tables) for (const entry of table.entriesOf(vehicleNo)) bytes += table.recordOf(entry).length;
  return bytes > queryFlushBytes;
};

/**
 * A vehicle's records of all tables that the store is not known to hold, oldest first. Taken before the store is read: a record is in
 * this copy, or in a chunk that was committed before, or in both, and then it is counted once.
 */
export const copyRecords = (tables: readonly Memtable[], vehicleNo: number): CopiedRecords => {
  const found: Uint8Array[] = [];
  let length = 0;
  for (const table of tables) {
    for (const entry of table.entriesOf(vehicleNo)) {
      const record = table.recordOf(entry);
      found.push(record);
      length += record.length;
    }
  }
  if (length > queryRecordBytesMax)
    throw new OperationalError('overloaded', `a query needs ${length} bytes of memory, expected at most ${queryRecordBytesMax}`);
  const records = new Uint8Array(length);
  const ends: number[] = [];
  let at = 0;
  for (const record of found) {
    records.set(record, at);
    at += record.length;
    ends.push(at);
  }
  return { records, ends };
};
