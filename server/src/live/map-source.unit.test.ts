import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMapFrame } from '@milepost/contract/stream';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { aVehicle } from './memory-directory.ts';
import { aDirectory, aLive, t0 } from './testing/test-live.ts';
import { aBatch, aReport } from './test-records.ts';

const at = (vehicleNo: number, latitude: number, receivedAt: number) =>
  aReport(vehicleNo, vehicleNo, receivedAt, [
    { time: receivedAt, signals: { 'CurrentLocation.Latitude': latitude, 'CurrentLocation.Longitude': 11, Speed: 50 } },
  ]);

test('a full frame for a new viewer, then only what changed', () => {
  const directory = aDirectory(3);
  const live = aLive(directory);
  const source = live.mapSource(operatorScope(nothingPrivate));
  live.apply(aBatch([at(1, 48, t0), at(2, 49, t0)]));
  live.closeMapTick();
  const full = source.full();
  assert.deepEqual(
    full.introduced.map(({ vehicleNo }) => vehicleNo),
    [1, 2],
  );
  assert.deepEqual(
    decodeMapFrame(full.frame).entries.map(({ latitude, status, speedKmh }) => [latitude, status, speedKmh]),
    [
      [48, 'online', 50],
      [49, 'online', 50],
    ],
  );

  live.apply(aBatch([at(2, 49, t0 + 10), at(2, 49.5, t0 + 20), at(3, 50, t0 + 20)], 2));
  live.closeMapTick();
  const delta = source.delta(full.tick);
  const frame = decodeMapFrame(delta.frame);
  assert.deepEqual([frame.kind, frame.sinceTick, frame.tick], ['delta', full.tick, full.tick + 1]);
  assert.deepEqual(
    frame.entries.map(({ handle, latitude }) => [source.vehicleNoOf(handle), latitude]),
    [
      [2, 49.5],
      [3, 50],
    ],
  );
  assert.deepEqual(delta.introduced, [{ handle: 3, vehicleNo: 3 }]);

  directory.put({ kind: 'vehicle', vehicle: aVehicle(1, { endedAt: t0 }) });
  live.tick(t0 + 90_000);
  live.closeMapTick();
  const last = decodeMapFrame(source.delta(delta.tick).frame);
  assert.deepEqual(
    last.entries.map(({ handle, isRemoved, status }) => [handle, isRemoved, status]),
    [
      [1, true, 'never_seen'],
      [2, false, 'late'],
      [3, false, 'late'],
    ],
  );
});

test('nothing changed: an empty delta; a heartbeat does not show on a map', () => {
  const live = aLive(aDirectory(1));
  live.apply(aBatch([at(1, 48, t0)]));
  const tick = live.closeMapTick();
  live.apply(aBatch([aReport(1, 1, t0 + 5)], 1));
  live.closeMapTick();
  assert.equal(live.mapSource(operatorScope(nothingPrivate)).delta(tick).count, 0);
});
