import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeCodes } from '@milepost/contract';
import {
  BugError,
  type ClientDoor,
  type Clock,
  type Logger,
  makeClientDoor,
  MilepostError,
  OperationalError,
} from '../../kernel/index.ts';
import { readBearer } from '../bearer.ts';
import { listenerLimits } from '../limits.ts';
import { certificateOf } from '../tls/read-certificate.ts';
import type { DeviceGate, DeviceSession, DeviceTransport } from '../types.ts';
import { acceptUpgrade, readUpgrade } from './accept-upgrade.ts';
import { FrameSocket } from './frame-socket.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { SilencePatrol, type Watched } from './silence-patrol.ts';

export interface DeviceWebSocketOptions {
  readonly gate: DeviceGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined: whoever is connected is the device. */
  readonly door?: ClientDoor;
}

/** Device sockets of `/v1/devices/stream`: one JSON message a text frame, or one report a binary frame. */
export interface DeviceWebSockets {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  connections(): number;
  /** Closes every socket that is left with 1001; one that does not answer is cut. */
  close(): Promise<void>;
}

interface Connection extends Watched {
  readonly socket: FrameSocket;
}

class WebSocketListener implements DeviceWebSockets {
  readonly #options: DeviceWebSocketOptions;
  readonly #connections = new Set<Connection>();
  readonly #patrol: SilencePatrol;
  readonly #door: ClientDoor;
  #isClosed = false;
  #whenEmpty: () => void = () => {};

  constructor(options: DeviceWebSocketOptions) {
    this.#options = options;
    this.#door = options.door ?? makeClientDoor();
    this.#patrol = new SilencePatrol(options.clock, this.#connections);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // From the upgrade until it is admitted, nobody else would hear that it was reset, and the process would end.
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
    this.#patrol.stop();
    for (const { socket } of this.#connections) socket.close(closeCodes.goingAway, 'the server stops');
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const { socket } of this.#connections) socket.destroy();
      }, listenerLimits.endGraceMs);
      this.#whenEmpty = () => {
        clearTimeout(cut);
        resolve();
      };
    });
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const key = readUpgrade(request);
    this.#checkRoom();
    const token = readBearer(request.headers.authorization);
    const open = await this.#options.gate.admit(token, undefined, certificateOf(request.socket));
    if (socket.destroyed) return;
    // Others came meanwhile, or the server has begun to stop.
    this.#checkRoom();
    this.#accept(key, request, socket, head, open);
  }

  #checkRoom(): void {
    if (this.#isClosed || this.#connections.size >= listenerLimits.connectionsMax)
      throw new OperationalError('overloaded', 'no further connection is taken', { retryAfterSeconds: 10 });
  }

  #accept(
    key: string,
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    open: (transport: DeviceTransport) => DeviceSession,
  ): void {
    request.socket.setTimeout(0);
    request.socket.setNoDelay();
    stream.write(acceptUpgrade(key), 'latin1');
    const socket = new FrameSocket(stream, this.#options.clock, {
      message: (bytes, isBinary) => (isBinary ? session.receivedFrame(bytes) : session.received(bytes)),
      heard: () => {
        connection.heardInRound = this.#patrol.round;
      },
      closed: () => {
        this.#connections.delete(connection);
        session.closed();
        if (this.#connections.size === 0) this.#whenEmpty();
      },
    });
    const connection: Connection = { socket, heardInRound: this.#patrol.round };
    const session = open({
      address: this.#door.clientOf(request).address,
      send: (text) => socket.send(text),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: (code, reason) => socket.close(code, reason),
    });
    this.#connections.add(connection);
    socket.begin(head);
  }
}

export const listenDeviceWebSockets = (options: DeviceWebSocketOptions): DeviceWebSockets => new WebSocketListener(options);
