import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { after, before, test } from 'node:test';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { closeCodes } from '@milepost/contract';
import { ApiError, DeviceClient, type TlsCredentials, type Way } from '@milepost/sdk';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import type { TestCertificate } from '../protocols/testing/certificates.ts';
import { type EnrolledDevice, openTlsServer, operatorToken, type TlsServer, until, writeTlsFiles } from './testing/tls-server.ts';

const hourMs = 3_600_000;
const heartbeat = { samples: [] };

let tls: TlsServer;
before(async () => {
  tls = await openTlsServer();
});
after(() => tls?.close());

const reportsOf = async (vehicleId: string): Promise<number> => {
  const { times } = await tls.operator.call('readHistory', { id: vehicleId, query: { signals: 'Vehicle.Speed' } });
  return times.length;
};

/** A heartbeat on a connection of its own, which takes up a session when it is given one. */
const reportBy = async (
  own: TlsCredentials,
  session?: Buffer,
): Promise<{ isReused: boolean; session: Buffer; answer: string }> => {
  const { port, hostname } = new URL(tls.origin);
  const socket = connectTls({ host: hostname, port: Number(port), ...(own as object), ...(session ? { session } : {}) });
  let kept: Buffer | undefined;
  socket.on('session', (one: Buffer) => {
    kept = one;
  });
  await once(socket, 'secureConnect');
  const isReused = socket.isSessionReused();
  const body = JSON.stringify(heartbeat);
  const head = `POST /v1/telemetry HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.write(`${head}\r\nConnection: close\r\n\r\n${body}`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return { isReused, session: kept as Buffer, answer };
};

for (const way of ['websocket', 'http', 'mqtt'] satisfies Way[]) {
  test(`by ${way}: a certificate alone lets a device in, and what it sends is stored`, async () => {
    const device = await tls.addDevice();
    const options = { imei: device.imei, tls: tls.credentialsOf(await tls.certificateFor(device.imei)), way };
    const client = tls.clientOf(options);
    const now = Date.now();
    for (let i = 0; i < 5; i++) client.send([{ time: now - 10_000 + i * 1000, signals: { 'Vehicle.Speed': i } }]);
    client.start();
    await until('all is acknowledged', () => client.unacknowledged === 0);
    assert.equal(await reportsOf(device.vehicleId), 5);
    await tls.operator.revokeDevice(device.id);
    if (way === 'http') client.send([]);
    await until('it knows that it was revoked', () => client.state === 'stopped');
    await client.goodbye();
    const again = tls.clientOf(options);
    again.send([]);
    again.start();
    await until('it is told so again', () => again.state === 'stopped');
  });

  test(`by ${way}: a secret and the CA of the server do as well, with TLS`, async () => {
    const device = await tls.addDevice();
    const client = tls.clientOf({ imei: device.imei, secret: device.secret, tls: { ca: tls.serverCa.certificate }, way });
    client.send([{ time: Date.now(), signals: { 'Vehicle.Speed': 1 } }]);
    client.start();
    await until('all is acknowledged', () => client.unacknowledged === 0);
    await client.goodbye();
    assert.equal(await reportsOf(device.vehicleId), 1);
  });
}

test('a certificate that does not count is refused on every way in, with the reason', async () => {
  const device = await tls.addDevice();
  const nobody = '359999999999999';
  const now = Date.now();
  const cases: [string, TestCertificate, RegExp][] = [
    ['of another CA', await tls.certificateFor(device.imei, tls.strangerCa), /no CA of this server/],
    ['expired', await tls.deviceCa.issue({ subject: `CN=${device.imei}`, notAfterMs: now - hourMs }), /its time is over/],
    [
      'not yet valid',
      await tls.deviceCa.issue({ subject: `CN=${device.imei}`, notBeforeMs: now + hourMs, notAfterMs: now + 2 * hourMs }),
      /has not begun/,
    ],
    ['for servers', await tls.deviceCa.issue({ subject: `CN=${device.imei}`, usage: 'server' }), /no CA of this server/],
    ['without an IMEI', await tls.deviceCa.issue({ subject: 'CN=somebody' }), /names no IMEI/],
    [
      'with two IMEIs',
      await tls.deviceCa.issue({ subject: `CN=${device.imei}`, uris: ['urn:gsma:imei:35999999-999999-9'] }),
      /more than one/,
    ],
    ['of nobody', await tls.certificateFor(nobody), /no device has/],
  ];
  for (const [name, certificate, words] of cases) {
    const heard = await tls.receptionOf(tls.credentialsOf(certificate));
    assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['certificate_refused', 'certificate_refused', 0x87], name);
    assert.match(heard.words, words, name);
  }
  const bare = await tls.receptionOf({ ca: tls.serverCa.certificate });
  assert.deepEqual([bare.http, bare.websocket, bare.mqtt], ['unauthorized', 'unauthorized', 0x86], 'no certificate and no token');
  // A token does not help who shows a certificate that does not count.
  const login = await tls.operator.call('login', { body: { imei: device.imei, secret: device.secret } });
  const stranger = tls.credentialsOf(await tls.certificateFor(device.imei, tls.strangerCa));
  const answer = await tls.ask('/v1/telemetry', stranger, { body: heartbeat, bearer: login.token });
  assert.equal(answer.json.code, 'certificate_refused');
});

test('the IMEI may stand in the alternative names; a common name that is none does no harm', async () => {
  const device = await tls.addDevice();
  const urn = `urn:gsma:imei:${device.imei.slice(0, 8)}-${device.imei.slice(8, 14)}-${device.imei.slice(14)}`;
  const certificate = await tls.deviceCa.issue({
    subject: 'CN=tracker',
    uris: ['https://example.org', urn],
    dns: ['tracker.example'],
  });
  const heard = await tls.receptionOf(tls.credentialsOf(certificate));
  assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['let in', 'let in', 'let in']);
});

test('a token beside a certificate, a user name and topics must be of the same device', async () => {
  const [device, other] = [await tls.addDevice(), await tls.addDevice()];
  const own = tls.credentialsOf(await tls.certificateFor(device.imei));
  const logIn = async ({ imei, secret }: EnrolledDevice): Promise<string> =>
    (await tls.operator.call('login', { body: { imei, secret } })).token;
  const [ownToken, othersToken] = [await logIn(device), await logIn(other)];
  assert.equal((await tls.ask('/v1/telemetry', own, { body: heartbeat, bearer: ownToken })).status, 200);
  const mixed = await tls.ask('/v1/telemetry', own, { body: heartbeat, bearer: othersToken });
  assert.deepEqual([mixed.status, mixed.json.code], [403, 'forbidden']);
  assert.equal((await tls.receptionOf(own, device.imei)).mqtt, 'let in');
  assert.equal((await tls.receptionOf(own, other.imei)).mqtt, 0x86);

  const client = await mqtt.connectAsync(tls.mqttOrigin, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...(own as object),
  });
  const said = new Promise<{ reasonCode?: number | undefined }>((resolve) => client.on('disconnect', resolve));
  client.publish(`milepost/v1/${other.imei}/telemetry`, '{"boot":1,"seq":1,"samples":[]}', { qos: 1 });
  assert.equal((await said).reasonCode, 0x87);
  client.end(true);
});

test('a pinned certificate is the only one that counts; pinning another cuts and refuses the one before', async () => {
  const device = await tls.addDevice();
  const [first, second] = [await tls.certificateFor(device.imei), await tls.certificateFor(device.imei)];
  assert.equal((await tls.receptionOf(tls.credentialsOf(first))).http, 'let in');
  await tls.operator.call('pinCertificate', { id: device.id, body: { sha256: first.sha256 } });
  assert.equal((await tls.receptionOf(tls.credentialsOf(first))).http, 'let in');
  const heard = await tls.receptionOf(tls.credentialsOf(second));
  assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['certificate_refused', 'certificate_refused', 0x87]);
  assert.match(heard.words, /pinned/);

  const socket = new WebSocket(tls.streamAddress, tls.credentialsOf(first) as object);
  await once(socket, 'open');
  const { json } = await tls.ask('/v1/devices/token', tls.credentialsOf(first));
  const closed = once(socket, 'close');
  await tls.operator.call('pinCertificate', { id: device.id, body: { sha256: second.sha256 } });
  assert.equal((await closed)[0], closeCodes.tokenExpired);
  assert.equal((await tls.receptionOf(tls.credentialsOf(first))).http, 'certificate_refused');
  assert.equal((await tls.receptionOf(tls.credentialsOf(second))).http, 'let in');
  const stale = await tls.ask(
    '/v1/telemetry',
    { ca: tls.serverCa.certificate },
    { body: heartbeat, bearer: json.token as string },
  );
  assert.equal(stale.json.code, 'unauthorized', 'the token that the first one was given is over');
  await tls.operator.call('unpinCertificate', { id: device.id });
  assert.equal((await tls.receptionOf(tls.credentialsOf(first))).http, 'let in');
});

test('a token by certificate lets the device in without it; it ends with the certificate', async () => {
  const device = await tls.addDevice();
  const notAfterMs = Date.now() + 60_000;
  const certificate = await tls.deviceCa.issue({ subject: `CN=${device.imei}`, notAfterMs });
  const answer = await tls.ask('/v1/devices/token', tls.credentialsOf(certificate));
  assert.equal(answer.status, 200);
  const { expiresAt } = answer.json as { expiresAt?: string };
  assert.ok(Date.parse(expiresAt as string) <= notAfterMs);
  const sent = await tls.ask(
    '/v1/telemetry',
    { ca: tls.serverCa.certificate },
    { body: heartbeat, bearer: answer.json.token as string },
  );
  assert.equal(sent.status, 200);
  assert.equal((await tls.ask('/v1/devices/token', { ca: tls.serverCa.certificate })).json.code, 'unauthorized');
});

test('a socket is closed when the time of its certificate is over', async () => {
  const device = await tls.addDevice();
  const certificate = await tls.deviceCa.issue({ subject: `CN=${device.imei}`, notAfterMs: Date.now() + 2500 });
  const socket = new WebSocket(tls.streamAddress, tls.credentialsOf(certificate) as object);
  await once(socket, 'open');
  assert.equal((await once(socket, 'close'))[0], closeCodes.tokenExpired);
  assert.equal((await tls.receptionOf(tls.credentialsOf(certificate))).http, 'certificate_refused');
});

test('a session that is taken up again keeps its certificate, and what became of it counts', async () => {
  const device = await tls.addDevice();
  const own = tls.credentialsOf(await tls.certificateFor(device.imei));
  const first = await reportBy(own);
  assert.match(first.answer, /^HTTP\/1\.1 200/);
  const second = await reportBy(own, first.session);
  assert.equal(second.isReused, true);
  assert.match(second.answer, /^HTTP\/1\.1 200/);
  await tls.operator.revokeDevice(device.id);
  assert.match((await reportBy(own, second.session)).answer, /"revoked"/);
});

test('nobody becomes another device by shaking hands anew on a connection that was let in', async () => {
  const [device, victim] = [await tls.addDevice(), await tls.addDevice()];
  const own = tls.credentialsOf(await tls.certificateFor(device.imei));
  const forged = await tls.certificateFor(victim.imei, tls.strangerCa);
  const { port, hostname } = new URL(tls.origin);
  const socket = connectTls({ host: hostname, port: Number(port), maxVersion: 'TLSv1.2', ...(own as object) });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.setKeyCert(createSecureContext({ cert: forged.certificate, key: forged.key }));
  const outcome = await new Promise<string>((resolve) => {
    socket.renegotiate({}, (error) => resolve(error ? 'refused' : 'done'));
    socket.on('close', () => resolve('cut'));
  });
  socket.destroy();
  assert.notEqual(outcome, 'done');
});

test('nothing of the operator’s is on the listener of devices, and no stream but theirs', async () => {
  const own = { ca: tls.serverCa.certificate };
  for (const path of ['/v1/vehicles', '/v1/enrolments', '/v1/devices', '/metrics', '/openapi.json', '/'])
    assert.equal((await tls.ask(path, own, { body: {}, bearer: operatorToken })).json.code, 'not_found', path);
  const socket = new WebSocket(tls.streamAddress.replace('/devices', ''), own);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(response.statusCode, 404);
  socket.on('error', () => {});
  socket.terminate();
});

test('a device fetches its secret over TLS and comes in with it', async () => {
  const device = await tls.addDevice();
  const address = { server: tls.origin, imei: device.imei, tls: { ca: tls.serverCa.certificate } };
  await assert.rejects(DeviceClient.fetchSecret(address), (error) => error instanceof ApiError && error.status === 401);
  await tls.operator.call('openEnrolmentWindow', { id: device.id, body: {} });
  const secret = await DeviceClient.fetchSecret(address);
  const client = tls.clientOf({ ...address, secret });
  client.send([]);
  client.start();
  await until('it is in', () => client.unacknowledged === 0);
  await client.goodbye();
  const plain = { server: tls.server.origin, imei: device.imei };
  await assert.rejects(DeviceClient.fetchSecret(plain), (error) => error instanceof ApiError && error.status === 401);
});

test('from a line of CSV to a device that reports: nobody has seen its secret but itself', async () => {
  const imei = '357000000000017';
  const file = `imei;vin;customer;kind\r\n${imei};WVWZZZ1JZ57000001;"Acme; South";tracker\r\n`;
  const enrolled = await tls.operator.enrolCsv(file, { secrets: 'window', windowMinutes: 5 });
  assert.deepEqual([enrolled.made, enrolled.wrong, enrolled.lines[0]?.secret], [1, 0, undefined]);
  const secret = await DeviceClient.fetchSecret({ server: tls.server.origin, imei });
  const client = tls.clientOf({ imei, secret, tls: { ca: tls.serverCa.certificate } });
  client.send([{ time: Date.now(), signals: { 'Vehicle.Speed': 1 } }]);
  client.start();
  await until('it is stored', () => client.unacknowledged === 0);
  assert.equal(await reportsOf(enrolled.lines[0]?.vehicleId as string), 1);
});

test('files that change count from then on; files that do not fit together change nothing', async () => {
  const device = await tls.addDevice();
  const own = tls.credentialsOf(await tls.certificateFor(device.imei));
  const strangers = tls.credentialsOf(await tls.certificateFor(device.imei, tls.strangerCa));
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...(own as object) });
  assert.equal((await tls.ask('/v1/telemetry', own, { body: heartbeat, agent })).status, 200);

  const { session } = await reportBy(own);

  const fresh = await tls.serverCa.issue({ subject: 'CN=renewed', ip: ['127.0.0.1'], usage: 'server' });
  const subjectNow = async (): Promise<string> => {
    const { port, hostname } = new URL(tls.origin);
    const socket = connectTls({ host: hostname, port: Number(port), ca: tls.serverCa.certificate });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  };
  await writeFile(tls.fileOf('server.pem'), fresh.certificate);
  tls.lookAtFiles();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await subjectNow(), 'milepost', 'the key is still the old one');
  await writeTlsFiles(tls.fileOf, fresh, tls.strangerCa.certificate);
  tls.lookAtFiles();
  await until('the new certificate is shown', async () => (await subjectNow()) === 'renewed');
  assert.equal((await tls.receptionOf(strangers)).http, 'let in', 'the CA has changed, too');
  const heard = await tls.receptionOf(own);
  assert.deepEqual([heard.http, heard.websocket, heard.mqtt], ['certificate_refused', 'certificate_refused', 0x87]);
  const resumed = await reportBy(own, session);
  assert.equal(resumed.isReused, false);
  assert.match(resumed.answer, /"certificate_refused"/, 'a session of before does not help');
  assert.equal((await tls.ask('/v1/telemetry', own, { body: heartbeat, agent })).status, 200, 'an open connection stays');
  agent.destroy();
});

test('the server stops soon though devices are connected, with and without a word said', async () => {
  const device = await tls.addDevice();
  const own = tls.credentialsOf(await tls.certificateFor(device.imei, tls.strangerCa));
  const { port, hostname } = new URL(tls.origin);
  const idle = connectTls({ host: hostname, port: Number(port), ...(own as object) });
  idle.on('error', () => {});
  await once(idle, 'secureConnect');
  for (const way of ['websocket', 'http', 'mqtt'] satisfies Way[]) {
    const client = tls.clientOf({ imei: device.imei, tls: own, way });
    client.send([]);
    client.start();
    await until('it is in', () => client.unacknowledged === 0);
  }
  await tls.server.stop();
  idle.destroy();
});
