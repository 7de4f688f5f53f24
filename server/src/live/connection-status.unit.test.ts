import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionStatuses } from '@milepost/contract';
import fc from 'fast-check';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { decideStatus, provenSilenceMs, statusTable } from './connection-status.ts';
import { aCustomer, aDevice } from './memory-directory.ts';
import { tickLagMs } from './limits.ts';
import { aDirectory, aLive, t0 } from './testing/test-live.ts';
import { aBatch, anEvent, aReport } from './test-records.ts';
import { slotMs } from './timer-wheel.ts';

const s = 1000;
const given = (...records: Uint8Array[]) => {
  const directory = aDirectory(3);
  const live = aLive(directory);
  live.apply(aBatch(records));
  const changesAt = (ms: number) => {
    live.tick(ms + tickLagMs + slotMs);
    return live.takeStatusChanges().map(({ vehicleNo, at, from, to, reason }) => [vehicleNo, at - t0, `${from}>${to}`, reason]);
  };
  return { directory, live, changesAt };
};
const cameOnline = [1, 0, 'never_seen>online', 'none'];

test('the table is total and a report always means online', () => {
  for (const status of connectionStatuses) {
    assert.deepEqual(statusTable[status].report, { to: 'online', reason: 'none', remember: 'clear' });
    for (const step of Object.values(statusTable[status])) assert.ok(connectionStatuses.includes(step.to));
  }
  const facts = { isServerSuspect: false, isBatteryLow: false };
  assert.equal(decideStatus({ status: 'never_seen', reason: 'none', remembered: 'none' }, 'goodbye', facts).status, 'never_seen');
});

test('silence makes late, then offline, at the deadline itself', () => {
  const { changesAt } = given(aReport(1, 1, t0));
  assert.deepEqual(changesAt(t0 + 600 * s), [
    cameOnline,
    [1, 75 * s, 'online>late', 'silent'],
    [1, 180 * s, 'late>offline', 'silent'],
  ]);
});

test('a report exactly at the deadline is in time, one ms later is not', () => {
  assert.deepEqual(given(aReport(1, 1, t0), aReport(1, 1, t0 + 75 * s)).changesAt(t0), [cameOnline]);
  assert.deepEqual(given(aReport(1, 1, t0), aReport(1, 1, t0 + 75 * s + 1)).changesAt(t0), [
    cameOnline,
    [1, 75 * s, 'online>late', 'silent'],
    [1, 75 * s + 1, 'late>online', 'none'],
  ]);
});

test('after late and a report, the new deadline comes before the old offline one', () => {
  const { changesAt } = given(aReport(1, 1, t0), aReport(1, 1, t0 + 80 * s));
  assert.deepEqual(changesAt(t0 + 160 * s).at(-1), [1, 155 * s, 'online>late', 'silent']);
});

test('goodbye of the device heard last: offline at once; of another device: nothing', () => {
  assert.deepEqual(given(aReport(1, 1, t0), anEvent(1, 1, t0 + s, 'goodbye')).changesAt(t0 + 500 * s), [
    cameOnline,
    [1, s, 'online>offline', 'goodbye'],
  ]);
  assert.deepEqual(given(aReport(1, 1, t0), anEvent(1, 2, t0 + s, 'goodbye')).changesAt(t0 + 10 * s), [cameOnline]);
});

test('an expired token or a revocation explains the silence that follows, unless a report comes', () => {
  assert.deepEqual(
    given(aReport(1, 1, t0), anEvent(1, 1, t0 + s, 'tokenExpired'))
      .changesAt(t0 + 76 * s)
      .at(-1),
    [1, 75 * s, 'online>late', 'token_expired'],
  );
  assert.deepEqual(
    given(aReport(1, 1, t0), anEvent(1, 1, t0 + s, 'revoked'))
      .changesAt(t0 + 181 * s)
      .at(-1),
    [1, 180 * s, 'late>offline', 'revoked'],
  );
  const renewed = given(aReport(1, 1, t0), anEvent(1, 1, t0 + s, 'tokenExpired'), aReport(1, 1, t0 + 2 * s));
  assert.deepEqual(renewed.changesAt(t0 + 78 * s).at(-1), [1, 77 * s, 'online>late', 'silent']);
});

test('a low battery at the last report explains the silence', () => {
  const low = aReport(1, 1, t0, [{ time: t0, signals: { 'Device.BatteryVoltage': 3.4 } }]);
  assert.deepEqual(
    given(low)
      .changesAt(t0 + 76 * s)
      .at(-1),
    [1, 75 * s, 'online>late', 'device_battery_low'],
  );
  assert.equal(
    given(low, aReport(1, 1, t0 + 601 * s))
      .changesAt(t0 + 700 * s)
      .at(-1)?.[3],
    'silent',
  );
});

test('the server was down: deadlines it may have missed are its own fault until silence is proven', () => {
  const { changesAt } = given(
    aReport(1, 1, t0),
    aReport(2, 2, t0),
    anEvent(0, 0, t0 + 300 * s, 'serverStarted', t0 + 10 * s),
    aReport(2, 2, t0 + 301 * s),
  );
  assert.deepEqual(changesAt(t0 + 481 * s), [
    cameOnline,
    [2, 0, 'never_seen>online', 'none'],
    [1, 75 * s, 'online>late', 'server_down'],
    [2, 75 * s, 'online>late', 'server_down'],
    [1, 180 * s, 'late>offline', 'server_down'],
    [2, 180 * s, 'late>offline', 'server_down'],
    [2, 301 * s, 'offline>online', 'none'],
    [2, 376 * s, 'online>late', 'silent'],
    [1, 480 * s, 'offline>offline', 'silent'],
    [2, 481 * s, 'late>offline', 'silent'],
  ]);
});

test("a deadline before the last known moment is the vehicle's own", () => {
  const { changesAt } = given(aReport(1, 1, t0), anEvent(0, 0, t0 + 300 * s, 'serverStarted', t0 + 190 * s));
  assert.deepEqual(changesAt(t0 + 700 * s).slice(1), [
    [1, 75 * s, 'online>late', 'silent'],
    [1, 180 * s, 'late>offline', 'silent'],
  ]);
});

test('proven silence never comes before the timeout and always follows a whole timeout without outage', () => {
  const outages = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 })), { maxLength: 6 })
    .map((gaps) => {
      let at = 0;
      return gaps.map(([up, down]) => {
        const fromMs = at + up;
        at = fromMs + down;
        return { fromMs, toMs: at };
      });
    });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 300 }), outages, (lastSeen, timeout, list) => {
      const proven = provenSilenceMs(lastSeen, timeout, list);
      const isFree = (p: number) => list.every((o) => o.fromMs >= p || o.toMs <= p - timeout);
      let expected = lastSeen + timeout;
      while (!isFree(expected)) expected++;
      assert.equal(proven, expected);
    }),
  );
});

test('own timeouts of device and customer; a change moves running timers', () => {
  const { directory, live, changesAt } = given(aReport(1, 1, t0), aReport(2, 2, t0));
  directory.put({ kind: 'customer', customer: aCustomer(1, { lateAfterSeconds: 20, offlineAfterSeconds: 400 }) });
  directory.put({ kind: 'device', device: aDevice(2, 2, { lateAfterSeconds: 30 }) });
  assert.deepEqual(changesAt(t0 + 40 * s).slice(2), [
    [1, 20 * s, 'online>late', 'silent'],
    [2, 30 * s, 'online>late', 'silent'],
  ]);
  assert.deepEqual(live.counts(operatorScope(nothingPrivate)), { never_seen: 1, online: 0, late: 2, offline: 0 });
});

for (const stepMs of [20 * 60 * s, -20 * 60 * s]) {
  test(`the server's clock is set by ${stepMs / 60_000} min: nobody is late for it, and silence counts on as before`, () => {
    const steppedAt = t0 + 60 * s + stepMs;
    const { live, changesAt } = given(
      aReport(1, 1, t0),
      aReport(2, 2, t0 + 50 * s),
      anEvent(0, 0, steppedAt, 'clockStepped', stepMs),
    );
    assert.deepEqual(
      changesAt(steppedAt + 14 * s).map(([vehicleNo, , change]) => [vehicleNo, change]),
      [
        [1, 'never_seen>online'],
        [2, 'never_seen>online'],
      ],
    );
    assert.equal(live.status(operatorScope(nothingPrivate), 2).lastSeen, steppedAt - 10 * s);
    const late = changesAt(steppedAt + 70 * s);
    assert.deepEqual(
      late.map(([vehicleNo, , change]) => [vehicleNo, change]),
      [
        [1, 'online>late'],
        [2, 'online>late'],
      ],
    );
    // Changes of a vehicle never go back in time: with the clock set back, the first one was later.
    if (stepMs > 0)
      assert.deepEqual(
        late.map(([, at]) => at),
        [stepMs + 75 * s, stepMs + 125 * s],
      );
  });
}

test('who fell silent while the clock was ahead and reports after it was set back is followed as ever', () => {
  const ahead = 20 * 60 * s;
  const { live, changesAt } = given(
    aReport(1, 1, t0),
    anEvent(0, 0, t0 + 10 * s + ahead, 'clockStepped', ahead),
    anEvent(0, 0, t0 + 600 * s + ahead, 'serverAlive'),
    anEvent(0, 0, t0 + 600 * s, 'clockStepped', -ahead),
    aReport(1, 1, t0 + 601 * s),
  );
  assert.equal(live.status(operatorScope(nothingPrivate), 1).lastSeen, t0 + 601 * s);
  const changes = changesAt(t0 + 601 * s + 75 * s).map(([, , change]) => change);
  assert.deepEqual(changes, ['never_seen>online', 'online>late', 'late>offline', 'offline>online', 'online>late']);
});
