import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { closeCodes } from '@milepost/contract';
import type { Problem } from '@milepost/contract/api';
import { ApiError, DeviceClient, type DeviceClientOptions, OperatorClient, type TlsCredentials, type Way } from '@milepost/sdk';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import { type Clock, silentLogger, systemClock } from '../kernel/index.ts';
import { makeTestCa, type TestCa, type TestCertificate } from '../protocols/testing/certificates.ts';
import { readConfiguration } from './settings.ts';
import { type RunningServer, startServer } from './start-server.ts';
import { tlsFilesCheckMs } from './tls-files.ts';

const token = 'operator-token-of-the-tests';
const hourMs = 3_600_000;

let folder: string;
let serverCa: TestCa;
let deviceCa: TestCa;
let strangerCa: TestCa;
let server: RunningServer;
let operator: OperatorClient;
let number = 0;
/** Looks at the certificate files when the test says so, not after ten seconds. */
let lookAtFiles: () => void = () => {};

const clock: Clock = {
  ...systemClock,
  after: (delayMs, callback) => {
    if (delayMs !== tlsFilesCheckMs) return systemClock.after(delayMs, callback);
    lookAtFiles = callback;
    return () => {};
  },
};

const fileOf = (name: string): string => join(folder, name);

const writeServerFiles = async ({ certificate, key }: TestCertificate, clientCa: string): Promise<void> => {
  await Promise.all([
    writeFile(fileOf('server.pem'), certificate),
    writeFile(fileOf('server.key'), key),
    writeFile(fileOf('clients.pem'), clientCa),
  ]);
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milepost-device-tls-'));
  [serverCa, deviceCa, strangerCa] = await Promise.all([
    makeTestCa('Server CA'),
    makeTestCa('Device CA'),
    makeTestCa('Stranger CA'),
  ]);
  await writeServerFiles(
    await serverCa.issue({ subject: 'CN=milepost', ip: ['127.0.0.1'], dns: ['localhost'], usage: 'server' }),
    deviceCa.certificate,
  );
  const configuration = readConfiguration({
    MILEPOST_DATA: fileOf('data'),
    MILEPOST_PORT: '0',
    MILEPOST_MQTT_PORT: '0',
    MILEPOST_DEVICE_TLS_PORT: '0',
    MILEPOST_MQTT_TLS_PORT: '0',
    MILEPOST_DEVICE_TLS_CERTIFICATE: fileOf('server.pem'),
    MILEPOST_DEVICE_TLS_KEY: fileOf('server.key'),
    MILEPOST_DEVICE_TLS_CLIENT_CA: fileOf('clients.pem'),
    MILEPOST_OPERATOR_TOKEN: token,
    MILEPOST_DISK_RESERVE_MIB: '0',
  });
  const failed = (error: Error): void => assert.fail(error);
  server = await startServer({ configuration, clock, logger: silentLogger, isDemo: false, failed });
  operator = new OperatorClient(server.origin, token);
});
const clients: DeviceClient[] = [];
const clientOf = (options: DeviceClientOptions): DeviceClient => {
  const client = new DeviceClient(options);
  clients.push(client);
  return client;
};

after(async () => {
  await Promise.all(clients.map((client) => client.goodbye()));
  await server?.stop();
  await rm(folder, { recursive: true });
});

interface TestDevice {
  readonly id: string;
  readonly vehicleId: string;
  readonly imei: string;
  readonly secret: string;
}

const addDevice = async (): Promise<TestDevice> => {
  number++;
  const vehicle = await operator.createVehicle({ vin: `WVWZZZ1JZ${String(number).padStart(8, '0')}`, customer: 'Demo' });
  const imei = String(350_000_000_000_000 + number);
  const { id, secret } = await operator.createDevice({ imei, vehicleId: vehicle.id });
  return { id, vehicleId: vehicle.id, imei, secret };
};

const credentialsOf = ({ certificate, key }: TestCertificate): TlsCredentials => ({
  cert: certificate,
  key,
  ca: serverCa.certificate,
});
const certificateFor = (imei: string, ca = deviceCa): Promise<TestCertificate> => ca.issue({ subject: `CN=${imei}` });

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

interface Answer {
  readonly status: number;
  readonly json: Partial<Problem> & { readonly token?: string; readonly stored?: number };
}

const ask = (
  path: string,
  tls: TlsCredentials,
  { body, bearer, agent }: { body?: object; bearer?: string; agent?: Agent } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const options = { method: 'POST', headers, ...(tls as object), agent: agent ?? false };
    const sent = request(`${server.deviceTlsOrigin}${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, json: text === '' ? {} : (JSON.parse(text) as Answer['json']) }),
      );
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });

const heartbeat = { body: { samples: [] } };

/** What a device with this certificate hears on each way in: a code of the contract, or MQTT's reason. */
const refusals = async (
  tls: TlsCredentials,
  username = '',
): Promise<{ http: unknown; websocket: unknown; mqtt: unknown; words: string }> => {
  const { json } = await ask('/v1/telemetry', tls, heartbeat);
  const socket = new WebSocket(`${server.deviceTlsOrigin?.replace('https', 'wss')}/v1/devices/stream`, tls as object);
  const websocket = await new Promise((resolve) => {
    socket.on('open', () => resolve('let in'));
    socket.on('unexpected-response', (_request, response) => {
      response.setEncoding('utf8').once('data', (text: string) => resolve((JSON.parse(text) as Problem).code));
    });
  });
  socket.on('error', () => {});
  socket.terminate();
  const client = mqtt.connect(`${server.mqttTlsOrigin}`, {
    protocolVersion: 5,
    username,
    reconnectPeriod: 0,
    ...(tls as object),
  });
  const mqttReason = await new Promise((resolve) => {
    client.on('connect', () => resolve('let in'));
    client.on('error', (error) => resolve((error as { code?: number }).code ?? error.message));
  });
  client.end(true);
  return { http: json.code ?? 'let in', websocket, mqtt: mqttReason, words: json.detail ?? '' };
};

const reportsOf = async (vehicleId: string): Promise<number> => {
  const { times } = await operator.call('readHistory', { id: vehicleId, query: { signals: 'Vehicle.Speed' } });
  return times.length;
};

for (const way of ['websocket', 'http', 'mqtt'] satisfies Way[]) {
  test(`by ${way}: a certificate alone lets a device in, and what it sends is stored`, async () => {
    const device = await addDevice();
    const options: DeviceClientOptions = {
      server: server.deviceTlsOrigin as string,
      mqttServer: server.mqttTlsOrigin as string,
      imei: device.imei,
      tls: credentialsOf(await certificateFor(device.imei)),
      way,
    };
    const client = clientOf(options);
    const now = Date.now();
    for (let i = 0; i < 5; i++) client.send([{ time: now - 10_000 + i * 1000, signals: { 'Vehicle.Speed': i } }]);
    client.start();
    await until('all is acknowledged', () => client.unacknowledged === 0);
    assert.equal(await reportsOf(device.vehicleId), 5);
    await operator.revokeDevice(device.id);
    if (way === 'http') client.send([]);
    await until('it knows that it was revoked', () => client.state === 'stopped');
    await client.goodbye();
    const again = clientOf(options);
    again.send([]);
    again.start();
    await until('it is told so again', () => again.state === 'stopped');
  });

  test(`by ${way}: a secret and the CA of the server do as well, with TLS`, async () => {
    const device = await addDevice();
    const client = clientOf({
      server: server.deviceTlsOrigin as string,
      mqttServer: server.mqttTlsOrigin as string,
      imei: device.imei,
      secret: device.secret,
      tls: { ca: serverCa.certificate },
      way,
    });
    client.send([{ time: Date.now(), signals: { 'Vehicle.Speed': 1 } }]);
    client.start();
    await until('all is acknowledged', () => client.unacknowledged === 0);
    await client.goodbye();
    assert.equal(await reportsOf(device.vehicleId), 1);
  });
}

test('a certificate that does not count is refused on every way in, with the reason', async () => {
  const device = await addDevice();
  const nobody = '359999999999999';
  const now = Date.now();
  const cases: [string, TestCertificate, RegExp][] = [
    ['of another CA', await certificateFor(device.imei, strangerCa), /no CA of this server/],
    ['expired', await deviceCa.issue({ subject: `CN=${device.imei}`, notAfterMs: now - hourMs }), /its time is over/],
    [
      'not yet valid',
      await deviceCa.issue({ subject: `CN=${device.imei}`, notBeforeMs: now + hourMs, notAfterMs: now + 2 * hourMs }),
      /has not begun/,
    ],
    ['for servers', await deviceCa.issue({ subject: `CN=${device.imei}`, usage: 'server' }), /no CA of this server/],
    ['without an IMEI', await deviceCa.issue({ subject: 'CN=somebody' }), /names no IMEI/],
    [
      'with two IMEIs',
      await deviceCa.issue({ subject: `CN=${device.imei}`, uris: ['urn:gsma:imei:35999999-999999-9'] }),
      /more than one/,
    ],
    ['of nobody', await certificateFor(nobody), /no device has/],
  ];
  for (const [name, certificate, words] of cases) {
    const heard = await refusals(credentialsOf(certificate));
    assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['certificate_refused', 'certificate_refused', 0x87], name);
    assert.match(heard.words, words, name);
  }
  const bare = await refusals({ ca: serverCa.certificate });
  assert.deepEqual([bare.http, bare.websocket, bare.mqtt], ['unauthorized', 'unauthorized', 0x86], 'no certificate and no token');
  // A token does not help who shows a certificate that does not count.
  const login = await operator.call('login', { body: { imei: device.imei, secret: device.secret } });
  const stranger = credentialsOf(await certificateFor(device.imei, strangerCa));
  const answer = await ask('/v1/telemetry', stranger, { ...heartbeat, bearer: login.token });
  assert.equal(answer.json.code, 'certificate_refused');
});

test('the IMEI may stand in the alternative names; a common name that is none does no harm', async () => {
  const device = await addDevice();
  const urn = `urn:gsma:imei:${device.imei.slice(0, 8)}-${device.imei.slice(8, 14)}-${device.imei.slice(14)}`;
  const certificate = await deviceCa.issue({
    subject: 'CN=tracker',
    uris: ['https://example.org', urn],
    dns: ['tracker.example'],
  });
  const heard = await refusals(credentialsOf(certificate));
  assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['let in', 'let in', 'let in']);
});

test('a token beside a certificate, a user name and topics must be of the same device', async () => {
  const [device, other] = [await addDevice(), await addDevice()];
  const tls = credentialsOf(await certificateFor(device.imei));
  const logIn = async ({ imei, secret }: TestDevice): Promise<string> =>
    (await operator.call('login', { body: { imei, secret } })).token;
  const [own, others] = [await logIn(device), await logIn(other)];
  assert.equal((await ask('/v1/telemetry', tls, { ...heartbeat, bearer: own })).status, 200);
  const mixed = await ask('/v1/telemetry', tls, { ...heartbeat, bearer: others });
  assert.deepEqual([mixed.status, mixed.json.code], [403, 'forbidden']);
  assert.equal((await refusals(tls, device.imei)).mqtt, 'let in');
  assert.equal((await refusals(tls, other.imei)).mqtt, 0x86);

  const client = await mqtt.connectAsync(server.mqttTlsOrigin as string, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...(tls as object),
  });
  const said = new Promise<{ reasonCode?: number | undefined }>((resolve) => client.on('disconnect', resolve));
  client.publish(`milepost/v1/${other.imei}/telemetry`, '{"boot":1,"seq":1,"samples":[]}', { qos: 1 });
  assert.equal((await said).reasonCode, 0x87);
  client.end(true);
});

test('a pinned certificate is the only one that counts; pinning another cuts and refuses the one before', async () => {
  const device = await addDevice();
  const [first, second] = [await certificateFor(device.imei), await certificateFor(device.imei)];
  assert.equal((await refusals(credentialsOf(first))).http, 'let in');
  await operator.call('pinCertificate', { id: device.id, body: { sha256: first.sha256 } });
  assert.equal((await refusals(credentialsOf(first))).http, 'let in');
  const heard = await refusals(credentialsOf(second));
  assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['certificate_refused', 'certificate_refused', 0x87]);
  assert.match(heard.words, /pinned/);

  const socket = new WebSocket(
    `${server.deviceTlsOrigin?.replace('https', 'wss')}/v1/devices/stream`,
    credentialsOf(first) as object,
  );
  await once(socket, 'open');
  const { json } = await ask('/v1/devices/token', credentialsOf(first));
  const closed = once(socket, 'close');
  await operator.call('pinCertificate', { id: device.id, body: { sha256: second.sha256 } });
  assert.equal((await closed)[0], closeCodes.tokenExpired);
  assert.equal((await refusals(credentialsOf(first))).http, 'certificate_refused');
  assert.equal((await refusals(credentialsOf(second))).http, 'let in');
  const stale = await ask('/v1/telemetry', { ca: serverCa.certificate }, { ...heartbeat, bearer: json.token as string });
  assert.equal(stale.json.code, 'unauthorized', 'the token that the first one was given is over');
  await operator.call('unpinCertificate', { id: device.id });
  assert.equal((await refusals(credentialsOf(first))).http, 'let in');
});

test('a token by certificate lets the device in without it; it ends with the certificate', async () => {
  const device = await addDevice();
  const notAfterMs = Date.now() + 60_000;
  const certificate = await deviceCa.issue({ subject: `CN=${device.imei}`, notAfterMs });
  const answer = await ask('/v1/devices/token', credentialsOf(certificate));
  assert.equal(answer.status, 200);
  const { expiresAt } = answer.json as { expiresAt?: string };
  assert.ok(Date.parse(expiresAt as string) <= notAfterMs);
  const sent = await ask('/v1/telemetry', { ca: serverCa.certificate }, { ...heartbeat, bearer: answer.json.token as string });
  assert.equal(sent.status, 200);
  assert.equal((await ask('/v1/devices/token', { ca: serverCa.certificate })).json.code, 'unauthorized');
});

test('a socket is closed when the time of its certificate is over', async () => {
  const device = await addDevice();
  const certificate = await deviceCa.issue({ subject: `CN=${device.imei}`, notAfterMs: Date.now() + 2500 });
  const socket = new WebSocket(
    `${server.deviceTlsOrigin?.replace('https', 'wss')}/v1/devices/stream`,
    credentialsOf(certificate) as object,
  );
  await once(socket, 'open');
  assert.equal((await once(socket, 'close'))[0], closeCodes.tokenExpired);
  assert.equal((await refusals(credentialsOf(certificate))).http, 'certificate_refused');
});

test('a session that is taken up again keeps its certificate, and what became of it counts', async () => {
  const device = await addDevice();
  const tls = credentialsOf(await certificateFor(device.imei));
  const { port, hostname } = new URL(server.deviceTlsOrigin as string);
  const open = async (session?: Buffer): Promise<{ isReused: boolean; session: Buffer; answer: string }> => {
    const socket = connectTls({ host: hostname, port: Number(port), ...(tls as object), ...(session ? { session } : {}) });
    let kept: Buffer | undefined;
    socket.on('session', (one: Buffer) => {
      kept = one;
    });
    await once(socket, 'secureConnect');
    const isReused = socket.isSessionReused();
    const body = JSON.stringify(heartbeat.body);
    socket.write(
      `POST /v1/telemetry HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return { isReused, session: kept as Buffer, answer };
  };
  const first = await open();
  assert.match(first.answer, /^HTTP\/1\.1 200/);
  const second = await open(first.session);
  assert.equal(second.isReused, true);
  assert.match(second.answer, /^HTTP\/1\.1 200/);
  await operator.revokeDevice(device.id);
  assert.match((await open(second.session)).answer, /"revoked"/);
});

test('nothing of the operator’s is on the listener of devices, and no stream but theirs', async () => {
  const tls = { ca: serverCa.certificate };
  for (const path of ['/v1/vehicles', '/v1/enrolments', '/v1/devices', '/metrics', '/openapi.json', '/'])
    assert.equal((await ask(path, tls, { body: {}, bearer: token })).json.code, 'not_found', path);
  const socket = new WebSocket(`${server.deviceTlsOrigin?.replace('https', 'wss')}/v1/stream`, tls);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(response.statusCode, 404);
  socket.on('error', () => {});
  socket.terminate();
});

test('a device fetches its secret over TLS and comes in with it', async () => {
  const device = await addDevice();
  const address = { server: server.deviceTlsOrigin as string, imei: device.imei, tls: { ca: serverCa.certificate } };
  await assert.rejects(DeviceClient.fetchSecret(address), (error) => error instanceof ApiError && error.status === 401);
  await operator.call('openEnrolmentWindow', { id: device.id, body: {} });
  const secret = await DeviceClient.fetchSecret(address);
  const client = clientOf({ ...address, secret });
  client.send([]);
  client.start();
  await until('it is in', () => client.unacknowledged === 0);
  await client.goodbye();
  const plain = { server: server.origin, imei: device.imei };
  await assert.rejects(DeviceClient.fetchSecret(plain), (error) => error instanceof ApiError && error.status === 401);
});

test('files that change count from then on; files that do not fit together change nothing', async () => {
  const device = await addDevice();
  const tls = credentialsOf(await certificateFor(device.imei));
  const strangers = credentialsOf(await certificateFor(device.imei, strangerCa));
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...(tls as object) });
  assert.equal((await ask('/v1/telemetry', tls, { ...heartbeat, agent })).status, 200);

  const fresh = await serverCa.issue({ subject: 'CN=renewed', ip: ['127.0.0.1'], usage: 'server' });
  const subjectNow = async (): Promise<string> => {
    const { port, hostname } = new URL(server.deviceTlsOrigin as string);
    const socket = connectTls({ host: hostname, port: Number(port), ca: serverCa.certificate });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  };
  await writeFile(fileOf('server.pem'), fresh.certificate);
  lookAtFiles();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await subjectNow(), 'milepost', 'the key is still the old one');
  await writeServerFiles(fresh, strangerCa.certificate);
  lookAtFiles();
  await until('the new certificate is shown', async () => (await subjectNow()) === 'renewed');
  assert.equal((await refusals(strangers)).http, 'let in', 'the CA has changed, too');
  const heard = await refusals(tls);
  assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['certificate_refused', 'certificate_refused', 0x87]);
  assert.equal((await ask('/v1/telemetry', tls, { ...heartbeat, agent })).status, 200, 'an open connection stays');
  agent.destroy();
});

test('the server stops soon though devices are connected, with and without a word said', async () => {
  const device = await addDevice();
  const tls = credentialsOf(await certificateFor(device.imei, strangerCa));
  const { port, hostname } = new URL(server.deviceTlsOrigin as string);
  const idle = connectTls({ host: hostname, port: Number(port), ...(tls as object) });
  idle.on('error', () => {});
  await once(idle, 'secureConnect');
  for (const way of ['websocket', 'http', 'mqtt'] satisfies Way[]) {
    const origins = { server: server.deviceTlsOrigin as string, mqttServer: server.mqttTlsOrigin as string };
    const client = clientOf({ ...origins, imei: device.imei, tls, way });
    client.send([]);
    client.start();
    await until('it is in', () => client.unacknowledged === 0);
  }
  const startedAt = performance.now();
  await server.stop();
  assert.ok(performance.now() - startedAt < 8000);
  idle.destroy();
});
