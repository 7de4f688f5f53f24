import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { apiLimits, csvEnrolmentResults, type CsvEnrolmentResults } from '@milepost/contract/api';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { WebSocket } from 'ws';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
let number = 0;

before(async () => {
  server = await openTestServer('enrolment');
});
after(() => server?.close());

const newVin = (): string => `WVWZZZ1JZ${String(++number).padStart(8, '0')}`;
const newImei = (): string => String(350_000_000_000_000 + ++number);

interface TestDevice {
  readonly id: string;
  readonly imei: string;
  readonly secret: string;
}

const addDevice = async (): Promise<TestDevice> => {
  const vehicle = await server.ask('createVehicle', { body: { vin: newVin(), customer: 'Demo' } });
  const imei = newImei();
  const { json } = await server.ask('createDevice', { body: { imei, vehicleId: vehicle.json.id } });
  return { id: json.id, imei, secret: json.secret };
};

const logIn = async ({ imei, secret }: Pick<TestDevice, 'imei' | 'secret'>): Promise<string> => {
  const { status, json, text } = await server.ask('login', { body: { imei, secret } });
  assert.equal(status, 200, text);
  return json.token;
};

/** Answers the code that the socket is closed with. */
const openSocket = async (token: string): Promise<{ closed: Promise<number> }> => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/v1/devices/stream`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { closed };
};

const report = (token: string) => server.call('POST', '/v1/telemetry', { samples: [] }, { authorization: `Bearer ${token}` });

const sendCsv = async (text: string | Buffer, query = '', type = 'text/csv') => {
  const response = await fetch(`${server.origin}/v1/enrolments/csv${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': type },
    body: text,
  });
  const body = (await response.json()) as CsvEnrolmentResults & { code?: string; field?: string; detail?: string };
  if (response.ok) assert.deepEqual(Value.Errors(csvEnrolmentResults, body), []);
  return { status: response.status, body };
};

test('a new secret: the old one, its tokens and sockets are over at once', async () => {
  const device = await addDevice();
  const token = await logIn(device);
  const sockets = await Promise.all([openSocket(token), openSocket(token)]);
  const { status, json } = await server.ask('renewSecret', { id: device.id });
  assert.equal(status, 201);
  assert.deepEqual(await Promise.all(sockets.map(({ closed }) => closed)), [4401, 4401]);
  assert.deepEqual([(await report(token)).problem?.code, (await report(token)).status], ['unauthorized', 401]);
  assert.equal((await server.ask('login', { body: device })).status, 400, 'id is no field of a login');
  assert.equal((await server.ask('login', { body: { imei: device.imei, secret: device.secret } })).problem?.code, 'unauthorized');
  const fresh = await logIn({ imei: device.imei, secret: json.secret });
  assert.equal((await report(fresh)).status, 200);
  const view = await server.ask('readDevice', { id: device.id });
  assert.equal(view.json.secretIssuedAt, json.secretIssuedAt);
  assert.equal((await server.ask('renewSecret', { id: 'dev_0000000000000000' })).problem?.code, 'not_found');
  await server.ask('revokeDevice', { id: device.id });
  assert.equal((await server.ask('renewSecret', { id: device.id })).problem?.code, 'invalid_field');
});

test('a window: the device fetches its secret once; what went before is over; who did it can be read', async () => {
  const device = await addDevice();
  const { closed } = await openSocket(await logIn(device));
  const opened = await server.ask('openEnrolmentWindow', { id: device.id, body: { minutes: 5 } });
  const untilMs = Date.parse(opened.json.enrolmentWindowUntil as string);
  assert.ok(Math.abs(untilMs - Date.now() - 300_000) < 10_000);
  const fetches = await Promise.all(Array.from({ length: 4 }, () => server.ask('fetchSecret', { body: { imei: device.imei } })));
  assert.equal(fetches.filter(({ status }) => status === 401).length, 3);
  const won = fetches.find(({ status }) => status === 201)?.json;
  assert.deepEqual([won?.deviceId, await closed], [device.id, 4401]);
  await logIn({ imei: device.imei, secret: won?.secret as string });
  assert.equal((await server.ask('login', { body: { imei: device.imei, secret: device.secret } })).status, 401);
  const { json: view } = await server.ask('readDevice', { id: device.id });
  assert.deepEqual([view.enrolmentWindowUntil, view.secretFetchedAt], [null, view.secretIssuedAt]);
  const events = await server.ask('listCredentialEvents', { id: device.id, query: { limit: 1 } });
  assert.deepEqual(
    events.json.items.map(({ event, actor, detail }) => [event, actor, detail]),
    [['secret_fetched', 'device', '127.0.0.1']],
  );
  const next = await server.ask('listCredentialEvents', { id: device.id, query: { cursor: events.json.next as string } });
  assert.deepEqual(
    next.json.items.map(({ event }) => event),
    ['window_opened'],
  );
  await server.ask('openEnrolmentWindow', { id: device.id, body: {} });
  assert.equal((await server.ask('closeEnrolmentWindow', { id: device.id })).status, 204);
  const tooLong = { minutes: apiLimits.enrolmentWindowMinutesMax + 1 };
  assert.equal((await server.ask('openEnrolmentWindow', { id: device.id, body: tooLong })).problem?.field, 'minutes');
});

test('who was let in before the change and comes in after it is ended at once', async () => {
  const device = await addDevice();
  const open = await server.gate.admit(await logIn(device));
  await server.ask('renewSecret', { id: device.id });
  const closed = await new Promise<number>((resolve) => {
    open({ address: '', send: () => {}, pause: () => {}, resume: () => {}, close: resolve });
  });
  assert.equal(closed, 4401);
});

test('windows for many IMEIs at once', async () => {
  const [one, two] = [await addDevice(), await addDevice()];
  const { status, json } = await server.ask('openEnrolmentWindows', {
    body: { imeis: [one.imei, two.imei, '999999999999999'], minutes: 10 },
  });
  assert.equal(status, 201);
  assert.deepEqual(
    json.opened.map(({ deviceId }) => deviceId),
    [one.id, two.id],
  );
  assert.deepEqual(json.unknown, ['999999999999999']);
  assert.equal((await server.ask('readDevice', { id: two.id })).json.enrolmentWindowUntil, json.until);
});

test('a pin is written as openssl prints it, and read back in one form', async () => {
  const device = await addDevice();
  const sha256 = Array.from({ length: 32 }, () => 'AB').join(':');
  const { status, json } = await server.ask('pinCertificate', { id: device.id, body: { sha256 } });
  assert.deepEqual([status, json.certificateSha256], [200, 'ab'.repeat(32)]);
  assert.equal((await server.ask('unpinCertificate', { id: device.id })).status, 204);
  assert.equal((await server.ask('readDevice', { id: device.id })).json.certificateSha256, null);
  assert.equal((await server.ask('pinCertificate', { id: device.id, body: { sha256: 'AB' } })).problem?.field, 'sha256');
  const bare = await server.call('POST', '/v1/devices/token');
  assert.equal(bare.problem?.code, 'unauthorized', 'there is no certificate without TLS');
});

test('CSV: made, found again, wrong, each with its line; the answer fits the contract', async () => {
  const rows = Array.from({ length: 3 }, () => [newImei(), newVin()]);
  const text = [
    '\uFEFFIMEI;VIN;Customer;Plate;GrossWeightKg',
    `${rows[0]?.join(';')};"Acme; Berlin";"B ""1""";690`,
    '',
    `${rows[1]?.join(';')};"Acme; Berlin";;heavy`,
    `${rows[2]?.join(';')};"Acme; Berlin";;`,
  ].join('\r\n');
  const first = await sendCsv(text);
  assert.equal(first.status, 200);
  const { made, found, wrong, lines } = first.body;
  assert.deepEqual([made, found, wrong], [2, 0, 1]);
  assert.deepEqual(
    lines.map(({ line, outcome }) => [line, outcome]),
    [
      [2, 'made'],
      [4, 'wrong'],
      [5, 'made'],
    ],
  );
  assert.deepEqual(lines[1]?.problems, [
    { field: 'grossWeightKg', value: 'heavy', expected: lines[1]?.problems?.[0]?.expected as string },
  ]);
  await logIn({ imei: rows[0]?.[0] as string, secret: lines[0]?.secret as string });
  const vehicle = await server.ask('readVehicle', { id: lines[0]?.vehicleId as string });
  assert.deepEqual([vehicle.json.plate, vehicle.json.customer], ['B "1"', 'Acme; Berlin']);
  const again = await sendCsv(text.replace('"B ""1"""', 'other'));
  assert.deepEqual([again.body.made, again.body.found, again.body.wrong], [0, 2, 1]);
  assert.deepEqual([again.body.lines[0]?.secret, again.body.lines[0]?.differs], [undefined, ['plate']]);
});

test('CSV: a dry run, and windows instead of secrets', async () => {
  const imei = newImei();
  const text = `imei,vin,customer\n${imei},${newVin()},Acme\n`;
  const dry = await sendCsv(text, '?dryRun=true');
  assert.deepEqual([dry.body.isDryRun, dry.body.made, dry.body.lines[0]?.deviceId], [true, 1, null]);
  assert.deepEqual((await server.ask('listDevices', { query: { imei } })).json.items, []);
  const { body } = await sendCsv(text, '?secrets=window&windowMinutes=5');
  assert.deepEqual([body.lines[0]?.outcome, body.lines[0]?.secret], ['made', undefined]);
  assert.ok(Date.parse(body.lines[0]?.enrolmentWindowUntil as string) > Date.now());
  const { json } = await server.ask('fetchSecret', { body: { imei } });
  await logIn({ imei, secret: json.secret });
  assert.equal((await sendCsv(text, '?windowMinutes=5')).body.field, 'windowMinutes');
  const bare = newImei();
  const none = await sendCsv(`imei,vin,customer\n${bare},${newVin()},Acme\n`, '?secrets=none');
  assert.deepEqual(
    [none.body.made, none.body.lines[0]?.secret, none.body.lines[0]?.enrolmentWindowUntil],
    [1, undefined, undefined],
  );
  const [view] = (await server.ask('listDevices', { query: { imei: bare } })).json.items;
  assert.deepEqual([view?.secretIssuedAt, view?.enrolmentWindowUntil], [null, null]);
  assert.equal((await server.ask('login', { body: { imei: bare, secret: 'x' } })).problem?.code, 'unauthorized');
});

test('CSV that is none, too much of it, or another type is refused and nothing is stored', async () => {
  const head = 'imei,vin,customer\n';
  const good = `${newImei()},${newVin()},Acme\n`;
  const many = head + `${newImei()},${newVin()},Acme\n`.repeat(apiLimits.enrolmentCsvLinesMax + 1);
  const latin = Buffer.from(`${head}${newImei()},${newVin()},M\xfcller\n`, 'latin1');
  const cases: [string | Buffer, string, number, string][] = [
    [`${head}${good}${newImei()},"never closed`, 'text/csv', 400, 'bad_request'],
    [`imei,vin,customer,colour\n${good}`, 'text/csv', 400, 'invalid_field'],
    ['\n\n', 'text/csv', 400, 'bad_request'],
    [many, 'text/csv', 413, 'payload_too_large'],
    [Buffer.alloc(apiLimits.enrolmentCsvBytesMax + 1, 'a'), 'text/csv', 413, 'payload_too_large'],
    [latin, 'text/csv', 400, 'bad_request'],
    [head + good, 'text/csv; charset=iso-8859-1', 415, 'unsupported_media_type'],
    ['{}', 'application/json', 415, 'unsupported_media_type'],
    [head + good, 'text/plain', 415, 'unsupported_media_type'],
  ];
  const totalBefore = (await server.ask('countVehicles')).json.total;
  for (const [text, type, status, code] of cases) {
    const answer = await sendCsv(text, '', type);
    assert.deepEqual([answer.status, answer.body.code], [status, code], `${type} ${text.toString().slice(0, 60)}`);
  }
  const json = await fetch(`${server.origin}/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'text/csv' },
    body: 'name\nx',
  });
  assert.equal(json.status, 415, 'other routes want JSON as before');
  assert.equal((await server.ask('countVehicles')).json.total, totalBefore);
  const stranger = await fetch(`${server.origin}/v1/enrolments/csv`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: head,
  });
  assert.equal(stranger.status, 401);
});

test('logins and fetches of any shape are answered with a problem, never with an error of ours', async () => {
  const known = await addDevice();
  const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.constant(known.imei), fc.constant(known.secret));
  const body = fc.oneof(
    fc.record({ imei: value, secret: value }, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom('imei', 'secret', '__proto__', 'constructor', 'x'), value),
    value,
  );
  const allowed = new Set([200, 400, 401, 413, 415, 429]);
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom('/v1/devices/login', '/v1/device-enrolments'), async (sent, path) => {
      const answer = await server.call('POST', path, sent, { authorization: '' });
      assert.ok(allowed.has(answer.status), `${answer.status} to ${JSON.stringify(sent)}`);
      const isRight = (sent as Record<string, unknown> | null)?.['secret'] === known.secret;
      if (!isRight) assert.ok(answer.problem, `${answer.status} to ${JSON.stringify(sent)}`);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300) },
  );
  await logIn(known);
});

test('files of any shape are answered line by line or refused, never with an error of ours', async () => {
  const heads = [
    'imei,vin,customer',
    'imei;vin;customer;groups;tirePlacardKpa;from',
    'customer\tvin\timei\tnote\tgrossWeightKg\tkind',
  ];
  const unit = fc.constantFrom(
    'a',
    '0',
    '350000000000001',
    ',',
    ';',
    '\t',
    '"',
    '\n',
    '\r\n',
    '|',
    '\u0000',
    '\uFEFF',
    '\u202E',
    'cus_',
    '🚗',
  );
  const text = fc
    .tuple(fc.constantFrom(...heads, ''), fc.string({ unit, maxLength: 60 }))
    .map(([head, rest]) => `${head}\n${rest}`);
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('', '?dryRun=true', '?secrets=window'), async (sent, query) => {
      const { status, body } = await sendCsv(sent, query);
      assert.ok(status === 200 || status === 400, `${status} to ${JSON.stringify(sent)}`);
      if (status === 200) assert.equal(body.made + body.found + body.wrong, body.lines.length);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 200) },
  );
});

test('bytes that are no JSON are answered with a problem, too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const response = await fetch(`${server.origin}/v1/devices/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(bytes),
      });
      assert.ok([400, 401, 413, 415, 429].includes(response.status), String(response.status));
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      await response.arrayBuffer();
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 200) },
  );
});

test('too many IMEIs are tried out: refused, also when one of them has an open window', async () => {
  const device = await addDevice();
  await server.ask('openEnrolmentWindow', { id: device.id, body: {} });
  let refused = await server.ask('fetchSecret', { body: { imei: newImei() } });
  for (let tries = 0; refused.status === 401 && tries < 50; tries++)
    refused = await server.ask('fetchSecret', { body: { imei: newImei() } });
  assert.equal(refused.problem?.code, 'too_many_failures');
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal((await server.ask('fetchSecret', { body: { imei: device.imei } })).problem?.code, 'too_many_failures');
  assert.ok((await server.ask('readDevice', { id: device.id })).json.enrolmentWindowUntil, 'the window is as it was');
});
