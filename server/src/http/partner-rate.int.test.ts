import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiRoute, apiRoutes } from '@milepost/contract/api';
import { listAudit } from '../audit/index.ts';
import { systemActor } from '../storage/index.ts';
import { addVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { exchange, getCode, makeTestApp } from './testing/test-app.ts';
import { signUpIn } from './testing/test-browser.ts';

// How often an app may ask is said with every answer, and kept on every route of partners.

const quota = 20;
let server: TestServer;
let token: string;

before(async () => {
  server = await openTestServer('http-partner-rate');
  const car = await addVehicle(server, 1, { customer: 'Stock' });
  const ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  const { code } = (await server.ask('makeClaimCode', { id: car.id })).json;
  assert.equal((await ada.ask('claimVehicle', { body: { code } })).status, 201);
  const made = await ada.ask('makePartner', { body: { name: 'Volt' } });
  const items = [{ item: 'mileage', reason: 'The price follows it.' }];
  const app = await makeTestApp(server, ada, made.json.id, { items });
  const params = { id: made.json.id, app: app.id, purpose: 'insurance' };
  const ofApp = { id: made.json.id, app: app.id };
  const path = `/v1/partners/${ofApp.id}/apps/${ofApp.app}/quota`;
  assert.equal((await ada.ask('readPartnerApp', { params: ofApp })).json.requestsPerMinute, 600);
  assert.equal((await ada.ask('setAppQuota', { params: ofApp, body: { requestsPerMinute: 1000 } })).status, 403);
  assert.equal((await server.call('PUT', path, { requestsPerMinute: quota })).status, 204);
  assert.equal((await ada.ask('readPartnerApp', { params: ofApp })).json.requestsPerMinute, quota);
  for (const requestsPerMinute of [0, 1.5, 100_001])
    assert.equal((await server.call('PUT', path, { requestsPerMinute })).status, 400, String(requestsPerMinute));
  const others = `/v1/partners/org_none/apps/${ofApp.app}/quota`;
  assert.equal((await server.call('PUT', others, { requestsPerMinute: 1 })).status, 404, 'an app of another partner');
  await ada.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  const asked = [{ type: 'vehicle_data', items: [{ item: 'mileage' }], purpose: 'insurance' }];
  const given = { given: [{ ask: 0, vehicles: [car.id], items: [{ item: 'mileage' }] }] };
  const flow = await getCode(app, ada, { authorization_details: JSON.stringify(asked) }, given);
  token = (await exchange(app, flow)).access_token;
});
after(() => server?.close());

const call = (method: string, path: string): Promise<Response> =>
  fetch(`${server.origin}${path}`, { method, headers: { authorization: `Bearer ${token}` } });

const left = (answer: Response): number => Number(/^"app";r=(\d+);t=\d+$/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);

test('who set a quota, and what it was before, is in the audit log', async () => {
  const query = { subjectPersonNo: null, beforeNo: null, fromMs: 0, limit: 100 };
  const events = await server.storage.withActor(systemActor('test'), (tx) => listAudit(tx, query));
  const set = events.filter(({ act }) => act === 'app_quota_set');
  assert.deepEqual(
    set.map(({ actorPersonNo, detail }) => [actorPersonNo, detail['before'], detail['requestsPerMinute']]),
    [[null, 600, quota]],
  );
});

test('every route of partners says what is left, whatever else it says', async () => {
  const routes = (Object.values(apiRoutes) as ApiRoute[]).filter(({ access }) => access === 'partner');
  assert.ok(routes.length > 3);
  for (const { method, path } of routes) {
    const answer = await call(method, path.replaceAll(/\{\w+\}/g, 'none'));
    assert.equal(answer.headers.get('ratelimit-policy'), `"app";q=${quota};w=60`, path);
    assert.ok(Number.isInteger(left(answer)), `${path}: ${answer.headers.get('ratelimit')}`);
  }
});

test('when nothing is left: 429 with the time to wait, and owners are not held up', async () => {
  let answer = await call('GET', '/v1/partner/vehicles');
  for (let asked = 0; answer.status !== 429; asked++) {
    assert.ok(asked <= quota * 2, 'it ends');
    answer = await call('GET', '/v1/partner/vehicles');
  }
  assert.equal(left(answer), 0);
  const seconds = Number(answer.headers.get('retry-after'));
  assert.ok(seconds >= 1 && seconds <= 60 / quota, String(seconds));
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const problem = (await answer.json()) as { code: string; retryAfterSeconds: number };
  assert.deepEqual([problem.code, problem.retryAfterSeconds], ['too_many_requests', seconds]);
  assert.equal((await server.ask('listVehicles')).headers.get('ratelimit'), null);
});
