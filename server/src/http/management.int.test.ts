import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { addVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';

// What operators manage: accounts, the audit log, how often apps may ask.

let server: TestServer;
let root: TestPerson;
let ana: TestPerson;
let manager: TestPerson;
let managerOfB: TestPerson;
let viewer: TestPerson;
let volt: TestPartner;

const as = (person: TestPerson) => ({ headers: person.headers });
const statusOf = async (person: TestPerson): Promise<number> =>
  (await server.call('GET', '/v1/me', undefined, person.headers)).status;

before(async () => {
  server = await openTestServer('management');
  await addVehicle(server, 1, { customer: 'Fleet A' });
  await addVehicle(server, 2, { customer: 'Fleet B' });
  root = await signUp(server, 'root@example.com');
  ana = await signUp(server, 'ana@example.com');
  manager = await signUp(server, 'manager@example.com');
  managerOfB = await signUp(server, 'other@example.com');
  viewer = await signUp(server, 'viewer@example.com');
  await addMember(server, root, 'Milepost', 'operator');
  await addMember(server, manager, 'Fleet A', 'manager');
  await addMember(server, managerOfB, 'Fleet B', 'manager');
  await addMember(server, viewer, 'Fleet A', 'viewer');
  volt = await openTestPartner(server, [{ item: 'mileage' }]);
});
after(() => server?.close());

test('accounts are found by part of their name, page by page, with what they belong to', async () => {
  const car = await volt.addCar(7);
  assert.ok(car.id);
  const found = (await server.ask('listPeople', { ...as(root), query: { q: 'ADA' } })).json;
  const [ada] = found.items;
  assert.deepEqual([found.items.length, ada?.name, ada?.state, ada?.vehicles], [1, 'Ada Byron', 'active', 1]);
  assert.deepEqual([ada?.sessions, ada?.hasSecondFactor, ada?.memberships[0]?.role], [1, false, 'administrator']);
  assert.ok(ada?.lastUsedAt);
  const names: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const { json } = await server.ask('listPeople', { ...as(root), query: { limit: 2, ...(cursor ? { cursor } : {}) } });
    assert.ok(json.items.length <= 2);
    names.push(...json.items.map(({ email }) => email));
    if (json.next === null) break;
    cursor = json.next;
  }
  assert.equal(new Set(names).size, 6);
  assert.equal(names[0], 'ada@example.com', 'the newest first');
  assert.equal(
    (await server.ask('listPeople', { ...as(root), query: { q: '%' } })).json.items.length,
    0,
    'signs stand for themselves',
  );
  assert.equal((await server.ask('listPeople', as(manager))).status, 403);
});

test('a suspended account is out at once and by every way in; let in again it signs in anew', async () => {
  const { json } = await server.ask('listPeople', { ...as(root), query: { q: 'ana@' } });
  const id = json.items[0]?.id ?? '';
  const token = await server.ask('makeMyToken', { ...as(ana), body: { name: 'reads', items: ['read'], days: 1 } });
  const byToken = { authorization: `Bearer ${token.json.text}` };
  assert.equal((await server.call('GET', '/v1/vehicles', undefined, byToken)).status, 200);
  assert.equal(await statusOf(ana), 200);
  assert.equal((await server.ask('suspendPerson', { ...as(root), id, body: { reason: '   ' } })).problem?.field, 'reason');
  const reason = 'a stranger had the password';
  assert.equal((await server.ask('suspendPerson', { ...as(root), id, body: { reason } })).status, 204);
  assert.equal(await statusOf(ana), 401);
  assert.equal((await server.call('GET', '/v1/vehicles', undefined, byToken)).status, 401);
  const signIn = () => server.ask('signIn', { body: { login: 'ana@example.com', password: 'correct horse battery' } });
  assert.equal((await signIn()).problem?.code, 'unauthorized');
  const mails = server.mails.length;
  assert.equal((await server.ask('askPasswordReset', { body: { email: 'ana@example.com' } })).status, 204);
  assert.ok(!server.mails.slice(mails).some(({ to, text }) => to === 'ana@example.com' && text.includes('/reset?code=')));
  const [shown] = (await server.ask('listPeople', { ...as(root), query: { state: 'suspended' } })).json.items;
  assert.deepEqual([shown?.email, shown?.suspendedFor, shown?.sessions], ['ana@example.com', reason, 0]);
  assert.equal((await server.ask('endSuspension', { ...as(root), id })).status, 204);
  assert.equal(await statusOf(ana), 401, 'what was signed in stays out');
  assert.equal((await server.call('GET', '/v1/vehicles', undefined, byToken)).status, 401);
  assert.equal((await signIn()).status, 200);
  const acts = (await server.ask('listAudit', { ...as(root), query: { subject: id } })).json.items;
  assert.deepEqual(
    acts
      .filter(({ act }) => act.startsWith('person_'))
      .map(({ act, by, about, detail }) => [act, by?.name, about?.name, detail['reason']]),
    [
      ['person_let_in', 'root@example.com', 'ana@example.com', undefined],
      ['person_suspended', 'root@example.com', 'ana@example.com', reason],
    ],
  );
});

test('nobody suspends themselves, nor the last operator', async () => {
  const id = (await server.ask('listPeople', { query: { q: 'root@' } })).json.items[0]?.id ?? '';
  const body = { reason: 'to try it' };
  assert.equal((await server.ask('suspendPerson', { ...as(root), id, body })).problem?.code, 'in_use');
  assert.equal((await server.ask('suspendPerson', { id, body })).problem?.code, 'in_use', 'by the operator’s token');
  assert.equal((await server.ask('suspendPerson', { id: 'per_none', body })).problem?.code, 'not_found');
});

test('who is suspended is no operator that could be the last: the other one stays, and is not erased', async () => {
  const idOf = async (email: string): Promise<string> =>
    (await server.ask('listPeople', { query: { q: email } })).json.items[0]?.id ?? '';
  const second = await signUp(server, 'second@example.com');
  await addMember(server, second, 'Milepost', 'operator');
  const [rootId, secondId] = [await idOf('root@'), await idOf('second@')];
  const { id = '' } = (await server.ask('listOrganisations', { ...as(root), query: { kind: 'platform' } })).json.items[0] ?? {};
  const give = async (personId: string, role: 'support' | 'operator') =>
    (await server.call('PATCH', `/v1/organisations/${id}/members/${personId}`, { role })).status;
  assert.equal(await give(rootId, 'support'), 204, 'the other one can do it');
  assert.equal(await give(rootId, 'operator'), 204);
  assert.equal((await server.ask('suspendPerson', { id: secondId, body: { reason: 'to try it' } })).status, 204);
  assert.equal(await give(rootId, 'support'), 409);
  const { blockers } = (await server.ask('readMyErasure', as(root))).json;
  assert.deepEqual(
    blockers.map(({ role }) => role),
    ['operator'],
  );
});

test('the audit log is narrowed by who, what, whom and when, goes on page by page, and can be had as CSV', async () => {
  const people = (await server.ask('listPeople', as(root))).json.items;
  const rootId = people.find(({ email }) => email === 'root@example.com')?.id ?? '';
  const read = async (query: object) => (await server.ask('listAudit', { ...as(root), query })).json.items;
  const added = await read({ act: 'member_added' });
  assert.ok(added.length >= 4 && added.every(({ act }) => act === 'member_added'));
  const byRoot = await read({ actor: rootId });
  assert.ok(byRoot.length >= 2 && byRoot.every(({ by }) => by?.id === rootId));
  const byNobody = await read({ actor: 'nobody', act: 'member_added' });
  assert.equal(byNobody.length, added.length, 'the bearer of the operator’s token is nobody who is known');
  assert.deepEqual(await read({ actor: 'per_none' }), []);
  assert.deepEqual(await read({ to: '2020-01-01' }), []);
  assert.equal((await server.ask('listAudit', { ...as(root), query: { act: 'no_act' as never } })).status, 400);
  const first = (await server.ask('listAudit', { ...as(root), query: { act: 'member_added', limit: 3 } })).json;
  const rest = await read({ act: 'member_added', cursor: first.next });
  assert.deepEqual(
    [...first.items, ...rest].map(({ id }) => id),
    added.map(({ id }) => id),
  );
  const csv = await server.ask('listAudit', { ...as(root), query: { act: 'member_added', format: 'csv' } });
  assert.equal(csv.text.trim().split('\n').length, added.length + 1);
  assert.match(csv.text, /^at,act,by,byId,about,aboutId,subject,address,detail/);
});

test('who manages a fleet sees what was done with its members, and nothing of another’s', async () => {
  const seen = (await server.ask('listAudit', as(manager))).json.items;
  assert.ok(seen.some(({ act, about }) => act === 'member_added' && about?.name === 'viewer@example.com'));
  const own = (await server.ask('readMe', as(manager))).json.id;
  const foreign = seen.filter(({ about, detail }) => about?.id !== own && typeof detail['organisation'] !== 'string');
  assert.deepEqual(foreign, []);
  assert.ok(!JSON.stringify(seen).includes('other@example.com') && !JSON.stringify(seen).includes('ana@example.com'));
  const ofB = (await server.ask('listAudit', as(managerOfB))).json.items;
  assert.ok(!JSON.stringify(ofB).includes('viewer@example.com'));
  for (const person of [viewer, ana])
    assert.equal((await server.ask('listAudit', as(person))).status, person === ana ? 401 : 403);
  // The wall behind the application's own: whatever it asked for, the database gives no more.
  const rows = await server.storage.withActor({ kind: 'person', id: String(manager.personNo) }, (tx) =>
    sql<{ who: number; organisation: string | null }>`select subject_person_no as who, detail->>'organisation' as organisation
      from audit_events`.execute(tx),
  );
  assert.ok(
    rows.rows.length > 0 && rows.rows.every(({ who, organisation }) => who === manager.personNo || organisation !== null),
  );
});

test('limits of apps are told with what they were told, and what is set counts', async () => {
  const car = await volt.addCar(8);
  await car.report([{ time: Date.now(), signals: { 'Vehicle.TraveledDistance': 5_000_000 } }]);
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const vehicle = await volt.nameOf(token);
  for (let i = 0; i < 3; i++) assert.equal((await volt.get(`/vehicles/${vehicle}`, token)).status, 200);
  const limitOf = async () =>
    (await server.ask('listAppLimits', as(root))).json.items.find(({ id }) => id === volt.app.id) ?? assert.fail('no app');
  const before_ = await limitOf();
  assert.deepEqual([before_.requestsPerMinute, before_.reads, before_.vehicles], [600, 3, 1]);
  assert.ok(before_.lastReadAt);
  const path = `/v1/partners/${before_.partner.id}/apps/${before_.id}/quota`;
  assert.equal((await server.call('PUT', path, { requestsPerMinute: 50 }, root.headers)).status, 204);
  assert.equal((await limitOf()).requestsPerMinute, 50);
  assert.equal((await server.call('GET', '/v1/app-limits', undefined, manager.headers)).status, 403);
  const { text } = await server.call('GET', '/v1/app-limits', undefined, { authorization: `Bearer ${operatorToken}` });
  assert.ok(!text.includes(car.id) && !text.includes(vehicle));
});
