import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { tickLagMs } from './limits.ts';
import { aDirectory, aLive, loadAt, t0 } from './testing/test-live.ts';

const scope = operatorScope(nothingPrivate);

test('a snapshot of version 1 is still read: values, texts, status, outages', async () => {
  const live = aLive(aDirectory(3), join(import.meta.dirname, 'golden'));
  assert.equal(await loadAt(live, 0, 1000), 40);
  assert.deepEqual(live.peek(1, 7), { signalNumber: 7, stored: 5010, time: t0 - 5, receivedAt: t0, deviceNo: 1 });
  assert.equal(live.peek(1, 35)?.stored, '["P0123"]');
  assert.deepEqual(live.peek(1500, 3), { signalNumber: 3, stored: 115_754_000, time: t0 + 7, receivedAt: t0 + 10, deviceNo: 2 });
  assert.deepEqual(live.status(scope, 1), { status: 'offline', since: t0 + 180_000, reason: 'server_down', lastSeen: t0 });
  assert.deepEqual(live.status(scope, 2), { status: 'online', since: t0 + 300_500, reason: 'none', lastSeen: t0 + 300_500 });
  assert.deepEqual(
    live.warnings(scope, 1).map(({ code }) => code),
    ['fault_codes'],
  );
  // The outage is remembered: the silence is proven a whole timeout after it.
  live.tick(t0 + 480_100 + tickLagMs);
  const proven = live.takeStatusChanges().find(({ vehicleNo }) => vehicleNo === 1);
  assert.deepEqual(proven, { vehicleNo: 1, at: t0 + 480_000, from: 'offline', to: 'offline', reason: 'silent' });
});
