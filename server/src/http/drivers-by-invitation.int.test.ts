import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { StreamMessage, VehicleMessage } from '@milepost/contract/stream';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { openStreamClient } from './testing/stream-client.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';

// A holder invites a driver by mail; the driver sees what was granted, as finely as it was, and nothing after the end.

const location = 'Vehicle.CurrentLocation';
const odometer = 'Vehicle.TraveledDistance';
const isVehicle = (message: StreamMessage): message is VehicleMessage => message.type === 'vehicle';
const charge = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed';
const shown = { textVersion: 'access-1', language: 'en' };
let server: TestServer;
let car: TestVehicle;
let van: TestVehicle;
let ana: TestPerson;
let bea: TestPerson;
let manager: TestPerson;
let cem: TestPerson;

const as = (person: TestPerson) => ({ headers: person.headers });
const codeIn = (email: string): string =>
  /\/invitation\?code=([\w-]+)/.exec(server.mails.findLast(({ to }) => to === email)?.text ?? '')?.[1] ?? assert.fail('no link');
const invite = (person: TestPerson, body: object) =>
  server.ask('inviteDriver', {
    ...as(person),
    body: { vehicles: [car.id], items: [{ item: 'energy' }], ...shown, ...body } as never,
  });
const answer = (person: TestPerson, id: string, body: { isAccepted: boolean; code?: string }) =>
  server.call('PUT', `/v1/driver-invitations/${id}/answer`, body, person.headers);
const received = async (person: TestPerson) => (await server.ask('listDriverInvitations', as(person))).json.received;
const listed = async (person: TestPerson) => (await server.ask('listVehicles', as(person))).json.items;
const grantTo = async (person: TestPerson) =>
  (await server.ask('listGrants', as(person))).json.items.filter(({ isMine }) => !isMine);

before(async () => {
  server = await openTestServer('drivers-by-invitation');
  car = await addVehicle(server, 1, { plate: 'ANA 1', customer: 'Stock' });
  van = await addVehicle(server, 2, { plate: 'VAN 2', customer: 'Fleet A' });
  ana = await signUp(server, 'ana@example.com');
  bea = await signUp(server, 'bea@example.com');
  manager = await signUp(server, 'manager@example.com');
  await addMember(server, manager, 'Fleet A', 'manager');
  const { code } = (await server.ask('makeClaimCode', { id: car.id })).json;
  assert.equal((await server.ask('claimVehicle', { ...as(ana), body: { code } })).status, 201);
  await server.ask('changeVehicle', { ...as(ana), id: car.id, body: { note: 'my secret note' } });
  await car.report([
    {
      time: Date.now(),
      signals: { [`${location}.Latitude`]: 48.1371, [`${location}.Longitude`]: 11.5754, [odometer]: 5_000_000, [charge]: 80 },
    },
  ]);
});
after(() => server?.close());

test('whether an address has an account is told to nobody', async () => {
  const [known, unknown] = [await invite(ana, { email: 'BEA@example.com' }), await invite(ana, { email: 'cem@example.com' })];
  assert.deepEqual([known.status, unknown.status], [201, 201], known.text);
  const shapeOf = ({ json }: typeof known) => json.items.map(({ vehicle, items, from }) => [vehicle.plate, items, from]);
  assert.deepEqual(shapeOf(known), shapeOf(unknown));
  const textOf = (email: string): string =>
    (server.mails.findLast(({ to }) => to === email)?.text ?? '').replace(codeIn(email), 'CODE');
  assert.equal(textOf('bea@example.com'), textOf('cem@example.com'));
  assert.equal((await invite(ana, { email: 'ana@example.com' })).problem?.field, 'email');
  assert.equal((await invite(bea, { email: 'dan@example.com' })).status, 404, 'nobody shares a car that is another’s');
  assert.equal((await invite(ana, { email: 'dan@example.com', items: [{ item: 'nothing' }] })).status, 400);
  assert.equal((await invite(ana, { email: 'dan@example.com', until: '2020-01-01T00:00:00Z' })).problem?.field, 'until');
});

test('who has an account finds it there; who has none signs up first, and both may also come by the link', async () => {
  const [offer] = await received(bea);
  assert.deepEqual([offer?.from, offer?.vehicle.plate, offer?.items], ['ana@example.com', 'ANA 1', [{ item: 'energy' }]]);
  assert.deepEqual(await received(manager), []);
  assert.equal((await answer(manager, offer?.id ?? '', { isAccepted: true })).problem?.code, 'link_used', 'it is not theirs');
  cem = await signUp(server, 'cem@example.com');
  assert.equal((await received(cem)).length, 1);
  // The link counts for whoever holds it, under another address as well.
  assert.equal((await invite(ana, { email: 'dana@work.example' })).status, 201);
  const code = codeIn('dana@work.example');
  const dana = await signUp(server, 'dana@home.example');
  const byLink = await server.ask('readDriverInvitations', { ...as(dana), body: { code } });
  assert.equal(byLink.json.items.length, 1, byLink.text);
  const id = byLink.json.items[0]?.id ?? '';
  assert.equal((await answer(dana, id, { isAccepted: true })).status, 410, 'not without the link');
  assert.equal((await answer(dana, id, { isAccepted: false, code })).status, 204);
  assert.equal((await server.ask('readDriverInvitations', { ...as(dana), body: { code } })).problem?.code, 'link_used');
});

test('the driver sees the car with what was granted, and nothing else of it', async () => {
  const items = [{ item: 'energy' }, { item: 'position', place: 'about1km' }, { item: 'status' }];
  const sent = await invite(ana, { email: 'bea@example.com', items, backDays: 1 });
  assert.equal(sent.status, 201, sent.text);
  const offers = await received(bea);
  assert.equal(offers.length, 1, 'one more takes the place of the one before');
  assert.deepEqual(await listed(bea), []);
  assert.equal((await answer(bea, offers[0]?.id ?? '', { isAccepted: true })).status, 204);
  const [seen] = await listed(bea);
  assert.equal(seen?.plate, 'ANA 1');
  assert.deepEqual([seen?.energyPercent, seen?.customer, seen?.note, seen?.groups], [80, '', null, []]);
  assert.ok(seen?.position && seen.position.latitude !== 48.1371 && Math.abs(seen.position.latitude - 48.1371) < 0.006);
  const detail = await server.ask('readVehicle', { ...as(bea), id: car.id });
  assert.deepEqual(Object.keys(detail.json.latest).sort(), [`${location}.Latitude`, `${location}.Longitude`, charge].sort());
  assert.deepEqual([detail.json.devices, detail.json.latest[charge]?.deviceId], [[], null]);
  for (const told of [seen, detail.json])
    for (const secret of ['48.1371', 'secret note', 'Private owners', '5000000'])
      assert.equal(JSON.stringify(told).includes(secret), false, secret);
  const history = (signals: string) => server.ask('readHistory', { ...as(bea), id: car.id, query: { signals } });
  assert.ok((await history(charge)).text.includes('80'));
  assert.equal((await history(odometer)).status, 403);
  assert.deepEqual(
    detail.json.sharedItems,
    items.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
  );
  for (const path of ['drivers', 'private', 'reports', 'retention'])
    assert.equal((await server.call('GET', `/v1/vehicles/${car.id}/${path}`, undefined, bea.headers)).status, 403, path);
  for (const [method, path, body] of [
    ['PATCH', '', { note: 'x' }],
    ['POST', '/claim-codes', undefined],
    ['POST', '/private', { from: 1 }],
  ] as const)
    assert.equal((await server.call(method, `/v1/vehicles/${car.id}${path}`, body, bea.headers)).status, 403, path);
});

/** What the holder is told that drivers read. */
const readByDrivers = async (): Promise<string[]> => {
  const { json } = await server.ask('listReceipts', { ...as(ana), query: { reader: 'driver' } });
  return json.items.map(({ reader, item, channel, reads }) => `${reader.name}: ${item} ${channel} ${reads}`).sort();
};

test('the holder is told what the driver read, and how often', async () => {
  assert.deepEqual(await readByDrivers(), [
    'bea@example.com: energy rest 3',
    'bea@example.com: position rest 2',
    'bea@example.com: status rest 2',
  ]);
  assert.deepEqual((await server.ask('listReceipts', as(bea))).json.items, [], 'who read is told nothing of it');
});

test('the holder narrows and pauses with effect at the next read; at the end the car is gone', async () => {
  const grants = (await server.ask('listGrants', as(ana))).json.items;
  const grant = grants.find(({ reader }) => reader.kind === 'person' && reader.name === 'bea@example.com');
  assert.deepEqual([grant?.isMine, grant?.purpose], [true, 'driver']);
  const change = (body: object) =>
    server.ask('changeGrant', { ...as(ana), id: grant?.id ?? '', body: { ...shown, ...body } as never });
  assert.equal((await change({ items: [{ item: 'energy' }] })).status, 200);
  assert.deepEqual([(await listed(bea))[0]?.position, (await listed(bea))[0]?.energyPercent], [null, 80]);
  assert.equal((await change({ state: 'paused' })).status, 200);
  assert.deepEqual(await listed(bea), []);
  assert.equal((await server.call('GET', `/v1/vehicles/${car.id}`, undefined, bea.headers)).status, 404);
  assert.equal((await change({ state: 'active' })).status, 200);
  assert.equal((await listed(bea)).length, 1);
  const [mine] = await grantTo(bea);
  assert.deepEqual([mine?.holder, mine?.id], [{ kind: 'person', name: 'ana@example.com' }, grant?.id]);
  assert.equal((await server.ask('endGrant', { ...as(bea), id: mine?.id ?? '' })).status, 204);
  assert.deepEqual(await listed(bea), []);
  assert.equal(
    (await server.call('GET', `/v1/vehicles/${car.id}/history?signals=${charge}`, undefined, bea.headers)).status,
    404,
  );
  const acts = (await server.ask('listMyActivity', as(ana))).json.items.map(({ act }) => act);
  for (const act of ['driver_invited', 'invitation_accepted', 'grant_narrowed', 'grant_ended'])
    assert.ok(acts.includes(act), `${act} is in ${acts.join(', ')}`);
});

const openStream = ({ headers }: TestPerson) =>
  openStreamClient(`${server.origin.replace('http', 'ws')}/v1/stream`, {
    cookie: headers['cookie'] ?? '',
    origin: server.origin,
  });

test('an open stream shows the car from the moment of the grant, and within a second of its end nothing of it', async () => {
  const sent = await invite(ana, { email: 'bea@example.com', backDays: 1 });
  assert.equal((await answer(bea, sent.json.items[0]?.id ?? '', { isAccepted: true })).status, 204);
  const stream = await openStream(bea);
  stream.send({ subscribe: 'map' });
  stream.send({ subscribe: 'vehicle', id: car.id });
  const latest = await stream.until(({ messages }) => messages.find(isVehicle));
  assert.deepEqual(Object.keys(latest.latest), [charge]);
  await stream.until(({ messages }) =>
    messages.find((one) => one.type === 'roster' && one.vehicles.some(([, id]) => id === car.id)),
  );
  const { book } = server.consents;
  // As for the moment in which what another process changed is read.
  Object.defineProperty(book, 'isHeard', { value: () => false, configurable: true });
  const isProblem = ({ type }: { type: string }): boolean => type === 'problem';
  const asking = await openStream(bea);
  try {
    await stream.until(({ messages }) => messages.find(isProblem));
    asking.send({ subscribe: 'vehicle', id: car.id });
    await asking.until(({ messages }) => messages.find(isProblem));
  } finally {
    Reflect.deleteProperty(book, 'isHeard');
  }
  await asking.until(({ messages }) => messages.find(isVehicle));
  asking.socket.terminate();
  const again = await stream.until(({ messages }) => messages.slice(messages.findIndex(isProblem)).find(isVehicle));
  assert.deepEqual([again.isComplete, Object.keys(again.latest)], [true, [charge]], 'it goes on with everything');
  const [grant] = (await grantTo(bea)).filter(({ state }) => state === 'active');
  assert.equal((await server.ask('endGrant', { ...as(ana), id: grant?.id ?? '' })).status, 204);
  await stream.until(({ messages }) => messages.filter(isProblem)[1]);
  const heard = stream.messages.length;
  await car.report([{ time: Date.now(), signals: { [charge]: 79 } }]);
  stream.send({ subscribe: 'vehicle', id: car.id });
  await stream.until(({ messages }) => messages.slice(heard).find((one) => one.type === 'problem'));
  // As a value: an id or a time may have these digits.
  assert.doesNotMatch(JSON.stringify(stream.messages.slice(heard)), /:79[,}\]]/);
  stream.socket.terminate();
  assert.ok(
    (await readByDrivers()).some((one) => / energy stream \d+$/.test(one)),
    (await readByDrivers()).join(),
  );
});

test('a fleet invites by its manager; who sees a car by themselves sees it as before', async () => {
  const sent = await invite(manager, { vehicles: [van.id], email: 'bea@example.com' });
  assert.deepEqual([sent.status, sent.json.items[0]?.from], [201, 'Fleet A'], sent.text);
  const own = (await server.ask('listOwnVehicles', as(manager))).json;
  assert.deepEqual([own.items.map(({ plate, customer }) => [plate, customer]), own.isComplete], [[['VAN 2', 'Fleet A']], true]);
  assert.equal((await answer(bea, sent.json.items[0]?.id ?? '', { isAccepted: true })).status, 204);
  assert.deepEqual(
    (await listed(bea)).map(({ plate }) => plate),
    ['VAN 2'],
  );
  assert.deepEqual(
    (await listed(manager)).map(({ plate, customer }) => [plate, customer]),
    [['VAN 2', 'Fleet A']],
  );
  const again = await invite(manager, { vehicles: [van.id], email: 'late@example.com' });
  const id = again.json.items[0]?.id ?? '';
  assert.equal((await server.ask('withdrawDriverInvitation', { ...as(ana), id })).status, 404);
  assert.equal((await server.ask('withdrawDriverInvitation', { ...as(manager), id })).status, 204);
  assert.deepEqual((await server.ask('listDriverInvitations', as(manager))).json.sent, []);
});

test('what was offered of a car that was handed on is no offer any more', async () => {
  assert.equal((await invite(ana, { email: 'cem@example.com' })).status, 201);
  const [offer] = await received(cem);
  const { code } = (await server.ask('makeClaimCode', { ...as(ana), id: car.id })).json;
  assert.equal((await server.ask('claimVehicle', { ...as(manager), body: { code } })).status, 201);
  assert.deepEqual(await received(cem), []);
  assert.equal((await answer(cem, offer?.id ?? '', { isAccepted: true })).problem?.code, 'link_used');
});
