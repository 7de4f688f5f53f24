import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DriverCsvResults } from '@milepost/contract/api';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
let van: TestVehicle;
let car: TestVehicle;
const hourMs = 3_600_000;
const now = Date.now();
const iso = (ms: number): string => new Date(ms).toISOString();

before(async () => {
  server = await openTestServer('drivers-api');
  van = await addVehicle(server, 1, { plate: 'VAN 1', customer: 'North' });
  car = await addVehicle(server, 2, { plate: 'CAR 2', customer: 'South' });
});
after(() => server?.close());

const add = async (name: string, fields: { number?: string; customer?: string } = {}): Promise<string> => {
  const { status, json, text } = await server.ask('createDriver', { body: { name, customer: 'North', ...fields } });
  assert.equal(status, 201, text);
  return json.id;
};

const importCsv = async (text: string, query = ''): Promise<DriverCsvResults> => {
  const answer = await fetch(`${server.origin}/v1/drivers/csv${query}`, {
    method: 'POST',
    body: text,
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'text/csv' },
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as DriverCsvResults;
};

test('drivers are added, found by words and customer, changed and ended', async () => {
  const ana = await add('Ana Sánchez', { number: 'A1' });
  await add('Berta Koch', { customer: 'South' });
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await server.ask('listDrivers', { query: { limit: 1, ...(cursor === undefined ? {} : { cursor }) } });
    ids.push(...json.items.map(({ name }) => name));
    cursor = json.next ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(ids, ['Ana Sánchez', 'Berta Koch']);
  const found = async (query: object) => (await server.ask('listDrivers', { query })).json.items.map(({ name }) => name);
  assert.deepEqual(await found({ q: 'sán a1' }), ['Ana Sánchez']);
  assert.deepEqual(await found({ q: 'south' }), ['Berta Koch']);
  assert.deepEqual(await found({ customer: 'North' }), ['Ana Sánchez']);
  const taken = await server.ask('createDriver', { body: { name: 'Other', number: 'A1', customer: 'North' } });
  assert.deepEqual([taken.status, taken.problem?.existingId], [409, ana]);
  const changed = await server.ask('changeDriver', { id: ana, body: { name: 'Ana Ruiz', number: null } });
  assert.deepEqual([changed.json.name, changed.json.number, changed.json.customer], ['Ana Ruiz', null, 'North']);
  assert.equal((await server.ask('endDriver', { id: ana })).status, 204);
  assert.deepEqual(await found({ state: 'ended' }), ['Ana Ruiz']);
  assert.deepEqual(await found({}), ['Berta Koch']);
  assert.equal((await server.ask('readDriver', { id: 'drv_none' })).status, 404);
});

test('a driver is assigned, relieved and corrected; vehicle and driver tell the same', async () => {
  const ben = await add('Ben');
  const cleo = await add('Cleo');
  const first = await server.ask('assignDriver', { id: van.id, body: { driverId: ben, from: null } });
  assert.deepEqual([first.json.from, first.json.to, first.json.driver.name], [null, null, 'Ben']);
  assert.equal((await server.ask('readVehicle', { id: van.id })).json.driver?.name, 'Ben');
  assert.equal((await server.ask('readDriver', { id: ben })).json.vehicle?.plate, 'VAN 1');
  await server.ask('assignDriver', { id: van.id, body: { driverId: cleo, from: iso(now - hourMs) } });
  const ofVan = await server.ask('listVehicleDrivers', { id: van.id });
  assert.deepEqual(
    ofVan.json.items.map(({ driver, from, to }) => [driver.name, from, to]),
    [
      ['Cleo', iso(now - hourMs), null],
      ['Ben', null, iso(now - hourMs)],
    ],
  );
  const overlap = await server.ask('assignDriver', {
    id: van.id,
    body: { driverId: ben, from: iso(now - 2 * hourMs), to: iso(now) },
  });
  assert.equal(overlap.status, 409, overlap.text);
  const address = `/v1/vehicles/${van.id}/drivers/${ofVan.json.items[1]?.id}`;
  assert.equal((await server.call('PATCH', address, { to: iso(now - 3 * hourMs) })).status, 200);
  assert.equal((await server.call('PATCH', address, {})).status, 400);
  const ofBen = await server.ask('listDriverAssignments', { id: ben });
  assert.deepEqual(
    ofBen.json.items.map(({ vehicle, to }) => [vehicle.id, to]),
    [[van.id, iso(now - 3 * hourMs)]],
  );
  assert.equal((await server.call('DELETE', address)).status, 204);
  assert.equal((await server.call('DELETE', address)).status, 404);
  const list = await server.ask('listVehicles', { query: { q: 'VAN' } });
  assert.deepEqual([list.json.items[0]?.driver?.name, list.json.items[0]?.isPrivate], ['Cleo', false]);
  assert.equal((await server.ask('assignDriver', { id: van.id, body: { driverId: 'drv_none' } })).status, 400);
});

test('a file of drivers: an outcome a line, a dry run, and the same again changes nothing', async () => {
  const text = [
    'name;number;customer;vehicle;from;to',
    `Dora;D1;North;CAR 2;2026-01-01;2026-02-01`,
    `Edi;E1;North;car2;2026-02-01;`,
    `Fay;;South;;;`,
    `Gus;;North;NO SUCH;2026-02-01;`,
    `;;North;CAR 2;yesterday;`,
    `Dora;D1;North;CAR 2;2026-01-15;2026-03-01`,
  ].join('\n');
  const dry = await importCsv(text, '?dryRun=true');
  assert.deepEqual([dry.isDryRun, dry.made, dry.found, dry.wrong], [true, 3, 0, 3]);
  assert.equal((await server.ask('listDrivers', { query: { q: 'Dora' } })).json.items.length, 0);
  const made = await importCsv(text);
  assert.deepEqual([made.made, made.changed, made.found, made.wrong], [3, 0, 0, 3]);
  assert.deepEqual(
    made.lines.map(({ line, outcome, vehicleId }) => [line, outcome, vehicleId]),
    [
      [2, 'made', car.id],
      [3, 'made', car.id],
      [4, 'made', null],
      [5, 'wrong', null],
      [6, 'wrong', null],
      [7, 'wrong', null],
    ],
  );
  assert.deepEqual(
    made.lines.slice(3).map(({ problems }) => problems?.map(({ field, value }) => [field, value])),
    [
      [['vehicle', 'NO SUCH']],
      [
        ['from', 'yesterday'],
        ['name', null],
      ],
      [['from', '2026-01-15']],
    ],
  );
  const again = await importCsv(text);
  assert.deepEqual([again.made, again.changed, again.found, again.wrong], [0, 0, 3, 3]);
  const ofCar = await server.ask('listVehicleDrivers', { id: car.id });
  assert.deepEqual(
    ofCar.json.items.map(({ driver, from, to }) => [driver.name, from, to]),
    [
      ['Edi', '2026-02-01T00:00:00.000Z', null],
      ['Dora', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ],
  );
  const head = await server.call('POST', '/v1/drivers/csv', undefined, { 'content-type': 'text/csv' });
  assert.equal(head.status, 400);
});

test('a vehicle is made private now and of the past, and the list says so', async () => {
  const past = { from: iso(now - 5 * hourMs), to: iso(now - 4 * hourMs) };
  await server.ask('makePrivate', { id: van.id, body: past });
  const on = await server.ask('makePrivate', { id: van.id, body: {} });
  assert.equal(on.json.items[0]?.driver?.name, 'Cleo');
  assert.equal((await server.ask('readVehicle', { id: van.id })).json.isPrivate, true);
  await server.ask('endPrivate', { id: van.id });
  const periods = await server.ask('listPrivatePeriods', { id: van.id });
  assert.deepEqual(periods.json.items[1] && [periods.json.items[1].from, periods.json.items[1].to], [past.from, past.to]);
  assert.equal(periods.json.items.length, 2);
  for (const body of [{ from: iso(now + hourMs) }, { to: iso(now + 24 * hourMs) }, { from: iso(now), to: iso(now - 1) }])
    assert.equal((await server.ask('makePrivate', { id: van.id, body })).status, 400);
});
