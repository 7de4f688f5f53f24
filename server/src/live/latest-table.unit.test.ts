import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wellKnown } from '@milepost/contract';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { sourceHoldMs } from './latest-table.ts';
import { aDevice } from './memory-directory.ts';
import { aDirectory, aLive, t0 } from './testing/test-live.ts';
import { aBatch, anEvent, aReport } from './test-records.ts';

const speed = wellKnown.speed;
const speedReport = (time: number, kmh: number, deviceNo = 1) => aReport(1, deviceNo, t0, [{ time, signals: { Speed: kmh } }]);
const speedAfter = (...records: Uint8Array[]) => {
  const directory = aDirectory(1);
  directory.put({ kind: 'device', device: aDevice(2, 1, { kind: 'tracker' }) });
  directory.put({ kind: 'device', device: aDevice(3, 1, { kind: 'vehicle' }) });
  const live = aLive(directory);
  live.apply(aBatch(records));
  return live.peek(1, speed)?.stored;
};

test('the newer sample wins, whatever the order of arrival', () => {
  assert.equal(speedAfter(speedReport(1000, 50), speedReport(2000, 60)), 6000);
  assert.equal(speedAfter(speedReport(2000, 60), speedReport(1000, 50)), 6000);
});

test('of two values at the same time the one stored first stays', () => {
  assert.equal(speedAfter(speedReport(1000, 50), speedReport(1000, 60)), 5000);
  assert.equal(speedAfter(speedReport(1000, 50), speedReport(1000, 60, 3)), 5000);
});

test('a less preferred kind of device waits until the preferred value is old', () => {
  assert.equal(speedAfter(speedReport(1000, 50), speedReport(1000 + sourceHoldMs, 60, 2)), 5000);
  assert.equal(speedAfter(speedReport(1000, 50), speedReport(1001 + sourceHoldMs, 60, 2)), 6000);
});

test('a preferred kind takes over at once, but time never goes back', () => {
  assert.equal(speedAfter(speedReport(1000, 60, 2), speedReport(1000, 50)), 5000);
  assert.equal(speedAfter(speedReport(1000, 60, 2), speedReport(999, 50)), 6000);
});

test('of a report only the newest value of each signal counts, also when its samples are not in order', () => {
  const live = aLive(aDirectory(1));
  live.apply(
    aBatch([
      aReport(1, 1, t0, [
        { time: 3000, signals: { Speed: 30 } },
        { time: 5000, signals: { Speed: 50 } },
        { time: 5000, signals: { Speed: 51 } },
        { time: 4000, signals: { TraveledDistance: 7 } },
      ]),
    ]),
  );
  assert.deepEqual(live.peek(1, speed), { signalNumber: speed, stored: 5000, time: 5000, receivedAt: t0, deviceNo: 1 });
  assert.equal(live.peek(1, wellKnown.mileage)?.time, 4000);
});

test('texts, unknown user signals and heartbeats', () => {
  const live = aLive(aDirectory(1));
  live.apply(
    aBatch([aReport(1, 1, t0, [{ time: t0, signals: { 'Diagnostics.DTCList': ['P0123'], 40000: 12 } }]), aReport(1, 1, t0 + 5)]),
  );
  assert.equal(live.peek(1, wellKnown.faultCodes)?.stored, '["P0123"]');
  assert.equal(live.peek(1, 40000)?.stored, 12);
  assert.deepEqual(
    live.latest(operatorScope(nothingPrivate), 1).map((value) => value.signalNumber),
    [wellKnown.faultCodes],
  );
  assert.equal(live.status(operatorScope(nothingPrivate), 1).lastSeen, t0 + 5);
});

test('records below the offset reached change nothing; damaged ones are passed over and counted', () => {
  const live = aLive(aDirectory(1));
  live.apply(aBatch([speedReport(1000, 50), anEvent(0, 0, t0, 'serverAlive')]));
  live.apply(aBatch([speedReport(9000, 90)], 0));
  assert.equal(live.peek(1, speed)?.stored, 5000);
  const damaged = speedReport(9000, 90);
  damaged[36] = 9;
  live.apply(aBatch([damaged, speedReport(9000, 91)], 2));
  assert.equal(live.peek(1, speed)?.stored, 9100);
  assert.equal(live.statistics().unreadableRecords, 1);
});
