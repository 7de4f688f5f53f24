import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SandboxCarView, SandboxTrigger, SharedVehicle } from '@milepost/contract/api';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { systemRandom } from '../registry/index.ts';
import { Sandbox, sandboxLimits } from '../sandbox/index.ts';
import type { Storage } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import { openReceiver, type TestReceiver } from './testing/open-receiver.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';

// A partner tries its app out with simulated cars: whatever is triggered goes the way of any other car and any other holder.

const frontLeft = 'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure';
const odometer = 'Vehicle.TraveledDistance';
let server: TestServer;
let volt: TestPartner;
let receiver: TestReceiver;
const delivered = () =>
  receiver.events<{ readonly type: string; readonly data: { readonly signals?: object; readonly reason?: string } }>();

before(async () => {
  receiver = await openReceiver();
  server = await openTestServer('http-partner-sandbox');
  volt = await openTestPartner(
    server,
    ['tires', 'mileage', 'position'].map((item) => ({ item })),
  );
});
after(async () => {
  await server?.close();
  receiver?.close();
});

const params = (car = '') => ({ id: volt.app.partnerId, app: volt.app.id, car });
const make = () => volt.owner.ask('makeSandboxCar', { params: params() });
const cars = async (): Promise<readonly SandboxCarView[]> =>
  (await volt.owner.ask('listSandboxCars', { params: params() })).json.items;
const pull = async (car: string, trigger: SandboxTrigger): Promise<SandboxCarView> => {
  const { status, json } = await volt.owner.ask('triggerSandboxCar', { params: params(car), body: { trigger } });
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};

test('a car is made at once, is held by its maker, and says where it is', async () => {
  const { status, json } = await make();
  assert.equal(status, 201, JSON.stringify(json));
  assert.match(json.vin, /^0SANDB0X\d{9}$/);
  assert.deepEqual([json.isYours, json.grant, json.drivesUntil], [true, null, null]);
  const own = (await volt.owner.ask('listVehicles')).json.items;
  assert.deepEqual(
    own.map(({ vin, plate, model }) => [vin, plate, model]),
    [[json.vin, 'SANDBOX', 'Sandbox car']],
  );
  await until('it is on the map of its holder', async () => {
    const [vehicle] = (await volt.owner.ask('listVehicles')).json.items;
    return vehicle?.position !== null && vehicle?.position !== undefined;
  });
});

test('grant, report, warning, narrowing and expiry happen as they would to any car, and are told to a webhook', async () => {
  const [car] = await cars();
  assert.ok(car);
  assert.equal(
    (await volt.owner.ask('makeWebhook', { params: { ...params(), webhook: '' } as never, body: { address: receiver.address } }))
      .status,
    201,
  );
  const granted = await pull(car.vehicle, 'grant');
  assert.deepEqual(
    [granted.grant?.state, granted.grant?.purpose, granted.grant?.items],
    ['active', 'insurance', ['mileage', 'position', 'tires'].map((item) => ({ item }))],
  );
  await until('the grant is told', () => delivered().some(({ type }) => type === 'grant.given'));
  await pull(car.vehicle, 'report');
  await until('the report is told', () => delivered().some(({ data }) => odometer in (data.signals ?? {})));
  await pull(car.vehicle, 'warning');
  await until('its holder has a warning', async () => {
    return (await volt.owner.ask('listWarnings')).json.items.some(({ code }) => code === 'tire_pressure_low');
  });
  await until('the low tire is told', () =>
    delivered().some(({ data }) => JSON.stringify(data).includes(`"${frontLeft}":{"value":150`)),
  );
  const narrowed = await pull(car.vehicle, 'narrowing');
  assert.deepEqual(narrowed.grant?.items, [{ item: 'mileage' }, { item: 'position' }]);
  await until('the narrowing is told', () => delivered().some(({ type }) => type === 'grant.narrowed'));
  const expiring = await pull(car.vehicle, 'expiry');
  assert.ok(Date.parse(expiring.grant?.until ?? '') <= Date.now() + sandboxLimits.expiresInMs);
  await until('the end is told', () => delivered().some(({ type, data }) => type === 'grant.ended' && data.reason === 'expired'));
  const { status, json } = await volt.owner.ask('triggerSandboxCar', {
    params: params(car.vehicle),
    body: { trigger: 'narrowing' },
  });
  assert.deepEqual([status, json.code], [404, 'not_found']);
  // The holder sees each of them as an act like any other.
  const grant = (await volt.owner.ask('listGrants', { query: { state: 'ended' } })).json.items[0];
  const { history } = (await volt.owner.ask('readGrant', { params: { id: grant?.id ?? '' } })).json;
  assert.deepEqual(
    history.map(({ kind }) => kind),
    ['given', 'narrowed', 'narrowed', 'ended'],
  );
});

test('one item alone is narrowed to longer and longer periods, and then no further', async () => {
  const [car] = await cars();
  assert.ok(car);
  await pull(car.vehicle, 'grant');
  const last = [];
  for (let i = 0; i < 5; i++) last.push((await pull(car.vehicle, 'narrowing')).grant?.items);
  assert.deepEqual(last.slice(1), [
    [{ item: 'mileage' }],
    ...['minute', 'hour', 'day'].map((time) => [{ item: 'mileage', time }]),
  ]);
  const refused = await volt.owner.ask('triggerSandboxCar', { params: params(car.vehicle), body: { trigger: 'narrowing' } });
  assert.deepEqual([refused.status, refused.json.code], [409, 'in_use']);
});

test('the app itself triggers with the token of its grant, and only on its own cars', async () => {
  const [car] = await cars();
  assert.ok(car);
  const own = (await volt.owner.ask('listVehicles')).json.items[0];
  const real = await volt.addCar(1);
  const token = await volt.give([{ id: own?.id ?? '' } as never, real], [{ item: 'mileage' }]);
  const ask = async (vehicle: string) =>
    fetch(`${server.origin}/v1/partner/vehicles/${vehicle}/triggers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ trigger: 'report' }),
    });
  const metres = async (): Promise<number> => {
    const { json } = await volt.get<SharedVehicle>(`/vehicles/${car.vehicle}`, token);
    return Number(json.signals[odometer]?.value ?? 0);
  };
  const begun = await metres();
  for (let i = 0; i < 3; i++) assert.equal((await ask(car.vehicle)).status, 200);
  await until('it has gone further', async () => (await metres()) > begun);
  const names = (await volt.get<{ items: { vehicle: string }[] }>('/vehicles', token)).json.items.map(({ vehicle }) => vehicle);
  const other = names.find((vehicle) => vehicle !== car.vehicle) ?? assert.fail('there are two');
  assert.equal((await ask(other)).status, 404, 'a real car is none of a sandbox');
});

test('members of the partner see the cars of an app as the app does, and owners see that they did', async () => {
  const listed = await volt.owner.ask('listAppVehicles', { params: params() });
  const { items, total } = listed.json;
  assert.deepEqual([listed.status, total], [200, 2]);
  const [car] = await cars();
  assert.ok(items.some(({ vehicle }) => vehicle === car?.vehicle));
  const first = await volt.owner.ask('listAppVehicles', { params: params(), query: { limit: '1' } });
  const second = await volt.owner.ask('listAppVehicles', {
    params: params(),
    query: { limit: '1', cursor: first.json.next ?? '' },
  });
  assert.deepEqual([...first.json.items, ...second.json.items], items);
  assert.equal(second.json.next, null);
  const reads = async (): Promise<number> => {
    const receipts = (await volt.owner.ask('listReceipts')).json.items;
    return receipts.filter(({ channel }) => channel === 'rest').reduce((sum, { reads: count }) => sum + count, 0);
  };
  const read = await reads();
  const seen = await volt.owner.ask('readAppVehicle', { params: { ...params(), vehicle: car?.vehicle ?? '' } });
  assert.deepEqual(Object.keys(seen.json.signals), [odometer]);
  await until('its owner is shown it', async () => (await reads()) > read);
  const eve = await openTestPartner(server, [{ item: 'mileage' }], 'eve@example.com');
  assert.equal((await eve.owner.ask('listAppVehicles', { params: params() })).status, 404);
  const foreign = { id: eve.app.partnerId, app: eve.app.id, vehicle: car?.vehicle ?? '' };
  assert.equal((await eve.owner.ask('readAppVehicle', { params: foreign })).status, 404, 'nothing by the id of another app');
});

test('a car drives for ten minutes and reports meanwhile', async () => {
  const [car] = await cars();
  assert.ok(car);
  const driving = await pull(car.vehicle, 'drive');
  const leftMs = Date.parse(driving.drivesUntil ?? '') - Date.now();
  assert.ok(leftMs > sandboxLimits.driveMs - 10_000 && leftMs <= sandboxLimits.driveMs);
  assert.equal((await cars())[0]?.drivesUntil, driving.drivesUntil);
});

test('a car that is told to drive while it drives goes on once', async () => {
  const { storage, registry, consents, ingest } = server;
  const clock = makeManualClock(Date.now());
  const held = Promise.withResolvers<void>();
  let acts = 0;
  let holdsNext = false;
  const watched: Storage = {
    ...storage,
    withActor: async (actor, run) => {
      acts++;
      const isHeld = holdsNext;
      holdsNext = false;
      if (isHeld) await held.promise;
      return storage.withActor(actor, run);
    },
  };
  const parts = { registry, consents, ingest, clock, logger: silentLogger, random: systemRandom };
  const sandbox = new Sandbox({ storage: watched, ...parts });
  const app = server.partners.directory.find(volt.app.id);
  assert.ok(app);
  const listed = async () => (await sandbox.list(app, null))[0];
  const car = await listed();
  assert.ok(car);
  await sandbox.trigger(app, car, 'drive', '127.0.0.1');
  holdsNext = true;
  clock.advance(sandboxLimits.driveEveryMs);
  await sandbox.trigger(app, car, 'drive', '127.0.0.1');
  const { step = 0 } = (await listed()) ?? {};
  held.resolve();
  await until('the report that was held has come', async () => ((await listed())?.step ?? 0) > step);
  // Its drive would wait for the next report from now on.
  await new Promise((next) => setImmediate(next));
  const before_ = acts;
  clock.advance(sandboxLimits.driveEveryMs);
  assert.equal(acts - before_, 1, 'one report');
  await sandbox.close();
});

test('there are only so many, of sandbox apps, for members; they end one by one and with their app', async () => {
  for (let i = (await cars()).length; i < sandboxLimits.carsPerAppMax; i++) assert.equal((await make()).status, 201);
  const full = await make();
  assert.deepEqual([full.status, full.json.code], [409, 'in_use']);
  const eve = await openTestPartner(server, [{ item: 'mileage' }], 'max@example.com');
  assert.equal((await eve.owner.ask('listSandboxCars', { params: params() })).status, 404);
  const [car] = await cars();
  assert.ok(car);
  assert.equal((await eve.owner.ask('endSandboxCar', { params: { ...params(car.vehicle), id: eve.app.partnerId } })).status, 404);
  assert.equal((await volt.owner.ask('endSandboxCar', { params: params(car.vehicle) })).status, 204);
  assert.equal((await cars()).length, sandboxLimits.carsPerAppMax - 1);
  const stillGranted = (await volt.owner.ask('listGrants')).json.items.filter(
    ({ state, vehicle }) => state !== 'ended' && vehicle.vin === car.vin,
  );
  assert.deepEqual(stillGranted, [], 'its grants end with it');
  const live = await volt.owner.ask('makePartnerApp', {
    params: { id: volt.app.partnerId },
    body: {
      name: 'Live',
      about: 'x',
      homepage: 'https://volt.example/',
      privacyPage: 'https://volt.example/',
      environment: 'live',
      redirectAddresses: [],
      items: [],
    },
  });
  const refused = await volt.owner.ask('makeSandboxCar', { params: { id: volt.app.partnerId, app: live.json.id } });
  assert.deepEqual([refused.status, refused.json.code], [400, 'bad_request']);
  assert.equal((await volt.owner.ask('endPartnerApp', { params: { id: volt.app.partnerId, app: volt.app.id } })).status, 204);
  const left = (await volt.owner.ask('listVehicles')).json.items.filter(({ model }) => model === 'Sandbox car');
  assert.deepEqual(left, []);
});
