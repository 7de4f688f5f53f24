import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeCodes } from '@milepost/contract';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { BugError, type Clock, type Logger, MilepostError, OperationalError } from '../../kernel/index.ts';
import { readBearer } from '../bearer.ts';
import { listenerLimits } from '../limits.ts';
import { certificateOf } from '../tls/read-certificate.ts';
import type { DeviceGate, DeviceSession, DeviceTransport } from '../types.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface DeviceWebSocketOptions {
  readonly gate: DeviceGate;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Device sockets of `/v1/devices/stream`: one JSON message a text frame, or one report a binary frame. */
export interface DeviceWebSockets {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  connections(): number;
  /** Closes every socket that is left with 1001; one that does not answer is cut. */
  close(): Promise<void>;
}

interface Connection {
  readonly socket: WebSocket;
  readonly session: DeviceSession;
  /** Nothing came since the last silence check. */
  isSilent: boolean;
}

const bytesOf = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : (data as Buffer));

/** Longest payload whose length fits the second byte of a frame (RFC 6455, 5.2). */
const shortPayloadMax = 125;
const nonAscii = /[^\0-\x7f]/;

/**
 * Acknowledgements are most of what is sent: as one string they are written without a buffer, where the library makes two and a `writev`.
 * It holds nothing back itself, as nothing is compressed, so both ways of writing keep their order.
 */
const isShortLatin = (text: string): boolean => text.length <= shortPayloadMax && !nonAscii.test(text);
/** A text frame that is final, not masked. */
const shortFrame = (text: string): string => `\x81${String.fromCharCode(text.length)}${text}`;

class WebSocketListener implements DeviceWebSockets {
  readonly #options: DeviceWebSocketOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: listenerLimits.frameBytesMax,
  });
  readonly #connections = new Set<Connection>();
  #cancelCheck: () => void = () => {};
  #isClosed = false;
  #whenEmpty: () => void = () => {};

  constructor(options: DeviceWebSocketOptions) {
    this.#options = options;
    this.#checkSilenceLater();
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // From the upgrade until the library takes it over, nobody else would hear that it was reset, and the process would end.
    socket.on('error', () => socket.destroy());
    this.#admit(request, socket, head).catch((error: unknown) => {
      const known = error instanceof MilepostError ? error : new BugError('admitting a device failed', error);
      if (known.code === 'internal') this.#options.logger.error('admitting a device failed', { error });
      refuseUpgrade(socket, known);
    });
  }

  connections(): number {
    return this.#connections.size;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelCheck();
    for (const { socket } of this.#connections) socket.close(closeCodes.goingAway, 'the server stops');
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const { socket } of this.#connections) socket.terminate();
      }, listenerLimits.endGraceMs);
      this.#whenEmpty = () => {
        clearTimeout(cut);
        resolve();
      };
    });
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#checkRoom();
    const token = readBearer(request.headers.authorization);
    const open = await this.#options.gate.admit(token, undefined, certificateOf(request.socket));
    if (socket.destroyed) return;
    // Others came meanwhile, or the server has begun to stop.
    this.#checkRoom();
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#accept(webSocket, socket, request.socket.remoteAddress ?? '', open),
    );
  }

  #checkRoom(): void {
    if (this.#isClosed || this.#connections.size >= listenerLimits.connectionsMax)
      throw new OperationalError('overloaded', 'no further connection is taken', { retryAfterSeconds: 10 });
  }

  #accept(socket: WebSocket, stream: Duplex, address: string, open: (transport: DeviceTransport) => DeviceSession): void {
    const session = open({
      address,
      send: (text) => {
        if (isShortLatin(text) && socket.readyState === socket.OPEN) stream.write(shortFrame(text), 'latin1');
        else socket.send(text);
        // A device that does not read what it is told.
        if (socket.bufferedAmount > listenerLimits.bufferedBytesMax) socket.terminate();
      },
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: (code, reason) => socket.close(code, reason),
    });
    const connection: Connection = { socket, session, isSilent: false };
    this.#connections.add(connection);
    socket.on('message', (data: RawData, isBinary: boolean) => {
      connection.isSilent = false;
      const bytes = bytesOf(data);
      if (isBinary) session.receivedFrame(bytes);
      else session.received(bytes);
    });
    socket.on('pong', () => {
      connection.isSilent = false;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#connections.delete(connection);
      session.closed();
      if (this.#connections.size === 0) this.#whenEmpty();
    });
  }

  #checkSilenceLater(): void {
    this.#cancelCheck = this.#options.clock.after(listenerLimits.silenceCheckMs, () => {
      for (const connection of this.#connections) {
        if (connection.isSilent) connection.socket.terminate();
        else {
          connection.isSilent = true;
          connection.socket.ping();
        }
      }
      this.#checkSilenceLater();
    });
  }
}

export const listenDeviceWebSockets = (options: DeviceWebSocketOptions): DeviceWebSockets => new WebSocketListener(options);
