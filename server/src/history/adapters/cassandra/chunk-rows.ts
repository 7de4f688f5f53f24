import { types } from 'cassandra-driver';
import { OperationalError } from '../../../kernel/index.ts';
import type { ChunkPart, StoredChunk } from '../../ports.ts';
import { chunkHasMoved, startLength } from '../../read-chunk.ts';
import { forEachOf, type Row, type Session, type Statement } from './session.ts';

/** The table of chunks: a partition is the chunks of a vehicle and month. */

export interface VehicleMonth {
  readonly vehicleNo: number;
  readonly bucket: number;
}

/** A chunk without its bytes. */
export interface ChunkEntry extends VehicleMonth {
  readonly firstOffset: number;
  readonly level: number;
  /** Where the flush ended that wrote it; 0: it is merged. */
  readonly endOffset: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  readonly size: number;
  /** Bytes before its columns; 0: it lies in one piece. */
  readonly startSize: number;
  readonly hasMoved: boolean;
}

export interface MonthEntries {
  /** Changes with each merge of the vehicle and month; null: never merged. */
  readonly mergeNo: number | null;
  /** In order of (firstOffset, level); of those of a flush that was written twice, both. */
  readonly entries: readonly ChunkEntry[];
}

const cql = {
  entries: `SELECT first_offset, level, end_offset, merge_no, from_ms, to_ms, row_count, size, start_size, has_moved FROM chunk
    WHERE vehicle_no = ? AND bucket = ?`,
  whole: `SELECT first_offset, level, end_offset, start, bytes FROM chunk
    WHERE vehicle_no = ? AND bucket = ? AND (first_offset, level, end_offset) IN ?`,
  start: `SELECT first_offset, level, end_offset, start FROM chunk
    WHERE vehicle_no = ? AND bucket = ? AND (first_offset, level, end_offset) IN ?`,
  add: `INSERT INTO chunk (vehicle_no, bucket, first_offset, level, end_offset, from_ms, to_ms, row_count, size, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?`,
  addMerged: `INSERT INTO chunk (vehicle_no, bucket, first_offset, level, end_offset, from_ms, to_ms, row_count, size, start_size, has_moved,
    start, bytes) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?`,
  remove: 'DELETE FROM chunk WHERE vehicle_no = ? AND bucket = ? AND first_offset = ? AND level = ?',
  count: 'UPDATE chunk USING TTL ? SET merge_no = ? WHERE vehicle_no = ? AND bucket = ? IF merge_no = ?',
} as const;

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer as ArrayBuffer, byteOffset, length);

const entryOf = ({ vehicleNo, bucket }: VehicleMonth, row: Row): ChunkEntry => ({
  vehicleNo,
  bucket,
  firstOffset: Number(row['first_offset']),
  level: Number(row['level']),
  endOffset: Number(row['end_offset']),
  fromMs: Number(row['from_ms']),
  toMs: Number(row['to_ms']),
  rows: Number(row['row_count']),
  size: Number(row['size']),
  startSize: Number(row['start_size'] ?? 0),
  hasMoved: row['has_moved'] === true,
});

/** A state that was, although the answer may come in several pages. Undefined: it was merged between two of them. */
const tryEntries = async (session: Session, month: VehicleMonth): Promise<MonthEntries | undefined> => {
  const rows = await session.rows(cql.entries, [month.vehicleNo, month.bucket]);
  const mergeNo = (rows[0]?.['merge_no'] ?? null) as number | null;
  if (rows.some((row) => (row['merge_no'] ?? null) !== mergeNo)) return undefined;
  // A month of which everything was removed has its number still, in a row without a key.
  return { mergeNo, entries: rows.filter((row) => row['first_offset'] !== null).map((row) => entryOf(month, row)) };
};

/** Reads until what was read is of one state. */
export const untilWhole = async <Result>(
  session: Session,
  { vehicleNo, bucket }: VehicleMonth,
  read: () => Promise<Result | undefined>,
) => {
  for (let tries = 0; tries < session.limits.conflictsMax; tries++) {
    const found = await read();
    if (found !== undefined) return found;
  }
  throw new OperationalError('unavailable', `vehicle ${vehicleNo}, month ${bucket} was merged each time while it was read`);
};

export const readEntries = (session: Session, month: VehicleMonth): Promise<MonthEntries> =>
  untilWhole(session, month, () => tryEntries(session, month));

/** Of chunks of one flush that was cut off and written again only the one that ends last. */
export const lastOfEach = (entries: readonly ChunkEntry[]): ChunkEntry[] =>
  entries.filter((entry, i) => {
    const next = entries[i + 1];
    return next?.firstOffset !== entry.firstOffset || next.level !== entry.level;
  });

const keyOf = (firstOffset: number, level: number, endOffset: number): string => `${firstOffset}/${level}/${endOffset}`;

export interface ChunkBytes {
  readonly start: Uint8Array;
  readonly rest: Uint8Array;
}
const nothing = new Uint8Array(0);

const bytesOf = (value: unknown): Uint8Array => {
  if (!(value instanceof Uint8Array)) return nothing;
  return new Uint8Array(value.buffer, value.byteOffset, value.length);
};

/** Bytes of chunks of one vehicle and month, in their order; undefined: some are not there any more. `start`: only what stands before the columns. */
export const readBytes = async (
  session: Session,
  { vehicleNo, bucket }: VehicleMonth,
  entries: readonly ChunkEntry[],
  part: ChunkPart = 'whole',
): Promise<ChunkBytes[] | undefined> => {
  const found = new Map<string, ChunkBytes>();
  const { chunksAtOnce } = session.limits;
  const some = Array.from({ length: Math.ceil(entries.length / chunksAtOnce) }, (_, i) =>
    entries.slice(i * chunksAtOnce, (i + 1) * chunksAtOnce),
  );
  const query = part === 'start' ? cql.start : cql.whole;
  await Promise.all(
    some.map(async (wanted) => {
      const keys = wanted.map((one) => new types.Tuple(BigInt(one.firstOffset), one.level, BigInt(one.endOffset)));
      for (const row of await session.rows(query, [vehicleNo, bucket, keys])) {
        const key = keyOf(Number(row['first_offset']), Number(row['level']), Number(row['end_offset']));
        found.set(key, { start: bytesOf(row['start']), rest: bytesOf(row['bytes']) });
      }
    }),
  );
  const bytes = entries.map(({ firstOffset, level, endOffset }) => found.get(keyOf(firstOffset, level, endOffset)));
  return bytes.some((one) => one === undefined) ? undefined : (bytes as ChunkBytes[]);
};

export const joinBytes = ({ start, rest }: ChunkBytes): Uint8Array => {
  if (start.length === 0) return rest;
  if (rest.length === 0) return start;
  const whole = new Uint8Array(start.length + rest.length);
  whole.set(start);
  whole.set(rest, start.length);
  return whole;
};

export interface FlushedWrite {
  readonly endOffset: number;
  readonly ttlSeconds: number;
  /** µs */
  readonly timestamp: bigint;
}

export const writeFlushed = (
  session: Session,
  chunk: StoredChunk,
  { endOffset, ttlSeconds, timestamp }: FlushedWrite,
): Promise<void> => {
  const { vehicleNo, bucket, firstOffset, level, fromMs, toMs, rows, bytes } = chunk;
  const end = level === 0 ? endOffset : 0;
  const sizes = [rows, bytes.length];
  const key = [vehicleNo, bucket, BigInt(firstOffset), level, BigInt(end)];
  return session.write(cql.add, [...key, BigInt(fromMs), BigInt(toMs), ...sizes, bufferOf(bytes), ttlSeconds, timestamp]);
};

const addMerged = ({ vehicleNo, bucket, firstOffset, level, fromMs, toMs, rows, bytes }: StoredChunk, ttl: number): Statement => {
  const columnsAt = startLength(bytes);
  const parts =
    columnsAt === 0
      ? [types.unset, bufferOf(bytes)]
      : [bufferOf(bytes.subarray(0, columnsAt)), bufferOf(bytes.subarray(columnsAt))];
  const figures = [BigInt(fromMs), BigInt(toMs), rows, bytes.length, columnsAt, chunkHasMoved(bytes)];
  return { query: cql.addMerged, params: [vehicleNo, bucket, BigInt(firstOffset), level, ...figures, ...parts, ttl] };
};

const remove = ({ vehicleNo, bucket, firstOffset, level }: ChunkEntry): Statement => ({
  query: cql.remove,
  params: [vehicleNo, bucket, BigInt(firstOffset), level],
});

/** Statements in as few batches as the limits allow. */
const inBatches = (
  { batchBytesMax, batchChunksMax }: Session['limits'],
  steps: readonly { readonly statement: Statement; readonly bytes: number }[],
): Statement[][] => {
  const batches: Statement[][] = [[]];
  let bytes = 0;
  for (const step of steps) {
    let last = batches.at(-1) as Statement[];
    if (last.length > 0 && (bytes + step.bytes > batchBytesMax || last.length >= batchChunksMax)) {
      last = [];
      batches.push(last);
      bytes = 0;
    }
    last.push(step.statement);
    bytes += step.bytes;
  }
  return batches;
};

/**
 * Takes chunks of one vehicle and month out and puts others in, if nobody did since `mergeNo`; answers whether it did. One batch mostly, which is seen
 * whole or not at all; where limits part it, what is put in comes first, so that a kill between two leaves rows twice and none missing.
 */
export const replaceEntries = async (
  session: Session,
  month: VehicleMonth,
  {
    mergeNo,
    removed,
    added,
    ttlSeconds,
  }: {
    readonly mergeNo: number | null;
    readonly removed: readonly ChunkEntry[];
    readonly added: readonly StoredChunk[];
    readonly ttlSeconds: number;
  },
): Promise<boolean> => {
  const batches = inBatches(session.limits, [
    ...added.map((chunk) => ({ statement: addMerged(chunk, ttlSeconds), bytes: chunk.bytes.length })),
    ...removed.map((entry) => ({ statement: remove(entry), bytes: 0 })),
  ]);
  let before = mergeNo;
  for (const batch of batches) {
    const after = (before ?? 0) + 1;
    const count = { query: cql.count, params: [ttlSeconds, after, month.vehicleNo, month.bucket, before] };
    if (!(await session.decide([count, ...batch]))) return false;
    before = after;
  }
  return true;
};

/** For months that go as a whole. */
export const removeAll = (session: Session, bucket: number, vehicleNos: Iterable<number>): Promise<void> =>
  forEachOf(vehicleNos, session.limits.scannedAtOnce, async (vehicleNo) => {
    const month = { vehicleNo, bucket };
    await untilWhole(session, month, async () => {
      const { mergeNo, entries } = await readEntries(session, month);
      if (entries.length === 0) return true;
      return (await replaceEntries(session, month, { mergeNo, removed: entries, added: [], ttlSeconds: 0 })) || undefined;
    });
  });
