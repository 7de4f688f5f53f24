import type { FeedEvent, streamEndReasons } from '@milepost/contract/api';
import { feedStreamLimits } from '../limits.ts';
import type { FeedPosition, Offsets } from '../position.ts';

/** Why a stream ends. */
export type StreamEnd = (typeof streamEndReasons)[number];

/** Where messages go: a WebSocket, or server-sent events. */
export interface StreamSink {
  /** `text` is JSON of the event with its cursor. */
  send(type: string, text: string, cursor: string): void;
  unsentBytes(): number;
  close(end: StreamEnd): void;
}

/** Of whom a stream is, as its token says. */
export interface StreamOwner {
  readonly appNo: number;
  readonly vehicleNos: ReadonlySet<number>;
  readonly grantIds: ReadonlySet<string>;
  /** Whether what let it in still does. Throws `unavailable`. */
  readonly isLetIn: () => boolean | Promise<boolean>;
}

interface Message {
  readonly type: string;
  readonly text: string;
  readonly cursor: string;
}

/** One open stream. It reads what it missed, and then hears what everybody hears. */
export class StreamConnection {
  readonly owner: StreamOwner;
  readonly sink: StreamSink;
  /** Up to where it was told, while it reads what it missed. */
  position: FeedPosition;
  /** Where the tail stood when messages began to wait; what is read up to there leaves nothing out. */
  joinAt: Offsets;
  isLive = false;
  isClosed = false;
  /** Of what waited something was forgotten since the last page was begun. */
  mustReadAgain = false;
  #waiting: Message[] = [];

  constructor(owner: StreamOwner, sink: StreamSink, position: FeedPosition, joinAt: Offsets) {
    this.owner = owner;
    this.sink = sink;
    this.position = position;
    this.joinAt = joinAt;
  }

  isFor(event: FeedEvent, vehicleNo: number): boolean {
    return event.type === 'vehicle.changed' ? this.owner.vehicleNos.has(vehicleNo) : this.owner.grantIds.has(event.grant.id);
  }

  /** Answers whether there was room: who has missed too much reads on by itself. */
  take(message: Message): boolean {
    if (this.isLive) this.send(message);
    else if (this.#waiting.length >= feedStreamLimits.waitingMax) return false;
    else this.#waiting.push(message);
    return true;
  }

  send({ type, text, cursor }: Message): void {
    if (this.isClosed) return;
    if (this.sink.unsentBytes() > feedStreamLimits.unsentBytesMax) this.close('too_slow');
    else this.sink.send(type, text, cursor);
  }

  /** What waited was told as it was granted then, or is too much: it is read again. */
  forgetWaiting(joinAt: Offsets): void {
    this.#waiting = [];
    this.joinAt = joinAt;
    this.mustReadAgain = true;
  }

  goLive(): void {
    this.isLive = true;
    const waited = this.#waiting;
    this.#waiting = [];
    for (const message of waited) this.send(message);
  }

  close(end: StreamEnd): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.sink.close(end);
  }
}
