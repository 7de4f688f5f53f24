import type { Duplex } from 'node:stream';
import type { Clock } from '../../kernel/index.ts';
import { listenerLimits } from '../limits.ts';
import { finBit, length16, length64, opcodes, shortPayloadMax } from './frame-format.ts';
import { FrameReader } from './frame-reader.ts';

/** Its length fits two bytes. */
const mediumPayloadMax = 0xffff;
const nonAscii = /[^\0-\x7f]/;

/** A whole frame of a server: not masked. */
const writeFrame = (opcode: number, payload: Uint8Array): Buffer => {
  const { length } = payload;
  const head = length <= shortPayloadMax ? 2 : length <= mediumPayloadMax ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = finBit | opcode;
  frame[1] = head === 2 ? length : head === 4 ? length16 : length64;
  if (head === 4) frame.writeUInt16BE(length, 2);
  else if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, head);
  return frame;
};

/**
 * Acknowledgements are most of what is sent: a string that is its own frame, byte for character, is written without a buffer.
 * Undefined: the text is too long for it, or not ASCII.
 */
const shortFrame = (text: string): string | undefined =>
  text.length <= shortPayloadMax && !nonAscii.test(text)
    ? `${String.fromCharCode(finBit | opcodes.text)}${String.fromCharCode(text.length)}${text}`
    : undefined;

export interface FrameSocketListener {
  message(bytes: Buffer, isBinary: boolean): void;
  /** Something came, if only a pong. */
  heard(): void;
  /** Once, the last: the connection is gone. */
  closed(): void;
}

/** `closing`: we have said that we close, the other side has not. `over`: nothing is read any more, the connection is ended. */
type State = 'open' | 'closing' | 'over';

/** The server's end of a WebSocket on a stream that has been upgraded (RFC 6455), without extensions. */
export class FrameSocket {
  readonly #stream: Duplex;
  readonly #reader: FrameReader;
  readonly #clock: Clock;
  readonly #listener: FrameSocketListener;
  #state: State = 'open';
  #cancelCut: () => void = () => {};

  constructor(stream: Duplex, clock: Clock, listener: FrameSocketListener) {
    this.#stream = stream;
    this.#clock = clock;
    this.#listener = listener;
    this.#reader = new FrameReader(
      {
        message: (bytes, isBinary) => listener.message(bytes, isBinary),
        ping: (payload) => {
          if (this.#state === 'open') this.#write(writeFrame(opcodes.pong, payload));
        },
        pong: () => {},
        close: (payload) => {
          if (this.#state === 'open') this.#write(writeFrame(opcodes.close, payload));
          this.#end();
        },
      },
      listenerLimits.frameBytesMax,
    );
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    stream.on('end', () => this.#end());
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      this.#state = 'over';
      this.#cancelCut();
      listener.closed();
    });
  }

  /** What came right behind the request. */
  begin(head: Buffer): void {
    if (head.length > 0) this.#received(head);
  }

  send(text: string): void {
    if (this.#state === 'open') this.#write(shortFrame(text) ?? writeFrame(opcodes.text, Buffer.from(text)));
  }

  ping(): void {
    if (this.#state === 'open') this.#write(writeFrame(opcodes.ping, Buffer.alloc(0)));
  }

  /** Says why, and waits for the other side to say that it has heard; not for long. */
  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#writeClose(code, reason);
    this.#cutLater(listenerLimits.closeAnswerMs);
  }

  /** At once. */
  destroy(): void {
    this.#stream.destroy();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #received(chunk: Buffer): void {
    if (this.#state === 'over') return;
    this.#listener.heard();
    const fault = this.#reader.read(chunk);
    if (fault === undefined) return;
    if (this.#state === 'open') this.#writeClose(fault, '');
    this.#end();
  }

  /** Ends our side; what still comes is thrown away until the other side has ended its own. */
  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#stream.end();
    this.#stream.resume();
    this.#cutLater(listenerLimits.endGraceMs);
  }

  #cutLater(ms: number): void {
    this.#cancelCut();
    this.#cancelCut = this.#clock.after(ms, () => this.#stream.destroy());
  }

  #writeClose(code: number, reason: string): void {
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(writeFrame(opcodes.close, payload));
  }

  /** A string is a frame byte for character. Ends a device that does not read what it is told. */
  #write(frame: Buffer | string): void {
    this.#stream.write(frame, 'latin1');
    if (this.#stream.writableLength > listenerLimits.bufferedBytesMax) this.#stream.destroy();
  }
}
