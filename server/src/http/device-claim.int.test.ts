import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askClaimCode, logDeviceIn } from '@milepost/sdk';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { signUp, type TestPerson } from './testing/test-person.ts';

// A device shows a code to who stands before it, who becomes the holder of its vehicle.

const minuteMs = 60_000;
const clock = makeSettableClock(Date.now());
let server: TestServer;
let ana: TestPerson;
let ben: TestPerson;

interface Shop {
  readonly id: string;
  readonly imei: string;
  readonly token: string;
}

const addCar = async (number: number, customer: string): Promise<Shop> => {
  const vin = `WVWZZZ1JZ${String(number).padStart(8, '0')}`;
  const { id } = (await server.ask('createVehicle', { body: { vin, customer } })).json;
  const imei = String(350_000_000_000_000 + number);
  const { secret } = (await server.ask('createDevice', { body: { imei, vehicleId: id } })).json;
  const { token } = await logDeviceIn({ server: server.origin, imei }, secret, clock.now());
  return { id, imei, token };
};
const show = ({ token }: Pick<Shop, 'token'>) =>
  server.call('POST', '/v1/devices/claim-code', undefined, { authorization: `Bearer ${token}` });
const claim = (person: TestPerson, code: string) => server.ask('claimVehicle', { body: { code }, headers: person.headers });

before(async () => {
  server = await openTestServer('device-claim', {}, { clock, tokenLifetimeMs: 86_400_000 });
  ana = await signUp(server, 'ana@example.com');
  ben = await signUp(server, 'ben@example.com');
});
after(() => server?.close());

test('a device shows a code, a person claims the car with it, and holds it', async () => {
  const car = await addCar(1, 'Private owners');
  const shown = await askClaimCode({ server: server.origin }, car.token);
  assert.match(shown.code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  assert.equal(Date.parse(shown.expiresAt), clock.now() + 10 * minuteMs);
  assert.equal((await claim(ana, shown.code)).status, 201);
  const held = (await server.ask('listVehicles', { headers: ana.headers })).json.items;
  assert.deepEqual(
    held.map(({ id }) => id),
    [car.id],
  );
  const holders = (await server.ask('listHolders', { id: car.id, headers: ana.headers })).json.items;
  assert.deepEqual([holders.at(-1)?.isYou, holders.at(-1)?.to], [true, null]);
  assert.equal((await claim(ben, shown.code)).problem?.code, 'not_found', 'it works once');
  const again = await show(car);
  assert.equal(again.problem?.code, 'forbidden', 'whoever sits in a car that is somebody’s cannot take it');
  assert.ok((await server.ask('listMyActivity', { headers: ana.headers })).text.includes('vehicle_claimed'));
});

test('one code at a time, and for ten minutes', async () => {
  const car = await addCar(2, 'Private owners');
  const first = (JSON.parse((await show(car)).text) as { code: string }).code;
  const second = (JSON.parse((await show(car)).text) as { code: string }).code;
  assert.equal((await claim(ben, first)).problem?.code, 'not_found');
  clock.set(clock.now() + 10 * minuteMs);
  assert.equal((await claim(ben, second)).problem?.code, 'not_found');
  const third = (JSON.parse((await show(car)).text) as { code: string }).code;
  clock.set(clock.now() + 10 * minuteMs - 1);
  assert.equal((await claim(ben, third)).status, 201);
});

test('of a fleet’s car, without a car, without a token: none', async () => {
  const van = await addCar(3, 'Fleet A');
  assert.equal((await show(van)).problem?.code, 'forbidden');
  const imei = '350000000000099';
  const { secret } = (await server.ask('createDevice', { body: { imei, vehicleId: van.id } })).json;
  const { token } = await logDeviceIn({ server: server.origin, imei }, secret, clock.now());
  const { id } = (await server.ask('createVehicle', { body: { vin: 'WVWZZZ1JZ00000044', customer: 'Private owners' } })).json;
  const { items } = (await server.ask('listDevices', { query: { limit: 100 } })).json;
  const device = items.find((one) => one.imei === imei);
  assert.equal((await server.ask('assignDevice', { id: device?.id ?? '', body: { vehicleId: id } })).status, 201);
  clock.set(clock.now() + 1000);
  assert.equal((await show({ token })).status, 201, 'it is of the car on which the device is now');
  for (const authorization of ['Bearer nonsense', `Basic ${token}`, '']) {
    const { problem } = await server.call('POST', '/v1/devices/claim-code', undefined, { authorization });
    assert.equal(problem?.code, 'unauthorized', authorization);
  }
  const { problem } = await server.call('POST', '/v1/devices/claim-code', undefined, ana.headers);
  assert.equal(problem?.code, 'unauthorized', 'a person is no device');
  assert.ok((await server.ask('revokeDevice', { id: device?.id ?? '' })).status < 300);
  assert.equal((await show({ token })).problem?.code, 'revoked');
});

test('a device that asks and asks has to wait', async () => {
  const car = await addCar(5, 'Private owners');
  for (let i = 0; i < 12; i++) assert.equal((await show(car)).status, 201);
  const refused = await show(car);
  assert.equal(refused.problem?.code, 'too_many_requests');
  assert.ok(Number(refused.headers.get('retry-after')) > 3500);
  clock.set(clock.now() + 60 * minuteMs);
  assert.equal((await show(car)).status, 201);
});
