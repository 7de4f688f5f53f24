import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiRoute, type ApiRouteName, apiRoutes, type ReceiptView } from '@milepost/contract/api';
import { vehicleReads } from './access/vehicle-reads.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { exchange, getCode, makeTestApp, type TestApp } from './testing/test-app.ts';
import { signUpIn, type TestBrowser } from './testing/test-browser.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';

// What an app and the platform's staff read of a car is shown to who held it then, and to the app's partner.

const charge = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed';
let server: TestServer;
let ada: TestBrowser;
let eve: TestBrowser;
let support: TestPerson;
let app: TestApp;
let car: TestVehicle;
let token: string;
let vehicle: string;

const claim = async (browser: TestBrowser, code: string): Promise<void> => {
  assert.equal((await browser.ask('claimVehicle', { body: { code } })).status, 201);
};
const read = async (what: string): Promise<void> => {
  const answer = await fetch(`${server.origin}/v1/partner/vehicles/${vehicle}${what}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200, await answer.text());
};
const receiptsOf = async (browser: TestBrowser, query: Record<string, string> = {}): Promise<readonly ReceiptView[]> => {
  const { status, json } = await browser.ask('listReceipts', { query });
  assert.equal(status, 200, JSON.stringify(json));
  return json.items;
};
const inWords = (receipts: readonly ReceiptView[]): string[] =>
  receipts.map(({ reader, item, channel, reads }) => `${reader.kind} ${reader.name}: ${item} ${channel} ${reads}`).sort();

before(async () => {
  server = await openTestServer('http-receipts');
  car = await addVehicle(server, 1, { plate: 'M AB 1', customer: 'Stock' });
  ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  eve = await signUpIn(server, 'eve@example.com', 'Eve Stone');
  support = await signUp(server, 'sam@example.com');
  await addMember(server, support, 'Milepost', 'support');
  await claim(ada, (await server.ask('makeClaimCode', { id: car.id })).json.code);
  const made = await ada.ask('makePartner', { body: { name: 'Volt' } });
  const items = ['mileage', 'energy', 'tires'].map((item) => ({ item, reason: 'The price follows it.' }));
  app = await makeTestApp(server, ada, made.json.id, { items });
  const params = { id: made.json.id, app: app.id, purpose: 'insurance' };
  await ada.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  const asked = [{ type: 'vehicle_data', items: items.map(({ item }) => ({ item })), purpose: 'insurance' }];
  const given = { given: [{ ask: 0, vehicles: [car.id], items: [{ item: 'mileage' }, { item: 'energy' }] }] };
  const flow = await getCode(app, ada, { authorization_details: JSON.stringify(asked) }, given);
  token = (await exchange(app, flow)).access_token;
  await car.report([{ time: Date.now(), signals: { 'Vehicle.TraveledDistance': 5_000_000, [charge]: 80, 'Vehicle.Speed': 30 } }]);
  const listed = await fetch(`${server.origin}/v1/partner/vehicles`, { headers: { authorization: `Bearer ${token}` } });
  vehicle = ((await listed.json()) as { items: { vehicle: string }[] }).items[0]?.vehicle ?? '';
});
after(() => server?.close());

test('every route that tells of one vehicle says what it is made of', () => {
  const readers: readonly ApiRoute['access'][] = ['reader', 'known', 'staff', 'manager', 'operator'];
  const without = (Object.entries(apiRoutes) as [ApiRouteName, ApiRoute][])
    .filter(
      ([, { method, path, access }]) => method === 'GET' && path.startsWith('/v1/vehicles/{id}') && readers.includes(access),
    )
    .filter(([name]) => vehicleReads[name] === undefined);
  assert.deepEqual(
    without.map(([name]) => name),
    [],
    'it has to stand in vehicleReads',
  );
});

test('the owner is told what the app was given, and how often', async () => {
  await read('');
  await read('?items=mileage,tires');
  await read(`?items=${charge}`);
  await read('?items=tires');
  for (const path of [
    '/history?items=mileage,tires',
    '/history?items=energy&from=1000&to=2000',
    '/mileage',
    '/trips',
    '/charging',
  ])
    await read(path);
  assert.deepEqual(inWords(await receiptsOf(ada)), [
    `app Volt Drive: ${charge} rest 1`,
    'app Volt Drive: energy rest 1',
    'app Volt Drive: mileage rest 4',
  ]);
  const [receipt] = await receiptsOf(ada, { item: 'mileage', per: 'week', app: app.id, vehicle: car.id });
  assert.ok(receipt && receipt.reader.kind === 'app');
  assert.deepEqual([receipt.reader.partner?.name, receipt.vehicle.plate], ['Volt', 'M AB 1']);
  assert.equal(new Date(receipt.from).getUTCDay(), 1);
  assert.deepEqual(await receiptsOf(ada, { app: 'app_other' }), []);
  assert.deepEqual(await receiptsOf(eve), []);
  assert.equal((await eve.ask('listReceipts', { query: { vehicle: car.id } })).status, 404);
  assert.deepEqual((await server.ask('listReceipts')).json.items, [], 'a private owner’s are not for operators');
});

test('pages follow each other', async () => {
  const first = (await ada.ask('listReceipts', { query: { limit: '2' } })).json;
  assert.equal(first.items.length, 2);
  const rest = (await ada.ask('listReceipts', { query: { limit: '2', cursor: first.next ?? '' } })).json;
  assert.deepEqual([rest.items.length, rest.next], [1, null]);
  assert.equal((await ada.ask('listReceipts', { query: { cursor: 'nonsense' } })).status, 400);
});

test('the partner is told its use, of how many vehicles and of nobody by name', async () => {
  const params = { id: app.partnerId, app: app.id };
  const { json } = await ada.ask('listAppUsage', { params });
  const used = json.items.map(({ item, channel, reads, vehicles }) => `${item} ${channel} ${reads} ${vehicles}`).sort();
  assert.deepEqual(used, [`${charge} rest 1 1`, 'energy rest 1 1', 'mileage rest 4 1']);
  assert.equal(JSON.stringify(json).includes(car.id), false);
  assert.equal((await eve.ask('listAppUsage', { params })).status, 404);
});

test('what staff read is told to the owner, and stands in the audit log once', async () => {
  const asked = { id: car.id, headers: support.headers };
  for (let i = 0; i < 3; i++) assert.equal((await server.ask('readMileage', asked)).status, 200);
  const history = { ...asked, query: { signals: 'Vehicle.Speed' } };
  assert.equal((await server.ask('readHistory', history)).status, 200);
  const ofStaff = async () => inWords(await receiptsOf(ada, { reader: 'staff' }));
  assert.deepEqual(await ofStaff(), ['staff sam@example.com: mileage rest 3'], 'speed was not told');
  const reason = 'the owner called about a wrong trip';
  assert.equal((await server.ask('breakGlass', { ...asked, body: { reason } })).status, 201);
  assert.equal((await server.ask('readHistory', history)).status, 200);
  assert.deepEqual(await ofStaff(), ['staff sam@example.com: mileage rest 3', 'staff sam@example.com: motion rest 1']);
  const { items } = (await ada.ask('listMyActivity')).json;
  const reads = items.filter(({ act }) => act === 'vehicle_read');
  assert.deepEqual(
    reads.map(({ by, detail }) => [by, detail['items']]),
    [
      ['sam@example.com', 'motion'],
      ['sam@example.com', 'mileage'],
    ],
  );
});

test('a buyer is not told what was read in the seller’s time', async () => {
  const sellers = inWords(await receiptsOf(ada));
  await claim(eve, (await ada.ask('makeClaimCode', { params: { id: car.id } })).json.code);
  assert.deepEqual(await receiptsOf(eve), []);
  assert.deepEqual(inWords(await receiptsOf(ada)), sellers, 'the seller keeps them');
  assert.equal((await receiptsOf(ada))[0]?.vehicle.plate, null, 'and is not told what the car is called now');
  await server.ask('readMileage', { id: car.id, headers: support.headers });
  assert.deepEqual(inWords(await receiptsOf(eve)), ['staff sam@example.com: mileage rest 1']);
  assert.deepEqual(inWords(await receiptsOf(ada)), sellers);
});
