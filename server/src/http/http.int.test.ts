import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { apiRoutes } from '@milepost/contract/api';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { cookieOfOperator, openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
let van: TestVehicle;
let bus: TestVehicle;
const now = Date.now();

before(async () => {
  server = await openTestServer('http');
  van = await addVehicle(server, 1, { plate: 'VAN 17', customer: 'Demo', model: 'Twizy' });
  bus = await addVehicle(server, 2, { plate: 'BUS 44', customer: 'City' });
  await van.report([
    {
      time: now - 2000,
      signals: { 'Vehicle.Speed': 50.1, 'Vehicle.CurrentLocation.Latitude': 52.5, 'Vehicle.CurrentLocation.Longitude': 13.4 },
    },
    {
      time: now - 1000,
      signals: { 'Vehicle.Speed': 51, 'Vehicle.Diagnostics.DTCList': ['P0420'], 'Vehicle.CurrentLocation.Heading': 90 },
    },
    { time: now, signals: { 'Vehicle.Speed': 49.5, 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 18 } },
  ]);
});
after(() => server?.close());

/** Sends exactly these headers: fetch would not let Host and Origin be what they are here. */
const raw = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });

const codeOf = (text: string): string => (JSON.parse(text) as { code: string }).code;

test('what was acknowledged can be read at once, as the contract says it looks', async () => {
  const { json } = await server.ask('readVehicle', { id: van.id });
  assert.equal(json.status, 'online');
  assert.deepEqual(json.latest['Vehicle.Speed'], {
    ...json.latest['Vehicle.Speed'],
    value: 49.5,
    unit: 'km/h',
    time: new Date(now).toISOString(),
    deviceId: van.deviceId,
  });
  assert.deepEqual(json.position, { latitude: 52.5, longitude: 13.4, time: new Date(now - 2000).toISOString(), heading: 90 });
  assert.equal(json.warnings[0]?.code, 'fault_codes');
  assert.deepEqual(json.warnings[0]?.signals, ['Vehicle.Diagnostics.DTCList']);
  assert.deepEqual(
    json.devices.map((device) => device.id),
    [van.deviceId],
  );
});

test('the list searches, filters, sorts and pages', async () => {
  const ids = async (query: Parameters<typeof server.ask<'listVehicles'>>[1]): Promise<string[]> =>
    (await server.ask('listVehicles', query)).json.items.map((item) => item.id);
  assert.deepEqual(await ids({ query: { q: 'van' } }), [van.id]);
  assert.deepEqual(await ids({ query: { q: 'twizy demo' } }), [van.id]);
  assert.deepEqual(await ids({ query: { status: 'never_seen' } }), [bus.id]);
  assert.deepEqual(await ids({ query: { customer: 'city' } }), [bus.id]);
  assert.deepEqual(await ids({ query: { bbox: '13,52,14,53' } }), [van.id]);
  assert.deepEqual(await ids({ query: { bbox: '0,0,1,1' } }), []);
  assert.deepEqual(await ids({ query: { warning: 'true' } }), [van.id]);
  assert.deepEqual(await ids({ query: { warning: 'fault_codes' } }), [van.id]);
  assert.deepEqual(await ids({ query: { energyBelow: 20 } }), [van.id]);
  assert.deepEqual(await ids({ query: { energyBelow: 18 } }), []);
  const first = await server.ask('listVehicles', { query: { limit: 1, sort: '-name' } });
  assert.deepEqual(
    first.json.items.map((item) => item.plate),
    ['VAN 17'],
  );
  const second = await server.ask('listVehicles', { query: { limit: 1, sort: '-name', cursor: first.json.next as string } });
  assert.deepEqual(
    second.json.items.map((item) => item.plate),
    ['BUS 44'],
  );
  assert.equal(second.json.next, null);
  const refused = await server.ask('listVehicles', { query: { customer: 'nobody' } });
  assert.equal(refused.problem?.field, 'customer');
});

test('counts are those of the list', async () => {
  const { json } = await server.ask('countVehicles');
  assert.deepEqual(json, {
    total: 2,
    byStatus: { never_seen: 1, online: 1, late: 0, offline: 0 },
    byReason: { silent: 0, goodbye: 0, token_expired: 0, revoked: 0, device_battery_low: 0, server_down: 0 },
    needAttention: 1,
  });
});

test('history is columns of values, steps, or CSV', async () => {
  const signals = 'Vehicle.Speed,Vehicle.Diagnostics.DTCList';
  const { json } = await server.ask('readHistory', { id: van.id, query: { signals } });
  assert.deepEqual(json.times, [now - 2000, now - 1000, now]);
  assert.deepEqual(json.columns, { 'Vehicle.Speed': [50.1, 51, 49.5], 'Vehicle.Diagnostics.DTCList': [null, ['P0420'], null] });
  assert.ok(json.completeTo >= now, 'complete to the last acknowledgement');
  const from = new Date(now - 1000).toISOString();
  const part = await server.ask('readHistory', { id: van.id, query: { signals: 'Vehicle.Speed', from, to: String(now) } });
  assert.deepEqual(part.json.times, [now - 1000]);
  const steps = await server.ask('readHistory', {
    id: van.id,
    query: { signals: 'Vehicle.Speed', step: 3600, from: '2020-01-01' },
  });
  const column = steps.json.columns['Vehicle.Speed'] as { min: number[]; max: number[]; count: number[] };
  const sum = column.count.reduce((a, b) => a + b, 0);
  assert.deepEqual([Math.min(...column.min), Math.max(...column.max), sum], [49.5, 51, 3]);
  const csv = await server.call('GET', `/v1/vehicles/${van.id}/history?signals=Vehicle.Speed`, undefined, { accept: 'text/csv' });
  assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8');
  assert.equal(csv.text.split('\r\n')[1], `${new Date(now - 2000).toISOString()},50.1`);
});

test('an answer of history that was cut says where to go on', async () => {
  const first = await server.ask('readHistory', { id: van.id, query: { signals: 'Vehicle.Speed', limit: 2 } });
  assert.deepEqual(first.json.times, [now - 2000, now - 1000]);
  const second = await server.ask('readHistory', {
    id: van.id,
    query: { signals: 'Vehicle.Speed', limit: 2, from: String(first.json.next) },
  });
  assert.deepEqual(second.json.times, [now]);
  assert.equal(second.json.next, null);
});

test('status changes and raw reports of a vehicle are pages, newest first', async () => {
  const changes = await server.ask('readVehicleStatus', { id: van.id });
  assert.deepEqual(
    changes.json.items.map((change) => [change.from, change.to]),
    [['never_seen', 'online']],
  );
  for (const [query, count] of [
    [{ q: 'van' }, 1],
    [{ q: 'bus' }, 0],
    [{ customer: 'Demo' }, 1],
    [{ status: 'offline' }, 0],
    [{ to: '2020-01-01' }, 0],
  ] as const) {
    assert.equal((await server.ask('listStatusChanges', { query })).json.items.length, count, JSON.stringify(query));
  }
  await van.report([]);
  const newest = await server.ask('readReports', { id: van.id, query: { limit: 1 } });
  assert.deepEqual(
    newest.json.items.map((report) => report.kind),
    ['heartbeat'],
  );
  const older = await server.ask('readReports', { id: van.id, query: { limit: 5, cursor: newest.json.next as string } });
  const report = older.json.items.find((item) => item.kind === 'report');
  assert.deepEqual(report?.samples[1], {
    time: new Date(now - 1000).toISOString(),
    signals: { 'Vehicle.Speed': 51, 'Vehicle.Diagnostics.DTCList': ['P0420'], 'Vehicle.CurrentLocation.Heading': 90 },
  });
  assert.equal(report?.deviceId, van.deviceId);
});

test('vehicles, customers and devices are read, changed and ended by the usual routes', async () => {
  const made = await addVehicle(server, 3, { plate: 'OLD' });
  const changed = await server.ask('changeVehicle', {
    id: made.id,
    body: { plate: 'NEW', customer: 'Other', groups: ['north'], tirePlacardKpa: [220, 220, 240, 240] },
  });
  assert.deepEqual(
    [changed.json.plate, changed.json.customer, changed.json.groups, changed.json.tirePlacardKpa],
    ['NEW', 'Other', ['north'], [220, 220, 240, 240]],
  );
  assert.equal((await server.ask('changeVehicle', { id: made.id, body: { plate: null } })).json.plate, null);
  const other = (await server.ask('listCustomers', { query: { q: 'oth' } })).json.items[0];
  assert.equal(other?.name, 'Other');
  const customer = await server.ask('changeCustomer', { id: other?.id ?? '', body: { lateAfterSeconds: 30 } });
  assert.equal(customer.json.lateAfterSeconds, 30);
  assert.equal((await server.ask('readCustomer', { id: other?.id ?? '' })).json.lateAfterSeconds, 30);

  const spare = await addVehicle(server, 4);
  const from = new Date(now + 1000).toISOString();
  const moved = await server.ask('assignDevice', { id: spare.deviceId, body: { vehicleId: made.id, from } });
  assert.deepEqual(
    moved.json.assignments.map((assignment) => [assignment.vehicleId, assignment.from, assignment.to]),
    [
      [spare.id, null, from],
      [made.id, from, null],
    ],
  );
  const byImei = await server.ask('listDevices', { query: { imei: moved.json.imei } });
  assert.deepEqual(
    byImei.json.items.map((device) => device.id),
    [spare.deviceId],
  );
  const onVan = await server.ask('listDevices', { query: { vehicleId: van.id } });
  assert.deepEqual(
    onVan.json.items.map((device) => device.id),
    [van.deviceId],
  );

  assert.equal((await server.ask('revokeDevice', { id: made.deviceId })).status, 204);
  assert.notEqual((await server.ask('readDevice', { id: made.deviceId })).json.revokedAt, null);
  const all = (await server.ask('listDevices')).json.items.map((device) => device.id);
  assert.ok(
    [made.deviceId, spare.deviceId, van.deviceId].every((id) => all.includes(id)),
    'the revoked one is listed, too',
  );
  await assert.rejects(made.report([]), /revoked/);

  assert.equal((await server.ask('endVehicle', { id: made.id })).status, 204);
  assert.notEqual((await server.ask('readVehicle', { id: made.id })).json.endedAt, null);
  const listed = await server.ask('listVehicles');
  assert.ok(!listed.json.items.some((item) => item.id === made.id), 'an ended vehicle is not listed');
});

test('many vehicles are enrolled at once, all or none', async () => {
  const item = (number: number) => ({
    vehicle: { vin: `WVWZZZ1JZ0001${String(number).padStart(4, '0')}`, customer: 'Many' },
    device: { imei: String(351_000_000_000_000 + number) },
  });
  const { status, json } = await server.ask('enrol', { body: { items: [item(1), item(2)] } });
  assert.equal(status, 201);
  const login = await server.ask('login', { body: { imei: '351000000000002', secret: json.items[1]?.secret ?? '' } });
  assert.equal(login.status, 200);
  const twice = await server.ask('enrol', { body: { items: [item(3), item(1)] } });
  assert.equal(twice.problem?.code, 'already_exists');
  assert.equal((await server.ask('listVehicles', { query: { customer: 'Many' } })).json.items.length, 2);
});

test('errors are problem details with codes of the closed list', async () => {
  const cases: [method: string, path: string, body: unknown, status: number, code: string, field?: string][] = [
    ['GET', '/v1/vehicles/veh_nothing', undefined, 404, 'not_found'],
    ['GET', '/v1/nothing', undefined, 404, 'not_found'],
    ['PUT', '/v1/vehicles', {}, 405, 'method_not_allowed'],
    ['GET', '/v1/vehicles?colour=red', undefined, 400, 'invalid_field', 'colour'],
    ['GET', '/v1/session?x=1', undefined, 400, 'invalid_field', 'x'],
    ['GET', '/v1/vehicles?cursor=abc', undefined, 400, 'invalid_field', 'cursor'],
    ['GET', `/v1/vehicles/${van.id}/history?signals=Vehicle.Speed&from=never`, undefined, 400, 'invalid_field', 'from'],
    ['GET', `/v1/vehicles/${van.id}/history?signals=Vehicle.Speed&from=2026-02-30`, undefined, 400, 'invalid_field', 'from'],
    ['GET', `/v1/vehicles/${van.id}/history`, undefined, 400, 'invalid_field', 'signals'],
    ['POST', '/v1/vehicles', { vin: 'WVWZZZ1JZ00000001', customer: 'Demo' }, 409, 'already_exists', 'vin'],
    ['POST', '/v1/vehicles', { vin: 'WVWZZZ1JZ00000009', customer: 'Demo', colour: 'red' }, 400, 'invalid_field', 'colour'],
    ['POST', '/v1/devices', { imei: '350000000000001', vehicleId: van.id }, 409, 'already_exists', 'imei'],
    ['POST', '/v1/devices/login', { imei: '350000000000001', secret: 'wrong' }, 401, 'unauthorized'],
    ['POST', '/v1/customers', { name: 'x'.repeat(2_000_000) }, 413, 'payload_too_large'],
    ['GET', `/v1/vehicles/${'x'.repeat(300)}`, undefined, 404, 'not_found'],
  ];
  for (const [method, path, body, status, code, field] of cases) {
    const answer = await server.call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path.slice(0, 80)}: ${answer.text.slice(0, 300)}`);
    assert.equal(answer.problem?.code, code, answer.text);
    if (field !== undefined) assert.equal(answer.problem?.field, field, answer.text);
    assert.equal(answer.problem?.status, status);
  }
  const again = await server.call('POST', '/v1/vehicles', { vin: 'WVWZZZ1JZ00000001', customer: 'Demo' });
  const page = await server.call('GET', again.problem?.type ?? '');
  assert.match(page.text, /id="already_exists"/, 'the type of a problem leads somewhere');
  assert.equal(again.problem?.existingId, van.id);
});

test('a body that is no JSON, or no JSON by its type, is refused', async () => {
  const headers = { authorization: `Bearer ${operatorToken}`, host: `127.0.0.1:${server.port}` };
  const broken = await raw('POST', '/v1/customers', { ...headers, 'content-type': 'application/json' }, '{"name"');
  assert.deepEqual([broken.status, codeOf(broken.text)], [400, 'bad_request']);
  const form = await raw('POST', '/v1/customers', { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, 'name=A');
  assert.deepEqual([form.status, codeOf(form.text)], [415, 'unsupported_media_type']);
  const polluted = await raw(
    'POST',
    '/v1/customers',
    { ...headers, 'content-type': 'application/json' },
    '{"name":"A","__proto__":{"x":1}}',
  );
  assert.equal(polluted.status, 400);
});

test('without the operator token nothing of a vehicle is told', async () => {
  for (const [name, route] of Object.entries(apiRoutes)) {
    if (route.access === 'anyone' || route.access === 'device') continue;
    const path = route.path.replace('{id}', van.id);
    for (const authorization of ['', 'Bearer wrong']) {
      const answer = await server.call(route.method, path, undefined, { authorization });
      assert.equal(answer.status, 401, `${name}: ${answer.text}`);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="milepost"');
    }
  }
});

test('a browser that is signed in needs our own origin to change anything', async () => {
  const host = `127.0.0.1:${server.port}`;
  const cookie = await cookieOfOperator(server);
  assert.equal((await raw('GET', '/v1/vehicles', { host, cookie })).status, 200);
  const session = await raw('GET', '/v1/session', { host, cookie });
  assert.deepEqual(JSON.parse(session.text), {
    ...(JSON.parse(session.text) as object),
    actor: 'person',
    name: 'Root',
    isOperator: true,
    by: 'cookie',
  });
  const json = { host, cookie, 'content-type': 'application/json' };
  for (const origin of [undefined, 'null', 'http://localhost:1', 'http://evil.example']) {
    const refused = await raw(
      'POST',
      '/v1/customers',
      { ...json, ...(origin === undefined ? {} : { origin }) },
      '{"name":"Forged"}',
    );
    assert.deepEqual([refused.status, codeOf(refused.text)], [403, 'forbidden_origin'], String(origin));
  }
  assert.equal((await raw('POST', '/v1/customers', { ...json, origin: server.origin }, '{"name":"Own page"}')).status, 201);
  const out = await raw('DELETE', '/v1/session', { host, cookie, origin: server.origin });
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/);
  assert.equal((await raw('GET', '/v1/vehicles', { host, cookie })).status, 401, 'the cookie is worth nothing any more');
});

test('a request for a host that is not ours is refused, whoever calls', async () => {
  for (const path of ['/v1/vehicles', '/', '/healthz', '/v1/devices/login']) {
    const answer = await raw('GET', path, { host: `evil.example:${server.port}`, authorization: `Bearer ${operatorToken}` });
    assert.deepEqual([answer.status, codeOf(answer.text)], [403, 'forbidden_origin'], path);
  }
});

test('a page of another origin cannot act as a device either', async () => {
  const answer = await server.call('POST', '/v1/devices/login', { imei: '1', secret: 'x' }, { origin: 'http://evil.example' });
  assert.equal(answer.problem?.code, 'forbidden_origin');
});

test('the web app is served with its cache rules, and finds its own way', async () => {
  const page = await server.call('GET', '/vehicles/veh_1?tab=history', undefined, { accept: 'text/html' });
  assert.match(page.text, /Milepost web/);
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  const script = await server.call('GET', '/assets/index-a1b2c3d4.js');
  assert.equal(script.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal((await server.call('GET', '/assets/index-gone0000.js', undefined, { accept: 'text/html' })).status, 404);
  assert.equal((await server.call('GET', '/../../etc/passwd', undefined, { accept: 'text/html' })).text.includes('root:'), false);
});

test('health, readiness and metrics', async () => {
  const health = await server.ask('checkHealth', { headers: { authorization: '' } });
  assert.equal(health.json.status, 'ok');
  const ready = await server.ask('checkReadiness');
  assert.deepEqual(ready.json, { isReady: true, parts: [{ name: 'postgres', isReady: true }] });
  const { text } = await server.call('GET', '/metrics');
  for (const line of [
    /^milepost_ingest_samples_total 3$/m,
    /^milepost_live_vehicles \d+$/m,
    /^milepost_history_memtable_reports \d+$/m,
    /^milepost_journal_records_total \d+$/m,
  ]) {
    assert.match(text, line);
  }
  assert.match(text, /milepost_http_request_duration_seconds_count\{method="GET",route="\/v1\/vehicles\/:id",status="200"\} \d+/);
  assert.ok(!text.includes(van.id), 'no label is an id');
});

test('the signals, the session and the configuration are told', async () => {
  const signals = await server.ask('listSignals');
  assert.equal(signals.json.items.find((signal) => signal.path === 'Vehicle.Speed')?.unit, 'km/h');
  assert.equal((await server.ask('readSession')).json.by, 'token');
  assert.equal((await server.ask('readConfig')).json.isDemo, false);
});
