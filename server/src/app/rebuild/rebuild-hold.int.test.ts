import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { BackupHold, type HoldParts } from '../backup-hold.ts';
import { asideName } from '../swap-folder.ts';
import { oldModelsKeptMs } from './limits.ts';
import { pointFromJson, type PointJson, pointToJson } from './point-json.ts';
import { RebuildHold, type RebuildParts } from './rebuild-hold.ts';
import { removeOldModels } from './remove-old-models.ts';

test('neither a rebuild nor a backup is begun while the other goes on', async () => {
  const busy = { isBusy: () => true };
  const rebuild = new RebuildHold(busy as RebuildParts).openSession();
  await assert.rejects(rebuild.handle('rebuild begin', { model: 'history' }), /a backup is being taken/);
  await assert.rejects(rebuild.handle('rebuild begin', { model: 'trips' }), /no read model trips, expected one of history, live/);
  await assert.rejects(async () => rebuild.handle('rebuild put in', { compared: [] }), /no rebuild was begun/);
  const backup = new BackupHold(busy as HoldParts).openSession();
  await assert.rejects(backup.handle('backup begin', undefined), /is being rebuilt/);
});

test('what was moved aside is removed a week later, nothing else', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'milepost-aside-'));
  try {
    const nowMs = Date.UTC(2026, 10, 21, 8, 30, 15, 250);
    const [old, young] = [nowMs - oldModelsKeptMs - 1, nowMs - oldModelsKeptMs];
    const names = ['history', 'history.old-by-hand', 'journal', asideName('history', old), asideName('live', young)];
    for (const name of names) await mkdir(path.join(root, name));
    await removeOldModels(root, nowMs);
    assert.deepEqual((await readdir(root)).sort(), names.filter((name) => name !== asideName('history', old)).sort());
  } finally {
    await rm(root, { recursive: true });
  }
});

test('a point goes over the socket with a shared rule written once', () => {
  const [short, long] = [{ retentionMs: 10, byGroup: { position: 5 } }, { retentionMs: 20 }];
  const rules = {
    standard: { retentionMs: 30 },
    byVehicle: new Map([
      [1, short],
      [2, long],
      [7, short],
    ]),
    erased: [{ vehicleNo: 7, fromMs: 1, toMs: 2 }],
  };
  const point = { startOffset: 5, offset: 50, nowMs: 1000, rules };
  const text = JSON.stringify(pointToJson(point));
  assert.equal(text.split('"position"').length, 2);
  assert.deepEqual(pointFromJson(JSON.parse(text) as PointJson), point);
});
