import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiRouteName, mapFrameType } from '@milepost/contract/api';
import { type RawBuilder, sql } from 'kysely';
import { addVehicle, type Sample, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { openStreamClient } from './testing/stream-client.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** It is claimed on the day (UTC) on which its fleet drove it: a day that was not the fleet's as a whole. */
const startMs = [6, 9].map((hours) => Date.now() - hours * hourMs).find((ms) => day(ms) === day(ms + 3 * hourMs)) ?? 0;
const claimedMs = startMs + 3 * hourMs;
const nowMs = claimedMs + 2 * hourMs;
const clock = makeSettableClock(claimedMs - 10 * minuteMs);
const location = 'Vehicle.CurrentLocation';
/** Told apart by where they are: the fleet's time in the north, the owner's in the south. */
const before_ = { latitude: 61.5, odometerM: 11_110_000 };
const since = { latitude: 37.5, odometerM: 22_220_000 };

let server: TestServer;
let car: TestVehicle;
let other: TestVehicle;
let ana: TestPerson;
let managerOfA: TestPerson;
let viewerOfA: TestPerson;
let managerOfB: TestPerson;
let support: TestPerson;
let stranger: TestPerson;

/** Stands, drives half an hour, stands. */
const drive = (fromMs: number, { latitude, odometerM }: typeof since): Sample[] =>
  Array.from({ length: 120 }, (_, i) => {
    const isDriving = i >= 30 && i < 90;
    return {
      time: fromMs + i * 30_000,
      signals: {
        [`${location}.Latitude`]: latitude + Math.min(60, Math.max(0, i - 30)) * 0.003,
        [`${location}.Longitude`]: 11.5,
        'Vehicle.Speed': isDriving ? 40 : 0,
        'Vehicle.TraveledDistance': odometerM + Math.min(60, Math.max(0, i - 30)) * 333,
      },
    };
  });

before(async () => {
  server = await openTestServer('possession', {}, { clock, tokenLifetimeMs: 24 * hourMs });
  car = await addVehicle(server, 1, { plate: 'A 1', customer: 'Fleet A' });
  other = await addVehicle(server, 2, { plate: 'B 2', customer: 'Fleet B' });
  ana = await signUp(server, 'ana@example.com');
  managerOfA = await signUp(server, 'manager-a@example.com');
  viewerOfA = await signUp(server, 'viewer-a@example.com');
  managerOfB = await signUp(server, 'manager-b@example.com');
  support = await signUp(server, 'support@example.com');
  stranger = await signUp(server, 'stranger@example.com');
  await addMember(server, managerOfA, 'Fleet A', 'manager');
  await addMember(server, viewerOfA, 'Fleet A', 'viewer');
  await addMember(server, managerOfB, 'Fleet B', 'manager');
  await addMember(server, support, 'Milepost', 'support');
  await car.report(drive(startMs, before_));
  await other.report(drive(startMs, { latitude: 50, odometerM: 1000 }));
  await server.ask('changeVehicle', { id: car.id, body: { groups: ['North'] } });
});
after(() => server?.close());

const as = async <Name extends ApiRouteName>(
  person: TestPerson,
  name: Name,
  parts: Omit<NonNullable<Parameters<typeof server.ask<Name>>[1]>, 'headers'> = {},
) => server.ask(name, { ...parts, headers: person.headers });

const vehiclesOf = async (person: TestPerson): Promise<string[]> => {
  const { json } = await as(person, 'listVehicles');
  return json.items.map(({ id }) => id).sort();
};

test('members of a customer see its vehicles, and nobody else does', async () => {
  assert.deepEqual(await vehiclesOf(managerOfA), [car.id]);
  assert.deepEqual(await vehiclesOf(viewerOfA), [car.id]);
  assert.deepEqual(await vehiclesOf(managerOfB), [other.id]);
  assert.deepEqual(await vehiclesOf(stranger), []);
  assert.deepEqual(await vehiclesOf(support), [car.id, other.id].sort());
  for (const person of [managerOfB, stranger, ana]) {
    assert.equal((await as(person, 'readVehicle', { id: car.id })).status, 404);
    const history = await as(person, 'readHistory', { id: car.id, query: { signals: 'Vehicle.Speed' } });
    assert.equal(history.status, 404);
  }
  const customers = await as(managerOfA, 'listCustomers');
  assert.deepEqual(
    customers.json.items.map(({ name }) => name),
    ['Fleet A'],
  );
  assert.equal((await as(managerOfA, 'listVehicles', { query: { customer: 'Fleet B' } })).problem?.field, 'customer');
});

test('managers change what is their customer’s, viewers and support change nothing', async () => {
  const change = (person: TestPerson, id: string) => as(person, 'changeVehicle', { id, body: { note: 'x' } });
  assert.equal((await change(managerOfA, car.id)).status, 200);
  for (const [person, id, status] of [
    [viewerOfA, car.id, 403],
    [support, car.id, 403],
    [managerOfA, other.id, 404],
    [stranger, car.id, 404],
  ] as const)
    assert.equal((await change(person, id)).status, status, person.email);
  assert.equal((await as(managerOfA, 'changeVehicle', { id: car.id, body: { customer: 'Fleet B' } })).status, 403);
  const driver = (customer: string) => as(managerOfA, 'createDriver', { body: { name: 'Dora', customer } });
  assert.equal((await driver('Fleet A')).status, 201);
  assert.equal((await driver('Fleet B')).status, 403);
  assert.equal((await driver('Fleet C')).status, 403);
  assert.deepEqual((await as(managerOfB, 'listDrivers')).json.items, []);
});

test('only operators and who manages it see and change members; the last operator stays', async () => {
  const [organisation] = (await as(managerOfA, 'listOrganisations')).json.items;
  assert.ok(organisation);
  assert.deepEqual([organisation.name, organisation.members], ['Fleet A', 2]);
  assert.equal((await as(viewerOfA, 'listMembers', { id: organisation.id })).json.items.length, 2);
  assert.equal((await as(managerOfB, 'listMembers', { id: organisation.id })).status, 404);
  const add = (person: TestPerson, role: 'viewer' | 'operator', email = 'new@example.com') =>
    as(person, 'addMember', { id: organisation.id, body: { email, role } });
  assert.equal((await add(viewerOfA, 'viewer')).status, 403);
  assert.equal((await add(managerOfA, 'operator')).problem?.field, 'role', 'a customer has no operators');
  assert.equal((await add(managerOfA, 'viewer', viewerOfA.email)).problem?.code, 'already_exists');
  assert.equal((await add(managerOfA, 'viewer')).json.outcome, 'invited');
  const invited = await signUpByLink('new@example.com');
  assert.deepEqual(await vehiclesOf(invited), [car.id], 'a member from the first moment');
  const { items } = (await as(managerOfA, 'listMembers', { id: organisation.id })).json;
  const newcomer = items.find(({ email }) => email === 'new@example.com');
  const remove = `/v1/organisations/${organisation.id}/members/${newcomer?.personId}`;
  assert.equal((await server.call('DELETE', remove, undefined, viewerOfA.headers)).status, 403);
  assert.equal((await server.call('DELETE', remove, undefined, managerOfA.headers)).status, 204);
  assert.deepEqual(await vehiclesOf(invited), [], 'with the next request');

  const root = await signUp(server, 'root@example.com');
  await addMember(server, root, 'Milepost', 'operator');
  const [platform] = (await as(root, 'listOrganisations', { query: { kind: 'platform' } })).json.items;
  const operator = (await as(root, 'listMembers', { id: platform?.id ?? '' })).json.items.find(({ role }) => role === 'operator');
  const last = await server.call(
    'DELETE',
    `/v1/organisations/${platform?.id}/members/${operator?.personId}`,
    undefined,
    root.headers,
  );
  assert.equal(last.problem?.code, 'in_use');
});

const signUpByLink = async (email: string): Promise<TestPerson> => {
  const code = /code=([\w-]+)/.exec(server.mails.findLast(({ to }) => to === email)?.text ?? '')?.[1] ?? '';
  const account = { name: 'New', password: 'correct horse battery', language: null };
  const { value, signedIn } = await server.people.accounts.signUp(code, account, { address: '127.0.0.1', userAgent: 'a test' });
  const headers = { authorization: '', cookie: `${server.access.cookieName}=${value}`, origin: server.origin };
  return { email, personNo: signedIn.person.personNo, headers };
};

test('a wrong code claims nothing, and after ten wrong ones nothing is tried', async () => {
  const claim = (code: string) => as(stranger, 'claimVehicle', { body: { code } });
  assert.equal((await claim('not a code')).status, 404);
  assert.equal((await as(managerOfB, 'makeClaimCode', { id: car.id })).status, 404);
  assert.equal((await as(viewerOfA, 'makeClaimCode', { id: car.id })).status, 403);
  for (let i = 1; i < 10; i++) assert.equal((await claim(`AAAA-BBBB-CCC${i}`)).status, 404);
  assert.equal((await claim('AAAA-BBBB-CCCC')).problem?.code, 'too_many_failures');
});

test('whoever claims a car sees it from then on, its former fleet until then', async () => {
  const stream = await openStreamClient(`${server.origin.replace('http', 'ws')}/v1/stream`, {
    cookie: managerOfA.headers.cookie ?? '',
    origin: server.origin,
  });
  stream.send({ subscribe: 'map' });
  await stream.until(({ frames }) => frames.find(({ entries }) => entries.length === 1));

  clock.set(claimedMs);
  const made = await as(managerOfA, 'makeClaimCode', { id: car.id });
  assert.equal(made.status, 201, made.text);
  const { code } = made.json;
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o');
  const claimed = await as(ana, 'claimVehicle', { body: { code: typed } });
  assert.equal(claimed.status, 201, claimed.text);
  assert.equal(claimed.json.id, car.id);
  assert.equal((await as(managerOfB, 'claimVehicle', { body: { code } })).status, 404, 'it works once');

  await stream.until(({ frames }) => frames.find(({ entries }) => entries.some(({ isRemoved }) => isRemoved)));
  stream.socket.close();

  const nothingYet = await as(ana, 'readVehicle', { id: car.id });
  assert.deepEqual([nothingYet.json.position, nothingYet.json.latest, nothingYet.json.status], [null, {}, 'never_seen']);
  assert.deepEqual([nothingYet.json.groups, nothingYet.json.lastSeen], [[], null], 'nothing of how the fleet used it');
  clock.set(nowMs);
  await car.report(drive(claimedMs + 10 * minuteMs, since));

  assert.deepEqual(await vehiclesOf(ana), [car.id]);
  assert.deepEqual(await vehiclesOf(managerOfA), []);
  const latitudes = async (person: TestPerson): Promise<number[]> => {
    const query = { signals: `${location}.Latitude`, from: String(startMs), to: String(nowMs), format: 'csv' as const };
    const { status, text } = await as(person, 'readHistory', { id: car.id, query });
    assert.equal(status, 200, text);
    return [...new Set([...text.matchAll(/,(\d\d)\.\d+/g)].map(([, degrees]) => Number(degrees)))];
  };
  assert.deepEqual(await latitudes(ana), [37]);
  assert.deepEqual(await latitudes(managerOfA), [61]);
  assert.deepEqual(await latitudes(support), [61], 'staff do not see where a private owner is');
});

test('trips, status, exports, reports and the past of the fleet are cut to the periods of who asks', async () => {
  const period = { from: String(startMs - minuteMs), to: String(nowMs) };
  const trips = async (person: TestPerson) => (await as(person, 'listTrips', { id: car.id, query: period })).json.items;
  const placesOf = async (person: TestPerson) => (await trips(person)).map((trip) => Math.floor(trip.from?.latitude ?? 0));
  assert.deepEqual(await placesOf(ana), [37]);
  assert.deepEqual(await placesOf(managerOfA), [61]);
  assert.deepEqual(await placesOf(support), [61]);

  for (const [person, expected] of [
    [ana, since],
    [managerOfA, before_],
  ] as const) {
    const gpx = await as(person, 'exportHistory', { id: car.id, query: { ...period, format: 'gpx' } });
    assert.ok(gpx.text.includes(`lat="${Math.floor(expected.latitude)}`), person.email);
    for (const one of [since, before_])
      assert.equal(gpx.text.includes(`lat="${Math.floor(one.latitude)}`), one === expected, person.email);
    const status = (await as(person, 'readVehicleStatus', { id: car.id, query: period })).json.items;
    for (const { at } of status) assert.equal(Date.parse(at) >= claimedMs, expected === since, `${person.email} ${at}`);
  }
  const frameOf = async (person: TestPerson, at: number) =>
    (await as(person, 'readFleetAt', { query: { at: String(at) } })).json.items.map(({ position }) =>
      Math.floor(position?.latitude ?? 0),
    );
  assert.deepEqual(await frameOf(ana, startMs + 30 * minuteMs), []);
  assert.deepEqual(await frameOf(managerOfA, startMs + 30 * minuteMs), [61]);
  assert.deepEqual(await frameOf(managerOfA, nowMs - minuteMs), []);
  assert.deepEqual(await frameOf(ana, nowMs - minuteMs), [37]);
  const frame = await fetch(`${server.origin}/v1/fleet?at=${nowMs - minuteMs}`, {
    headers: { cookie: managerOfA.headers.cookie ?? '', accept: mapFrameType },
  });
  assert.equal((await frame.text()).includes(car.id), false);

  const report = (await as(managerOfA, 'readFleetReport', { query: { period: 'custom', from: day(startMs), to: day(nowMs) } }))
    .json;
  assert.deepEqual(
    report.rows.map((one) => [one.trips, one.distanceKm]),
    [[null, null]],
    'a day that was not the fleet’s as a whole is not summed up',
  );
});

test('the former holder sees nothing of what the new one calls the vehicle and does with it', async () => {
  const changed = await as(ana, 'changeVehicle', { id: car.id, body: { plate: 'ANA 7', groups: ['Home'] } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await as(managerOfA, 'changeVehicle', { id: car.id, body: { plate: 'X' } })).status, 403);
  const { json } = await as(managerOfA, 'readVehicle', { id: car.id });
  assert.deepEqual([json.plate, json.groups, json.customer, json.devices], [null, [], '', []]);
  assert.equal(json.endedAt, new Date(claimedMs).toISOString());
  assert.deepEqual(json.latest, {});
  for (const path of ['', '/trips', '/stops', '/status', '/holders', '/private', '/drivers'])
    assert.equal(
      (await server.call('GET', `/v1/vehicles/${car.id}${path}`, undefined, managerOfA.headers)).text.includes('ANA'),
      false,
    );
  assert.deepEqual((await as(managerOfA, 'listStatusChanges', { query: { q: 'ANA' } })).json.items, []);
  const holders = await as(ana, 'listHolders', { id: car.id });
  assert.deepEqual(
    holders.json.items.map(({ kind, isYou, to }) => [kind, isYou, to]),
    [['person', true, null]],
  );
});

test('row-level security: with no filter at all a person reaches what they hold and held, and no more', async () => {
  const reached = (personNo: number) =>
    server.storage.withActor({ kind: 'person', id: String(personNo) }, async (tx) => {
      const rows = async (query: RawBuilder<unknown>): Promise<unknown[]> =>
        (await query.execute(tx)).rows.flatMap((row): unknown[] => Object.values(row as object));
      return {
        vehicles: await rows(sql`select id from vehicles`),
        holders: await rows(sql`select coalesce(person_no::text, 'customer') from possessions order by period`),
        customers: await rows(sql`select name from customers`),
        drivers: await rows(sql`select name from drivers`),
        codes: await rows(sql`select 1 from claim_codes`),
      };
    });
  const nobodys = { vehicles: [], holders: [], customers: [], drivers: [], codes: [] };
  assert.deepEqual(await reached(ana.personNo), { ...nobodys, vehicles: [car.id], holders: [String(ana.personNo)] });
  assert.deepEqual(await reached(managerOfA.personNo), {
    ...nobodys,
    holders: ['customer'],
    customers: ['Fleet A'],
    drivers: ['Dora'],
  });
  assert.deepEqual(await reached(managerOfB.personNo), { ...nobodys, vehicles: [other.id], customers: ['Fleet B'] });
  assert.deepEqual(await reached(stranger.personNo), nobodys);
  const forged = server.storage.withActor({ kind: 'person', id: String(stranger.personNo) }, (tx) =>
    sql`insert into possessions (id, vehicle_no, person_no, how, period, created_at)
      select 'pos_forged', vehicle_no, ${stranger.personNo}, 'claimed', '(,)', now() from vehicles`.execute(tx),
  );
  assert.equal(((await forged).numAffectedRows ?? 0n) > 0n, false, 'there is no vehicle to take');
  // The same connections serve the next one.
  const all = await Promise.all(Array.from({ length: 40 }, (_, i) => reached(i % 2 === 0 ? ana.personNo : stranger.personNo)));
  assert.deepEqual(
    [...new Set(all.map(({ vehicles }) => vehicles.length))].sort((a, b) => a - b),
    [0, 1],
  );
  for (const [i, { vehicles }] of all.entries()) assert.equal(vehicles.length, i % 2 === 0 ? 1 : 0);
});

test('an operator changes a private owner’s vehicle no more; broken glass shows it for an hour, and the owner sees why', async () => {
  for (const body of [{ note: 'x' }, { customer: 'Fleet B' }])
    assert.equal((await server.ask('changeVehicle', { id: car.id, body })).problem?.code, 'forbidden');
  assert.equal((await server.ask('makeClaimCode', { id: car.id })).problem?.code, 'forbidden');
  const place = async (person: TestPerson) => (await as(person, 'readVehicle', { id: car.id })).json.position;
  assert.equal(await place(support), null);
  assert.equal((await as(support, 'breakGlass', { id: car.id, body: { reason: 'too short' } })).problem?.field, 'reason');
  assert.equal((await as(managerOfA, 'breakGlass', { id: car.id, body: { reason: 'because I would like to' } })).status, 403);
  assert.equal((await as(support, 'breakGlass', { id: other.id, body: { reason: 'because I would like to' } })).status, 400);
  const broken = await as(support, 'breakGlass', { id: car.id, body: { reason: 'Stolen, says the police: case 4711' } });
  assert.equal(broken.status, 201, broken.text);
  assert.equal(Math.floor((await place(support))?.latitude ?? 0), 37);
  assert.equal((await server.ask('readVehicle', { id: car.id })).json.position, null, 'for who broke it alone');
  const { items } = (await as(ana, 'listMyActivity')).json;
  const seen = items.find(({ act }) => act === 'glass_broken');
  assert.deepEqual([seen?.by, seen?.detail], [support.email, { reason: 'Stolen, says the police: case 4711' }]);
  clock.set(nowMs + 61 * minuteMs);
  assert.equal(await place(support), null);
  clock.set(nowMs);
});

test('a private owner hands the car on with a code; two who claim with one code get it once', async () => {
  const { code } = (await as(ana, 'makeClaimCode', { id: car.id })).json;
  clock.set(nowMs + 1);
  const claims = await Promise.all([managerOfB, support].map((person) => as(person, 'claimVehicle', { body: { code } })));
  assert.deepEqual(
    claims.map(({ status }) => status).sort((a, b) => a - b),
    [201, 404],
  );
  assert.deepEqual(await vehiclesOf(ana), []);
  assert.equal((await as(ana, 'readVehicle', { id: car.id })).json.plate, null);
  assert.equal((await as(ana, 'listTrips', { id: car.id, query: { from: String(startMs) } })).json.items.length, 1);
});

test('who held a car until a moment ago gets no code that would take it back', async () => {
  const { directory } = server.registry.possessions;
  const holderNow = directory.holderNow.bind(directory);
  const { personNo } = ana;
  // As before this process has heard that it was claimed.
  Object.defineProperty(directory, 'holderNow', { value: () => ({ kind: 'person', personNo }), configurable: true });
  try {
    assert.equal((await as(ana, 'makeClaimCode', { id: car.id })).status, 403);
  } finally {
    Reflect.deleteProperty(directory, 'holderNow');
  }
  assert.notDeepEqual(holderNow(server.registry.directory.vehicleById(car.id)?.vehicleNo ?? 0), { kind: 'person', personNo });
});
