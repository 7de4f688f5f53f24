import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as ws from 'ws';
import { type ClientFrame, encodeFrame } from '../testing/frames.ts';
import { FrameReader } from './frame-reader.ts';

const bytesMax = 70_000;

/** Not in the types of the library, but exported. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: {
    isServer: boolean;
    maxPayload: number;
  }) => {
    on(event: string, listener: (...args: never[]) => void): void;
    _write(chunk: Buffer, encoding: string, callback: (error?: Error) => void): void;
  };
};

/** What one hears of the bytes, piece by piece; the last may be why nothing more is. */
const heardByReader = (pieces: readonly Buffer[]): string[] => {
  const heard: string[] = [];
  const reader = new FrameReader(
    {
      message: (bytes, isBinary) => heard.push(`${isBinary ? 'binary' : 'text'} ${bytes.toString('hex')}`),
      ping: (payload) => heard.push(`ping ${payload.toString('hex')}`),
      pong: () => heard.push('pong'),
      close: (payload) => heard.push(`close ${payload.toString('hex')}`),
    },
    bytesMax,
  );
  for (const piece of pieces) {
    const fault = reader.read(Buffer.from(piece));
    if (fault === undefined) continue;
    heard.push(`fault ${fault}`);
    break;
  }
  return heard;
};

const hexOf = (code: number): string => code.toString(16).padStart(4, '0');

/** The same by the library that this reader stands in for. */
const heardByReference = (pieces: readonly Buffer[]): string[] => {
  const heard: string[] = [];
  let isOver = false;
  const receiver = new Receiver({ isServer: true, maxPayload: bytesMax });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    heard.push(`${isBinary ? 'binary' : 'text'} ${data.toString('hex')}`),
  );
  receiver.on('ping', (payload: Buffer) => heard.push(`ping ${payload.toString('hex')}`));
  receiver.on('pong', () => heard.push('pong'));
  receiver.on('conclude', (code: number, reason: Buffer) => {
    isOver = true;
    heard.push(`close ${code === 1005 ? '' : hexOf(code)}${reason.toString('hex')}`);
  });
  receiver.on('error', () => {});
  for (const piece of pieces) {
    if (isOver) break;
    // At once, where a stream would say what went wrong later.
    receiver._write(Buffer.from(piece), 'buffer', (error) => {
      if (!error || isOver) return;
      isOver = true;
      const status = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
      heard.push(`fault ${String((error as unknown as Record<symbol, unknown>)[status as symbol])}`);
    });
  }
  return heard;
};

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(63, 64, 65, 125, 126, 65_535, 65_536, bytesMax).map((length) => Buffer.alloc(length, 'x')),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(1000, 1001, 1005, 1012, 2999, 3000, 4999, 5000)
      .map((code) => Buffer.from([code >> 8, code & 0xff])),
  },
);
const mask = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const frame: fc.Arbitrary<ClientFrame> = fc.record({
  opcode: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 0, 1, 2, 9, 10) },
    { weight: 1, arbitrary: fc.constantFrom(3, 7, 8, 8, 11, 15) },
  ),
  fin: fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  reserved: fc.oneof({ weight: 40, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
  mask: fc.option(mask, { nil: undefined, freq: 40 }),
  payload,
});
/** Frames of which the next is likely to be a right one. */
const conversation = fc.array(frame, { maxLength: 8 }).map((frames) => {
  let isOpen = false;
  return frames.map((one) => {
    if (one.opcode > 2) return one.opcode >= 8 && one.opcode <= 10 && one.payload.length <= 125 ? { ...one, fin: true } : one;
    const opcode = isOpen ? 0 : Math.max(1, one.opcode);
    isOpen = one.fin !== true;
    return { ...one, opcode };
  });
});
const cuts = fc.array(fc.nat(200), { maxLength: 12 });

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)].filter(({ length }) => length > 0);
};

test('frames in pieces of any size, right and wrong ones: heard as the reference hears them', () => {
  let messages = 0;
  fc.assert(
    fc.property(fc.oneof(conversation, fc.array(frame, { maxLength: 4 })), cuts, (frames, sizes) => {
      const pieces = cut(Buffer.concat(frames.map(encodeFrame)), sizes);
      const heard = heardByReader(pieces);
      assert.deepEqual(heard, heardByReference(pieces));
      messages += heard.filter((event) => /^(text|binary)/.test(event)).length;
    }),
    { numRuns: 3000 },
  );
  assert.ok(messages > 600, `${messages} messages were heard`);
});

test('damaged frames, and bytes of any kind: heard as the reference hears them', () => {
  fc.assert(
    fc.property(conversation, fc.nat(), fc.nat(255), cuts, (frames, place, byte, sizes) => {
      const bytes = Buffer.concat(frames.map(encodeFrame));
      if (bytes.length > 0) bytes[place % Math.min(bytes.length, 300)] = byte;
      const pieces = cut(bytes, sizes);
      assert.deepEqual(heardByReader(pieces), heardByReference(pieces));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), cuts, (bytes, sizes) => {
      const pieces = cut(Buffer.from(bytes), sizes);
      assert.deepEqual(heardByReader(pieces), heardByReference(pieces));
    }),
    { numRuns: 2000 },
  );
});

test('octet by octet, a large frame is the same', () => {
  const bytes = encodeFrame({ opcode: 2, payload: Buffer.from(Array.from({ length: 66_000 }, (_, i) => i & 0xff)) });
  const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
  assert.deepEqual(heardByReader(pieces), heardByReader([bytes]));
});
