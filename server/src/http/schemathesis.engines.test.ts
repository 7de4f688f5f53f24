import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ensureSchemathesis, runSchemathesis } from '../../../tools/lib/engines.mjs';
import { addVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { exchange, getCode, makeTestApp } from './testing/test-app.ts';
import { signUpIn } from './testing/test-browser.ts';
import { signUp } from './testing/test-person.ts';

// The whole OpenAPI document, asked by a program that makes up what it allows and what it does not: nothing is an error of ours.

const schemathesis = ensureSchemathesis();
const skip = 'problem' in schemathesis ? schemathesis.problem : false;
/** Of each caller. Each route is asked at least once, however long that takes. */
const fuzzSeconds = 30;
const runMs = 300_000;

interface Operation {
  readonly parameters?: { readonly in: string; readonly name: string; schema: object }[];
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

let server: TestServer;
let folder: string;
let idsByPath: Record<string, string>;
let partnerToken: string;
let partnerVehicle: string;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'milepost-schemathesis-'));
  server = await openTestServer('http-schemathesis');
  const [fleetCar, ownCar] = [
    await addVehicle(server, 1, { customer: 'Fleet' }),
    await addVehicle(server, 2, { customer: 'Fleet' }),
  ];
  const signals = {
    'Vehicle.CurrentLocation.Latitude': 48.1,
    'Vehicle.CurrentLocation.Longitude': 11.5,
    'Vehicle.TraveledDistance': 5_000_000,
  };
  for (const car of [fleetCar, ownCar]) await car.report([{ time: Date.now(), signals }]);
  const ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  const { code } = (await server.ask('makeClaimCode', { id: ownCar.id })).json;
  assert.equal((await ada.ask('claimVehicle', { body: { code } })).status, 201);
  const { id } = (await ada.ask('makePartner', { body: { name: 'Volt' } })).json;
  const items = [{ item: 'mileage', reason: 'The price follows it.' }] as never;
  const app = await makeTestApp(server, ada, id, { items });
  const terms = { language: 'en', terms: 'We set your price by it.' } as const;
  await ada.ask('declarePurpose', { params: { id, app: app.id, purpose: 'insurance' }, body: terms });
  const detail = { type: 'vehicle_data', items: [{ item: 'mileage' }], purpose: 'insurance' };
  const asked = { authorization_details: JSON.stringify([detail]) };
  const flow = await getCode(app, ada, asked, { given: [{ ask: 0, vehicles: [ownCar.id], items: [{ item: 'mileage' }] }] });
  partnerToken = (await exchange(app, flow)).access_token;
  const headers = { authorization: `Bearer ${partnerToken}` };
  const list = await fetch(`${server.origin}/v1/partner/vehicles`, { headers });
  partnerVehicle = ((await list.json()) as { items: { vehicle: string }[] }).items[0]?.vehicle ?? '';
  const customers = (await server.ask('listCustomers')).json.items;
  const organisations = (await server.ask('listOrganisations')).json.items;
  const devices = (await server.ask('listDevices')).json.items;
  idsByPath = {
    '/v1/partner/vehicles/': partnerVehicle,
    '/v1/vehicles/': fleetCar.id,
    '/v1/devices/': devices[0]?.id ?? '',
    '/v1/customers/': customers[0]?.id ?? '',
    '/v1/organisations/': organisations[0]?.id ?? '',
    '/v1/partners/': id,
  };
});
after(async () => {
  await server?.close();
  if (folder) rmSync(folder, { recursive: true });
});

/** The document of the server, with the ids of things that are there beside any text. */
const documentFor = async (
  keeps: (route: string, operation: string) => boolean,
  ids: Record<string, string>,
): Promise<string> => {
  const document = (await (await fetch(`${server.origin}/openapi.json`)).json()) as Document;
  for (const [route, operations] of Object.entries(document.paths)) {
    const known = Object.entries(ids).find(([start]) => route.startsWith(start))?.[1];
    for (const [method, operation] of Object.entries(operations)) {
      if (!keeps(route, method)) delete operations[method];
      for (const parameter of operation.parameters ?? [])
        if (known && parameter.in === 'path' && parameter.name === 'id')
          parameter.schema = { anyOf: [{ const: known }, parameter.schema] };
    }
  }
  const file = path.join(folder, `${Object.keys(ids).length}-openapi.json`);
  writeFileSync(file, JSON.stringify(document));
  return file;
};

const run = async (file: string, headers: Readonly<Record<string, string>>): Promise<void> => {
  assert.ok('path' in schemathesis);
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const how = ['--phases', 'examples,coverage,fuzzing', '--checks', 'not_a_server_error', '--max-time', String(fuzzSeconds)];
  const { isClean, text } = await runSchemathesis(schemathesis.path, {
    folder,
    args: [
      file,
      '--url',
      server.origin,
      ...lines,
      ...how,
      '-n',
      '20',
      '--continue-on-failure',
      '--warnings',
      'off',
      '--seed',
      '7',
    ],
  });
  assert.ok(isClean, text.slice(text.indexOf('= FAILURES =')));
  const tested = Number(/Tested: (\d+)/.exec(text)?.[1]);
  assert.ok(tested > 0, text.slice(-2000));
};

test('no request of an operator is an error of ours', { skip, timeout: runMs }, async () => {
  // Ending the vehicle that the others are asked for would leave nothing to ask for.
  // This server has no read models to rebuild, and says so with 503.
  const isLeftOut = (route: string, method: string): boolean =>
    route === '/v1/system/rebuild' || (route === '/v1/vehicles/{id}' && method === 'delete');
  const file = await documentFor((route, method) => !isLeftOut(route, method), idsByPath);
  await run(file, { authorization: `Bearer ${operatorToken}` });
});

test('no request of a person is', { skip, timeout: runMs }, async () => {
  const { headers } = await signUp(server, 'bo@example.com');
  const endsSession = /^\/v1\/(session|me\/(sessions|password))/;
  const file = await documentFor((route) => !endsSession.test(route), { ...idsByPath, '/v1/grants/': 'none' });
  await run(file, { cookie: headers['cookie'] ?? '', origin: server.origin });
});

test('no request of a partner is', { skip, timeout: runMs }, async () => {
  const file = await documentFor((route) => route.startsWith('/v1/partner/'), { '/v1/partner/vehicles/': partnerVehicle });
  await run(file, { authorization: `Bearer ${partnerToken}` });
});
