import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';

/** A TCP connection that says what it is told to and nothing else. */
export class RawSocket {
  readonly socket: Socket;
  readonly #openedAt = performance.now();
  /** When the server ended it, seconds after it was opened. */
  endedAfterSeconds: number | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.once('close', () => {
      this.endedAfterSeconds = (performance.now() - this.#openedAt) / 1000;
    });
  }

  /** @param origin like `http://127.0.0.1:8080` */
  static async open(origin: string): Promise<RawSocket> {
    const { hostname, port } = new URL(origin);
    const socket = connectTcp({ host: hostname, port: Number(port), noDelay: true });
    const raw = new RawSocket(socket);
    await once(socket, 'connect');
    return raw;
  }

  /** Says one thing after the other, as fast as they are taken, until there is none or the connection has ended. */
  keepSaying(next: () => Uint8Array | undefined): this {
    for (let bytes = next(); bytes !== undefined && !this.socket.destroyed; bytes = next()) {
      if (this.socket.write(bytes)) continue;
      this.socket.once('drain', () => this.keepSaying(next));
      break;
    }
    return this;
  }

  /** What it hears is thrown away. */
  drain(): this {
    this.socket.resume();
    return this;
  }

  say(bytes: string | Uint8Array): this {
    if (!this.socket.destroyed) this.socket.write(bytes);
    return this;
  }

  /** Answers what comes until the text is in it; what is behind it is lost. */
  async until(text: string): Promise<string> {
    let heard = '';
    for await (const chunk of this.socket.iterator({ destroyOnReturn: false })) {
      heard += String(chunk);
      if (heard.includes(text)) return heard;
    }
    throw new Error(`the connection ended before ${JSON.stringify(text)}: ${heard.slice(0, 200)}`);
  }

  /** Nothing is read any more: the buffers of both systems fill up. */
  stopReading(): this {
    this.socket.pause();
    return this;
  }
}

/** A client's frame (RFC 6455, 5.2): masked with zeros, so that the payload stands as it is. */
export const frameOf = (payload: Uint8Array, opcode: 1 | 2 = 1): Buffer => {
  const head = Buffer.alloc(payload.length < 126 ? 6 : payload.length < 65_536 ? 8 : 14);
  head[0] = 0x80 | opcode;
  if (payload.length < 126) head[1] = 0x80 | payload.length;
  else if (payload.length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(payload.length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
};

export const upgradeRequest = (origin: string, token: string): string =>
  [
    'GET /v1/devices/stream HTTP/1.1',
    `Host: ${new URL(origin).host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Authorization: Bearer ${token}`,
    '\r\n',
  ].join('\r\n');
