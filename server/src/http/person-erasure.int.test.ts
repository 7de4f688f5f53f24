import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PersonErasureProof } from '@milepost/contract/api';
import { sql } from 'kysely';
import { silentLogger } from '../kernel/index.ts';
import { personColumns, personErasureLimits, PersonErasures } from '../person-erasure/index.ts';
import { type Storage, systemActor } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openReceiver, type TestReceiver } from './testing/open-receiver.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { makeTestBrowser, signUpIn, type TestBrowser, testPassword } from './testing/test-browser.ts';
import { claimBy, openTestPartner, type TestPartner } from './testing/test-partner.ts';

// Ada has a car that she sold to Eve, one that she has, an app that reads, a driver, an export and a membership; then she wants to be erased.

const odometer = 'Vehicle.TraveledDistance';
const dayMs = 86_400_000;
const email = 'ada.byron@example.com';
/** What nobody may find afterwards. */
const traces = [email, 'Ada Byron', 'ada.b', 'B AD 1815', 'her mother asked for it', 'bob@example.com'];
const clock = makeSettableClock(Date.now());
let server: TestServer;
let volt: TestPartner;
let ada: TestBrowser;
let eve: TestBrowser;
let [sold, kept] = [] as unknown as [TestVehicle, TestVehicle];
let token: string;
let receiver: TestReceiver;
const told = () => receiver.events<{ type: string; data: { vehicle: string; reason?: string } }>();
let km = 1000;
let code: string;
let proof: PersonErasureProof;

const report = (car: TestVehicle): Promise<void> => {
  clock.set(clock.now() + 60_000);
  return car.report([{ time: clock.now(), signals: { [odometer]: ++km } }]);
};
const inDatabase = <T>(run: Parameters<Storage['withActor']>[1]): Promise<T> =>
  server.storage.withActor(systemActor('test'), run) as Promise<T>;
const kmOf = async (car: TestVehicle): Promise<number[]> => {
  const query = { signals: odometer, from: '2020-01-01T00:00:00Z', to: new Date(clock.now() + 1).toISOString() };
  const { json, text } = await server.ask('readHistory', { id: car.id, query });
  assert.ok(json, text);
  return (JSON.parse(text) as { columns: Record<string, number[]> }).columns[odometer] ?? [];
};
const readProof = async (): Promise<PersonErasureProof> => {
  const { status, json } = await makeTestBrowser(server).ask('readErasureProof', { body: { code } });
  assert.equal(status, 200, JSON.stringify(json));
  return json as PersonErasureProof;
};
const countOf = (what: string): number | undefined => proof.report?.erased.find((line) => line.what === what)?.count;

/** Rows of every table in which a text stands, as text, as JSON or as bytes. */
const findInDatabase = (text: string): Promise<string[]> =>
  inDatabase(async (tx) => {
    const { rows: columns } = await sql<{ table: string; column: string }>`select c.table_name as table, c.column_name as column
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'milepost' and t.table_type = 'BASE TABLE' and has_table_privilege(format('%I.%I', c.table_schema, c.table_name), 'select')`.execute(
      tx,
    );
    assert.ok(columns.length > 150, `${columns.length} columns`);
    const found: string[] = [];
    for (const { table, column } of columns) {
      const { rows } = await sql`select 1 from ${sql.table(table)} t
        where position(${text.toLowerCase()} in lower(to_jsonb(t.${sql.ref(column)})::text)) > 0
          or position(${Buffer.from(text)} in case when pg_typeof(t.${sql.ref(column)}) = 'bytea'::regtype
            then decode(substr(to_jsonb(t.${sql.ref(column)}) #>> '{}', 3), 'hex') else ''::bytea end) > 0 limit 1`.execute(tx);
      if (rows.length > 0) found.push(`${table}.${column}`);
    }
    return found;
  });
const findInFiles = async (folder: string, text: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // What the database has written of rows that are gone: the report says so.
    if (path.startsWith(join(folder, 'postgres'))) continue;
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
};

before(async () => {
  receiver = await openReceiver();
  server = await openTestServer('http-person-erasure', {}, { clock, tokenLifetimeMs: 100 * dayMs });
  volt = await openTestPartner(server, [{ item: 'mileage' }], email, 'Volt');
  ada = volt.owner;
  eve = await signUpIn(server, 'eve@example.com', 'Eve Stone');
  await signUpIn(server, 'bob@example.com', 'Bob Reed');
  assert.equal((await ada.ask('changeMe', { body: { userName: 'ada.b' } })).status, 200);
  sold = await addVehicle(server, 1, { customer: 'Stock' });
  await report(sold);
  clock.set(clock.now() + 1000);
  await claimBy(server, ada, sold);
  await report(sold);
  kept = await volt.addCar(2);
  assert.equal(
    (await ada.ask('changeVehicle', { params: { id: kept.id }, body: { plate: 'B AD 1815', note: 'Ada Byron' } })).status,
    200,
  );
  await report(kept);
  token = await volt.give([kept], [{ item: 'mileage' }]);
  const params = { id: volt.app.partnerId, app: volt.app.id };
  assert.equal((await ada.ask('makeWebhook', { params, body: { address: receiver.address, types: [] } })).status, 201);
  await report(kept);
  await until('the car is told', () => told().some(({ type }) => type === 'vehicle.changed'));
  assert.equal((await volt.get(`/vehicles/${await volt.nameOf(token)}`, token)).status, 200);
  const glass = { id: kept.id, body: { reason: 'her mother asked for it' } };
  assert.equal((await server.ask('breakGlass', glass)).status, 201);
  const drive = { email: 'bob@example.com', vehicles: [kept.id], items: [{ item: 'mileage' }], textVersion: '1', language: 'en' };
  assert.equal((await ada.ask('inviteDriver', { body: drive })).status, 201);
  const spell = { from: new Date(clock.now() - 1000).toISOString(), to: new Date(clock.now()).toISOString() };
  assert.equal((await ada.ask('makePrivate', { params: { id: kept.id }, body: spell as never })).status, 201);
  const atHome = { name: 'Ada Byron at home', items: ['read' as const], days: 30 };
  assert.equal((await ada.ask('makeMyToken', { body: atHome })).status, 201);
  await ada.ask('startMyExport');
  await until('the export is made', async () =>
    (await ada.ask('listMyExports')).json.items.every(({ state }) => state === 'done'),
  );
  clock.set(clock.now() + 1000);
  const claim = await ada.ask('makeClaimCode', { params: { id: sold.id } });
  assert.equal((await eve.ask('claimVehicle', { body: { code: claim.json.code } })).status, 201);
  await report(sold);
});
after(async () => {
  await server?.close();
  receiver?.close();
});

test('every column that knows a person is spoken of', async () => {
  const known = await inDatabase<string[]>(async (tx) => {
    const { rows } = await sql<{ name: string }>`
      select c.table_name || '.' || c.column_name as name from information_schema.columns c
        where c.table_schema = 'milepost' and c.table_name !~ '_\\d{4}_\\d{2}$' and c.column_name ~ '(^|_)person_(no|id)$'
      union
      select r.relname || '.' || a.attname from pg_constraint k join pg_class r on r.oid = k.conrelid
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
        where k.contype = 'f' and k.confrelid = 'people'::regclass`.execute(tx);
    return rows.map(({ name }) => name);
  });
  assert.deepEqual(Object.keys(personColumns).sort(), known.sort());
});

test('who is alone in charge of an organisation is told what to do first', async () => {
  const preview = (await ada.ask('readMyErasure')).json;
  assert.deepEqual([preview.erasure, preview.graceDays, preview.formerVehicles, preview.partnerGrants], [null, 7, 1, 1]);
  assert.deepEqual(
    preview.vehicles.map(({ id }) => id),
    [kept.id],
  );
  assert.equal(preview.blockers[0]?.role, 'administrator');
  const refused = await ada.ask('startMyErasure');
  assert.deepEqual([refused.status, refused.json.code], [409, 'last_in_charge']);
  const added = await ada.ask('addMember', {
    params: { id: volt.app.partnerId },
    body: { email: 'eve@example.com', role: 'administrator' },
  });
  assert.equal(added.status, 201, JSON.stringify(added.json));
  assert.deepEqual((await ada.ask('readMyErasure')).json.blockers, []);
});

test('it is asked for with the password given a moment ago, waits, and can be taken back', async () => {
  clock.set(clock.now() + 20 * 60_000);
  assert.equal((await ada.ask('startMyErasure')).json.code, 'confirmation_needed');
  assert.equal((await ada.ask('confirmMe', { body: { password: testPassword } })).status, 204);
  const started = await ada.ask('startMyErasure');
  assert.equal(started.status, 201, JSON.stringify(started.json));
  assert.equal((await ada.ask('startMyErasure')).status, 409);
  await server.personErasures.tend();
  assert.equal((await ada.ask('readMyErasure')).json.erasure?.state, 'waiting');
  assert.equal((await ada.ask('takeBackMyErasure')).status, 204);
  assert.equal((await ada.ask('takeBackMyErasure')).status, 404);
  clock.set(clock.now() + personErasureLimits.graceDays * dayMs);
  await server.personErasures.tend();
  assert.equal((await ada.ask('readMe')).status, 200, 'nothing is erased');
  assert.match(server.mails.at(-1)?.subject ?? '', /Nothing of you is erased/);
});

test('whichever process dies at whichever moment, another goes on to the same end', async () => {
  assert.equal((await ada.ask('confirmMe', { body: { password: testPassword } })).status, 204);
  const started = (await ada.ask('startMyErasure')).json;
  code = (started as unknown as { code: string }).code;
  assert.match(server.mails.at(-1)?.text ?? '', new RegExp(`/erasure\\?code=${code}`));
  clock.set(clock.now() + personErasureLimits.graceDays * dayMs);
  const { registry, erasures, consents, people } = server;
  const keptDays = { log: 14, audit: 400, receipts: 400 };
  const parts = { registry, erasures, consents, people, keptDays, clock, logger: silentLogger };
  const states = new Set<string>();
  let deaths = 0;
  for (let calls = 1; (await readProof()).state !== 'done'; calls++) {
    let left = calls;
    // From one call on nothing of it reaches the database any more; what committed has.
    const storage = new Proxy(server.storage, {
      get: (target, key) =>
        key === 'withActor'
          ? (...args: Parameters<Storage['withActor']>) =>
              left-- > 0 ? target.withActor(...args) : Promise.reject(new Error('dead'))
          : (Reflect.get(target, key) as unknown),
    });
    const process = new PersonErasures({ ...parts, storage });
    await process.tend();
    deaths++;
    states.add((await readProof()).state);
    clock.set(clock.now() + personErasureLimits.leaseMs);
  }
  proof = await readProof();
  assert.ok(deaths >= 5, `${deaths} deaths`);
  assert.deepEqual([...states].sort(), ['clearing', 'done', 'forgetting', 'releasing', 'waiting']);
});

test('the report counts what was erased and says what stays and why, and names nobody', () => {
  assert.deepEqual(
    ['grants_given', 'possessions', 'vehicle_periods', 'private_periods', 'exports', 'invitations', 'access_tokens'].map(
      (what) => [what, countOf(what)],
    ),
    [
      ['grants_given', 1],
      ['possessions', 1],
      ['vehicle_periods', 2],
      ['private_periods', 1],
      ['exports', 1],
      ['invitations', 1],
      ['access_tokens', 1],
    ],
  );
  assert.ok((countOf('sessions') ?? 0) >= 1 && (countOf('app_access') ?? 0) >= 1 && (countOf('memberships') ?? 0) === 1);
  assert.deepEqual(proof.report?.stays.find(({ what }) => what === 'audit_log')?.why, 'security');
  const text = JSON.stringify(proof);
  for (const trace of traces) assert.ok(!text.includes(trace), trace);
});

test('nothing of her is found in any table or file', async () => {
  for (const trace of traces) {
    // Bob and what he is called are his.
    const own = trace === 'bob@example.com' ? ['people.email', 'audit_events.detail'] : [];
    const found = (await findInDatabase(trace)).filter((place) => !own.includes(place.replace(/_\d{4}_\d{2}/, '')));
    assert.deepEqual(found, [], trace);
    assert.deepEqual(await findInFiles(dirname(server.exportsFolder), trace), [], trace);
  }
  // The search finds what is there.
  assert.deepEqual(await findInDatabase('eve@example.com'), ['people.email']);
});

test('nobody gets in, and her app and everybody with her grants are refused', async () => {
  assert.equal((await ada.ask('readMe')).status, 401);
  const again = await makeTestBrowser(server).ask('signIn', { body: { login: email, password: testPassword } });
  assert.equal(again.status, 401);
  assert.equal((await volt.get('/vehicles', token)).status, 401);
  await until('the app is told', () => told().some(({ type }) => type === 'grant.ended'));
  assert.equal(told().find(({ type }) => type === 'grant.ended')?.data.reason, 'revoked');
  assert.equal((await signUpIn(server, email, 'Another')).ask !== undefined, true, 'the address is free again');
});

test('of her time no value is left, and that of others is untouched', async () => {
  assert.deepEqual(await kmOf(kept), []);
  assert.deepEqual(await kmOf(sold), [1001, 1005]);
  assert.equal((await eve.ask('readVehicle', { params: { id: sold.id } })).status, 200);
  const { rows } = await inDatabase<{ rows: { n: number }[] }>((tx) =>
    sql<{ n: number }>`select count(*)::int as n from webhook_deliveries where type <> 'grant.ended' and vehicle_no is not null
      and type not like 'grant.%'`.execute(tx),
  );
  assert.equal(rows[0]?.n, 0);
});

test('her car is nobody’s: what it goes on sending is refused, and somebody else may claim it', async () => {
  await assert.rejects(report(kept), /not_assigned/);
  const { status, json } = await server.ask('makeClaimCode', { id: kept.id });
  assert.equal(status, 201);
  assert.equal((await eve.ask('claimVehicle', { body: { code: json.code } })).status, 201);
  assert.deepEqual(await kmOf(kept), []);
});

test('operators see that it was done, by pseudonym', async () => {
  const { items } = (await server.ask('listPersonErasures')).json;
  assert.deepEqual(
    items.map(({ state }) => state),
    ['done', 'taken_back'],
  );
  assert.match(items[0]?.person ?? '', /^per_/);
  const wrong = await makeTestBrowser(server).ask('readErasureProof', { body: { code: `${code.slice(1)}A` } });
  assert.equal(wrong.status, 410);
});

test('one who becomes the last in charge while it waits is held, told, and goes on when somebody else is', async () => {
  const kim = await signUpIn(server, 'kim@example.com', 'Kim Lee');
  const made = await kim.ask('startMyErasure');
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const heldCode = (made.json as unknown as { code: string }).code;
  const stateNow = async () =>
    (await makeTestBrowser(server).ask('readErasureProof', { body: { code: heldCode } })).json.state as string;
  const own = await kim.ask('makePartner', { body: { name: 'Kim works' } });
  assert.equal(own.status, 201, JSON.stringify(own.json));
  clock.set(clock.now() + personErasureLimits.graceDays * dayMs);
  await server.personErasures.tend();
  assert.equal(await stateNow(), 'held');
  assert.match(server.mails.findLast(({ to }) => to === 'kim@example.com')?.text ?? '', /Kim works/);
  assert.equal((await kim.ask('readMe')).status, 200, 'the account is as it was');
  const by = { params: { id: own.json.id }, body: { email: 'eve@example.com', role: 'administrator' } } as const;
  assert.equal((await kim.ask('addMember', by)).status, 201);
  clock.set(clock.now() + personErasureLimits.heldLookMs);
  await server.personErasures.tend();
  assert.equal(await stateNow(), 'done');
});

test('whom a restored database has again, though the ledger says that they were erased, is erased again at once', async () => {
  const ledger = server.erasures.erasedPeople();
  const first = (await server.ask('listPersonErasures')).json.items.filter(({ state }) => state === 'done');
  assert.deepEqual(
    first.filter(({ id }) => !ledger.some((line) => line.id === id)),
    [],
    'who was erased is in the ledger',
  );
  const lea = await signUpIn(server, 'lea@example.com', 'Lea Wolf');
  const { id } = (await lea.ask('readMe')).json;
  // As a restore joins it: a line of a time that this database knows nothing of.
  await server.erasures.keepErasedPerson({ id: 'pea_before', personId: id, requestedAtMs: clock.now() });
  const { registry, erasures, consents, people, storage } = server;
  const keptDays = { log: 14, audit: 400, receipts: 400 };
  const restarted = new PersonErasures({ registry, erasures, consents, people, storage, keptDays, clock, logger: silentLogger });
  await restarted.tend();
  assert.equal((await lea.ask('readMe')).status, 401);
  const { rows } = await storage.withActor(systemActor('test'), (tx) =>
    sql<{ email: string; name: string }>`select email, name from people where id = ${id}`.execute(tx),
  );
  assert.deepEqual([rows[0]?.email, rows[0]?.name === 'Lea Wolf'], [`${id}@erased.invalid`, false]);
});
