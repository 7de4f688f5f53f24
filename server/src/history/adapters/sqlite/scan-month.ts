import { readChunkHeader } from '../../read-chunk.ts';
import type { ChunkScan, MonthScan, StatusScan } from '../../ports.ts';
import { readBlocks } from './flushed-blocks.ts';
import { joinChunk } from './merge-files.ts';
import { statusOf, type StatusRow } from './status-row.ts';
import type { Statements } from './statements.ts';

const sql = {
  notMerged: `SELECT vehicle_no, first_offset, start, bytes FROM chunk WHERE level = 0 AND vehicle_no >= ? AND vehicle_no < ?
    AND to_ms >= ? AND from_ms < ?`,
  // All that is compared lies in the index: the bytes are read only of chunks that are wanted.
  newestMerged: `SELECT id, first_offset, from_ms, start, bytes FROM chunk WHERE id =
      (SELECT id FROM chunk WHERE level > 0 AND vehicle_no = ? AND from_ms < ? ORDER BY from_ms DESC LIMIT 1) AND to_ms >= ?`,
  mergedBack: `SELECT id, first_offset, from_ms, to_ms FROM chunk WHERE level > 0 AND vehicle_no = ? AND from_ms <= ? ORDER BY from_ms DESC`,
  bytesOf: 'SELECT start, bytes FROM chunk WHERE id = ?',
  statusBetween: `SELECT vehicle_no, at, to_status, from_status, reason FROM status WHERE at >= ? AND at < ? ORDER BY at DESC, vehicle_no, to_status`,
  statusBack: `SELECT vehicle_no, at, to_status, from_status, reason FROM status WHERE vehicle_no = ? AND at < ? ORDER BY at DESC, to_status`,
} as const;

interface MergedRow {
  readonly id: number;
  readonly first_offset: number;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Index in the scan by vehicle number. */
const makeLookup = (
  { vehicleNos }: MonthScan,
  indices: readonly number[],
): { readonly first: number; readonly places: Int32Array } => {
  const first = vehicleNos[indices[0] as number] as number;
  const places = new Int32Array((vehicleNos[indices.at(-1) as number] as number) - first + 1).fill(-1);
  for (const index of indices) places[(vehicleNos[index] as number) - first] = index;
  return { first, places };
};

const oldestFromMs = (scan: MonthScan, indices: readonly number[]): number => {
  let oldest = Number.POSITIVE_INFINITY;
  for (const index of indices) oldest = Math.min(oldest, scan.fromMs(index));
  return oldest;
};

const nothing = new Uint8Array(0);

/** SQLite compares with whole numbers. */
const bound = (ms: number): number => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, ms));

const scanNotMerged = (statements: Statements, scan: ChunkScan, indices: readonly number[]): void => {
  const { first, places } = makeLookup(scan, indices);
  const fromMs = bound(oldestFromMs(scan, indices));
  const take = (vehicleNo: number, firstOffset: number, bytes: Uint8Array): void => {
    const index = places[vehicleNo - first] ?? -1;
    if (index < 0) return;
    const header = readChunkHeader(bytes);
    if (header.toMs >= scan.fromMs(index) && header.fromMs < scan.toMs) scan.take(index, firstOffset, nothing, bytes);
  };
  const last = first + places.length;
  for (const { vehicleNo, firstOffset, bytes } of readBlocks(statements, first, last, fromMs, bound(scan.toMs)))
    take(vehicleNo, firstOffset, bytes);
  const rows = statements.of(sql.notMerged).iterate(first, last, fromMs, bound(scan.toMs)) as unknown as Iterable<{
    vehicle_no: number;
    first_offset: number;
    start: Uint8Array;
    bytes: Uint8Array;
  }>;
  for (const row of rows) take(row.vehicle_no, row.first_offset, joinChunk(row.start, row.bytes));
};

/** Merged chunks of a vehicle do not overlap: from the newest that begins in time back to the first that ends too early. */
const scanMerged = (statements: Statements, scan: ChunkScan, index: number): void => {
  const vehicleNo = scan.vehicleNos[index] as number;
  const newest = statements.of(sql.newestMerged).get(vehicleNo, bound(scan.toMs), bound(scan.fromMs(index))) as unknown as
    | { id: number; first_offset: number; from_ms: number; start: Uint8Array; bytes: Uint8Array }
    | undefined;
  if (!newest) return;
  scan.take(index, newest.first_offset, newest.start, newest.bytes);
  if (newest.from_ms < scan.fromMs(index)) return;
  const rows = statements.of(sql.mergedBack).iterate(vehicleNo, newest.from_ms) as unknown as Iterable<MergedRow>;
  for (const { id, first_offset, from_ms, to_ms } of rows) {
    if (id === newest.id) continue;
    if (to_ms < scan.fromMs(index)) return;
    const row = statements.of(sql.bytesOf).get(id) as { start: Uint8Array; bytes: Uint8Array } | undefined;
    if (row) scan.take(index, first_offset, row.start, row.bytes);
    if (from_ms < scan.fromMs(index)) return;
  }
};

/** One state of the file. */
export const scanChunks = (statements: Statements, scan: ChunkScan, indices: readonly number[]): void =>
  statements.within('DEFERRED', () => {
    scanNotMerged(statements, scan, indices);
    for (const index of indices) scanMerged(statements, scan, index);
  });

/** Vehicles whose changes are wanted from so short before the end are read together, by time. */
const togetherMsMax = 3_600_000;

export const scanStatus = (statements: Statements, scan: StatusScan, indices: readonly number[]): void => {
  const isTogether = (index: number): boolean => scan.fromMs(index) >= scan.toMs - togetherMsMax;
  const together = indices.filter(isTogether);
  const apart = indices.filter((index) => !isTogether(index));
  if (together.length > 0) {
    const { first, places } = makeLookup(scan, together);
    const rows = statements.of(sql.statusBetween).iterate(bound(oldestFromMs(scan, together)), bound(scan.toMs));
    for (const row of rows as unknown as Iterable<StatusRow>) {
      const index = places[row.vehicle_no - first] ?? -1;
      if (index >= 0 && row.at >= scan.fromMs(index)) scan.take(index, statusOf(row));
    }
  }
  for (const index of apart) {
    const rows = statements.of(sql.statusBack).iterate(scan.vehicleNos[index] as number, bound(scan.toMs));
    for (const row of rows as unknown as Iterable<StatusRow>) {
      if (row.at < scan.fromMs(index)) break;
      scan.take(index, statusOf(row));
    }
  }
};
