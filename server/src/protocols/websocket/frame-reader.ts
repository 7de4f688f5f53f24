import { isUtf8 } from 'node:buffer';
import { finBit, length16, length64, opcodes, shortPayloadMax } from './frame-format.ts';
import { GatheredBytes } from './gathered-bytes.ts';

const reservedBits = 0x70;
const opcodeBits = 0x0f;
const maskBit = 0x80;
const lengthBits = 0x7f;
const maskBytes = 4;
/** A frame of which a part came gets room for so many times as much at once. */
const roomFactor = 4;
/** Unmasked at once: the compiler makes one instruction of it. */
const wordBytes = 8;
/** Below it a view of the bytes costs more than words save. */
const wordMaskingMin = 64;

/** RFC 6455, 7.4.1: why the reader cannot go on. */
export const frameFaults = { protocolError: 1002, notUtf8: 1007, tooLarge: 1009 } as const;
export type FrameFault = (typeof frameFaults)[keyof typeof frameFaults];

/** Hears what frames say. Bytes lie in the memory that was read: copy what is kept. */
export interface FrameSink {
  message(bytes: Buffer, isBinary: boolean): void;
  ping(payload: Buffer): void;
  pong(): void;
  /** The last that is heard: its payload, a code of two bytes and a reason, or nothing. */
  close(payload: Buffer): void;
}

/** RFC 6455, 7.4: codes that may stand in a frame, with those that the IANA registry has added. */
const mayBeSent = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);

const unmask = (bytes: Buffer, maskAt: number, from: number, to: number): void => {
  let at = from;
  if (to - from >= wordMaskingMin) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const mask = BigInt(view.getUint32(maskAt, true));
    const twice = BigInt.asUintN(64, (mask << 32n) | mask);
    for (; at + wordBytes <= to; at += wordBytes)
      view.setBigUint64(at, BigInt.asUintN(64, view.getBigUint64(at, true) ^ twice), true);
  }
  for (let i = 0; at < to; i++, at++) bytes[at] = (bytes[at] as number) ^ (bytes[maskAt + (i & 3)] as number);
};

/**
 * Frames of a client (RFC 6455, 5), without extensions, to messages. Keeps nothing between two messages, so that what a connection that
 * reports now and then has sent is gone before the collector looks at it twice.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #messageBytesMax: number;
  /** A frame that has not come whole. */
  #frame: GatheredBytes | undefined;
  /** As many of its bytes have to be there before it is worth to look again. */
  #wanted = 0;
  /** A message in fragments. */
  #message: GatheredBytes | undefined;
  #isBinary = false;
  #isOver = false;
  #fault: FrameFault | undefined;

  constructor(sink: FrameSink, messageBytesMax: number) {
    this.#sink = sink;
    this.#messageBytesMax = messageBytesMax;
  }

  /** Takes what came, which it changes: masks are taken off in place. Answers the fault after which nothing is read any more. */
  read(chunk: Buffer): FrameFault | undefined {
    const bytes = this.#joined(chunk);
    if (!bytes) return undefined;
    let at = 0;
    while (!this.#isOver && at < bytes.length) {
      const size = this.#sizeOf(bytes, at);
      if (this.#isOver) break;
      if (bytes.length - at < size) {
        this.#keep(bytes, at, size);
        break;
      }
      this.#take(bytes, at, size);
      at += size;
    }
    return this.#fault;
  }

  #joined(chunk: Buffer): Buffer | undefined {
    if (this.#isOver) return undefined;
    const frame = this.#frame;
    if (!frame) return chunk;
    frame.add(chunk);
    if (frame.length < this.#wanted) return undefined;
    this.#frame = undefined;
    return frame.bytes();
  }

  #keep(bytes: Buffer, at: number, size: number): void {
    // A copy: a few bytes would keep all the memory that they came in.
    this.#frame = new GatheredBytes(Math.min(size, (bytes.length - at) * roomFactor));
    this.#frame.add(bytes.subarray(at));
    this.#wanted = size;
  }

  #fail(fault: FrameFault): number {
    this.#isOver = true;
    this.#fault = fault;
    this.#message = undefined;
    return 0;
  }

  /** Bytes of the frame that begins here, or as many as are needed to tell. What may not be is refused before its payload comes. */
  #sizeOf(bytes: Buffer, at: number): number {
    const there = bytes.length - at;
    if (there < 2) return 2;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const opcode = first & opcodeBits;
    const short = second & lengthBits;
    if ((first & reservedBits) !== 0 || (second & maskBit) === 0) return this.#fail(frameFaults.protocolError);
    if (opcode >= opcodes.close) {
      const isSound = (first & finBit) !== 0 && short <= shortPayloadMax && !(opcode === opcodes.close && short === 1);
      if (opcode > opcodes.pong || !isSound) return this.#fail(frameFaults.protocolError);
      return 2 + maskBytes + short;
    }
    // A fragment goes on with a message, anything else begins one.
    if (opcode > opcodes.binary || (opcode === opcodes.continuation) !== (this.#message !== undefined))
      return this.#fail(frameFaults.protocolError);
    let head = 2;
    let length = short;
    if (short === length16) {
      head = 4;
      if (there < head) return head;
      length = bytes.readUInt16BE(at + 2);
    } else if (short === length64) {
      head = 10;
      if (there < head) return head;
      length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    }
    if ((this.#message?.length ?? 0) + length > this.#messageBytesMax) return this.#fail(frameFaults.tooLarge);
    return head + maskBytes + length;
  }

  /** A whole frame. */
  #take(bytes: Buffer, at: number, size: number): void {
    const first = bytes[at] as number;
    const opcode = first & opcodeBits;
    const short = (bytes[at + 1] as number) & lengthBits;
    const maskAt = at + (short < length16 ? 2 : short === length16 ? 4 : 10);
    const end = at + size;
    unmask(bytes, maskAt, maskAt + maskBytes, end);
    const payload = bytes.subarray(maskAt + maskBytes, end);
    if (opcode >= opcodes.close) this.#takeControl(opcode, payload);
    else if ((first & finBit) !== 0 && opcode !== opcodes.continuation) this.#deliver(payload, opcode === opcodes.binary);
    else this.#takeFragment(opcode, payload, (first & finBit) !== 0);
  }

  #takeControl(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#sink.ping(payload);
    else if (opcode === opcodes.pong) this.#sink.pong();
    else if (payload.length > 0 && !mayBeSent(payload.readUInt16BE(0))) this.#fail(frameFaults.protocolError);
    else if (!isUtf8(payload.subarray(2))) this.#fail(frameFaults.notUtf8);
    else {
      this.#isOver = true;
      this.#sink.close(payload);
    }
  }

  #takeFragment(opcode: number, payload: Buffer, isLast: boolean): void {
    if (opcode !== opcodes.continuation) this.#isBinary = opcode === opcodes.binary;
    const message = (this.#message ??= new GatheredBytes(payload.length));
    message.add(payload);
    if (!isLast) return;
    this.#message = undefined;
    this.#deliver(message.bytes(), this.#isBinary);
  }

  #deliver(message: Buffer, isBinary: boolean): void {
    if (!isBinary && !isUtf8(message)) this.#fail(frameFaults.notUtf8);
    else this.#sink.message(message, isBinary);
  }
}
