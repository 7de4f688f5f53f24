import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SharedVehicle } from '@milepost/contract/api';
import * as client from 'openid-client';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { exchange, getCode, makeTestApp, type TestApp } from './testing/test-app.ts';
import { signUpIn, type TestBrowser } from './testing/test-browser.ts';

// All of the way, with a real client: a person signs in to an app, gives less than it asked for, and the app reads that.

const location = 'Vehicle.CurrentLocation';
let server: TestServer;
let ada: TestBrowser;
let eve: TestBrowser;
let app: TestApp;
let car: TestVehicle;
let evesCar: TestVehicle;
/** The app's token for Ada's car. */
let token: string;
let vehicle: string;

const claim = async (browser: TestBrowser, { id }: TestVehicle): Promise<void> => {
  const { code } = (await server.ask('makeClaimCode', { id })).json;
  const claimed = await browser.ask('claimVehicle', { body: { code } });
  assert.equal(claimed.status, 201, JSON.stringify(claimed.json));
};

const detail = {
  type: 'vehicle_data',
  items: [{ item: 'mileage' }, { item: 'position', place: 'about1km' }, { item: 'energy' }],
  purpose: 'insurance',
};

/** The person gives items of a vehicle; answers the app's token. */
const give = async (browser: TestBrowser, id: string, items: { item: string; place?: 'about1km' }[]): Promise<string> => {
  const asked = { authorization_details: JSON.stringify([detail]) };
  const flow = await getCode(app, browser, asked, { given: [{ ask: 0, vehicles: [id], items }] });
  return (await exchange(app, flow)).access_token;
};

const partner = async <T>(path: string, bearer = token): Promise<{ readonly status: number; readonly json: T }> => {
  const answer = await fetch(`${server.origin}/v1/partner${path}`, { headers: { authorization: `Bearer ${bearer}` } });
  return { status: answer.status, json: (await answer.json()) as T };
};
const read = async (query = ''): Promise<SharedVehicle> => {
  const { status, json } = await partner<SharedVehicle>(`/vehicles/${vehicle}${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};
const reasons = ({ withheld }: SharedVehicle): Record<string, string> =>
  Object.fromEntries(withheld.map(({ item, reason }) => [item, reason]));

before(async () => {
  server = await openTestServer('http-partner-data');
  car = await addVehicle(server, 1, { customer: 'Stock' });
  evesCar = await addVehicle(server, 2, { customer: 'Stock' });
  ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  eve = await signUpIn(server, 'eve@example.com', 'Eve Stone');
  await claim(ada, car);
  await claim(eve, evesCar);
  const made = await ada.ask('makePartner', { body: { name: 'Volt' } });
  const items = detail.items.map((item) => ({ ...item, reason: 'The price follows it.' })) as never;
  app = await makeTestApp(server, ada, made.json.id, { items });
  const params = { id: made.json.id, app: app.id, purpose: 'insurance' };
  const declared = await ada.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  assert.equal(declared.status, 200);
  token = await give(ada, car.id, [{ item: 'mileage' }, { item: 'position', place: 'about1km' }]);
  await car.report([
    {
      time: Date.now(),
      signals: {
        [`${location}.Latitude`]: 48.1371,
        [`${location}.Longitude`]: 11.5754,
        'Vehicle.TraveledDistance': 5_000_000,
        'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 80,
      },
    },
  ]);
});
after(() => server?.close());

test('the app sees the vehicle under an id of its own, and what was given of it', async () => {
  const { status, json } = await partner<{ items: { vehicle: string; grants: { items: unknown[] }[] }[] }>('/vehicles');
  assert.equal(status, 200);
  assert.equal(json.items.length, 1);
  vehicle = json.items[0]?.vehicle ?? '';
  assert.match(vehicle, /^car_/);
  assert.deepEqual(json.items[0]?.grants[0]?.items, [{ item: 'mileage' }, { item: 'position', place: 'about1km' }]);
  assert.equal(JSON.stringify(json).includes(car.id), false);
});

test('it reads what was given, as finely as it was given, and a reason for the rest', async () => {
  const answer = await read('?items=mileage,position,energy,tires');
  const odometer = answer.signals['Vehicle.TraveledDistance'];
  assert.equal(odometer?.value, 5_000_000);
  const latitude = answer.signals[`${location}.Latitude`];
  assert.ok(Math.abs(Number(latitude?.value) - 48.1371) <= 0.005 && latitude?.value !== 48.1371, String(latitude?.value));
  assert.equal(latitude?.precision.place, 'about1km');
  assert.equal(JSON.stringify(answer).includes('48.1371'), false);
  assert.deepEqual([reasons(answer)['energy'], reasons(answer)['tires']], ['not_granted', 'not_granted']);
  assert.equal((await partner(`/vehicles/${vehicle}?items=nonsense`)).status, 400);
});

test('who holds no token, another id, or somebody else’s car gets nothing', async () => {
  assert.equal((await partner('/vehicles', 'mpa_none')).status, 401);
  assert.equal((await partner(`/vehicles/${car.id}`)).status, 404);
  const evesToken = await give(eve, evesCar.id, [{ item: 'mileage' }]).catch((error: unknown) => error);
  // A sandbox app is answered by people of its own partner alone.
  assert.ok(evesToken instanceof Error, String(evesToken));
  await assert.rejects(give(ada, evesCar.id, [{ item: 'mileage' }]), 'nobody gives a car that is another’s');
});

test('the owner narrows, pauses, resumes and ends: the next read says so', async () => {
  const [grant] = (await ada.ask('listGrants')).json.items;
  assert.ok(grant);
  const shown = { textVersion: '1', language: 'en' };
  const change = (body: object) => ada.ask('changeGrant', { params: { id: grant.id }, body: { ...shown, ...body } as never });
  assert.equal((await change({ items: [{ item: 'mileage' }] })).status, 200);
  const narrowed = await read();
  assert.deepEqual([narrowed.signals[`${location}.Latitude`], reasons(narrowed)['position']], [undefined, 'revoked']);
  assert.equal(narrowed.signals['Vehicle.TraveledDistance']?.value, 5_000_000);
  assert.equal((await change({ items: [{ item: 'mileage' }, { item: 'position' }] })).json.code, 'grant_widened');

  assert.equal((await change({ state: 'paused' })).status, 200);
  const paused = await read();
  assert.deepEqual([Object.keys(paused.signals), reasons(paused)['mileage']], [[], 'paused']);
  assert.equal((await change({ state: 'active' })).status, 200);
  assert.deepEqual(Object.keys((await read()).signals), ['Vehicle.TraveledDistance']);

  assert.equal((await ada.ask('endGrant', { params: { id: grant.id } })).status, 204);
  const ended = await read();
  assert.deepEqual([Object.keys(ended.signals), reasons(ended)['mileage']], [[], 'revoked']);
  const { items } = (await ada.ask('listMyActivity')).json;
  const acts = items.map(({ act }) => act);
  for (const act of ['consent_given', 'grant_narrowed', 'grant_paused', 'grant_resumed', 'grant_ended'])
    assert.ok(acts.includes(act), `${act} is in ${acts.join(', ')}`);
});

test('a transfer ends what was granted, whoever has the car then', async () => {
  token = await give(ada, car.id, [{ item: 'mileage' }]);
  assert.deepEqual(Object.keys((await read()).signals), [], 'what was before is not given');
  await car.report([{ time: Date.now(), signals: { 'Vehicle.TraveledDistance': 5_000_500 } }]);
  assert.equal((await read()).signals['Vehicle.TraveledDistance']?.value, 5_000_500);
  const { code } = (await ada.ask('makeClaimCode', { params: { id: car.id } })).json;
  assert.equal((await eve.ask('claimVehicle', { body: { code } })).status, 201);
  const answer = await read();
  assert.deepEqual([Object.keys(answer.signals), reasons(answer)['mileage']], [[], 'revoked']);
  assert.deepEqual((await eve.ask('listGrants')).json.items, [], 'the new owner has nothing to take back');
  const told = (await ada.ask('listMyActivity')).json.items.find(({ act }) => act === 'vehicle_transferred');
  assert.deepEqual([told?.by, told?.address, JSON.stringify(told).includes('Eve')], [null, '', false], 'who has it is not told');
});

test('a token that was taken back reads nothing', async () => {
  await client.tokenRevocation(app.config, token);
  assert.equal((await partner('/vehicles')).status, 401);
});
