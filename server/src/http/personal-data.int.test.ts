import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PersonalExportView } from '@milepost/contract/api';
import { DuckDBInstance } from '@duckdb/node-api';
import { sql } from 'kysely';
import { systemActor } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { readZip } from './testing/read-zip.ts';
import { exchange, getCode, makeTestApp } from './testing/test-app.ts';
import { signUpIn, type TestBrowser } from './testing/test-browser.ts';

// Everything of one person as a file: what is theirs, of their time, and nothing of anybody else.

const mileage = 'Vehicle.TraveledDistance';
let server: TestServer;
let ada: TestBrowser;
let eve: TestBrowser;
let car: TestVehicle;
let files: Map<string, Buffer>;
let made: PersonalExportView;

const claim = async (browser: TestBrowser, code: string): Promise<void> => {
  assert.equal((await browser.ask('claimVehicle', { body: { code } })).status, 201);
};
const file = <T>(name: string): T => JSON.parse(files.get(name)?.toString('utf8') ?? assert.fail(`${name} is missing`)) as T;
const report = (metres: number): Promise<void> => car.report([{ time: Date.now(), signals: { [mileage]: metres } }]);

const finished = async (browser: TestBrowser, id: string): Promise<PersonalExportView> => {
  let found: PersonalExportView | undefined;
  await until('the export is made', async () => {
    found = (await browser.ask('listMyExports')).json.items.find((one) => one.id === id);
    return found !== undefined && found.state !== 'running';
  });
  return found as PersonalExportView;
};
const download = async (browser: TestBrowser, id: string): Promise<{ status: number; bytes: Buffer }> => {
  const answer = await browser.open(`/v1/me/exports/${id}/file`);
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
};
const exportOf = async (browser: TestBrowser): Promise<PersonalExportView> => {
  const started = await browser.ask('startMyExport');
  assert.equal(started.status, 201, JSON.stringify(started.json));
  return finished(browser, started.json.id);
};

before(async () => {
  server = await openTestServer('http-personal-data');
  car = await addVehicle(server, 1, { plate: 'M AB 1', customer: 'Stock' });
  ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  eve = await signUpIn(server, 'eve@example.com', 'Eve Stone');
  await report(1_000_000);
  await claim(ada, (await server.ask('makeClaimCode', { id: car.id })).json.code);
  await report(2_000_000);
  const partner = await ada.ask('makePartner', { body: { name: 'Volt' } });
  const items = [{ item: 'mileage', reason: 'The price follows it.' }];
  const app = await makeTestApp(server, ada, partner.json.id, { items });
  const params = { id: partner.json.id, app: app.id, purpose: 'insurance' };
  await ada.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  const asked = [{ type: 'vehicle_data', items: [{ item: 'mileage' }], purpose: 'insurance' }];
  const given = { given: [{ ask: 0, vehicles: [car.id], items: [{ item: 'mileage' }] }] };
  const flow = await getCode(app, ada, { authorization_details: JSON.stringify(asked) }, given);
  const authorization = `Bearer ${(await exchange(app, flow)).access_token}`;
  await report(2_500_000);
  const listed = await fetch(`${server.origin}/v1/partner/vehicles`, { headers: { authorization } });
  const { items: cars } = (await listed.json()) as { items: { vehicle: string }[] };
  const read = await fetch(`${server.origin}/v1/partner/vehicles/${cars[0]?.vehicle}`, { headers: { authorization } });
  assert.equal(read.status, 200, await read.text());
  await claim(eve, (await ada.ask('makeClaimCode', { params: { id: car.id } })).json.code);
  await report(3_000_000);
});
after(() => server?.close());

test('it is made in the background, and says how far it is', async () => {
  made = await exportOf(ada);
  assert.deepEqual([made.state, made.percent], ['done', 100]);
  const { status, bytes } = await download(ada, made.id);
  assert.deepEqual([status, bytes.length], [200, made.bytes]);
  files = readZip(bytes);
});

test('it has the account, what was given, who read it and what was done, without internal numbers', () => {
  const account = file<{ account: { email: string; name: string } }>('account.json');
  assert.deepEqual([account.account.email, account.account.name], ['ada@example.com', 'Ada Byron']);
  const [grant] =
    file<{ vehicle: string; state: string; endReason: string; reader: { app: string }; history: { kind: string }[] }[]>(
      'grants.json',
    );
  assert.deepEqual([grant?.vehicle, grant?.endReason, grant?.reader.app], [car.id, 'transferred', 'Volt Drive']);
  assert.deepEqual(
    grant?.history.map(({ kind }) => kind),
    ['given', 'ended'],
  );
  const [receipt] = file<{ item: string; reads: number; vehicle: string }[]>('receipts.json');
  assert.deepEqual([receipt?.item, receipt?.reads, receipt?.vehicle], ['mileage', 1, car.id]);
  const acts = file<{ act: string }[]>('activity.json').map(({ act }) => act);
  for (const act of ['consent_given', 'grant_ended', 'data_exported']) assert.ok(acts.includes(act), act);
  assert.equal(file<unknown[]>('sessions.json').length, 1);
  const [vehicle] = file<{ id: string; periods: { from: string; to: string }[] }[]>('vehicles.json');
  assert.equal(vehicle?.id, car.id);
  assert.ok(vehicle?.periods[0]?.to, 'her time is over');
  const text = [...files.entries()]
    .filter(([name]) => name.endsWith('.json'))
    .map(([, bytes]) => bytes.toString('utf8'))
    .join('');
  assert.doesNotMatch(text, /"\w*(No|Nos|Ms)":/);
  assert.doesNotMatch(text, /eve@example|Eve Stone|passwordHash|digest/i);
});

test('values are those of the own time alone, as Parquet', async () => {
  const names = [...files.keys()].filter((name) => name.endsWith('.parquet'));
  assert.equal(names.length, 1, String([...files.keys()]));
  const path = join(server.exportsFolder, 'read.parquet');
  await writeFile(path, files.get(names[0] ?? '') as Buffer);
  const duckdb = await DuckDBInstance.create();
  const connection = await duckdb.connect();
  const rows = (await connection.runAndReadAll(`select "${mileage}" from '${path}' where "${mileage}" is not null`)).getRows();
  connection.closeSync();
  assert.deepEqual(
    rows.map(([value]) => Number(value)),
    [2_000_000, 2_500_000],
  );
});

test('nobody else has it, and it goes', async () => {
  assert.equal((await download(eve, made.id)).status, 404);
  assert.equal((await eve.ask('removeMyExport', { params: { id: made.id } })).status, 404);
  assert.deepEqual((await eve.ask('listMyExports')).json.items, []);
  const count = (): Promise<number> =>
    server.storage.withActor(systemActor('test'), async (tx) => {
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from personal_export_parts`.execute(tx);
      return rows[0]?.count ?? 0;
    });
  assert.ok((await count()) > 0);
  await server.storage.withActor(systemActor('test'), (tx) =>
    sql`update personal_exports set expires_at = now() - interval '1 second'`.execute(tx),
  );
  assert.equal((await download(ada, made.id)).status, 404);
  await server.personalExports.tend();
  assert.equal(await count(), 0);
  const next = await exportOf(ada);
  assert.equal((await ada.ask('removeMyExport', { params: { id: next.id } })).status, 204);
  assert.equal(await count(), 0);
});

test('of its new holder it has what came later', async () => {
  const of = await exportOf(eve);
  const eves = readZip((await download(eve, of.id)).bytes);
  assert.deepEqual(JSON.parse(eves.get('receipts.json')?.toString('utf8') ?? ''), []);
  assert.deepEqual(JSON.parse(eves.get('grants.json')?.toString('utf8') ?? ''), []);
  assert.equal([...eves.keys()].filter((name) => name.endsWith('.parquet')).length, 1);
});

test('one that nobody works at any more has failed, and another can be begun', async () => {
  await server.storage.withActor(systemActor('test'), (tx) =>
    sql`insert into personal_exports (id, person_no, state, created_at, updated_at, expires_at)
      select 'pex_dead', person_no, 'running', now(), now() - interval '1 hour', now() + interval '1 day' from people
      where email = 'ada@example.com'`.execute(tx),
  );
  assert.equal((await exportOf(ada)).state, 'done');
  const { items } = (await ada.ask('listMyExports')).json;
  assert.equal(items.find(({ id }) => id === 'pex_dead')?.state, 'failed');
});
