import { types } from 'cassandra-driver';
import type { UnitKey } from '../../ports.ts';
import type { Row, Session } from './session.ts';

/** What each month and group of vehicles holds, and which flushes still have chunks in it. Written by whoever writes the group, alone. */

export interface Totals {
  readonly chunks: number;
  readonly rows: number;
  readonly bytes: number;
}
export const noTotals: Totals = { chunks: 0, rows: 0, bytes: 0 };

export const addTotals = (a: Totals, b: Totals): Totals => ({
  chunks: a.chunks + b.chunks,
  rows: a.rows + b.rows,
  bytes: a.bytes + b.bytes,
});

/** Never below nothing: figures that a kill left too small mend themselves at the next merge. */
export const takeTotals = (a: Totals, b: Totals): Totals => ({
  chunks: Math.max(0, a.chunks - b.chunks),
  rows: Math.max(0, a.rows - b.rows),
  bytes: Math.max(0, a.bytes - b.bytes),
});

export const sumTotals = (all: readonly Totals[]): Totals => all.reduce(addTotals, noTotals);

export interface UnitRow extends UnitKey {
  readonly merged: Totals;
  readonly flushed: Totals;
  /** ms: not after the oldest sample; undefined: it has no chunk. */
  readonly fromMs: number | undefined;
  readonly vehicleNoMax: number;
  readonly swept: string;
}

export interface FlushRow extends Totals {
  readonly partition: number;
  readonly fromOffset: number;
  readonly endOffset: number;
  readonly completeTo: number;
}

const columns = `bucket, grp, merged_chunks, merged_rows, merged_bytes, flushed_chunks, flushed_rows, flushed_bytes, from_ms,
  vehicle_no_max, swept`;
/** All units are one partition: a row a month and group, small and read whole. */
const one = 0;

const cql = {
  units: `SELECT ${columns} FROM unit WHERE one = ${one}`,
  unit: `SELECT ${columns} FROM unit WHERE one = ${one} AND bucket = ? AND grp = ?`,
  setUnit: `INSERT INTO unit (one, ${columns}) VALUES (${one}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  dropUnit: `DELETE FROM unit WHERE one = ${one} AND bucket = ? AND grp = ?`,
  flushes: `SELECT log_partition, from_offset, end_offset, complete_to, chunks, row_count, bytes FROM flush WHERE grp = ? AND bucket = ?`,
  setFlush: `INSERT INTO flush (grp, bucket, log_partition, from_offset, end_offset, complete_to, chunks, row_count, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  dropFlush: 'DELETE FROM flush WHERE grp = ? AND bucket = ? AND log_partition = ? AND from_offset = ?',
  dropFlushes: 'DELETE FROM flush WHERE grp = ? AND bucket = ?',
} as const;

const totalsOf = (row: Row, kind: 'merged' | 'flushed'): Totals => ({
  chunks: Number(row[`${kind}_chunks`]),
  rows: Number(row[`${kind}_rows`]),
  bytes: Number(row[`${kind}_bytes`]),
});

const unitOf = (row: Row): UnitRow => ({
  bucket: Number(row['bucket']),
  group: Number(row['grp']),
  merged: totalsOf(row, 'merged'),
  flushed: totalsOf(row, 'flushed'),
  fromMs: row['from_ms'] === null ? undefined : Number(row['from_ms']),
  vehicleNoMax: Number(row['vehicle_no_max']),
  swept: String(row['swept']),
});

export const emptyUnit = ({ bucket, group }: UnitKey): UnitRow => ({
  bucket,
  group,
  merged: noTotals,
  flushed: noTotals,
  fromMs: undefined,
  vehicleNoMax: 0,
  swept: '',
});

/** In order of (bucket, group). */
export const readUnits = async (session: Session): Promise<UnitRow[]> => (await session.rows(cql.units, [])).map(unitOf);

export const readUnitRow = async (session: Session, { bucket, group }: UnitKey): Promise<UnitRow | undefined> => {
  const [row] = await session.rows(cql.unit, [bucket, group]);
  return row && unitOf(row);
};

export const writeUnitRow = (session: Session, unit: UnitRow): Promise<void> =>
  session.write(cql.setUnit, [
    unit.bucket,
    unit.group,
    ...[unit.merged, unit.flushed].flatMap(({ chunks, rows, bytes }) => [BigInt(chunks), BigInt(rows), BigInt(bytes)]),
    unit.fromMs === undefined ? types.unset : BigInt(unit.fromMs),
    unit.vehicleNoMax,
    unit.swept,
  ]);

export const readFlushes = async (session: Session, { bucket, group }: UnitKey): Promise<FlushRow[]> =>
  (await session.rows(cql.flushes, [group, bucket])).map((row) => ({
    partition: Number(row['log_partition']),
    fromOffset: Number(row['from_offset']),
    endOffset: Number(row['end_offset']),
    completeTo: Number(row['complete_to']),
    chunks: Number(row['chunks']),
    rows: Number(row['row_count']),
    bytes: Number(row['bytes']),
  }));

/** One that has no chunk any more is removed. */
export const writeFlushRow = (session: Session, { bucket, group }: UnitKey, flush: FlushRow): Promise<void> => {
  const { partition, fromOffset, endOffset, completeTo, chunks, rows, bytes } = flush;
  const key = [group, bucket, partition, BigInt(fromOffset)];
  return chunks === 0
    ? session.write(cql.dropFlush, key)
    : session.write(cql.setFlush, [...key, ...[endOffset, completeTo, chunks, rows, bytes].map(BigInt)]);
};

export const dropUnit = async (session: Session, { bucket, group }: UnitKey): Promise<void> => {
  await session.write(cql.dropFlushes, [group, bucket]);
  await session.write(cql.dropUnit, [bucket, group]);
};

/** The flush that a chunk came with: the one that ends where it says, else the last that holds its offset. Undefined: none is known. */
export const flushOf = (
  flushes: readonly FlushRow[],
  { firstOffset, endOffset }: { readonly firstOffset: number; readonly endOffset: number },
): FlushRow | undefined => {
  const around = flushes.filter((flush) => flush.fromOffset <= firstOffset && firstOffset < flush.endOffset);
  return (
    around.find((flush) => flush.endOffset === endOffset) ??
    around.reduce<FlushRow | undefined>((last, flush) => (last && last.fromOffset >= flush.fromOffset ? last : flush), undefined)
  );
};
