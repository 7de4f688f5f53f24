import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { generate } from 'mqtt-packet';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { mqttLimits } from '../limits.ts';
import type { DeviceGate, DeviceTransport } from '../types.ts';
import { type DeviceMqtt, listenDeviceMqtt } from './listen-mqtt.ts';

const waitMaxMs = 10_000;

const until = async (isTrue: () => boolean, what: string): Promise<void> => {
  const end = performance.now() + waitMaxMs;
  while (!isTrue()) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** A gate that admits whoever comes, for what a session does to its transport. */
const openGate = () => {
  const transports: DeviceTransport[] = [];
  const received: unknown[] = [];
  const gate: DeviceGate = {
    admit: () =>
      Promise.resolve((transport) => {
        transports.push(transport);
        return {
          received: (text) => received.push(text),
          receivedFrame: () => {},
          saidGoodbye: () => received.push('goodbye'),
          closed: () => {},
        };
      }),
  };
  return { gate, transports, received };
};

const connectPacket = (clientId: string): Buffer =>
  generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId,
    keepalive: 10,
    username: '350000000000001',
    password: Buffer.from('a.token'),
  });

interface OwnListener extends ReturnType<typeof openGate> {
  readonly own: DeviceMqtt;
  readonly ownPort: number;
  readonly clock: ReturnType<typeof makeManualClock>;
}

const withListener = async (run: (parts: OwnListener) => Promise<void>): Promise<void> => {
  const clock = makeManualClock(Date.now());
  const parts = openGate();
  const own = listenDeviceMqtt({ gate: parts.gate, clock, logger: silentLogger });
  const ownPort = await own.listen('127.0.0.1', 0);
  await run({ ...parts, own, ownPort, clock });
  const closed = own.close();
  clock.advance(mqttLimits.endGraceMs);
  await closed;
};

const openSocket = async (ownPort: number, clientId: string): Promise<net.Socket> => {
  const socket = net.connect({ port: ownPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write(connectPacket(clientId));
  await once(socket, 'data');
  return socket;
};

test('who says DISCONNECT and keeps its end open does not keep the server from stopping', () =>
  withListener(async ({ own, ownPort, received }) => {
    const socket = await openSocket(ownPort, 'a');
    socket.write(generate({ cmd: 'disconnect' }));
    await until(() => own.connections() === 0, 'the connection is gone');
    assert.deepEqual(received, ['goodbye']);
    socket.destroy();
  }));

test('nothing that is sent puts off the moment at which CONNECT must have come', () =>
  withListener(async ({ own, ownPort, clock }) => {
    const socket = net.connect(ownPort, '127.0.0.1');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    const bytes = connectPacket('slow');
    await until(() => own.connections() === 1, 'connected');
    for (let i = 0; i < 3; i++) {
      socket.write(bytes.subarray(i, i + 1));
      await new Promise(setImmediate);
      clock.advance(mqttLimits.connectTimeoutMs / 2);
    }
    await closed;
  }));

test('a device that is not read is not ended for being silent; when it is read again its time begins anew', () =>
  withListener(async ({ own, ownPort, clock, transports }) => {
    const socket = await openSocket(ownPort, 'b');
    transports[0]?.pause();
    clock.advance(3_600_000);
    assert.equal(own.connections(), 1);
    transports[0]?.resume();
    clock.advance(14_000);
    assert.equal(own.connections(), 1);
    clock.advance(3000);
    await until(() => own.connections() === 0, 'ended');
    socket.destroy();
  }));

test('connections without a client identifier are each their own', () =>
  withListener(async ({ own, ownPort }) => {
    const [first, second] = [await openSocket(ownPort, ''), await openSocket(ownPort, '')];
    await new Promise(setImmediate);
    assert.equal(own.connections(), 2);
    first.destroy();
    second.destroy();
  }));

test('a stranger may say no more than a CONNECT of a named size, all of it or half', async () => {
  await withListener(async ({ own, ownPort, transports }) => {
    const socket = net.connect({ port: ownPort, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    const large = connectPacket('x'.repeat(mqttLimits.connectBytesMax));
    socket.write(large.subarray(0, 100));
    await once(socket, 'close');
    assert.equal(transports.length, 0);
    await until(() => own.connections() === 0, 'the listener has let go of it');
  });
});
