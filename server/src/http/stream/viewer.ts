import type { IncomingMessage } from 'node:http';
import { closeCodes } from '@milepost/contract';
import type { WebSocket } from 'ws';
import type { ReadScope } from '../../events/index.ts';
import type { Reader } from '../../sharing/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { browserStreamLimits } from './limits.ts';

/** One browser that watches. */
export class Viewer {
  readonly socket: WebSocket;
  readonly scope: ReadScope;
  /** ms; null: without end. */
  readonly expiresAt: number | null;
  /** Nothing came since the last ping. */
  isSilent = false;
  /** Numbers of the vehicles that it watches in detail. */
  readonly watched = new Set<number>();

  /** With which it was let in. */
  readonly request: IncomingMessage;
  /** null: the bearer of the operator token. */
  readonly personNo: number | null;
  readonly reader: Reader;
  /** From where it comes. */
  readonly address: string;

  constructor(socket: WebSocket, scope: ReadScope, request: IncomingMessage, caller: Caller, address: string) {
    this.address = address;
    this.socket = socket;
    this.scope = scope;
    this.request = request;
    this.personNo = caller.actor === 'person' ? caller.signedIn.person.personNo : null;
    this.reader = caller.reader;
    this.expiresAt = caller.expiresAt;
  }

  /** It may come again in a moment. */
  end(reason: string): void {
    this.socket.close(closeCodes.tryAgainLater, reason);
  }

  get isBehind(): boolean {
    return this.socket.bufferedAmount > browserStreamLimits.bufferedBytesMax;
  }

  /** Bytes that many viewers share are not copied. Text that a viewer does not read would fill memory: it is ended. */
  send(bytes: Buffer, isBinary: boolean): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > browserStreamLimits.bufferedBytesHardMax) {
      this.socket.terminate();
      return;
    }
    this.socket.send(bytes, { binary: isBinary });
  }
}

/** A message as it goes to any number of viewers. */
export const encodeMessage = (message: object): Buffer => Buffer.from(JSON.stringify(message), 'utf8');
