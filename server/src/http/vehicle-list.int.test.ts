import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
const range = 'Vehicle.Powertrain.TractionBattery.Range';
const level = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed';

before(async () => {
  server = await openTestServer('vehicle-list');
  for (let i = 1; i <= 4; i++) {
    const vehicle = await addVehicle(server, i, {
      plate: i === 1 ? '=cmd|calc' : `P ${i}`,
      customer: i < 4 ? 'North' : 'South',
    });
    if (i < 3) await vehicle.report([{ time: Date.now(), signals: { [range]: 84_500 * i, [level]: 40 } }]);
    if (i === 2) await server.ask('changeVehicle', { id: vehicle.id, body: { groups: ['couriers', 'a, b'] } });
  }
});
after(() => server?.close());

test('the range now is in the list, and orders it', async () => {
  const { json } = await server.ask('listVehicles', { query: { sort: '-range' } });
  assert.deepEqual(
    json.items.map(({ plate, rangeKm }) => [plate, rangeKm]),
    [
      ['P 2', 169],
      ['=cmd|calc', 84.5],
      ['P 3', null],
      ['P 4', null],
    ],
  );
});

const readCsv = async (query: string, accept = '*/*') => {
  const headers = { authorization: `Bearer ${operatorToken}`, accept };
  const answer = await server.call('GET', `/v1/vehicles${query}`, undefined, headers);
  return { status: answer.status, lines: answer.text.split('\r\n') };
};

test('CSV has what fits the filters, in their order, and nothing that runs', async () => {
  const { lines } = await readCsv('?format=csv&customer=North&sort=-name');
  assert.deepEqual([lines.length, lines.at(-1)], [5, '']);
  assert.match(lines[0] ?? '', /^id,vin,plate,customer,model,groups,status,/);
  assert.match(lines[1] ?? '', /,P 3,North,/);
  assert.match(lines[2] ?? '', /,P 2,North,,"couriers; a, b",online,[^,]+,,[^,]+,40,169,/);
  assert.match(lines[3] ?? '', /,'=cmd\|calc,North,/);
  assert.deepEqual((await readCsv('?customer=South', 'text/csv')).lines.length, 3);
  assert.equal((await readCsv('?format=csv&customer=Nobody')).status, 400);
  assert.equal((await readCsv('?format=csv&limit=3')).status, 400);
});

test('counts apart by customer and group', async () => {
  const { json } = await server.ask('countVehicles', { query: { by: 'customer' } });
  assert.deepEqual(
    json.parts?.map(({ name, total, byStatus }) => [name, total, byStatus.online]),
    [
      ['North', 3, 2],
      ['South', 1, 0],
    ],
  );
  assert.deepEqual([json.total, json.furtherParts], [4, 0]);
  const groups = await server.ask('countVehicles', { query: { by: 'group', customer: 'North' } });
  assert.deepEqual(
    groups.json.parts?.map(({ name, total }) => [name, total]),
    [
      ['a, b', 1],
      ['couriers', 1],
      [null, 2],
    ],
  );
  const none = await server.ask('listVehicles', { query: { hasGroup: 'false' } });
  assert.equal(none.json.items.length, 3);
});
