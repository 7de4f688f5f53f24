import { chunkHasMoved, readChunkHeader, startLength } from '../../read-chunk.ts';
import type { ChunkInfo, ChunkKey, MergeUnit, Replacement, StoredChunk, VehicleChunks } from '../../ports.ts';
import { readBlocks, removeFlushed } from './flushed-blocks.ts';
import type { Statements } from './statements.ts';

/** Applied offset of each partition of the log, as the store says. */
export type AppliedOffsets = ReadonlyMap<number, number>;

const sql = {
  flushes: 'SELECT partition, end_offset, complete_to, chunks, rows, vehicle_max FROM flush',
  merged: 'SELECT chunks, rows, swept FROM merged',
  countAll: `SELECT m.chunks + coalesce(sum(f.chunks), 0) AS chunks, m.rows + coalesce(sum(f.rows), 0) AS rows
    FROM merged m LEFT JOIN flush f ON 1`,
  vehicleMax: `SELECT max(coalesce((SELECT max(vehicle_no) FROM chunk), 0), coalesce((SELECT max(vehicle_no) FROM status), 0)) AS vehicle_max`,
  infos: `SELECT vehicle_no, first_offset, level, from_ms, to_ms, rows, has_moved FROM chunk
    WHERE vehicle_no >= ? AND vehicle_no < ? AND level > 0 ORDER BY vehicle_no, from_ms, level`,
  overflow: `SELECT vehicle_no, first_offset, end_offset, bytes FROM chunk WHERE vehicle_no >= ? AND vehicle_no < ? AND level = 0`,
  bytesOf: 'SELECT start, bytes FROM chunk WHERE vehicle_no = ? AND first_offset = ? AND level = ?',
  drop: 'DELETE FROM chunk WHERE vehicle_no = ? AND first_offset = ? AND level = ? RETURNING rows',
  add: `INSERT OR IGNORE INTO chunk (vehicle_no, first_offset, level, from_ms, to_ms, end_offset, rows, has_moved, start, bytes)
    VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
  count: 'UPDATE merged SET chunks = chunks + ?, rows = rows + ?',
  sweep: 'UPDATE merged SET swept = ?',
  dropStatus: 'DELETE FROM status WHERE vehicle_no = ? AND at >= ? AND at < ?',
} as const;

interface FlushRow {
  readonly partition: number;
  readonly end_offset: number;
  readonly complete_to: number;
  readonly chunks: number;
  readonly rows: number;
  readonly vehicle_max: number;
}
interface InfoRow {
  readonly vehicle_no: number;
  readonly first_offset: number;
  readonly level: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly rows: number;
  readonly has_moved: number;
}
interface OverflowRow {
  readonly vehicle_no: number;
  readonly first_offset: number;
  readonly end_offset: number;
  readonly bytes: Uint8Array;
}

const pragma = (statements: Statements, name: string): number =>
  Number(Object.values(statements.of(`PRAGMA ${name}`).get() as Record<string, number>)[0]);

/** Bytes that incremental vacuum would give back; 0 in files of the first version, which were not made for it. */
export const spareBytesOf = (statements: Statements): number =>
  pragma(statements, 'auto_vacuum') === 2 ? pragma(statements, 'freelist_count') * pragma(statements, 'page_size') : 0;

export type UnitFigures = Omit<MergeUnit, 'bucket' | 'group'>;

export interface UnitDescription {
  readonly figures: UnitFigures;
  /** False: some flush is not complete yet, and not in the figures. */
  readonly isComplete: boolean;
}

/** What a file says of itself, but for its bucket and group. */
export const describeUnit = (statements: Statements, applied: AppliedOffsets): UnitDescription => {
  const all = statements.of(sql.flushes).all() as unknown as FlushRow[];
  const complete = all.filter(({ partition, end_offset }) => end_offset <= (applied.get(partition) ?? 0));
  const merged = statements.of(sql.merged).get() as { chunks: number; rows: number; swept: string };
  const { vehicle_max } = statements.of(sql.vehicleMax).get() as { vehicle_max: number };
  const figures = {
    flushes: complete.length,
    flushedChunks: complete.reduce((sum, { chunks }) => sum + chunks, 0),
    flushedRows: complete.reduce((sum, { rows }) => sum + rows, 0),
    oldestFlushMs: complete.reduce((oldest, { complete_to }) => (complete_to >= oldest ? oldest : complete_to), Number.NaN),
    mergedChunks: merged.chunks,
    mergedRows: merged.rows,
    vehicleNoMax: complete.reduce((largest, row) => Math.max(largest, row.vehicle_max), vehicle_max),
    spareBytes: spareBytesOf(statements),
    usedBytes: (pragma(statements, 'page_count') - pragma(statements, 'freelist_count')) * pragma(statements, 'page_size'),
    swept: merged.swept,
  };
  return { figures, isComplete: all.length === complete.length };
};

/** Chunks and rows of a file, those of flushes that are not complete included. */
export const countFile = (statements: Statements): { readonly chunks: number; readonly rows: number } =>
  statements.of(sql.countAll).get() as { chunks: number; rows: number };

const addFlushed = (
  flushed: Map<number, StoredChunk[]>,
  bucket: number,
  one: Omit<StoredChunk, 'bucket' | 'level' | 'fromMs' | 'toMs' | 'rows'>,
): void => {
  const { rows, fromMs, toMs } = readChunkHeader(one.bytes);
  const { vehicleNo, firstOffset, bytes } = one;
  const chunk = { vehicleNo, bucket, firstOffset, level: 0, fromMs, toMs, rows, bytes };
  const known = flushed.get(vehicleNo);
  if (known) known.push(chunk);
  else flushed.set(vehicleNo, [chunk]);
};

const readFlushed = (
  statements: Statements,
  bucket: number,
  applied: AppliedOffsets,
  fromVehicleNo: number,
  toVehicleNo: number,
): Map<number, StoredChunk[]> => {
  const flushed = new Map<number, StoredChunk[]>();
  const always = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;
  for (const { partition, endOffset, ...chunk } of readBlocks(statements, fromVehicleNo, toVehicleNo, ...always))
    if (endOffset <= (applied.get(partition) ?? 0)) addFlushed(flushed, bucket, chunk);
  const appliedMax = Math.max(0, ...applied.values());
  for (const row of statements.of(sql.overflow).iterate(fromVehicleNo, toVehicleNo) as unknown as Iterable<OverflowRow>) {
    if (row.end_offset <= appliedMax)
      addFlushed(flushed, bucket, { vehicleNo: row.vehicle_no, firstOffset: row.first_offset, bytes: row.bytes });
  }
  for (const chunks of flushed.values()) chunks.sort((a, b) => a.firstOffset - b.firstOffset);
  return flushed;
};

const readInfos = (
  statements: Statements,
  bucket: number,
  fromVehicleNo: number,
  toVehicleNo: number,
): Map<number, ChunkInfo[]> => {
  const merged = new Map<number, ChunkInfo[]>();
  for (const row of statements.of(sql.infos).iterate(fromVehicleNo, toVehicleNo) as unknown as Iterable<InfoRow>) {
    const info: ChunkInfo = {
      vehicleNo: row.vehicle_no,
      bucket,
      firstOffset: row.first_offset,
      level: row.level,
      fromMs: row.from_ms,
      toMs: row.to_ms,
      rows: row.rows,
      hasMoved: row.has_moved === 1,
    };
    const known = merged.get(info.vehicleNo);
    if (known) known.push(info);
    else merged.set(info.vehicleNo, [info]);
  }
  return merged;
};

export const readVehicles = (
  statements: Statements,
  bucket: number,
  applied: AppliedOffsets,
  fromVehicleNo: number,
  toVehicleNo: number,
): VehicleChunks[] =>
  statements.within('DEFERRED', () => {
    const flushed = readFlushed(statements, bucket, applied, fromVehicleNo, toVehicleNo);
    const merged = readInfos(statements, bucket, fromVehicleNo, toVehicleNo);
    const vehicleNos = [...new Set([...flushed.keys(), ...merged.keys()])].sort((a, b) => a - b);
    return vehicleNos.map((vehicleNo) => ({
      vehicleNo,
      flushed: flushed.get(vehicleNo) ?? [],
      merged: merged.get(vehicleNo) ?? [],
    }));
  });

/** A chunk from its two columns. */
export const joinChunk = (start: Uint8Array, bytes: Uint8Array): Uint8Array => {
  if (start.length === 0) return bytes;
  const whole = new Uint8Array(start.length + bytes.length);
  whole.set(start);
  whole.set(bytes, start.length);
  return whole;
};

export const readMergedChunks = (statements: Statements, keys: readonly ChunkKey[]): StoredChunk[] =>
  keys.flatMap(({ vehicleNo, bucket, firstOffset, level }) => {
    const row = statements.of(sql.bytesOf).get(vehicleNo, firstOffset, level) as
      | { start: Uint8Array; bytes: Uint8Array }
      | undefined;
    if (!row) return [];
    const bytes = joinChunk(row.start, row.bytes);
    const { rows, fromMs, toMs } = readChunkHeader(bytes);
    return [{ vehicleNo, bucket, firstOffset, level, fromMs, toMs, rows, bytes }];
  });

const removeChunks = (statements: Statements, removed: readonly ChunkKey[]): void => {
  const taken = new Map<number, Set<number>>();
  for (const { vehicleNo, firstOffset, level } of removed) {
    const row = statements.of(sql.drop).get(vehicleNo, firstOffset, level) as { rows: number } | undefined;
    if (level > 0) {
      if (row) statements.of(sql.count).run(-1, -row.rows);
      continue;
    }
    const known = taken.get(vehicleNo);
    if (known) known.add(firstOffset);
    else taken.set(vehicleNo, new Set([firstOffset]));
  }
  removeFlushed(statements, taken);
};

/** One step of a merge, in one transaction. */
export const replaceChunks = (statements: Statements, { removed, added, removedStatus, erased = [], swept }: Replacement): void =>
  statements.within('IMMEDIATE', () => {
    removeChunks(statements, removed);
    for (const { vehicleNo, firstOffset, level, fromMs, toMs, rows, bytes } of added) {
      const hasMoved = chunkHasMoved(bytes) ? 1 : 0;
      const columnsAt = startLength(bytes);
      const [start, rest] = [bytes.subarray(0, columnsAt), bytes.subarray(columnsAt)];
      const { changes } = statements.of(sql.add).run(vehicleNo, firstOffset, level, fromMs, toMs, rows, hasMoved, start, rest);
      if (changes > 0) statements.of(sql.count).run(1, rows);
    }
    for (const { vehicleNo, fromMs, toMs } of [...removedStatus, ...erased])
      statements.of(sql.dropStatus).run(vehicleNo, fromMs, toMs);
    if (swept !== undefined) statements.of(sql.sweep).run(swept);
  });

/** Moves pages from the end of the file into free ones, then cuts it; answers the bytes that are left to give. */
export const giveBackPages = (statements: Statements, bytesMax: number): number => {
  if (spareBytesOf(statements) === 0) return 0;
  const pages = Math.max(1, Math.floor(bytesMax / pragma(statements, 'page_size')));
  statements.db.exec(`PRAGMA incremental_vacuum(${pages})`);
  const left = spareBytesOf(statements);
  if (left === 0) statements.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return left;
};
