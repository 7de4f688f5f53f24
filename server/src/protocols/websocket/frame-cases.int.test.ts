/**
 * The conversations of the Autobahn test suite (its sections 1 to 7, 9 and 10), held with our listener and with the `ws` library, which passes it: the
 * answers must be the same, frame for frame. Sections 12 and 13 are of compression, which is not offered.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { silentLogger, systemClock } from '../../kernel/index.ts';
import { listenerLimits } from '../limits.ts';
import { decodeFrames, encodeFrame, type ServerFrame } from '../testing/frames.ts';
import type { DeviceGate } from '../types.ts';
import { type DeviceWebSockets, listenDeviceWebSockets } from './listen-websocket.ts';

const [continuation, text, binary, close, ping, pong] = [0, 1, 2, 8, 9, 10];
const bytes = (length: number, fill = '*'): Buffer => Buffer.alloc(length, fill);
const frame = (opcode: number, payload: string | Uint8Array = '', more: { fin?: boolean; reserved?: number } = {}): Buffer =>
  encodeFrame({ opcode, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, ...more });
const begin = (opcode: number, payload: string | Uint8Array = ''): Buffer => frame(opcode, payload, { fin: false });
const goOn = (payload: string | Uint8Array = ''): Buffer => begin(continuation, payload);
const finish = (payload: string | Uint8Array = ''): Buffer => frame(continuation, payload);
const closeFrame = (code: number, reason: string | Uint8Array = ''): Buffer =>
  frame(close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
const goodbye = closeFrame(1000);
const inFragments = (opcode: number, payload: Buffer, size: number): Buffer[] => {
  const pieces = Array.from({ length: Math.ceil(payload.length / size) }, (_, i) => payload.subarray(i * size, (i + 1) * size));
  return pieces.map((piece, i) => frame(i === 0 ? opcode : continuation, piece, { fin: i === pieces.length - 1 }));
};

interface Case {
  readonly frames: readonly Buffer[];
  /** Sent in pieces of so many bytes. */
  readonly chop?: number;
}

const cases: Record<string, Case> = {};
const add = (name: string, frames: readonly Buffer[], chop?: number): void => {
  assert.ok(!(name in cases), name);
  cases[name] = { frames, ...(chop === undefined ? {} : { chop }) };
};

for (const [section, opcode] of [
  ['1.1', text],
  ['1.2', binary],
] as const) {
  for (const [i, length] of [0, 125, 126, 127, 128, 65_535, 65_536].entries())
    add(`${section}.${i + 1} ${length} bytes`, [frame(opcode, bytes(length)), goodbye]);
  add(`${section}.8 in pieces of 997`, [frame(opcode, bytes(65_536)), goodbye], 997);
}

add('2.1 ping', [frame(ping), goodbye]);
add('2.2 ping with text', [frame(ping, 'Hello, world!'), goodbye]);
add('2.3 ping with bytes', [frame(ping, Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff])), goodbye]);
add('2.4 ping of 125 bytes', [frame(ping, bytes(125, '\xfe')), goodbye]);
add('2.5 ping of 126 bytes', [frame(ping, bytes(126, '\xfe')), goodbye]);
add('2.6 ping octet by octet', [frame(ping, bytes(125, '\xfe')), goodbye], 1);
add('2.7 pong', [frame(pong), goodbye]);
add('2.8 pong with text', [frame(pong, 'unsolicited'), goodbye]);
add('2.9 pong, then ping', [frame(pong, 'unsolicited'), frame(ping, 'ping'), goodbye]);
const pings = Array.from({ length: 10 }, (_, i) => frame(ping, `payload-${i}`));
add('2.10 ten pings', [...pings, goodbye]);
add('2.11 ten pings octet by octet', [...pings, goodbye], 1);

add('3.1 reserved bit of a text', [frame(text, '*', { reserved: 1 }), goodbye]);
add('3.2 a text, then a reserved bit', [frame(text, '*'), frame(text, '*', { reserved: 2 }), frame(ping), goodbye]);
add('3.3 the same in one piece', [frame(text, '*'), frame(text, '*', { reserved: 3 }), frame(ping), goodbye], 1000);
add('3.4 octet by octet', [frame(text, '*'), frame(text, '*', { reserved: 4 }), frame(ping), goodbye], 1);
add('3.5 reserved bit of bytes', [frame(binary, '*', { reserved: 5 }), goodbye]);
add('3.6 reserved bit of a ping', [frame(ping, '*', { reserved: 6 }), goodbye]);
add('3.7 reserved bit of a close', [frame(close, '', { reserved: 7 }), goodbye]);

for (const [i, opcode] of [3, 4, 5, 6, 7].entries()) {
  add(`4.1.${i + 1} opcode ${opcode}`, [frame(text, '*'), frame(opcode, i % 2 === 0 ? '' : 'payload'), frame(ping), goodbye]);
  add(`4.2.${i + 1} opcode ${opcode + 8}`, [
    frame(text, '*'),
    frame(opcode + 8, i % 2 === 0 ? '' : 'payload'),
    frame(ping),
    goodbye,
  ]);
}

add('5.1 ping in fragments', [begin(ping, 'fragment1'), finish('fragment2'), goodbye]);
add('5.2 pong in fragments', [begin(pong, 'fragment1'), finish('fragment2'), goodbye]);
for (const [i, chop] of [undefined, 1000, 1].entries()) {
  add(`5.${3 + i} text in fragments`, [begin(text, 'fragment1'), finish('fragment2'), goodbye], chop);
  add(`5.${6 + i} a ping between`, [begin(text, 'fragment1'), frame(ping, 'ping payload'), finish('fragment2'), goodbye], chop);
  add(`5.${9 + i} continuation of nothing`, [finish('non-continuation payload'), frame(text, 'Hello, world!'), goodbye], chop);
  add(
    `5.${12 + i} and one that is not the last`,
    [goOn('non-continuation payload'), frame(text, 'Hello, world!'), goodbye],
    chop,
  );
}
add('5.15 continuation after the end', [
  begin(text, 'fragment1'),
  finish('fragment2'),
  goOn('fragment3'),
  frame(text, 'fragment4'),
  goodbye,
]);
add('5.16 again and again', [goOn('fragment1'), begin(text, 'fragment2'), finish('fragment3'), goOn('fragment1'), goodbye]);
add('5.17 a last one first', [finish('fragment1'), begin(text, 'fragment2'), finish('fragment3'), goodbye]);
add('5.18 text within text', [begin(text, 'fragment1'), frame(text, 'fragment2'), goodbye]);
const withPings = [
  begin(text, 'fragment1'),
  goOn('fragment2'),
  frame(ping, 'pongme 1!'),
  goOn('fragment3'),
  goOn('fragment4'),
  frame(ping, 'pongme 2!'),
  finish('fragment5'),
];
add('5.19 five fragments and two pings', [...withPings, goodbye]);
add('5.20 the same octet by octet', [...withPings, goodbye], 1);

add('6.1.1 empty text', [frame(text), goodbye]);
add('6.1.2 empty fragments', [begin(text), goOn(), finish(), goodbye]);
add('6.1.3 something between empty fragments', [begin(text), goOn('middle frame payload'), finish(), goodbye]);
const greeting = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
add('6.2.1 UTF-8', [frame(text, greeting), goodbye]);
add('6.2.2 cut between characters', [begin(text, greeting.subarray(0, 12)), finish(greeting.subarray(12)), goodbye]);
add('6.2.3 cut anywhere', [...inFragments(text, greeting, 1), goodbye]);
add('6.2.4 Greek, octet by octet', [...inFragments(text, Buffer.from('κόσμε'), 1), goodbye]);
const invalid = {
  '6.3.1 not a character': 'cebae1bdb9cf83cebcceb5eda080656469746564',
  '6.6 cut off': 'cebae1bdb9cf83cebcce',
  '6.7 valid, the least of each length': '00c280e0a080f0908080',
  '6.8 five and six bytes': 'f888808080fc8480808080',
  '6.9 valid, the most of each length': '7fdfbfefbfbff48fbfbf',
  '6.10 beyond Unicode': 'f7bfbfbf',
  '6.11 valid, around the surrogates': 'ed9fbfee8080efbfbdf48fbfbf',
  '6.12 continuation bytes alone': '80bf8080',
  '6.13 lonely start': 'c020c120e020f020',
  '6.14 ends too early': 'c0e080f08080',
  '6.15 many that end too early': 'c0e080f08080f8808080dfefbff7bfbf',
  '6.16 impossible bytes': 'fefefffe',
  '6.17 overlong': 'c0afe080aff08080af',
  '6.18 overlong, the most': 'c1bfe09fbff08fbfbf',
  '6.19 overlong zero': 'c080e08080f0808080',
  '6.20 a surrogate': 'eda080',
  '6.21 a pair of them': 'eda080edb080',
  '6.22 valid, no characters': 'efbfbeefbfbff09fbfbe',
  '6.23 valid, replacement': 'efbfb9efbfbd',
};
for (const [name, hex] of Object.entries(invalid)) {
  add(name, [frame(text, Buffer.from(hex, 'hex')), goodbye]);
  add(`${name}, in fragments`, [...inFragments(text, Buffer.from(hex, 'hex'), 1), goodbye]);
}
add('6.4 invalid in the second fragment', [
  begin(text, Buffer.from('cebae1bdb9cf83', 'hex')),
  goOn(Buffer.from('f4908080', 'hex')),
  finish('edited'),
  goodbye,
]);

add('7.1.1 message, close', [frame(text, 'Hello World!'), goodbye]);
add('7.1.2 close twice', [goodbye, goodbye]);
add('7.1.3 ping after close', [goodbye, frame(ping)]);
add('7.1.4 text after close', [goodbye, frame(text, 'Hello World!')]);
add('7.1.5 close within fragments', [begin(text, 'fragment1'), goodbye, finish('fragment2')]);
add('7.1.6 256 KiB, close, ping', [frame(text, bytes(256 * 1024, 'BAsd7&jh23')), goodbye, frame(ping)]);
add('7.3.1 close without a code', [frame(close)]);
add('7.3.2 close of one byte', [frame(close, 'a')]);
add('7.3.3 close with a code', [goodbye]);
add('7.3.4 with a reason', [closeFrame(1000, 'Hello World!')]);
add('7.3.5 with the longest', [closeFrame(1000, bytes(123))]);
add('7.3.6 with one too long', [closeFrame(1000, bytes(124))]);
add('7.5.1 with a reason that is not UTF-8', [closeFrame(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex'))]);
for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
  add(`7.7 code ${code}`, [closeFrame(code)]);
for (const code of [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]) add(`7.9 code ${code}`, [closeFrame(code)]);
for (const code of [5000, 65_535]) add(`7.13 code ${code}`, [closeFrame(code)]);

const { frameBytesMax } = listenerLimits;
for (const [section, opcode] of [
  ['9.1', text],
  ['9.2', binary],
] as const) {
  for (const kilobytes of [64, 256, 1024]) add(`${section} ${kilobytes} KiB`, [frame(opcode, bytes(kilobytes * 1024)), goodbye]);
  add(`${section} more than may be`, [frame(opcode, bytes(frameBytesMax + 1)), goodbye]);
  add(`${section} more than may be, in fragments`, [...inFragments(opcode, bytes(frameBytesMax + 1), 65_536), goodbye]);
}
for (const [section, opcode] of [
  ['9.3', text],
  ['9.4', binary],
] as const)
  for (const size of [64, 1024, 65_536])
    add(`${section} 1 MiB in fragments of ${size}`, [...inFragments(opcode, bytes(frameBytesMax), size), goodbye]);
for (const [section, opcode] of [
  ['9.5', text],
  ['9.6', binary],
] as const)
  for (const chop of [64, 1024])
    add(`${section} 1 MiB in pieces of ${chop}`, [frame(opcode, bytes(frameBytesMax)), goodbye], chop);
for (const length of [0, 16, 64, 256, 1024])
  add(`9.7 a hundred of ${length}`, [...Array.from({ length: 100 }, () => frame(text, bytes(length))), goodbye]);
add('10.1.1 64 KiB in fragments of 1,300', [...inFragments(text, bytes(65_536), 1300), goodbye]);

/** What both servers answer to a message: what it was, in a text as long as itself where it is one. */
const echoOf = (data: Buffer, isBinary: boolean): string =>
  isBinary ? `${data.length} bytes, the last ${data.at(-1)}` : data.toString('utf8');

let ours: Server;
let reference: Server;
let sockets: DeviceWebSockets;
before(async () => {
  const gate: DeviceGate = {
    admit: () =>
      Promise.resolve((transport) => ({
        received: (data) => transport.send(echoOf(Buffer.from(data), false)),
        receivedFrame: (data) => transport.send(echoOf(Buffer.from(data), true)),
        saidGoodbye: () => {},
        closed: () => {},
      })),
  };
  sockets = listenDeviceWebSockets({ gate, clock: systemClock, logger: silentLogger });
  ours = createServer().on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head));
  reference = createServer();
  const webSockets = new WebSocketServer({ server: reference, maxPayload: frameBytesMax, perMessageDeflate: false });
  webSockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data: Buffer, isBinary) => socket.send(echoOf(data, isBinary)));
  });
  for (const server of [ours, reference]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
after(async () => {
  await sockets.close();
  for (const server of [ours, reference]) {
    server.closeAllConnections();
    server.close();
  }
});

const endOfHead = '\r\n\r\n';

/** Everything a server answers to the frames, from the upgrade to the end of the connection. */
const converse = async (server: Server, { frames, chop }: Case): Promise<string[]> => {
  const { port } = server.address() as AddressInfo;
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay();
  // The other side may have closed before it has read everything.
  socket.on('error', () => {});
  socket.write(
    `GET /v1/devices/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bWlsZXBvc3QtdGVzdC0tLQ==\r\nAuthorization: Bearer t${endOfHead}`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 101 /);
  let unread: Buffer = answer.subarray(answer.indexOf(endOfHead) + endOfHead.length);
  const heard: ServerFrame[] = [];
  socket.on('data', (data: Buffer) => {
    const { frames: decoded, rest } = decodeFrames(Buffer.concat([unread, data]));
    unread = rest;
    heard.push(...decoded);
    if (decoded.some(({ opcode }) => opcode === (0x80 | close))) socket.end();
  });
  const ended = once(socket, 'close');
  const all = Buffer.concat(frames);
  const size = chop ?? all.length;
  for (let at = 0; at < all.length && socket.writable; at += size) {
    if (!socket.write(all.subarray(at, at + size))) await Promise.race([once(socket, 'drain'), ended]);
  }
  await ended;
  return heard.map(
    ({ opcode, payload }) => `${opcode.toString(16)} ${payload.length} ${payload.subarray(0, 130).toString('hex')}`,
  );
};

for (const [name, conversation] of Object.entries(cases)) {
  test(name, { timeout: 300_000 }, async () => {
    const [answer, expected] = await Promise.all([converse(ours, conversation), converse(reference, conversation)]);
    assert.deepEqual(answer, expected);
    assert.equal(answer.at(-1)?.slice(0, 2), (0x80 | close).toString(16), 'the last thing said is that it closes');
  });
}
