import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { closeCodes } from '@milepost/contract';
import { type WebSocket, WebSocketServer } from 'ws';
import { systemClientClock } from './clock.ts';
import { DeviceClient, type DeviceClientOptions } from './device-client.ts';

interface Received {
  readonly boot?: number;
  readonly seq?: number;
  readonly goodbye?: boolean;
  readonly token?: string;
}

/** What the server does is set by each test; it is a real HTTP and WebSocket server. */
let server: Server;
let sockets: WebSocketServer;
let origin = '';
let logins = 0;
let tokenLifeMs = 3_600_000;
let refusals: { status: number; retryAfter?: string }[] = [];
let received: Received[] = [];
let onReport: (socket: WebSocket, message: Received) => void = () => {};
let clients: DeviceClient[] = [];

beforeEach(async () => {
  logins = 0;
  tokenLifeMs = 3_600_000;
  refusals = [];
  received = [];
  clients = [];
  onReport = (socket, { boot, seq }) => socket.send(JSON.stringify({ boot, ack: seq, serverTime: new Date().toISOString() }));
  server = createServer((request, response) => {
    request.resume();
    logins++;
    const refusal = refusals.shift();
    if (refusal) {
      response.writeHead(refusal.status, refusal.retryAfter ? { 'retry-after': refusal.retryAfter } : {});
      response.end('{"code":"overloaded","title":"x"}');
      return;
    }
    const now = Date.now();
    const [expiresAt, serverTime] = [new Date(now + tokenLifeMs).toISOString(), new Date(now).toISOString()];
    response.end(JSON.stringify({ token: `token-${logins}`, expiresAt, serverTime }));
  });
  sockets = new WebSocketServer({ server, path: '/v1/devices/stream' });
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString('utf8')) as Received;
      received.push(message);
      if (message.seq !== undefined) onReport(socket, message);
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.goodbye()));
  for (const socket of sockets.clients) socket.terminate();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const until = async (isTrue: () => boolean): Promise<void> => {
  const deadline = Date.now() + 30_000;
  while (!isTrue()) {
    assert.ok(Date.now() < deadline, 'what was waited for did not happen within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Waits of any length are over after 1 ms; they are written down. */
const makeClient = (options: Partial<DeviceClientOptions> = {}) => {
  const waits: number[] = [];
  const clock = {
    now: () => Date.now(),
    after: (delayMs: number, callback: () => void) => {
      if (delayMs > 0 && delayMs < 200_000) waits.push(delayMs);
      const isWatch = delayMs === 15_000 || delayMs === 1000;
      const timer = setTimeout(callback, isWatch ? delayMs : Math.min(delayMs, delayMs > 200_000 ? delayMs : 1));
      return () => clearTimeout(timer);
    },
  };
  const client = new DeviceClient({ server: origin, imei: '1', secret: 's', boot: 9, clock, random: () => 0.5, ...options });
  clients.push(client);
  return { client, waits };
};

test('reports are acknowledged and leave the buffer', async () => {
  const acks: number[] = [];
  const { client } = makeClient({ onAck: (seq) => acks.push(seq) });
  client.send([{ time: 1, signals: {} }]);
  client.start();
  await until(() => acks.includes(1));
  client.send([]);
  await until(() => acks.includes(2));
  assert.equal(client.unacknowledged, 0);
  assert.equal(await client.goodbye(), 0);
  assert.equal(received.at(-1)?.goodbye, true);
  assert.equal(client.send([]).ok, false);
});

test('what was not acknowledged comes again in order, with the same boot and seq, after the connection was lost', async () => {
  const acknowledge = onReport;
  onReport = (socket, message) => {
    if (message.seq !== 3) return;
    onReport = acknowledge;
    socket.terminate();
  };
  const { client } = makeClient();
  for (let i = 0; i < 3; i++) client.send([]);
  client.start();
  await until(() => client.unacknowledged === 0);
  assert.deepEqual(
    received.map(({ boot, seq }) => [boot, seq]),
    [1, 2, 3, 1, 2, 3].map((seq) => [9, seq]),
  );
  assert.equal(logins, 1, 'the token is used again');
});

test('Retry-After of a refused login is honoured', async () => {
  refusals = [{ status: 503, retryAfter: '40' }];
  const { client, waits } = makeClient();
  client.start();
  await until(() => client.state === 'open');
  assert.ok(
    waits.some((ms) => ms === 42_000),
    `waited ${waits.join(', ')}`,
  );
});

test('a wrong secret and a revoked device end the client for good', async () => {
  refusals = [{ status: 401 }];
  const wrong = makeClient().client;
  wrong.start();
  await until(() => wrong.state === 'stopped');
  assert.equal(logins, 1);
  onReport = (socket) => socket.close(closeCodes.revoked);
  const revoked = makeClient().client;
  revoked.send([]);
  revoked.start();
  await until(() => revoked.state === 'stopped');
});

test('after 4401 it logs in anew', async () => {
  const acknowledge = onReport;
  onReport = (socket) => {
    onReport = acknowledge;
    socket.close(closeCodes.tokenExpired);
  };
  const { client } = makeClient();
  client.send([]);
  client.start();
  await until(() => client.unacknowledged === 0);
  assert.equal(logins, 2);
});

test('a token is renewed in band before it expires', async () => {
  tokenLifeMs = 1250;
  const { client } = makeClient({ clock: systemClientClock });
  client.start();
  await until(() => received.some((message) => message.token === 'token-2'));
  assert.equal(client.state, 'open');
});
