import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aDevice } from '../live/memory-directory.ts';
import type { Device } from '../registry/index.ts';
import { DeviceShares } from './device-shares.ts';
import { sessionLimits } from './session-limits.ts';

const { shareUnitsPerSecond, shareUnitsBurst, shareWindowMs, busyDevicesShown } = sessionLimits;
const deviceOf = (deviceNo: number): Device => aDevice(deviceNo, deviceNo, { id: `dev_${deviceNo}` });

test('a burst is taken at once, after it the rate holds over any time', () => {
  const share = new DeviceShares().of(deviceOf(1), 0);
  let taken = 0;
  for (let nowMs = 0; nowMs < 10_000; ) {
    const waitMs = share.take(100, nowMs);
    taken++;
    nowMs += waitMs;
  }
  assert.ok(Math.abs(taken - (shareUnitsBurst + 10 * shareUnitsPerSecond)) < 10, `${taken} reports`);
});

test('large reports cost more, and a debt is paid back before anything is read', () => {
  const share = new DeviceShares().of(deviceOf(1), 0);
  let waitMs = 0;
  for (let i = 0; i < 10; i++) waitMs = share.take(1024 * 1024, 0);
  const debt = 10 * 1025 - shareUnitsBurst;
  assert.equal(waitMs, Math.ceil(((debt + 1) * 1000) / shareUnitsPerSecond));
  assert.ok(!share.mayTake(waitMs - 10) && share.mayTake(waitMs));
});

test('who reports most is named by the last whole window, the busiest first, only a few', () => {
  const shares = new DeviceShares();
  for (let deviceNo = 1; deviceNo <= 20; deviceNo++)
    for (let i = 0; i < deviceNo * 100; i++) shares.of(deviceOf(deviceNo), 0).take(0, 0);
  assert.deepEqual(shares.busiest(0), [], 'the window is not over');
  const named = shares.busiest(shareWindowMs);
  assert.deepEqual(
    named.map(({ deviceId }) => deviceId),
    [20, 19, 18, 17, 16].slice(0, busyDevicesShown).map((deviceNo) => `dev_${deviceNo}`),
  );
  assert.equal(named[0]?.reportsPerSecond, 2000 / (shareWindowMs / 1000));
  shares.prune(10 * shareWindowMs);
  assert.deepEqual(shares.busiest(10 * shareWindowMs), []);
});
