import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { coreVocabulary } from '@milepost/contract';
import type { RebuildSwap } from '@milepost/contract/api';
import { openJournal } from '../../eventlog/adapters/journal/index.ts';
import type { EventLog } from '../../eventlog/index.ts';
import { openChunkStore } from '../../history/adapters/sqlite/index.ts';
import { digestMonth, openHistory, readAllStatus, type StatusChange } from '../../history/index.ts';
import { MergePass } from '../../history/merge-pass.ts';
import { bucketOf } from '../../history/month-bucket.ts';
import { makeManualClock, silentLogger, systemClock } from '../../kernel/index.ts';
import { compareLive, type Live, openLive } from '../../live/index.ts';
import { aCustomer, aDevice, aVehicle, makeMemoryDirectory, type MemoryDirectory } from '../../live/memory-directory.ts';
import { openSnapshotFolder } from '../../storage/adapters/folder/index.ts';
import { loadAt } from '../../live/testing/test-live.ts';
import { anEvent, aReport } from '../../live/test-records.ts';
import { dataFolderAt } from '../data-folder.ts';
import type { Registry } from '../../registry/index.ts';
import type { Base } from '../open-parts.ts';
import { startProjection } from '../projection.ts';
import { swapFolder } from '../swap-folder.ts';
import { rebuiltModel } from './models.ts';
import { type Outcome, runRebuild } from './run-rebuild.ts';
import type { RebuildSource } from './source.ts';
import type { RebuildPoint, RebuiltModel } from './types.ts';

const vehicles = 12;
const turns = 200;
const samplesPerReport = 8;
const recordsPerGroup = 40;
/** From the middle of one month into the next. */
const startMs = Date.UTC(2026, 8, 28);
const stepMs = 1_500_000;
/** Silent from this turn on: of the two, the log that has lost its first half does not tell of them. */
const silentFrom: Readonly<Record<number, number>> = { 11: 20, 12: 40 };
const timeouts = { lateAfterMs: 75_000, offlineAfterMs: 180_000 };

const failed = (error: Error): void => {
  throw error;
};

const aDirectory = (): MemoryDirectory => {
  const directory = makeMemoryDirectory();
  directory.put({ kind: 'customer', customer: aCustomer(1) });
  for (let no = 1; no <= vehicles; no++) {
    directory.put({ kind: 'vehicle', vehicle: aVehicle(no) });
    directory.put({ kind: 'device', device: aDevice(no, no) });
  }
  return directory;
};
const directory = aDirectory();

const recordOf = (turn: number, vehicleNo: number): Uint8Array => {
  const receivedAt = startMs + turn * stepMs + vehicleNo;
  if (turn % 11 === vehicleNo % 11) return anEvent(vehicleNo, vehicleNo, receivedAt, 'goodbye');
  // Each seventh report is late by a day.
  const fromMs = startMs + turn * stepMs - (turn % 7 === 6 ? 86_400_000 : 0);
  const samples = Array.from({ length: samplesPerReport }, (_, i) => ({
    time: fromMs + i * 60_000,
    signals: {
      Speed: (turn * 31 + i) % 200,
      'Diagnostics.DTCList': [`P${turn % 5}`],
      // Told once, long before the newest chunks.
      ...(turn === 2 ? { CurrentOverallWeight: 700 + vehicleNo } : {}),
    },
  }));
  return aReport(vehicleNo, vehicleNo, receivedAt, samples);
};

const everyRecord = (): Uint8Array[] => {
  const records: Uint8Array[] = [];
  for (let turn = 0; turn < turns; turn++) {
    for (let vehicleNo = 1; vehicleNo <= vehicles; vehicleNo++)
      if (turn < (silentFrom[vehicleNo] ?? turns)) records.push(recordOf(turn, vehicleNo));
    records.push(anEvent(0, 0, startMs + turn * stepMs + 100_000, 'serverAlive'));
  }
  return records;
};

const base = { clock: systemClock, logger: silentLogger };
const openSmallLog = (folder: string, bytesMax = Number.MAX_SAFE_INTEGER): Promise<EventLog> =>
  openJournal({
    ...base,
    clock: makeManualClock(startMs + turns * stepMs),
    folder,
    limits: { segmentBytes: 16_384, diskReserveBytes: 0, commitSpacingMs: 0, bytesMax },
  });

const appendGroup = (log: EventLog, records: readonly Uint8Array[]): Promise<void> =>
  new Promise((resolve, reject) => {
    let left = records.length;
    const listener = {
      appended: () => {
        if (--left === 0) resolve();
      },
      appendFailed: (_token: number, error: Error) => reject(error),
    };
    for (const [n, record] of records.entries()) assert.equal(log.append(record, listener, n), undefined);
  });

/** In many groups, so that there are many segments. */
const append = async (log: EventLog, records: readonly Uint8Array[]): Promise<void> => {
  for (let from = 0; from < records.length; from += recordsPerGroup)
    await appendGroup(log, records.slice(from, from + recordsPerGroup));
};

const liveIn = (folder: string): Live =>
  openLive({ ...base, directory, vocabulary: () => coreVocabulary, snapshots: openSnapshotFolder(folder), defaults: timeouts });

/** History and live as a server leaves them that followed the log and was stopped. */
const runServer = async (root: string, log: EventLog): Promise<void> => {
  const folder = dataFolderAt(root);
  const live = liveIn(folder.live);
  const adapterModule = new URL('../../history/adapters/sqlite/index.ts', import.meta.url);
  const store = { adapterModule, adapterOptions: { folder: folder.history } };
  const consentGroupOf = (): 'status' => 'status';
  const history = await openHistory({ store, ...base, failed, consentGroupOf, sealBytes: 65_536 });
  const projection = await startProjection({ log, live, history, partitions: [0], failed, warn: () => {} });
  await projection.caughtUp;
  await projection.stop();
  // One that a seal asked for may still be written.
  while (live.statistics().isSaving) await nextTurn();
  await live.saveSnapshot([{ partition: 0, offset: projection.position() }]);
  await history.close();
  await live.close();
};

/** Merges what is flushed so far. */
const mergeAll = async (folder: string): Promise<void> => {
  const store = await openChunkStore({ folder }, 'write');
  const pass = new MergePass(store);
  while (await pass.step(Date.now()));
  assert.ok(pass.counts.merges > 0);
  await store.close();
};

const digestAll = async (folder: string): Promise<unknown[]> => {
  const store = await openChunkStore({ folder }, 'read');
  const all: unknown[] = [];
  for (let vehicleNo = 1; vehicleNo <= vehicles; vehicleNo++) {
    for (let bucket = bucketOf(startMs); bucket <= bucketOf(startMs) + 2; bucket++)
      all.push(await digestMonth(store, vehicleNo, bucket, () => true));
  }
  await store.close();
  return all;
};

const timelineOf = async (folder: string): Promise<StatusChange[]> => {
  const store = await openChunkStore({ folder }, 'read');
  const all: StatusChange[] = [];
  for await (const page of readAllStatus(store)) all.push(...page);
  await store.close();
  return all.sort((a, b) => a.at - b.at || a.vehicleNo - b.vehicleNo || (a.to < b.to ? -1 : 1));
};

interface Place {
  readonly root: string;
  readonly point: RebuildPoint;
}

/** A copy of the data folder, whose log has lost its first part when `bytesMax` says so. */
const copyPlace = async (from: string, name: string, bytesMax?: number): Promise<Place> => {
  const root = path.join(path.dirname(from), name);
  await cp(from, root, { recursive: true });
  const log = await openSmallLog(dataFolderAt(root).journal, bytesMax);
  await log.enforceRetention();
  const [startOffset, offset] = [log.startOffset(0), log.endOffset(0)];
  await log.close();
  const rules = { standard: { retentionMs: Number.MAX_SAFE_INTEGER }, byVehicle: new Map(), erased: [] };
  return { root, point: { startOffset, offset, nowMs: startMs + turns * stepMs, rules } };
};

const run = async (
  { root, point }: Place,
  name: string,
  swap: RebuildSwap,
  more: { isCancelled?: () => boolean; diskReserveMib?: number } = {},
): Promise<Outcome> => {
  const model = rebuiltModel(name) as RebuiltModel;
  const source: RebuildSource = {
    isRunning: false,
    point,
    timeouts,
    diskReserveMib: more.diskReserveMib ?? 0,
    openRegistered: () => Promise.resolve({ registry: { directory } as unknown as Registry, vocabulary: coreVocabulary }),
    progress: () => {},
    end: () => Promise.resolve(point.offset),
    handover: () => Promise.resolve(point.offset),
    isLost: () => false,
    compared: () => Promise.resolve(),
    ended: () => Promise.resolve(),
    putIn: () => swapFolder(root, model.folder, `${model.folder}.rebuild`, Date.now()),
    release: () => Promise.resolve(),
  };
  const part: Base = { configuration: {} as Base['configuration'], folder: dataFolderAt(root), ...base, failed };
  return runRebuild({ base: part, model, source, swap, tell: () => {}, isCancelled: more.isCancelled ?? (() => false) });
};

const differing = ({ compared }: Outcome): Record<string, number> =>
  Object.fromEntries(compared.map(({ kind, differences }) => [kind, differences]));

let place: string;
let original: string;
let digests: unknown[];
let timeline: StatusChange[];

before(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'milepost-rebuild-'));
  original = path.join(place, 'original');
  const folder = dataFolderAt(original);
  const log = await openSmallLog(folder.journal);
  await append(log, everyRecord());
  await runServer(original, log);
  await log.close();
  await mergeAll(folder.history);
  [digests, timeline] = [await digestAll(folder.history), await timelineOf(folder.history)];
  assert.ok(timeline.length > 1000);
});
after(() => rm(place, { recursive: true, force: true }));

const isAsBefore = async (root: string): Promise<void> => {
  const { history } = dataFolderAt(root);
  assert.deepEqual(await digestAll(history), digests, 'nothing is lost, nothing is there twice');
  assert.deepEqual(await timelineOf(history), timeline, 'each change of status once, as it was');
};

test('a log that is whole: history, its timeline and live come out as they were', async () => {
  const whole = await copyPlace(original, 'whole');
  assert.equal(whole.point.startOffset, 0);
  const history = await run(whole, 'history', 'when-equal');
  assert.deepEqual(differing(history), { 'months of vehicles': 0, 'changes of status': 0 });
  // A goodbye of a vehicle before it was ever heard changes nothing; every other change was compared.
  assert.ok((history.compared[1]?.compared ?? 0) >= timeline.length - vehicles);
  assert.ok(history.old && existsSync(history.old));
  await isAsBefore(whole.root);
  const live = await run(whole, 'live', 'when-equal');
  assert.deepEqual(differing(live), { 'latest values': 0, connections: 0 });
  assert.equal(live.compared[1]?.compared, vehicles);
});

test('a log that has lost its first half: what is older is taken over, in history and in live', async () => {
  const size = (await copyPlace(original, 'size')).point.offset;
  const half = await copyPlace(original, 'half', size / 2);
  assert.ok(half.point.startOffset > size / 3 && half.point.startOffset < (size * 2) / 3);
  assert.deepEqual(differing(await run(half, 'history', 'when-equal')), { 'months of vehicles': 0, 'changes of status': 0 });
  await isAsBefore(half.root);
  const old = liveIn(dataFolderAt(half.root).live);
  assert.equal(await loadAt(old, 0, half.point.offset), half.point.offset);
  const live = await run(half, 'live', 'when-equal');
  assert.deepEqual(differing(live), { 'latest values': 0, connections: 0 });
  const fresh = liveIn(dataFolderAt(half.root).live);
  assert.equal(await loadAt(fresh, 0, half.point.offset), half.point.offset);
  const { vehicles: compared, values, valueDifferences, connectionDifferences } = compareLive(old, fresh, 1);
  assert.deepEqual([compared, valueDifferences, connectionDifferences], [vehicles, 0, 0]);
  assert.ok(values >= vehicles * 3 - 2);
});

test('differences are counted and named, the old one stays unless told, and erased values are left out', async () => {
  const wrong = await copyPlace(original, 'wrong');
  const { history } = dataFolderAt(wrong.root);
  const damaged = await openChunkStore({ folder: history }, 'write');
  const unit = (await damaged.mergeUnits()).at(-1);
  assert.ok(unit && unit.mergedRows > 0);
  const chunks = (await damaged.readUnit(unit, 0, 1000))[0];
  assert.ok(chunks);
  const { vehicleNo } = chunks;
  const [toMs, lost] = [startMs + 10 * stepMs, timeline.filter((change) => change.vehicleNo === vehicleNo)];
  const removedStatus = [{ vehicleNo, fromMs: 0, toMs }];
  await damaged.replace(unit, { removed: chunks.merged, added: [], removedStatus: [] });
  const first = (await damaged.mergeUnits()).find(({ bucket, group }) => bucket === bucketOf(startMs) && group === unit.group);
  assert.ok(first);
  await damaged.replace(first, { removed: [], added: [], removedStatus });
  await damaged.close();

  const kept = await run(wrong, 'history', 'when-equal');
  const missing = lost.filter(({ at }) => at < toMs).length;
  assert.deepEqual(differing(kept), { 'months of vehicles': 1, 'changes of status': missing });
  assert.match(kept.compared[0]?.first[0] ?? '', new RegExp(`^veh_${vehicleNo}, 2026-1\\d: 0 rows became \\d+`));
  assert.match(kept.compared[1]?.first[0] ?? '', new RegExp(`^veh_${vehicleNo}, 2026-09-.*: nothing became `));
  assert.equal(kept.old, undefined);
  assert.ok(!existsSync(`${history}.rebuild`));
  assert.notDeepEqual(await digestAll(history), digests);

  const rules = { ...wrong.point.rules, erased: [{ vehicleNo, fromMs: 0, toMs: startMs * 2 }] };
  const erased = await run({ ...wrong, point: { ...wrong.point, rules } }, 'history', 'never');
  assert.deepEqual(differing(erased), { 'months of vehicles': 0, 'changes of status': 0 });
  assert.equal(erased.old, undefined);

  assert.ok((await run(wrong, 'history', 'always')).old);
  await isAsBefore(wrong.root);
});

test('a rebuild that is cancelled leaves nothing, and none is begun on a disk that could not hold it', async () => {
  const cut = await copyPlace(original, 'cut');
  const { history } = dataFolderAt(cut.root);
  for (const asked of [1, 3, 6, 9]) {
    let times = 0;
    await assert.rejects(run(cut, 'history', 'always', { isCancelled: () => ++times > asked }), /was cancelled/);
    assert.ok(times > asked);
    assert.ok(!existsSync(`${history}.rebuild`));
  }
  await assert.rejects(run(cut, 'history', 'always', { diskReserveMib: 1e12 }), /needs .* of free space in .*, there are/);
  await isAsBefore(cut.root);
});
