import { OperationalError } from '../../../kernel/index.ts';
import type { ChunkKey, Claim, MergeUnit, Replacement, StoredChunk, UnitKey, VehicleChunks } from '../../ports.ts';
import { checkClaim, readApplied } from './applied.ts';
import { removeCarLogs } from './car-logs.ts';
import {
  type ChunkBytes,
  type ChunkEntry,
  lastOfEach,
  type MonthEntries,
  readBytes,
  readEntries,
  replaceEntries,
  untilWhole,
  type VehicleMonth,
} from './chunk-rows.ts';
import type { MergeMemory } from './merge-memory.ts';
import { chunkOf } from './read-chunks.ts';
import { forEachOf } from './session.ts';
import { removeStatus } from './status-rows.ts';
import { type CassandraStore, vehiclesOf } from './store.ts';
import { ttlSeconds } from './times.ts';
import {
  addTotals,
  emptyUnit,
  type FlushRow,
  flushOf,
  readFlushes,
  readUnitRow,
  readUnits,
  sumTotals,
  takeTotals,
  type Totals,
  type UnitRow,
  writeFlushRow,
  writeUnitRow,
} from './units.ts';

/** Applied offset by partition of the log. */
type Applied = ReadonlyMap<number, number>;

const readAppliedOffsets = async ({ session }: CassandraStore): Promise<Applied> =>
  new Map((await readApplied(session)).map(({ partition, appliedOffset }) => [partition, appliedOffset]));

const isComplete = (applied: Applied, { partition, endOffset }: FlushRow): boolean => endOffset <= (applied.get(partition) ?? -1);

const describeUnit = (unit: UnitRow, flushes: readonly FlushRow[], applied: Applied): MergeUnit => {
  const complete = flushes.filter((flush) => isComplete(applied, flush));
  const flushed = sumTotals(complete);
  return {
    bucket: unit.bucket,
    group: unit.group,
    flushes: complete.length,
    flushedChunks: flushed.chunks,
    flushedRows: flushed.rows,
    oldestFlushMs: complete.length === 0 ? Number.NaN : Math.min(...complete.map(({ completeTo }) => completeTo)),
    mergedChunks: unit.merged.chunks,
    mergedRows: unit.merged.rows,
    vehicleNoMax: unit.vehicleNoMax,
    spareBytes: 0,
    usedBytes: unit.merged.bytes + unit.flushed.bytes,
    swept: unit.swept,
  };
};

export const readMergeUnits = async (store: CassandraStore, memory: MergeMemory): Promise<MergeUnit[]> => {
  await memory.setRight(store);
  const [units, applied] = await Promise.all([readUnits(store.session), readAppliedOffsets(store)]);
  const flushes = new Map<UnitRow, FlushRow[]>();
  const withFlushes = units.filter(({ flushed }) => flushed.chunks > 0);
  await forEachOf(withFlushes, store.session.limits.scannedAtOnce, async (unit) => {
    flushes.set(unit, await readFlushes(store.session, unit));
  });
  return units.map((unit) => describeUnit(unit, flushes.get(unit) ?? [], applied));
};

/**
 * Of each chunk of a flush the last try that is complete. A longer one that a crash cut off may stand beside it: what it has more comes again
 * with the next flush.
 */
const completeEntries = (
  entries: readonly ChunkEntry[],
  unit: UnitKey,
  flushes: readonly FlushRow[],
  applied: Applied,
): ChunkEntry[] =>
  lastOfEach(
    entries.filter((entry) => {
      if (entry.level > 0) return false;
      const exact = flushes.find(({ fromOffset, endOffset }) => fromOffset <= entry.firstOffset && endOffset === entry.endOffset);
      return entry.endOffset <= (applied.get(exact?.partition ?? unit.group) ?? -1);
    }),
  );

const infoOf = ({ vehicleNo, bucket, firstOffset, level, fromMs, toMs, rows, hasMoved }: ChunkEntry) => ({
  vehicleNo,
  bucket,
  firstOffset,
  level,
  fromMs,
  toMs,
  rows,
  hasMoved,
});

interface VehicleRead {
  readonly month: MonthEntries;
  readonly chunks: VehicleChunks;
}

const readVehicle = (
  { session }: CassandraStore,
  month: VehicleMonth,
  complete: (entries: readonly ChunkEntry[]) => ChunkEntry[],
): Promise<VehicleRead> =>
  untilWhole(session, month, async () => {
    const found = await readEntries(session, month);
    const wanted = complete(found.entries);
    const bytes = await readBytes(session, month, wanted);
    if (!bytes) return undefined;
    const flushed = wanted.map((entry, i) => chunkOf(entry, bytes[i] as ChunkBytes));
    const merged = found.entries.filter(({ level }) => level > 0).sort((a, b) => a.fromMs - b.fromMs || a.level - b.level);
    return { month: found, chunks: { vehicleNo: month.vehicleNo, flushed, merged: merged.map(infoOf) } };
  });

export const readUnitVehicles = async (
  store: CassandraStore,
  memory: MergeMemory,
  unit: UnitKey,
  [from, to]: readonly [number, number],
): Promise<VehicleChunks[]> => {
  const { session } = store;
  const row = await readUnitRow(session, unit);
  if (!row) return [];
  const [flushes, applied] = await Promise.all([readFlushes(session, unit), readAppliedOffsets(store)]);
  memory.begin(
    row,
    flushes.filter((flush) => isComplete(applied, flush)),
    [from, to],
  );
  const found: VehicleChunks[] = [];
  const vehicles = vehiclesOf(store, unit.group, from, Math.min(to, row.vehicleNoMax + 1));
  await forEachOf(vehicles, session.limits.scannedAtOnce, async (vehicleNo) => {
    const month = { vehicleNo, bucket: unit.bucket };
    const read = await readVehicle(store, month, (entries) => completeEntries(entries, unit, flushes, applied));
    memory.saw(month, read.month);
    if (read.chunks.flushed.length + read.chunks.merged.length > 0) found.push(read.chunks);
  });
  return found.sort((a, b) => a.vehicleNo - b.vehicleNo);
};

interface VehicleReplacement {
  readonly removed: ChunkKey[];
  readonly added: StoredChunk[];
}

/** What became of a replacement. */
export interface Replaced {
  readonly removed: readonly ChunkEntry[];
  readonly added: readonly StoredChunk[];
}

const byVehicle = ({ removed, added }: Replacement): Map<number, VehicleReplacement> => {
  const vehicles = new Map<number, VehicleReplacement>();
  const of = (vehicleNo: number): VehicleReplacement => {
    const known = vehicles.get(vehicleNo) ?? { removed: [], added: [] };
    vehicles.set(vehicleNo, known);
    return known;
  };
  for (const key of removed) of(key.vehicleNo).removed.push(key);
  for (const chunk of added) of(chunk.vehicleNo).added.push(chunk);
  return vehicles;
};

const nameOf = ({ firstOffset, level }: ChunkKey): string => `${firstOffset}/${level}`;

const mergedByAnother = ({ vehicleNo, bucket }: VehicleMonth): OperationalError =>
  new OperationalError('unavailable', `vehicle ${vehicleNo}, month ${bucket} was merged by another: it is read again`);

/** Where nothing is left of what is to be removed it was done before, or the month was dropped. */
const replaceVehicle = async (
  store: CassandraStore,
  memory: MergeMemory,
  month: VehicleMonth,
  wanted: VehicleReplacement,
): Promise<Replaced> => {
  const { mergeNo, entries } = await readEntries(store.session, month);
  const names = new Set(wanted.removed.map(nameOf));
  const removed = entries.filter((entry) => names.has(nameOf(entry)));
  if (wanted.removed.length > 0 && removed.length === 0) return { removed: [], added: [] };
  if (wanted.removed.length > 0 && memory.isOther(month, mergeNo)) throw mergedByAnother(month);
  const present = new Set(entries.map(nameOf));
  const added = wanted.added.filter((chunk) => !present.has(nameOf(chunk)));
  const ttl = ttlSeconds(month.bucket, store.options.retentionDays, store.now());
  if (!(await replaceEntries(store.session, month, { mergeNo, removed, added, ttlSeconds: ttl }))) throw mergedByAnother(month);
  memory.forget(month);
  return { removed, added };
};

const totalsOf = (chunks: readonly { readonly rows: number; readonly size: number }[]): Totals =>
  sumTotals(chunks.map(({ rows, size }) => ({ chunks: 1, rows, bytes: size })));

const writeFigures = async (
  { session }: CassandraStore,
  row: UnitRow,
  { removed, added }: Replaced,
  swept: string | undefined,
): Promise<void> => {
  const flushes = await readFlushes(session, row);
  const left = new Map(flushes.map((flush) => [flush, flush]));
  for (const entry of removed) {
    const flush = entry.level === 0 ? flushOf(flushes, entry) : undefined;
    if (flush) left.set(flush, { ...flush, ...takeTotals(left.get(flush) as FlushRow, totalsOf([entry])) });
  }
  for (const [before, after] of left) if (before !== after) await writeFlushRow(session, row, after);
  const put = totalsOf(added.map(({ rows, bytes }) => ({ rows, size: bytes.length })));
  const taken = totalsOf(removed.filter(({ level }) => level > 0));
  await writeUnitRow(session, {
    ...row,
    merged: takeTotals(addTotals(row.merged, put), taken),
    flushed: sumTotals([...left.values()].filter(({ chunks }) => chunks > 0)),
    fromMs: added.reduce<number | undefined>((oldest, { fromMs }) => Math.min(oldest ?? fromMs, fromMs), row.fromMs),
    vehicleNoMax: added.reduce((largest, { vehicleNo }) => Math.max(largest, vehicleNo), row.vehicleNoMax),
    swept: swept ?? row.swept,
  });
};

/** Each vehicle in one batch, then the figures: when they do not come to it, the next merge that passes all vehicles sets them right. */
export const replaceChunks = async (
  store: CassandraStore,
  memory: MergeMemory,
  unit: UnitKey,
  { replacement, claim }: { readonly replacement: Replacement; readonly claim: Claim | undefined },
): Promise<void> => {
  if (claim) await checkClaim(store.session, claim);
  const isTakeOver = replacement.removed.length === 0 && replacement.added.length > 0;
  const row = await readUnitRow(store.session, unit);
  if (!row && !isTakeOver) return;
  const removed: ChunkEntry[] = [];
  const added: StoredChunk[] = [];
  await forEachOf(byVehicle(replacement), store.session.limits.scannedAtOnce, async ([vehicleNo, wanted]) => {
    const done = await replaceVehicle(store, memory, { vehicleNo, bucket: unit.bucket }, wanted);
    for (const entry of done.removed) removed.push(entry);
    for (const chunk of done.added) added.push(chunk);
    memory.replaced(unit, done);
  });
  const { removedStatus, erased = [] } = replacement;
  await removeStatus(store, unit, [...removedStatus, ...erased]);
  if (store.options.carLogs === true) await removeCarLogs(store, unit, erased);
  await writeFigures(store, row ?? emptyUnit(unit), { removed, added }, replacement.swept);
};
