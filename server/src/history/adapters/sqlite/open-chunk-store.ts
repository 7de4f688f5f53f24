import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { virtualPartitionCount, virtualPartitionOf } from '../../../events/index.ts';
import { assert } from '../../../kernel/index.ts';
import { bucketOf, bucketStartMs } from '../../month-bucket.ts';
import type {
  ChunkFlush,
  ChunkKey,
  ChunkPart,
  ChunkScan,
  ChunkStore,
  Claim,
  MergeUnit,
  MonthScan,
  Replacement,
  StatusChange,
  StatusQuery,
  StatusScan,
  StoredChunk,
  UnitKey,
  VehicleChunks,
} from '../../ports.ts';
import type { KeyframeStore } from '../../fleet/keyframe-store.ts';
import { SqliteKeyframeStore } from './keyframe-store.ts';
import type { UnitFigures } from './merge-files.ts';
import { MonthFile, MonthPart } from './month-file.ts';
import { type FileMode, openDatabase, versionOf } from './open-database.ts';
import {
  monthApplicationId,
  monthSchema,
  monthUpgrades,
  storeApplicationId,
  storeSchema,
  schemaVersion,
  storeUpgrades,
} from './schema.ts';
import { type FileCounts, StoreFile } from './store-file.ts';

export interface SqliteChunkStoreOptions {
  readonly folder: string;
  /** Groups of virtual partitions, each with files of its own; fixed when the store is made. */
  readonly groups?: number;
  /** Month files kept open at once. */
  readonly openFilesMax?: number;
  /** For tests of crashes: called after the transaction of each file. */
  readonly afterFile?: (name: string) => void;
}

const groupsDefault = 4;
const openFilesMaxDefault = 32;
const fileNamePattern = /^month-(\d{4})-(\d{2})-(\d{4})\.sqlite$/;

interface FileName {
  readonly name: string;
  readonly bucket: number;
  readonly group: number;
}

const nameOf = (bucket: number, group: number): string => {
  const month = `${1970 + Math.floor(bucket / 12)}-${String((bucket % 12) + 1).padStart(2, '0')}`;
  return `month-${month}-${String(group).padStart(4, '0')}.sqlite`;
};

const parseName = (name: string): FileName | undefined => {
  const match = fileNamePattern.exec(name);
  if (!match) return undefined;
  return { name, bucket: (Number(match[1]) - 1970) * 12 + Number(match[2]) - 1, group: Number(match[3]) };
};

/** SQLite files, one a month and group of partitions, and `store.sqlite`, which says up to which offset all of them are complete. */
export class SqliteChunkStore implements ChunkStore {
  readonly #options: SqliteChunkStoreOptions;
  readonly #mode: FileMode;
  readonly #store: StoreFile;
  readonly #groups: number;
  /** In order of use, least recent first. */
  readonly #open = new Map<string, MonthFile>();
  #isClosed = false;
  readonly #figures = new Map<string, UnitFigures>();

  constructor(options: SqliteChunkStoreOptions, mode: FileMode) {
    this.#options = options;
    this.#mode = mode;
    if (mode === 'write') mkdirSync(options.folder, { recursive: true });
    if (mode === 'write') this.#upgradeMonths();
    const db = openDatabase(join(options.folder, 'store.sqlite'), mode, storeApplicationId, storeSchema, storeUpgrades);
    assert(db, `${options.folder} is opened for reading before it was made`);
    this.#store = new StoreFile(db);
    if (mode === 'write') this.#store.makeClaims();
    this.#groups = this.#store.groups(options.groups, groupsDefault);
    assert(
      this.#groups >= 1 && this.#groups <= virtualPartitionCount,
      `groups is ${this.#groups}, expected 1 to ${virtualPartitionCount}`,
    );
  }

  /** Before the store says that it is of this version: a reader never meets an older month. */
  #upgradeMonths(): void {
    const path = join(this.#options.folder, 'store.sqlite');
    if (!existsSync(path) || versionOf(path) === schemaVersion) return;
    for (const { name } of this.#names(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) this.#file(name);
  }

  claim(partition: number): Promise<number> {
    return Promise.resolve(this.#store.claim(partition));
  }

  /** Each file in a transaction of its own, then the applied offset: a crash between leaves chunks that the next flush writes again. */
  async write(flush: ChunkFlush): Promise<void> {
    const { partition, epoch } = flush;
    if (epoch !== undefined) this.#store.checkClaim({ partition, epoch });
    const applied = this.#appliedOffsets().get(flush.partition) ?? -1;
    // Its chunks may have been merged since: only what has a key of its own is written again.
    const parts = this.#split(flush.appliedOffset <= applied ? { ...flush, chunks: [] } : flush);
    const counts: FileCounts[] = [];
    for (const [name, part] of parts) {
      const file = this.#file(name);
      assert(file, `${name} cannot be opened for writing`);
      file.write(flush, part);
      this.#figures.delete(name);
      this.#options.afterFile?.(name);
      flush.breathe?.();
      const { bucket, group } = parseName(name) as FileName;
      counts.push({ bucket, part: group, ...file.count() });
    }
    this.#store.commit(flush, counts);
  }

  #appliedOffsets(): Map<number, number> {
    return new Map(this.#store.applied().map(({ partition, appliedOffset }) => [partition, appliedOffset]));
  }

  #groupOf(vehicleNo: number): number {
    return Math.floor((virtualPartitionOf(vehicleNo) * this.#groups) / virtualPartitionCount);
  }

  #split(flush: ChunkFlush): Map<string, MonthPart> {
    const parts = new Map<string, MonthPart>();
    const names = new Map<number, string>();
    const partOf = (vehicleNo: number, bucket: number): MonthPart => {
      const key = bucket * virtualPartitionCount + this.#groupOf(vehicleNo);
      let name = names.get(key);
      if (name === undefined) {
        name = nameOf(bucket, key % virtualPartitionCount);
        names.set(key, name);
        parts.set(name, new MonthPart(flush.fromOffset));
      }
      return parts.get(name) as MonthPart;
    };
    for (const chunk of flush.chunks) partOf(chunk.vehicleNo, chunk.bucket).add(chunk);
    for (const change of flush.statusChanges) partOf(change.vehicleNo, bucketOf(change.at)).statusChanges.push(change);
    return parts;
  }

  async *read(vehicleNo: number, fromMs: number, toMs: number, part: ChunkPart = 'whole'): AsyncIterable<StoredChunk> {
    const group = this.#groupOf(vehicleNo);
    const chunks: StoredChunk[] = [];
    for (const name of this.#names(fromMs, toMs)) {
      if (name.group !== group) continue;
      for (const chunk of this.#file(name.name)?.read(vehicleNo, fromMs, toMs, part) ?? []) chunks.push(chunk);
    }
    chunks.sort((a, b) => a.firstOffset - b.firstOffset || a.level - b.level);
    yield* chunks;
  }

  readStatus(query: StatusQuery): Promise<readonly StatusChange[]> {
    const groups = query.vehicleNos ? new Set(query.vehicleNos.map((vehicleNo) => this.#groupOf(vehicleNo))) : undefined;
    const names = this.#names(query.fromMs, query.toMs).filter(({ group }) => !groups || groups.has(group));
    const found: StatusChange[] = [];
    const buckets = [...new Set(names.map(({ bucket }) => bucket))].sort((a, b) => b - a);
    for (const bucket of buckets) {
      const month: StatusChange[] = [];
      for (const name of names) if (name.bucket === bucket) month.push(...this.#statusOf(name.name, query));
      month.sort((a, b) => b.at - a.at || a.vehicleNo - b.vehicleNo);
      for (const change of month) {
        const last = found.at(-1);
        if (found.length >= query.limit && !(last?.at === change.at && last.vehicleNo === change.vehicleNo))
          return Promise.resolve(found);
        found.push(change);
      }
    }
    return Promise.resolve(found);
  }

  /** At most `limit` changes of a file, and those that share the key of the last. */
  #statusOf(name: string, query: StatusQuery): StatusChange[] {
    const found: StatusChange[] = [];
    for (const change of this.#file(name)?.readStatus(query) ?? []) {
      const last = found.at(-1);
      if (found.length >= query.limit && !(last?.at === change.at && last.vehicleNo === change.vehicleNo)) break;
      found.push(change);
    }
    return found;
  }

  months(fromMs: number, toMs: number): Promise<readonly number[]> {
    const buckets = new Set(this.#names(fromMs, toMs).map(({ bucket }) => bucket));
    return Promise.resolve([...buckets].sort((a, b) => b - a));
  }

  oldestMs(): Promise<number | undefined> {
    const oldest = this.#names(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    const times = oldest
      .filter(({ bucket }) => bucket === oldest[0]?.bucket)
      .map(({ name }) => this.#file(name)?.oldestMs())
      .filter((ms) => ms !== undefined);
    return Promise.resolve(times.length === 0 ? undefined : Math.min(...times));
  }

  scanChunks(scan: ChunkScan): Promise<void> {
    for (const { file, indices } of this.#parts(scan)) file.scanChunks(scan, indices);
    return Promise.resolve();
  }

  scanStatus(scan: StatusScan): Promise<void> {
    for (const { file, indices } of this.#parts(scan)) file.scanStatus(scan, indices);
    return Promise.resolve();
  }

  /** The files of a month and which vehicles of a scan have their rows in each. */
  *#parts({ bucket, vehicleNos }: MonthScan): Generator<{ readonly file: MonthFile; readonly indices: readonly number[] }> {
    const byGroup = new Map<number, number[]>();
    for (let i = 0; i < vehicleNos.length; i++) {
      const group = this.#groupOf(vehicleNos[i] as number);
      const known = byGroup.get(group);
      if (known) known.push(i);
      else byGroup.set(group, [i]);
    }
    for (const [group, indices] of byGroup) {
      const file = this.#existing(nameOf(bucket, group));
      if (file) yield { file, indices };
    }
  }

  mergeUnits(): Promise<readonly MergeUnit[]> {
    const applied = this.#appliedOffsets();
    const units = this.#names(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).map(({ name, bucket, group }) => ({
      bucket,
      group,
      ...this.#figuresOf(name, applied),
    }));
    return Promise.resolve(units);
  }

  /** Kept until the file is written to: years of months that are merged are not opened each time. */
  #figuresOf(name: string, applied: ReadonlyMap<number, number>): UnitFigures {
    const known = this.#figures.get(name);
    if (known) return known;
    const file = this.#file(name);
    assert(file, `${name} cannot be opened for writing`);
    const { figures, isComplete } = file.describe(applied);
    if (isComplete) this.#figures.set(name, figures);
    return figures;
  }

  readUnit({ bucket, group }: UnitKey, fromVehicleNo: number, toVehicleNo: number): Promise<readonly VehicleChunks[]> {
    const file = this.#existing(nameOf(bucket, group));
    return Promise.resolve(file?.readVehicles(this.#appliedOffsets(), fromVehicleNo, toVehicleNo) ?? []);
  }

  readMerged(keys: readonly ChunkKey[]): Promise<readonly StoredChunk[]> {
    const found = keys.flatMap(
      (key) => this.#file(nameOf(key.bucket, this.#groupOf(key.vehicleNo)))?.readMergedChunks([key]) ?? [],
    );
    return Promise.resolve(found);
  }

  async replace({ bucket, group }: UnitKey, replacement: Replacement, claim?: Claim): Promise<void> {
    if (claim) this.#store.checkClaim(claim);
    const name = nameOf(bucket, group);
    const isTakeOver = replacement.removed.length === 0 && replacement.added.length > 0;
    const file = isTakeOver ? this.#file(name) : this.#existing(name);
    if (!file) return;
    file.replace(replacement);
    this.#options.afterFile?.(name);
    this.#figures.delete(name);
    this.#store.setCounts({ bucket, part: group, ...file.count() });
  }

  giveBack({ bucket, group }: UnitKey, bytesMax: number): Promise<number> {
    const name = nameOf(bucket, group);
    this.#figures.delete(name);
    return Promise.resolve(this.#existing(name)?.giveBack(bytesMax) ?? 0);
  }

  appliedOffset(partition: number): Promise<number | undefined> {
    return Promise.resolve(this.#store.applied().find((state) => state.partition === partition)?.appliedOffset);
  }

  applied(): ReturnType<ChunkStore['applied']> {
    return Promise.resolve(this.#store.applied());
  }

  dropBefore(ms: number): Promise<void> {
    for (const { name, bucket, group } of this.#names(Number.NEGATIVE_INFINITY, ms)) {
      if (bucketStartMs(bucket + 1) > ms) continue;
      this.#close(name);
      this.#figures.delete(name);
      if (this.#mode === 'read') continue;
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(this.#options.folder, name + suffix), { force: true });
      this.#store.forget(bucket, group);
    }
    return Promise.resolve();
  }

  statistics(): ReturnType<ChunkStore['statistics']> {
    let bytes = 0;
    for (const name of readdirSync(this.#options.folder))
      bytes += statSync(join(this.#options.folder, name), { throwIfNoEntry: false })?.size ?? 0;
    return Promise.resolve({ bytes, ...this.#store.totals() });
  }

  close(): Promise<void> {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
    if (!this.#isClosed) this.#store.close();
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** Files whose month meets the period, oldest first. */
  #names(fromMs: number, toMs: number): FileName[] {
    const names = readdirSync(this.#options.folder).map(parseName);
    return names
      .filter((name) => name !== undefined)
      .filter(({ bucket }) => bucketStartMs(bucket + 1) > fromMs && bucketStartMs(bucket) < toMs)
      .sort((a, b) => a.bucket - b.bucket || a.group - b.group);
  }

  #file(name: string): MonthFile | undefined {
    const known = this.#open.get(name);
    if (known) {
      this.#open.delete(name);
      this.#open.set(name, known);
      return known;
    }
    const db = openDatabase(join(this.#options.folder, name), this.#mode, monthApplicationId, monthSchema, monthUpgrades);
    if (!db) return undefined;
    const file = new MonthFile(db, (parseName(name) as FileName).bucket);
    if (this.#mode === 'write') {
      file.addIndexes();
      file.countFlushes();
    }
    this.#open.set(name, file);
    const oldest = this.#open.keys().next();
    if (this.#open.size > (this.#options.openFilesMax ?? openFilesMaxDefault) && !oldest.done) this.#close(oldest.value);
    return file;
  }

  /** A month that was dropped while it was merged is not made again. */
  #existing(name: string): MonthFile | undefined {
    return existsSync(join(this.#options.folder, name)) ? this.#file(name) : undefined;
  }

  #close(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
  }
}

const keyframeFolder = (options: unknown): string => join((options as SqliteChunkStoreOptions).folder, 'keyframes');

export const openKeyframeStore = (options: unknown, signals: string): KeyframeStore =>
  new SqliteKeyframeStore({ folder: keyframeFolder(options), signals });

export const removeKeyframes = (options: unknown): void => rmSync(keyframeFolder(options), { recursive: true, force: true });

/** Loaded by the threads of history. */
export const openChunkStore = (options: unknown, mode: FileMode): Promise<ChunkStore> =>
  Promise.resolve(new SqliteChunkStore(options as SqliteChunkStoreOptions, mode));
