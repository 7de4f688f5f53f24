import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMapFrame } from '@milepost/contract/stream';
import { makeDriverDirectory } from '../registry/drivers/directory.ts';
import type { PrivatePeriod } from '../registry/index.ts';
import { operatorScope } from '../sharing/index.ts';
import { aDirectory, aLive, t0 } from './testing/test-live.ts';
import { aBatch, aReport } from './test-records.ts';

const at = (vehicleNo: number, time: number, signals: Record<string, unknown>, device = vehicleNo) =>
  aReport(vehicleNo, device, time, [{ time, signals }]);
const place = { 'CurrentLocation.Latitude': 48, 'CurrentLocation.Longitude': 11, 'CurrentLocation.Heading': 90, Speed: 50 };

const setUp = () => {
  const drivers = makeDriverDirectory();
  const live = aLive(aDirectory(3));
  const scope = operatorScope(drivers);
  const hide = (vehicleNo: number, fromMs: number, toMs: number | null): void => {
    const period: PrivatePeriod = { id: 'prv_1', vehicleNo, driverNo: null, fromMs, toMs };
    drivers.putVehicles({ from: vehicleNo, to: vehicleNo }, [], [period]);
  };
  const shown = () => live.listVehicles(scope, { limit: 3 }).items.map(({ position }) => position?.time ?? null);
  return { drivers, live, scope, hide, shown };
};

test('a position is withheld while private is on, even one from before, and shown with the next sample after', () => {
  const { live, scope, hide, shown } = setUp();
  live.apply(aBatch([at(1, t0, place), at(2, t0, place)]));
  assert.deepEqual(shown(), [t0, t0, null]);
  hide(1, t0 + 10, null);
  assert.deepEqual(shown(), [null, t0, null]);
  assert.deepEqual(
    live.latest(scope, 1).map(({ stored }) => stored),
    [5000],
    'the speed stays',
  );
  assert.equal(live.mapVehicle(scope, 1), undefined);
  live.apply(aBatch([at(1, t0 + 20, place)], 2));
  hide(1, t0 + 10, t0 + 30);
  assert.deepEqual(shown(), [null, t0, null], 'its last sample is private');
  live.apply(aBatch([at(1, t0 + 30, place)], 3));
  assert.deepEqual(shown(), [t0 + 30, t0, null]);
  hide(1, t0 - 100, t0 - 50);
  assert.deepEqual(shown(), [t0 + 30, t0, null]);
});

test('a position of which two devices told a half each is hidden when either half is', () => {
  const { live, hide, shown } = setUp();
  live.apply(aBatch([at(1, t0, { 'CurrentLocation.Latitude': 48 }), at(1, t0 + 20, { 'CurrentLocation.Longitude': 11 }, 2)]));
  hide(1, t0 + 10, t0 + 30);
  assert.deepEqual(shown(), [null, null, null]);
});

test('a box finds nothing by what is hidden', () => {
  const { live, scope, hide } = setUp();
  live.apply(aBatch([at(1, t0, place), at(2, t0, place)]));
  hide(2, t0, null);
  const found = live.listVehicles(scope, { bbox: '10,47,12,49' }).items.map(({ vehicle }) => vehicle.vehicleNo);
  assert.deepEqual(found, [1]);
});

test('a map is told of those that its audience sees otherwise now, and of nobody else', () => {
  const { drivers, live, scope, hide } = setUp();
  live.apply(aBatch([at(1, t0, place), at(2, t0, place)]));
  const source = live.mapSource(scope);
  live.closeMapTick();
  const full = source.full();
  const before = scope.version();
  hide(2, t0 + 5, null);
  hide(3, t0 + 5, null);
  live.closeMapTick();
  const changed = scope.changedSince(before);
  assert.deepEqual(changed, [2, 3]);
  const { entries } = decodeMapFrame(source.delta(full.tick, changed).frame);
  assert.deepEqual(
    entries.map(({ handle, latitude, headingDegrees, speedKmh }) => [
      source.vehicleNoOf(handle),
      latitude,
      headingDegrees,
      speedKmh,
    ]),
    [[2, null, null, 50]],
    'one that was never heard is on no map',
  );
  drivers.putVehicles({ from: 2, to: 2 }, [], []);
  live.closeMapTick();
  const back = decodeMapFrame(source.delta(full.tick + 1, scope.changedSince(before + 2)).frame);
  assert.deepEqual(
    back.entries.map(({ latitude }) => latitude),
    [48],
  );
});

test('who missed too many changes is told so', () => {
  const { drivers, hide } = setUp();
  const from = drivers.privateVersion();
  for (let i = 0; i < 600; i++) {
    hide(1, i, i + 1);
    hide(2, i, i + 1);
  }
  assert.equal(drivers.privateChangedSince(from), undefined);
  assert.deepEqual(drivers.privateChangedSince(from + 1000), [1, 2]);
  assert.deepEqual(drivers.privateChangedSince(from + 1200), []);
});
