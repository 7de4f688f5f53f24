import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Erasures } from '../erasure/index.ts';
import { openJournal } from '../eventlog/adapters/journal/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import { openChunkStore } from '../history/adapters/sqlite/index.ts';
import { digestMonth, openHistory } from '../history/index.ts';
import { MergePass } from '../history/merge-pass.ts';
import { bucketOf } from '../history/month-bucket.ts';
import { encodeTestReport } from '../history/test-support.ts';
import { silentLogger, systemClock } from '../kernel/index.ts';
import { type RebuildOptions, rebuildHistory } from './rebuild-history.ts';

const base = { clock: systemClock, logger: silentLogger };
const vehicles = 12;
const reports = 2400;
const samplesPerReport = 8;
/** From the middle of one month into the next. */
const startMs = Date.UTC(2026, 8, 28);
const stepMs = 1_500_000;

const failed = (error: Error): void => {
  throw error;
};

const openSmallLog = (folder: string, bytesMax: number): Promise<EventLog> =>
  openJournal({ ...base, folder, limits: { segmentBytes: 32_768, diskReserveBytes: 0, commitSpacingMs: 0, bytesMax } });

const reportOf = (n: number): Uint8Array => {
  const turn = Math.floor(n / vehicles);
  // Each seventh report is late by a day.
  const fromMs = startMs + turn * stepMs - (turn % 7 === 6 ? 86_400_000 : 0);
  const samples = Array.from({ length: samplesPerReport }, (_, i) => ({
    time: fromMs + i * 60_000,
    values: [[7, (n * 31 + i) % 1000] as const, [9, turn + i] as const, [33, `word ${turn % 5}`] as const],
  }));
  return encodeTestReport({ vehicleNo: 1 + (n % vehicles), deviceNo: 5, receivedAt: startMs + turn * stepMs, samples });
};

const append = (log: EventLog): Promise<void> =>
  new Promise((resolve, reject) => {
    let left = reports;
    const listener = {
      appended: () => {
        if (--left === 0) resolve();
      },
      appendFailed: (_token: number, error: Error) => reject(error),
    };
    for (let n = 0; n < reports; n++) {
      const part = n;
      // In many groups, so that there are many segments.
      setTimeout(() => assert.equal(log.append(reportOf(part), listener, part), undefined), Math.floor(part / 40));
    }
  });

const buildOld = async (log: EventLog, folder: string): Promise<void> => {
  const store = {
    adapterModule: new URL('../history/adapters/sqlite/index.ts', import.meta.url),
    adapterOptions: { folder },
  };
  const history = await openHistory({ store, ...base, failed, consentGroupOf: () => 'status', sealBytes: 65_536 });
  const done = Promise.withResolvers<undefined>();
  const follower = log.follow({
    partition: 0,
    fromOffset: 0,
    handle: (batch) => {
      history.apply(batch);
      return history.ready();
    },
    caughtUp: () => done.resolve(undefined),
    failed,
  });
  await done.promise;
  history.applyStatus([{ vehicleNo: 3, at: startMs + 5, from: 'never_seen', to: 'online', reason: 'none' }]);
  await follower.stop();
  await history.close();
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

const nothingErased: Pick<Erasures, 'periods' | 'isErased'> = { periods: () => [], isErased: () => false };

test('history is made anew: the log’s part from the log, what is older taken over, and every difference is found', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'milepost-rebuild-'));
  const [journal, old, fresh] = ['journal', 'old', 'fresh'].map((name) => path.join(place, name)) as [string, string, string];
  let log = await openSmallLog(journal, Number.MAX_SAFE_INTEGER);
  try {
    await append(log);
    await buildOld(log, old);
    await mergeAll(old);
    const before = await digestAll(old);
    const options: RebuildOptions = {
      log,
      oldFolder: old,
      newFolder: fresh,
      erasures: nothingErased as Erasures,
      consentGroupOf: () => 'status',
      retentionMs: Number.MAX_SAFE_INTEGER,
      ...base,
      tell: () => {},
    };
    const whole = await rebuildHistory(options);
    assert.deepEqual(whole.differences, []);
    assert.equal(whole.records, reports);
    assert.equal(whole.samples, reports * samplesPerReport);
    assert.equal(whole.takenRows, 0);
    assert.deepEqual(await digestAll(fresh), before);

    // The log has lost its first half.
    const bytes = log.endOffset(0);
    await log.close();
    log = await openSmallLog(journal, bytes / 2);
    await log.enforceRetention();
    assert.ok(log.startOffset(0) > bytes / 3);
    const half = await rebuildHistory({ ...options, log });
    assert.deepEqual(half.differences, []);
    assert.ok(half.records < reports && half.takenRows > 0);
    assert.deepEqual(await digestAll(fresh), before, 'nothing is lost, nothing is there twice');
    const store = await openChunkStore({ folder: fresh }, 'read');
    const status = await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10 });
    assert.deepEqual(
      status.map(({ vehicleNo, at }) => [vehicleNo, at]),
      [[3, startMs + 5]],
    );
    await store.close();

    // A history that lacks something, and one whose erased part is left out of the comparison.
    const damaged = await openChunkStore({ folder: old }, 'write');
    const unit = (await damaged.mergeUnits()).at(-1);
    assert.ok(unit && unit.mergedRows > 0);
    const chunks = (await damaged.readUnit(unit, 0, 1000))[0];
    assert.ok(chunks);
    await damaged.replace(unit, { removed: chunks.merged, added: [], removedStatus: [] });
    await damaged.close();
    const { vehicleNo } = chunks;
    const { differences } = await rebuildHistory({ ...options, log });
    assert.equal(differences.length, 1);
    assert.equal(differences[0]?.vehicleNo, vehicleNo);
    assert.equal(differences[0]?.bucket, unit.bucket);
    assert.equal(differences[0]?.oldRows, 0);
    assert.ok((differences[0]?.newRows ?? 0) > 0);
    const isErased = (no: number): boolean => no === vehicleNo;
    const erased = { periods: () => [{ vehicleNo, fromMs: 0, toMs: Date.now() }], isErased } as unknown as Erasures;
    assert.deepEqual((await rebuildHistory({ ...options, log, erasures: erased })).differences, []);
  } finally {
    await log.close();
    await rm(place, { recursive: true, force: true });
  }
});
