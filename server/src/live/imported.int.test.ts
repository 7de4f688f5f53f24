import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wellKnown } from '@milepost/contract';
import { recordFlags, setRecordFlag } from '../events/index.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { aBatch, aReport } from './test-records.ts';
import { aDirectory, aLive, loadAt, t0, withFolder } from './testing/test-live.ts';

const scope = operatorScope(nothingPrivate);
const place = (latitude: number) => ({ 'CurrentLocation.Latitude': latitude, 'CurrentLocation.Longitude': -6 });
const imported = (vehicleNo: number, time: number, latitude: number, codes: string[] = []) =>
  setRecordFlag(
    aReport(vehicleNo, 0, t0 + 5000, [{ time, signals: { ...place(latitude), 'Diagnostics.DTCList': codes } }]),
    recordFlags.isImported,
  );
const latitudeOf = (live: ReturnType<typeof aLive>, vehicleNo: number): number | string | undefined =>
  live.peek(vehicleNo, wellKnown.latitude)?.stored;

test('what was imported is no sign of life, and moves latest values only forward', async () => {
  await withFolder(async (folder) => {
    const live = aLive(aDirectory(2), folder);
    live.apply(aBatch([aReport(1, 1, t0, [{ time: t0, signals: place(34) }])]));
    const before = live.status(scope, 1);
    live.takeStatusChanges();
    live.apply(aBatch([imported(1, t0 - 1000, 35), imported(2, t0 - 1000, 36, ['P0123'])], 1));
    assert.deepEqual(live.status(scope, 1), before);
    assert.equal(latitudeOf(live, 1), 340_000_000);
    assert.deepEqual(live.status(scope, 2), { status: 'never_seen', since: null, reason: 'none', lastSeen: null });
    assert.equal(latitudeOf(live, 2), 360_000_000);
    assert.deepEqual(live.takeStatusChanges(), []);
    assert.deepEqual([...live.knownVehicles()], [1, 2]);
    assert.equal(live.mapSource(scope).full().count, 2);

    // A start from the snapshot knows as much.
    await live.saveSnapshot([{ partition: 0, offset: 30 }]);
    const next = aLive(aDirectory(2), folder);
    await loadAt(next, 0, 30);
    assert.deepEqual([...next.knownVehicles()], [1, 2]);
    assert.equal(next.mapSource(scope).full().count, 2);
    assert.deepEqual(
      next.warnings(scope, 2).map(({ code }) => code),
      ['fault_codes'],
    );
    next.eraseOlder(2, () => t0);
    assert.deepEqual([...next.knownVehicles()], [1]);
  });
});
