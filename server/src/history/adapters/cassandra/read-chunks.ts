import { bucketOf } from '../../month-bucket.ts';
import type { ChunkKey, ChunkPart, ChunkScan, StoredChunk } from '../../ports.ts';
import { readChunkHeader } from '../../read-chunk.ts';
import {
  type ChunkBytes,
  type ChunkEntry,
  joinBytes,
  lastOfEach,
  readBytes,
  readEntries,
  untilWhole,
  type VehicleMonth,
} from './chunk-rows.ts';
import { forEachOf } from './session.ts';
import { type CassandraStore, groupOf, meets } from './store.ts';
import { readUnits } from './units.ts';

/** So many months are looked at without asking which there are. */
const monthsAskedMax = 4;

const bucketsOf = async (store: CassandraStore, vehicleNo: number, fromMs: number, toMs: number): Promise<number[]> => {
  const [first, last] = [bucketOf(fromMs), bucketOf(toMs - 1)];
  if (last - first < monthsAskedMax) return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const group = groupOf(store, vehicleNo);
  const units = await readUnits(store.session);
  return units.filter((unit) => unit.group === group && meets(unit.bucket, fromMs, toMs)).map(({ bucket }) => bucket);
};

export const chunkOf = ({ vehicleNo, bucket, firstOffset, level }: ChunkEntry, bytes: ChunkBytes): StoredChunk => {
  const whole = joinBytes(bytes);
  return { vehicleNo, bucket, firstOffset, level, ...readChunkHeader(whole), bytes: whole };
};

const readPart = async (
  { session }: CassandraStore,
  month: VehicleMonth,
  entries: readonly ChunkEntry[],
  part: ChunkPart,
): Promise<StoredChunk[] | undefined> => {
  const isCut = ({ startSize }: ChunkEntry): boolean => part === 'start' && startSize > 0;
  const [cut, whole] = [entries.filter(isCut), entries.filter((entry) => !isCut(entry))];
  const [starts, bytes] = await Promise.all([readBytes(session, month, cut, 'start'), readBytes(session, month, whole)]);
  if (!starts || !bytes) return undefined;
  return [
    ...whole.map((entry, i) => chunkOf(entry, bytes[i] as ChunkBytes)),
    ...cut.map((entry, i) => ({ ...chunkOf(entry, starts[i] as ChunkBytes), isCut: true as const })),
  ];
};

/** First what is there, then the bytes of what is wanted; when it was merged meanwhile, again. */
const readMonth = (
  store: CassandraStore,
  month: VehicleMonth,
  isWanted: (entry: ChunkEntry) => boolean,
  part: ChunkPart,
): Promise<StoredChunk[]> =>
  untilWhole(store.session, month, async () => {
    const { entries } = await readEntries(store.session, month);
    return readPart(store, month, lastOfEach(entries).filter(isWanted), part);
  });

export async function* readChunks(
  store: CassandraStore,
  vehicleNo: number,
  [fromMs, toMs]: readonly [number, number],
  part: ChunkPart,
): AsyncGenerator<StoredChunk> {
  const isWanted = (entry: ChunkEntry): boolean => entry.toMs >= fromMs && entry.fromMs < toMs;
  const buckets = await bucketsOf(store, vehicleNo, fromMs, toMs);
  const months = await Promise.all(buckets.map((bucket) => readMonth(store, { vehicleNo, bucket }, isWanted, part)));
  yield* months.flat().sort((a, b) => a.firstOffset - b.firstOffset || a.level - b.level);
}

export const readMerged = async (store: CassandraStore, keys: readonly ChunkKey[]): Promise<StoredChunk[]> => {
  const byMonth = Map.groupBy(keys, ({ vehicleNo, bucket }) => `${vehicleNo}/${bucket}`);
  const found = new Map<string, StoredChunk>();
  const nameOf = ({ vehicleNo, bucket, firstOffset, level }: ChunkKey): string =>
    [vehicleNo, bucket, firstOffset, level].join('/');
  await forEachOf(byMonth.values(), store.session.limits.scannedAtOnce, async (wanted) => {
    const { vehicleNo, bucket } = wanted[0] as ChunkKey;
    const names = new Set(wanted.map(nameOf));
    const chunks = await readMonth(store, { vehicleNo, bucket }, (entry) => entry.level > 0 && names.has(nameOf(entry)), 'whole');
    for (const chunk of chunks) found.set(nameOf(chunk), chunk);
  });
  return keys.map((key) => found.get(nameOf(key))).filter((chunk) => chunk !== undefined);
};

const nothing = new Uint8Array(0);

/** What is left to pass of a vehicle. */
interface Scanned {
  readonly index: number;
  readonly month: VehicleMonth;
  readonly flushed: readonly ChunkEntry[];
  /** The newest last. */
  readonly merged: ChunkEntry[];
}

const lookAt = async ({ session }: CassandraStore, scan: ChunkScan, index: number): Promise<Scanned> => {
  const month = { vehicleNo: scan.vehicleNos[index] as number, bucket: scan.bucket };
  const { entries } = await readEntries(session, month);
  const isWanted = (entry: ChunkEntry): boolean => entry.toMs >= scan.fromMs(index) && entry.fromMs < scan.toMs;
  const wanted = lastOfEach(entries).filter(isWanted);
  return {
    index,
    month,
    flushed: wanted.filter(({ level }) => level === 0),
    merged: wanted.filter(({ level }) => level > 0).sort((a, b) => a.fromMs - b.fromMs),
  };
};

/** The next chunks of a vehicle with their bytes; undefined: they were merged meanwhile. */
type Next = readonly { readonly entry: ChunkEntry; readonly bytes: ChunkBytes }[] | undefined;

const readNext = async ({ session }: CassandraStore, month: VehicleMonth, entries: readonly ChunkEntry[]): Promise<Next> => {
  const bytes = await readBytes(session, month, entries);
  return bytes && entries.map((entry, i) => ({ entry, bytes: bytes[i] as ChunkBytes }));
};

/** Passes some of each vehicle, read at once; answers the vehicles of which something was merged meanwhile. */
const passSome = async (
  store: CassandraStore,
  scan: ChunkScan,
  some: readonly { readonly vehicle: Scanned; readonly entries: readonly ChunkEntry[] }[],
): Promise<Set<number>> => {
  const again = new Set<number>();
  const found = await Promise.all(some.map(({ vehicle, entries }) => readNext(store, vehicle.month, entries)));
  for (const [i, next] of found.entries()) {
    const { index } = (some[i] as { readonly vehicle: Scanned }).vehicle;
    if (!next) again.add(index);
    for (const { entry, bytes } of next ?? [])
      scan.take(index, entry.firstOffset, bytes.start.length > 0 ? bytes.start : nothing, bytes.rest);
  }
  return again;
};

/** One round for some vehicles: what is not merged, then of each the merged ones back from the newest, while they are wanted. */
const scanSome = async (store: CassandraStore, scan: ChunkScan, indices: readonly number[]): Promise<number[]> => {
  const vehicles = await Promise.all(indices.map((index) => lookAt(store, scan, index)));
  const again = await passSome(
    store,
    scan,
    vehicles.map((vehicle) => ({ vehicle, entries: vehicle.flushed })),
  );
  for (;;) {
    const next = vehicles.flatMap((vehicle) => {
      const entry = again.has(vehicle.index) ? undefined : vehicle.merged.pop();
      return entry && entry.toMs >= scan.fromMs(vehicle.index) ? [{ vehicle, entries: [entry] }] : [];
    });
    if (next.length === 0) return [...again];
    for (const index of await passSome(store, scan, next)) again.add(index);
  }
};

export const scanChunks = async (store: CassandraStore, scan: ChunkScan): Promise<void> => {
  const { scannedAtOnce } = store.session.limits;
  for (let first = 0; first < scan.vehicleNos.length; first += scannedAtOnce) {
    const count = Math.min(scannedAtOnce, scan.vehicleNos.length - first);
    let left = Array.from({ length: count }, (_, i) => first + i);
    await untilWhole(store.session, { vehicleNo: scan.vehicleNos[first] as number, bucket: scan.bucket }, async () => {
      left = await scanSome(store, scan, left);
      return left.length === 0 || undefined;
    });
  }
};
