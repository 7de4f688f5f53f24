import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { secret, tellsSecret } from './testing/find-places.ts';
import { findTelling } from './testing/find-telling.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { openStreamClient } from './testing/stream-client.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';

// Where a private owner's car is: no answer, file or stream tells it to the platform's staff, unless they broke the glass.

const minuteMs = 60_000;
const startMs = Date.now();
const clock = makeSettableClock(startMs);
const location = 'Vehicle.CurrentLocation';
let server: TestServer;
let ada: TestPerson;
let support: TestPerson;
let car: TestVehicle;

/** A drive of half an hour, still under way: in the secret place, all of it since the car is Ada's. */
const drive = async (): Promise<void> => {
  const samples = Array.from({ length: 120 }, (_, i) => ({
    time: startMs + i * 15_000,
    signals: {
      [`${location}.Latitude`]: secret.latitude + i * 0.001,
      [`${location}.Longitude`]: secret.longitude,
      'Vehicle.Speed': 40,
      'Vehicle.TraveledDistance': 1_000_000 + i * 111,
    },
  }));
  clock.set(startMs + 31 * minuteMs);
  await car.report(samples);
};

before(async () => {
  server = await openTestServer('staff-private', {}, { clock, tokenLifetimeMs: 86_400_000 });
  car = await addVehicle(server, 1, { plate: 'ADA 1', customer: 'Stock' });
  ada = await signUp(server, 'ada@example.com');
  support = await signUp(server, 'sam@example.com');
  await addMember(server, support, 'Milepost', 'support');
  const { code } = (await server.ask('makeClaimCode', { id: car.id })).json;
  assert.equal((await server.ask('claimVehicle', { body: { code }, headers: ada.headers })).status, 201);
  await drive();
});
after(() => server?.close());

const telling = (headers: Record<string, string>, mayBeRefused = true) =>
  findTelling(server, { startMs: startMs + 31 * minuteMs, vehicleIds: [car.id], driverIds: [], headers, mayBeRefused });
const token = { authorization: `Bearer ${operatorToken}` };

const withoutEmpty = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
const receiptsOfStaff = async (): Promise<string[]> => {
  const { json } = await server.ask('listReceipts', { headers: ada.headers, query: { reader: 'staff' } });
  return json.items.map(({ item, channel, reads }) => `${item} ${channel} ${reads > 1 ? 'more' : reads}`).sort();
};
const openMap = async (headers: Record<string, string>) => {
  const client = await openStreamClient(`ws://127.0.0.1:${server.port}/v1/stream`, withoutEmpty(headers));
  client.send({ subscribe: 'map' });
  client.send({ subscribe: 'vehicle', id: car.id });
  await client.until(
    ({ frames, messages }) => (frames.length > 1 && messages.some(({ type }) => type === 'vehicle')) || undefined,
  );
  const tells = () => tellsSecret(Buffer.from(JSON.stringify([client.frames, client.messages])), 'application/json');
  return { client, tells };
};

test('its owner is told, staff by no route', async () => {
  const told = await telling(withoutEmpty(ada.headers));
  assert.ok(told.includes('listVehicles') && told.includes('listTrips') && told.includes('readFleetAt frame'), told.join());
  assert.deepEqual(await telling(withoutEmpty(support.headers)), []);
  assert.deepEqual(await telling(token, false), []);
  const { json } = await server.ask('readFleetReport', { query: { by: 'vehicle', period: 'thisMonth' } });
  const [row] = json.rows;
  assert.ok((row?.distanceKm ?? 0) > 10, 'mileage is no place');
  assert.deepEqual([row?.trips, row?.drivingSeconds, row?.topSpeedKmh, row?.harshEvents], [null, null, null, null]);
});

test('nor by the stream', async () => {
  const { client, tells } = await openMap(support.headers);
  assert.equal(await tells(), false);
  client.socket.close();
  const { messages } = client;
  const [first] = messages.filter((message) => message.type === 'vehicle');
  assert.deepEqual(Object.keys(first?.latest ?? {}), ['Vehicle.TraveledDistance']);
});

test('nor by the file of a scheduled report, whoever broke the glass', async () => {
  const reason = 'a test of what files of reports tell';
  assert.equal((await server.ask('breakGlass', { id: car.id, body: { reason } })).status, 201);
  const schedule = {
    name: 'By car',
    by: 'vehicle',
    period: 'thisMonth',
    timeZone: 'UTC',
    every: 'daily',
    weekday: 1,
    monthDay: 1,
    hour: 0,
  } as const;
  const made = await server.ask('createReportSchedule', { body: schedule });
  assert.equal(made.status, 201, made.text);
  assert.ok((await server.ask('runReportSchedule', { id: made.json.id })).status < 300);
  await server.reports.runDue();
  const [file] = (await server.ask('listReportFiles')).json.items;
  const { text } = await server.ask('readReportFile', { id: file?.id ?? '' });
  const [head = '', row = ''] = text.trim().split(/\r?\n/);
  const cells = Object.fromEntries(head.split(',').map((name, i) => [name, row.split(',')[i]]));
  assert.equal(cells['vehicle'], 'ADA 1', text);
  assert.ok(Number(cells['distanceKm']) > 10, text);
  for (const name of ['trips', 'drivingSeconds', 'topSpeedKmh', 'harshBraking'])
    assert.equal(cells[name], '', `${name}: ${text}`);
});

test('behind broken glass staff are told, and each way is in the receipts and in the audit log', async () => {
  const earlier = await receiptsOfStaff();
  assert.ok(
    earlier.every((one) => !/^(position|motion|driving) /.test(one)),
    earlier.join(),
  );
  const { client, tells } = await openMap(support.headers);
  const reason = 'the owner asked where the car is';
  assert.equal((await server.ask('breakGlass', { id: car.id, body: { reason }, headers: support.headers })).status, 201);
  await client.until(({ frames }) => (frames.at(-1)?.entries.some(({ latitude }) => latitude !== null) ? true : undefined));
  assert.equal(await tells(), true);
  client.socket.close();
  assert.deepEqual(
    (await receiptsOfStaff()).filter((one) => /^(position|motion|driving) /.test(one)).map((one) => one.replace(/ \w+$/, '')),
    ['motion stream', 'position stream'],
  );
  const asSupport = { headers: support.headers };
  for (const query of [{}, { format: 'csv' as const }])
    assert.equal((await server.ask('listVehicles', { ...asSupport, query })).status, 200);
  const list = (await receiptsOfStaff()).filter((one) => one.includes(' rest '));
  assert.ok(list.includes('position rest more') && list.includes('motion rest more'), list.join());
  assert.equal((await server.ask('readFleetReport', { ...asSupport, query: { by: 'vehicle' } })).status, 200);
  assert.ok((await receiptsOfStaff()).includes('driving rest 1'));
  for (const format of ['json', 'frame'] as const)
    assert.equal((await server.ask('readFleetAt', { ...asSupport, query: { at: String(clock.now()), format } })).status, 200);
  const { json } = await server.call('GET', '/v1/receipts?reader=staff&item=position', undefined, ada.headers).then((answer) => ({
    json: JSON.parse(answer.text) as { items: { channel: string; reads: number; reader: { name: string } }[] },
  }));
  const rest = json.items.find(({ channel, reader }) => channel === 'rest' && reader.name === 'sam@example.com');
  assert.equal(rest?.reads, 4, 'a list, its file, and the fleet of a moment in two forms');
  const audit = await server.people.own.activity({ personNo: ada.personNo } as never, null, 50);
  const acts = audit.map(({ act, actorName, detail }) => `${act} ${actorName ?? '-'} ${detail['items'] ?? ''}`);
  assert.ok(acts.includes('vehicle_read sam@example.com driving,motion,position'), acts.join('; '));
});

test('nobody else is shown anything by it, and nobody when the hour is over', async () => {
  const sue = await signUp(server, 'sue@example.com');
  await addMember(server, sue, 'Milepost', 'support');
  assert.deepEqual(await telling(withoutEmpty(sue.headers)), []);
  clock.set(clock.now() + 61 * minuteMs);
  assert.deepEqual(await telling(withoutEmpty(support.headers)), []);
});
