import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { silentLogger, systemClock } from '../../kernel/index.ts';
import type { DeviceGate } from '../types.ts';
import { type DeviceWebSockets, listenDeviceWebSockets } from './listen-websocket.ts';

/** Admission that waits until the test says so, as one that asks a database would. */
let admit: PromiseWithResolvers<Awaited<ReturnType<DeviceGate['admit']>>>;
let asked: PromiseWithResolvers<undefined>;
const gate: DeviceGate = {
  admit: () => {
    asked.resolve(undefined);
    return admit.promise;
  },
};
const session = { received: () => {}, receivedFrame: () => {}, saidGoodbye: () => {}, closed: () => {} };
const server = createServer();
let port: number;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
after(() => server.close());

const listen = (): DeviceWebSockets => {
  const sockets = listenDeviceWebSockets({ gate, clock: systemClock, logger: silentLogger });
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head));
  admit = Promise.withResolvers();
  asked = Promise.withResolvers();
  return sockets;
};

const upgrade = (): net.Socket => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `GET /v1/devices/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bWlsZXBvc3QtdGVzdC0tLQ==\r\nAuthorization: Bearer t\r\n\r\n`,
  );
  return socket;
};

test('a connection that is reset while it waits to be admitted harms nobody', async () => {
  const sockets = listen();
  const socket = upgrade();
  await asked.promise;
  socket.resetAndDestroy();
  await once(socket, 'close');
  admit.resolve(() => session);
  const next = upgrade();
  const [answer] = (await once(next, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 101 /);
  next.destroy();
  await sockets.close();
});

test('who is admitted after the listener was closed is refused', async () => {
  const sockets = listen();
  const socket = upgrade();
  await asked.promise;
  await sockets.close();
  admit.resolve(() => session);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 503 /);
  assert.equal(sockets.connections(), 0);
  socket.destroy();
});
