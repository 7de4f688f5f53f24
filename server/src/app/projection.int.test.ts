import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { coreVocabulary } from '@milepost/contract';
import { openJournal } from '../eventlog/adapters/journal/index.ts';
import { append, makeRecord } from '../eventlog/test-support.ts';
import { openHistory } from '../history/index.ts';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { openLive } from '../live/index.ts';
import { aDevice, aVehicle, makeMemoryDirectory } from '../live/memory-directory.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { openSnapshotFolder } from '../storage/adapters/folder/index.ts';
import { type ProjectionOptions, startProjection } from './projection.ts';

const t0 = Date.UTC(2026, 10, 20, 12);
const vehicleNo = 1;

/** Read models of one vehicle that follow a journal, and the clock of all. */
const openModels = async (more: Pick<ProjectionOptions, 'heardWithinMs'> = {}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'milepost-projection-'));
  const clock = makeManualClock(t0);
  const base = { clock, logger: silentLogger };
  const directory = makeMemoryDirectory();
  directory.put({ kind: 'vehicle', vehicle: aVehicle(vehicleNo) });
  directory.put({ kind: 'device', device: aDevice(1, vehicleNo) });
  const fail = (error: Error): void => assert.fail(error);
  const log = await openJournal({ ...base, folder: path.join(folder, 'journal'), limits: { diskReserveBytes: 0 } });
  const live = openLive({
    ...base,
    directory,
    vocabulary: () => coreVocabulary,
    snapshots: openSnapshotFolder(path.join(folder, 'live')),
  });
  const adapterOptions = { folder: path.join(folder, 'history') };
  await mkdir(adapterOptions.folder);
  const adapterModule = new URL('../history/adapters/sqlite/index.ts', import.meta.url);
  const history = await openHistory({
    ...base,
    store: { adapterModule, adapterOptions },
    consentGroupOf: () => undefined,
    failed: fail,
  });
  const projection = await startProjection({ log, live, history, partitions: [0], failed: fail, warn: () => {}, ...more });
  await projection.caughtUp;
  const close = async (): Promise<void> => {
    await projection.stop();
    await history.close();
    await live.close();
    await log.close();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    clock,
    log,
    live,
    projection,
    status: (): string => live.status(operatorScope(nothingPrivate), vehicleNo).status,
    close,
  };
};

test('no vehicle is found silent while a report of it waits for its commit', async () => {
  const { clock, log, live, projection, status, close } = await openModels();

  await append(log, makeRecord({ seq: 0, vehicleNo, receivedAt: t0 }));
  projection.tick(t0 + 1000);
  assert.equal(status(), 'online');
  clock.advance(60_000);
  const waiting = append(log, makeRecord({ seq: 1, vehicleNo, receivedAt: clock.now() }));
  // A slow disk: the moment at which it would be late comes while the report is still on its way.
  clock.advance(120_000);
  projection.tick(clock.now());
  assert.equal(status(), 'online');
  await waiting;
  await new Promise(setImmediate);
  projection.tick(clock.now());
  assert.equal(status(), 'late', 'late since 75 s after the second report, not the first');
  assert.equal(live.status(operatorScope(nothingPrivate), vehicleNo).since, t0 + 60_000 + 75_000);

  await close();
});

test('no vehicle is found silent while nobody notes that devices are heard', async () => {
  const { clock, log, projection, status, close } = await openModels({ heardWithinMs: 25_000 });
  await append(log, makeRecord({ seq: 0, vehicleNo, receivedAt: t0 }));
  clock.advance(120_000);
  projection.tick(clock.now());
  assert.equal(status(), 'online');
  await append(log, makeRecord({ seq: 0, vehicleNo: vehicleNo + 1, receivedAt: clock.now() }));
  projection.tick(clock.now());
  assert.equal(status(), 'late');
  await close();
});
