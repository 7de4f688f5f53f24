import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperationalError } from '../../../kernel/index.ts';
import type { KeyframeInfo, KeyframePages, KeyframeStore, LateVehicle, StoredPage } from '../../fleet/keyframe-store.ts';
import { keyframeEveryMs } from '../../fleet/limits.ts';
import { fileVersion } from './schema.ts';
import { Statements } from './statements.ts';

/** 'MPkf': what kind of file it is. */
const applicationId = 0x4d506b66;
const fileFormat = 1;
const dayMs = 86_400_000;
const busyTimeoutMs = 10_000;
const openFilesMax = 40;
const namePattern = /^day-(\d{4}-\d{2}-\d{2})\.sqlite$/;
/** id of a page: place of the keyframe in its day · 2^17 + index. */
const pagesPerKeyframe = 131_072;

/** `late` names vehicles whose rows a keyframe may lack; `mark` grows from one writing of it to the next. */
const schema = `
  CREATE TABLE keyframe (at INTEGER PRIMARY KEY, made_ms INTEGER NOT NULL, vehicles INTEGER NOT NULL, signals TEXT NOT NULL) STRICT;
  CREATE TABLE page (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE late (at INTEGER NOT NULL, vehicle_no INTEGER NOT NULL, from_ms INTEGER NOT NULL, mark INTEGER NOT NULL,
    PRIMARY KEY (at, vehicle_no)) WITHOUT ROWID, STRICT;
  CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), mark INTEGER NOT NULL, swept TEXT NOT NULL) STRICT;
  INSERT INTO state (one, mark, swept) VALUES (1, 0, '');
`;

const sql = {
  newest: 'SELECT at FROM keyframe WHERE at <= ? AND signals = ? ORDER BY at DESC LIMIT 1',
  list: `SELECT at, made_ms, vehicles, (SELECT count(*) FROM late WHERE late.at = keyframe.at) AS late FROM keyframe
    WHERE at BETWEEN ? AND ? AND signals = ? ORDER BY at`,
  pages: 'SELECT id, bytes FROM page WHERE id >= ? AND id < ? ORDER BY id',
  late: 'SELECT vehicle_no, from_ms FROM late WHERE at = ? AND vehicle_no >= ? AND vehicle_no < ?',
  nextMark: 'UPDATE state SET mark = mark + 1 RETURNING mark',
  addLate: `INSERT INTO late (at, vehicle_no, from_ms, mark) VALUES (?, ?, ?, ?)
    ON CONFLICT (at, vehicle_no) DO UPDATE SET from_ms = min(from_ms, excluded.from_ms), mark = excluded.mark`,
  dropLate: 'DELETE FROM late WHERE at = ? AND mark <= ?',
  dropPages: 'DELETE FROM page WHERE id >= ? AND id < ?',
  setPage: 'INSERT OR REPLACE INTO page (id, bytes) VALUES (?, ?)',
  dropPage: 'DELETE FROM page WHERE id = ?',
  setKeyframe: 'INSERT OR REPLACE INTO keyframe (at, made_ms, vehicles, signals) VALUES (?, ?, ?, ?)',
  dropKeyframe: 'DELETE FROM keyframe WHERE at = ?',
  swept: 'SELECT swept FROM state',
  setSwept: 'UPDATE state SET swept = ?',
} as const;

const dayOf = (ms: number): number => Math.floor(ms / dayMs) * dayMs;
const nameOf = (day: number): string => `day-${new Date(day).toISOString().slice(0, 10)}.sqlite`;
const firstPageOf = (atMs: number): number => Math.floor((atMs - dayOf(atMs)) / keyframeEveryMs) * pagesPerKeyframe;

export interface SqliteKeyframeStoreOptions {
  readonly folder: string;
  /** Names the signals that are kept. */
  readonly signals: string;
}

/** SQLite files, one a day (UTC): keyframes are removed by removing files. */
export class SqliteKeyframeStore implements KeyframeStore {
  readonly #folder: string;
  readonly #signals: string;
  /** In order of use, least recent first. */
  readonly #open = new Map<number, Statements>();
  /** Newest keyframe that was made or announced, as far as this store knows. */
  #announcedMs: number;

  constructor({ folder, signals }: SqliteKeyframeStoreOptions) {
    this.#folder = folder;
    this.#signals = signals;
    mkdirSync(folder, { recursive: true });
    this.#announcedMs = this.list(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  read(atMs: number, fromIndex: number, toIndex: number): KeyframePages | undefined {
    for (const day of this.#days().toReversed()) {
      if (day > atMs) continue;
      const found = this.#file(day).within('DEFERRED', () => this.#readIn(this.#file(day), atMs, fromIndex, toIndex));
      if (found) return found;
    }
    return undefined;
  }

  #readIn(file: Statements, atMs: number, fromIndex: number, toIndex: number): KeyframePages | undefined {
    const newest = file.of(sql.newest).get(bound(atMs), this.#signals) as { at: number } | undefined;
    if (!newest) return undefined;
    const base = firstPageOf(newest.at);
    const pages = file.of(sql.pages).all(base + fromIndex, base + Math.min(toIndex, pagesPerKeyframe)) as unknown as {
      id: number;
      bytes: Uint8Array;
    }[];
    const late = file.of(sql.late).all(newest.at, fromIndex * 1024, bound(toIndex * 1024)) as unknown as {
      vehicle_no: number;
      from_ms: number;
    }[];
    return {
      atMs: newest.at,
      pages: pages.map(({ id, bytes }) => ({ index: id - base, bytes })),
      late: late.map(({ vehicle_no, from_ms }) => ({ vehicleNo: vehicle_no, fromMs: from_ms })),
    };
  }

  list(fromMs: number, toMs: number): KeyframeInfo[] {
    const found: KeyframeInfo[] = [];
    for (const day of this.#days()) {
      if (day + dayMs <= fromMs || day > toMs) continue;
      const rows = this.#file(day).of(sql.list).all(bound(fromMs), bound(toMs), this.#signals) as unknown as {
        at: number;
        made_ms: number;
        vehicles: number;
        late: number;
      }[];
      for (const { at, made_ms, vehicles, late } of rows) found.push({ atMs: at, madeMs: made_ms, vehicles, lateVehicles: late });
    }
    return found;
  }

  announce(atMs: number): number {
    this.#announcedMs = Math.max(this.#announcedMs, atMs);
    return this.#nextMark(this.#file(dayOf(atMs)));
  }

  #nextMark(file: Statements): number {
    return (file.of(sql.nextMark).get() as { mark: number }).mark;
  }

  addLate(late: readonly LateVehicle[]): void {
    const before = late.filter(({ fromMs }) => fromMs <= this.#announcedMs);
    if (before.length === 0) return;
    for (const day of this.#days()) {
      const toMs = Math.min(this.#announcedMs, day + dayMs - keyframeEveryMs);
      const touched = before.filter(({ fromMs }) => fromMs <= toMs);
      if (touched.length > 0) this.#addLateOf(this.#file(day), day, toMs, touched);
    }
  }

  #addLateOf(file: Statements, day: number, toMs: number, late: readonly LateVehicle[]): void {
    file.within('IMMEDIATE', () => {
      const mark = this.#nextMark(file);
      const add = file.of(sql.addLate);
      for (const { vehicleNo, fromMs } of late) {
        const first = Math.max(day, Math.ceil(fromMs / keyframeEveryMs) * keyframeEveryMs);
        for (let at = first; at <= toMs; at += keyframeEveryMs) add.run(at, vehicleNo, fromMs, mark);
      }
    });
  }

  write(atMs: number, mark: number, madeMs: number, vehicles: number, pages: readonly StoredPage[]): void {
    const file = this.#file(dayOf(atMs));
    const base = firstPageOf(atMs);
    file.within('IMMEDIATE', () => {
      file.of(sql.dropPages).run(base, base + pagesPerKeyframe);
      for (const { index, bytes } of pages) file.of(sql.setPage).run(base + index, bytes);
      file.of(sql.setKeyframe).run(atMs, madeMs, vehicles, this.#signals);
      file.of(sql.dropLate).run(atMs, mark);
      // One that is made long afterwards may bring back what was swept out of its day.
      if (madeMs - atMs > dayMs) file.of(sql.setSwept).run('');
    });
  }

  replacePage(atMs: number, index: number, bytes: Uint8Array | undefined): void {
    const file = this.#file(dayOf(atMs));
    const id = firstPageOf(atMs) + index;
    if (bytes) file.of(sql.setPage).run(id, bytes);
    else file.of(sql.dropPage).run(id);
  }

  drop(atMs: number): void {
    const file = this.#file(dayOf(atMs));
    const base = firstPageOf(atMs);
    file.within('IMMEDIATE', () => {
      file.of(sql.dropKeyframe).run(atMs);
      file.of(sql.dropPages).run(base, base + pagesPerKeyframe);
    });
  }

  days(): { readonly fromMs: number; readonly swept: string }[] {
    return this.#days().map((day) => ({
      fromMs: day,
      swept: (this.#file(day).of(sql.swept).get() as { swept: string }).swept,
    }));
  }

  setSwept(day: number, swept: string): void {
    this.#file(day).of(sql.setSwept).run(swept);
  }

  dropBefore(ms: number): void {
    for (const day of [...this.#days(), ...this.#open.keys()]) {
      if (day + dayMs > ms) continue;
      this.#open.get(day)?.close();
      this.#open.delete(day);
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(this.#folder, nameOf(day) + suffix), { force: true });
    }
  }

  bytes(): number {
    let bytes = 0;
    for (const name of readdirSync(this.#folder))
      bytes += statSync(join(this.#folder, name), { throwIfNoEntry: false })?.size ?? 0;
    return bytes;
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  /** Ascending. */
  #days(): number[] {
    const days = readdirSync(this.#folder).map((name) => namePattern.exec(name)?.[1]);
    return days
      .filter((day) => day !== undefined)
      .map((day) => Date.parse(day))
      .sort((a, b) => a - b);
  }

  /** Makes it when it is not there. */
  #file(day: number): Statements {
    const known = this.#open.get(day);
    if (known && existsSync(join(this.#folder, nameOf(day)))) {
      this.#open.delete(day);
      this.#open.set(day, known);
      return known;
    }
    known?.close();
    const file = new Statements(openDay(join(this.#folder, nameOf(day))));
    this.#open.set(day, file);
    const oldest = this.#open.keys().next();
    if (this.#open.size > openFilesMax && !oldest.done) {
      this.#open.get(oldest.value)?.close();
      this.#open.delete(oldest.value);
    }
    return file;
  }
}

const bound = (ms: number): number => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, ms));

/** synchronous=FULL: what is late is on disk before the rows are. secure_delete: what is erased is overwritten, not only let go. */
const openDay = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA mmap_size = 268435456');
    if (fileVersion(db).version === 0) createDay(db);
    const { version, applicationId: kind } = fileVersion(db);
    if (version !== fileFormat || kind !== applicationId)
      throw new OperationalError('unavailable', `${path} is of kind ${kind}, version ${version}, expected version ${fileFormat}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Both threads of history may come first. */
const createDay = (db: DatabaseSync): void => {
  db.exec('BEGIN IMMEDIATE');
  try {
    if (fileVersion(db).version === 0)
      db.exec(`${schema}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${fileFormat}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};
