import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { coreVocabulary } from '@milepost/contract';
import type { ApiRouteName, ConsentItem } from '@milepost/contract/api';
import { type NewGrants, partnerScope } from '../sharing/index.ts';
import { readShared } from './read-shared.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';

const minuteMs = 60_000;
const startMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3 * 3_600_000;
const clock = makeSettableClock(startMs);
const reader = { kind: 'app', appNo: 3 } as const;
const shown = { textVersion: '7', language: 'de' };
const path = {
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  charge: 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed',
  speed: 'Vehicle.Speed',
} as const;

let server: TestServer;
let car: TestVehicle;
let carNo: number;
let manager: TestPerson;
let viewer: TestPerson;
let stranger: TestPerson;
let ana: TestPerson;

before(async () => {
  server = await openTestServer('consent', {}, { clock, tokenLifetimeMs: 24 * 3_600_000 });
  car = await addVehicle(server, 1, { plate: 'A 1', customer: 'Fleet A' });
  carNo = server.registry.directory.vehicleById(car.id)?.vehicleNo ?? 0;
  [manager, viewer, stranger, ana] = (await Promise.all(
    ['manager', 'viewer', 'stranger', 'ana'].map((name) => signUp(server, `${name}@example.com`)),
  )) as [TestPerson, TestPerson, TestPerson, TestPerson];
  await addMember(server, manager, 'Fleet A', 'manager');
  await addMember(server, viewer, 'Fleet A', 'viewer');
  // Two hours, one sample a minute; the hour that goes on has some already.
  clock.set(startMs + 130 * minuteMs);
  await car.report(
    Array.from({ length: 130 }, (_, i) => ({
      time: startMs + i * minuteMs,
      signals: {
        [path.latitude]: 48.1234 + i * 0.0001,
        [path.longitude]: 11.5678,
        [path.charge]: 90 - i / 10,
        [path.speed]: i % 2 === 0 ? 100 : 140,
      },
    })),
  );
});
after(() => server?.close());

const as = async <Name extends ApiRouteName>(
  person: TestPerson,
  name: Name,
  parts: Omit<NonNullable<Parameters<typeof server.ask<Name>>[1]>, 'headers'> = {},
) => server.ask(name, { ...parts, headers: person.headers });

/** What the app is answered about the car now. */
const partnerReads = async (items?: readonly string[]) => {
  const { consents, registry, live, history } = server;
  await consents.catchUp();
  const sources = {
    book: consents.book,
    possession: registry.possessions.directory,
    drivers: registry.drivers.directory,
    clock,
    vocabulary: () => coreVocabulary,
  };
  const scope = partnerScope(sources, reader.appNo);
  const deps = { live, history, vocabulary: () => coreVocabulary, clock };
  return readShared(deps, { scope, book: consents.book, reader, vehicleNo: carNo, vehicle: car.id, items });
};
const asked: Omit<NewGrants, 'vehicleNos'> = {
  reader,
  items: [{ item: 'energy' }, { item: 'position', place: 'about1km', time: 'hour' }, { item: path.speed, above: 120 }],
  purpose: 'insurance',
  purposeVersion: '1',
  untilMs: null,
  backDays: 1,
};
/** As the page of OAuth gives it. */
const give = async (person: TestPerson, items = asked.items): Promise<string> => {
  const answer = { ...shown, method: 'web' } as const;
  const by = {
    personNo: person.personNo,
    customerNos: [...server.registry.directory.customers()].map(({ customerNo }) => customerNo),
    answer,
    address: '',
  };
  const [grant] = await server.consents.give({ ...asked, items, vehicleNos: [carNo] }, by);
  return grant?.id ?? '';
};

let grantId = '';

test('what would be read can be tried before it is shared, and is then read so', async () => {
  const items: ConsentItem[] = [...asked.items];
  const tried = await as(manager, 'trySharing', { body: { vehicle: car.id, items } });
  assert.equal(tried.status, 200, tried.text);
  assert.deepEqual(Object.keys(tried.json.signals).sort(), [path.charge, path.latitude, path.longitude, path.speed].sort());
  const latitude = tried.json.signals[path.latitude];
  assert.deepEqual([latitude?.value, latitude?.precision], [48.135, { time: 'hour', place: 'about1km' }]);
  assert.equal(latitude?.time, new Date(startMs + 120 * minuteMs).toISOString(), 'of the hour that is over');
  assert.deepEqual(tried.json.signals[path.speed]?.value, true);
  assert.deepEqual(tried.json.signals[path.speed]?.precision, { time: 'report', above: 120 });
  for (const person of [viewer, stranger])
    assert.equal((await as(person, 'trySharing', { body: { vehicle: car.id, items } })).status, 404);
  assert.equal(
    (await as(manager, 'trySharing', { body: { vehicle: car.id, items: [{ item: 'nothing' }] } })).problem?.field,
    'item',
  );

  grantId = await give(manager, items);
  assert.deepEqual(await partnerReads(), tried.json);
});

test('the holder narrows, pauses and ends, with effect at the next read, and each item has its reason', async () => {
  const change = (body: object) => as(manager, 'changeGrant', { id: grantId, body: { ...body, ...shown } });
  const narrowed = await change({ items: [{ item: 'energy' }] });
  assert.equal(narrowed.status, 200, narrowed.text);
  assert.deepEqual((await partnerReads()).withheld, [
    { item: path.speed, reason: 'revoked' },
    { item: 'position', reason: 'revoked' },
  ]);
  assert.deepEqual(Object.keys((await partnerReads()).signals), [path.charge]);
  assert.deepEqual((await partnerReads(['tires', 'energy'])).withheld, [{ item: 'tires', reason: 'not_granted' }]);
  assert.equal((await change({ items: [...asked.items] })).problem?.code, 'grant_widened');
  assert.equal((await change({ state: 'paused' })).json.state, 'paused');
  const paused = await partnerReads(['energy']);
  assert.deepEqual([paused.signals, paused.withheld], [{}, [{ item: 'energy', reason: 'paused' }]]);
  assert.equal((await change({ state: 'active' })).json.state, 'active');
  for (const person of [viewer, stranger]) {
    assert.equal((await as(person, 'readGrant', { id: grantId })).status, 404);
    assert.equal((await as(person, 'endGrant', { id: grantId })).status, 404);
  }
  assert.equal((await as(manager, 'endGrant', { id: grantId })).status, 204);
  assert.deepEqual((await partnerReads(['energy'])).withheld, [{ item: 'energy', reason: 'revoked' }]);
  assert.equal((await change({ state: 'paused' })).problem?.code, 'grant_ended');
  const { json } = await as(manager, 'readGrant', { id: grantId });
  assert.deepEqual(
    json.history.map(({ kind, isByYou }) => [kind, isByYou]),
    ['given', 'narrowed', 'paused', 'resumed', 'ended'].map((kind) => [kind, true]),
  );
  assert.deepEqual(json.history[0]?.answer, { textVersion: '7', language: 'de', method: 'web' });
  const listed = async (query: Record<string, string>) =>
    (await as(manager, 'listGrants', { query })).json.items.map(({ id }) => id);
  assert.deepEqual(await listed({ vehicle: car.id }), [grantId]);
  assert.deepEqual(await listed({ state: 'active' }), []);
});

test('a transfer ends what was granted of the car; its new holder grants anew', async () => {
  await give(manager, [{ item: 'energy' }]);
  assert.equal(
    (await partnerReads()).withheld.find(({ item }) => item === 'energy'),
    undefined,
  );
  const code = (await as(manager, 'makeClaimCode', { id: car.id })).json.code;
  const claimed = await as(ana, 'claimVehicle', { body: { code } });
  assert.equal(claimed.status, 201, claimed.text);
  const after_ = await partnerReads(['energy']);
  assert.deepEqual([after_.signals, after_.withheld], [{}, [{ item: 'energy', reason: 'revoked' }]]);
  await give(ana, [{ item: 'energy' }]);
  const read = await partnerReads(['energy']);
  assert.deepEqual([read.signals, read.withheld], [{}, []], 'nothing of the time of who held it before');
  assert.equal((await as(manager, 'readGrant', { id: server.consents.book.ofVehicle(carNo).at(-1)?.id ?? '' })).status, 404);
});

test('what was granted of a car ends with the car', async () => {
  const id = await give(ana, [{ item: 'energy' }]);
  assert.equal((await server.ask('endVehicle', { id: car.id })).status, 204);
  const { json } = await as(ana, 'readGrant', { id });
  assert.deepEqual([json.state, json.endReason], ['ended', 'vehicle_ended']);
  assert.deepEqual((await partnerReads(['energy'])).withheld, [{ item: 'energy', reason: 'revoked' }]);
});
