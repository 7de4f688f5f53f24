import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestServer, type TestServer } from '../http/testing/open-test-server.ts';
import { openTestPartner, type TestPartner } from '../http/testing/test-partner.ts';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { until } from '../storage/testing/wait.ts';
import { endWithApps } from './open-consents.ts';

let server: TestServer;
let volt: TestPartner;
before(async () => {
  server = await openTestServer('end-with-apps');
  volt = await openTestPartner(server, [{ item: 'mileage' }]);
});
after(() => server?.close());

test('the grants of an app end when it is suspended, also when that fails at first', async () => {
  const car = await volt.addCar(1);
  await volt.give([car], [{ item: 'mileage' }]);
  const { consents, partners } = server;
  const clock = makeManualClock(Date.now());
  let isAway = true;
  let tries = 0;
  const endGrantsOfApps: typeof consents.endGrantsOfApps = (...about) => {
    tries++;
    return isAway ? Promise.reject(new Error('the database is away')) : consents.endGrantsOfApps(...about);
  };
  const states = () => [...consents.book.all()].map(({ state, endReason }) => [state, endReason]);
  const stop = endWithApps({ book: consents.book, endGrantsOfApps }, partners, { clock, logger: silentLogger });
  assert.deepEqual([tries, states()], [0, [['active', null]]]);
  assert.equal((await server.ask('suspendApp', { id: volt.app.id, body: { reason: 'No.' } })).status, 204);
  // By the process that was asked, and by what it tells all processes.
  await until('all who hear of it have tried', () => tries === 2);
  assert.deepEqual(states(), [['active', null]]);
  isAway = false;
  clock.advance(10_000);
  await until('they have ended', () => states()[0]?.[0] === 'ended');
  assert.deepEqual([tries, states()], [3, [['ended', 'app_suspended']]]);
  stop();
});
