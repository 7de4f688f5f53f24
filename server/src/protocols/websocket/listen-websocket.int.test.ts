import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Clock, makeManualClock, silentLogger, systemClock } from '../../kernel/index.ts';
import { listenerLimits } from '../limits.ts';
import { decodeFrames, encodeFrame } from '../testing/frames.ts';
import type { DeviceGate, DeviceTransport } from '../types.ts';
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

const listen = (clock: Clock = systemClock): DeviceWebSockets => {
  const sockets = listenDeviceWebSockets({ gate, clock, logger: silentLogger });
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head));
  admit = Promise.withResolvers();
  asked = Promise.withResolvers();
  return sockets;
};

const upgrade = (headers: Readonly<Record<string, string>> = {}): net.Socket => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const all = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    // Of RFC 6455, 1.3.
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    Authorization: 'Bearer t',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /v1/devices/stream HTTP/1.1\r\n${lines.join('')}\r\n`);
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

test('the key is answered as the standard has it', async () => {
  const sockets = listen();
  admit.resolve(() => session);
  const socket = upgrade();
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  socket.destroy();
  await sockets.close();
});

test('a request that is none for a WebSocket of this version is refused, with what was expected', async () => {
  const sockets = listen();
  for (const [header, value] of [
    ['Upgrade', 'h2c'],
    ['Sec-WebSocket-Key', 'short'],
    ['Sec-WebSocket-Version', '8'],
  ] as const) {
    const socket = upgrade({ [header]: value });
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const text = answer.toString('latin1');
    assert.match(text, /^HTTP\/1\.1 400 [^]*\r\nSec-WebSocket-Version: 13\r\n/);
    assert.ok(text.includes(`${header} is ${value}, expected `), text);
    socket.destroy();
  }
  await sockets.close();
});

/** A connection of a device, seen from both ends; what it is told is read on demand. */
const connect = async (): Promise<{ socket: net.Socket; transport: DeviceTransport; closed: Promise<unknown> }> => {
  const opened = Promise.withResolvers<DeviceTransport>();
  const closed = Promise.withResolvers<undefined>();
  admit = Promise.withResolvers();
  admit.resolve((transport) => {
    opened.resolve(transport);
    return { ...session, closed: () => closed.resolve(undefined) };
  });
  const socket = upgrade();
  await once(socket, 'data');
  socket.pause();
  return { socket, transport: await opened.promise, closed: closed.promise };
};

const goodbye = encodeFrame({ opcode: 8, payload: Buffer.from([3, 232]) });

test('a device that does not answer to a close is cut, one that does is let go at once', async () => {
  const clock = makeManualClock(Date.now());
  const sockets = listen(clock);
  const mute = await connect();
  mute.transport.close(4401, 'the token has expired');
  mute.transport.send('not any more');
  mute.socket.resume();
  const [data] = (await once(mute.socket, 'data')) as [Buffer];
  const [frame, ...others] = decodeFrames(data).frames;
  assert.deepEqual(
    [frame?.payload.readUInt16BE(0), frame?.payload.subarray(2).toString(), others],
    [4401, 'the token has expired', []],
  );
  assert.equal(sockets.connections(), 1);
  clock.advance(listenerLimits.closeAnswerMs);
  await mute.closed;
  const polite = await connect();
  polite.transport.close(4401, '');
  polite.socket.write(goodbye);
  polite.socket.resume();
  polite.socket.end();
  await polite.closed;
  assert.equal(sockets.connections(), 0);
  await sockets.close();
});

test('a device that has said goodbye and keeps its end open is cut', async () => {
  const clock = makeManualClock(Date.now());
  const sockets = listen(clock);
  const { socket, closed } = await connect();
  socket.allowHalfOpen = true;
  socket.write(goodbye);
  socket.resume();
  await once(socket, 'end');
  clock.advance(listenerLimits.endGraceMs);
  await closed;
  socket.destroy();
  await sockets.close();
});

test('a device that does not read what it is told is ended', async () => {
  const sockets = listen();
  const { socket, transport, closed } = await connect();
  const text = 'x'.repeat(16 * 1024);
  // As much as the system takes, and then as much as we keep.
  for (let sent = 0; sockets.connections() > 0; sent += text.length) {
    assert.ok(sent < 64 * 1024 * 1024, 'it is still there');
    transport.send(text);
    await new Promise(setImmediate);
  }
  await closed;
  socket.destroy();
  await sockets.close();
});
