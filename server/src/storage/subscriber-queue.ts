import { CallerError, type Logger } from '../kernel/index.ts';
import type { FanOutLimits, Subscriber } from './fan-out.ts';

/** What waits for one subscriber. */
export interface SubscriberQueue {
  push(message: Buffer): void;
  /** What waits is dropped: who looks everything up does not need it. */
  gap(): void;
  /** Nothing is called any more, except what runs. */
  close(): void;
}

/** The bytes of a message. Throws `payload_too_large`. */
export const messageBytes = (message: Uint8Array | string, { messageBytesMax }: FanOutLimits): Buffer => {
  const bytes = Buffer.from(message);
  if (bytes.length > messageBytesMax)
    throw new CallerError('payload_too_large', `the message has ${bytes.length} bytes, expected at most ${messageBytesMax}`);
  return bytes;
};

/** Messages in their order. */
const makeBacklog = ({ queuedMessagesMax, queuedBytesMax }: FanOutLimits) => {
  let messages: Buffer[] = [];
  let bytes = 0;
  return {
    /** Answers whether it holds more than it may. */
    push: (message: Buffer): boolean => {
      messages.push(message);
      bytes += message.length;
      return messages.length > queuedMessagesMax || bytes > queuedBytesMax;
    },
    shift: (): Buffer | undefined => {
      const message = messages.shift();
      bytes -= message?.length ?? 0;
      return message;
    },
    clear: (): void => {
      messages = [];
      bytes = 0;
    },
  };
};

/** Calls a subscriber for one message after the other, never in the turn in which it came. */
export const makeSubscriberQueue = (
  channel: string,
  subscriber: Subscriber,
  limits: FanOutLimits,
  logger: Logger,
): SubscriberQueue => {
  const waiting = makeBacklog(limits);
  let isGapDue = false;
  let isRunning = false;
  let isClosed = false;
  /** From an overflow until nothing waits: said once. */
  let isBehind = false;

  /** Undefined: there is nothing to call. */
  const next = (): (() => void | Promise<void>) | undefined => {
    if (isClosed) return undefined;
    if (isGapDue) {
      isGapDue = false;
      return () => subscriber.gap();
    }
    const message = waiting.shift();
    return message && (() => subscriber.heard(message));
  };
  const run = async (): Promise<void> => {
    for (let call = next(); call !== undefined; call = next()) {
      try {
        const pending = call();
        // One that is done at once keeps pace with any publisher: it takes all that waits in this turn.
        if (pending) await pending;
      } catch (error) {
        logger.error('a subscriber of a channel failed', { channel, error });
      }
    }
    isRunning = false;
    isBehind = false;
  };
  const start = (): void => {
    if (isRunning || isClosed) return;
    isRunning = true;
    queueMicrotask(() => void run());
  };
  const gap = (): void => {
    waiting.clear();
    isGapDue = true;
    start();
  };
  const push = (message: Buffer): void => {
    const isTooMuch = waiting.push(message);
    if (!isTooMuch) return start();
    if (!isBehind) logger.warn('a subscriber of a channel is too slow: what waits for it is dropped', { channel });
    isBehind = true;
    gap();
  };
  const close = (): void => {
    isClosed = true;
    waiting.clear();
  };
  return { push, gap, close };
};

/** The subscribers of each channel. */
export class Subscriptions {
  readonly #queues = new Map<string, Set<SubscriberQueue>>();
  readonly #limits: FanOutLimits;
  readonly #logger: Logger;

  constructor(limits: FanOutLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  get channels(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /** Answers what ends it; that answers true when it was the last of its channel. */
  add(channel: string, subscriber: Subscriber): () => boolean {
    const queue = makeSubscriberQueue(channel, subscriber, this.#limits, this.#logger);
    const queues = this.#queues.get(channel) ?? new Set();
    queues.add(queue);
    this.#queues.set(channel, queues);
    return () => {
      queue.close();
      if (!queues.delete(queue) || queues.size > 0) return false;
      return this.#queues.delete(channel);
    };
  }

  deliver(channel: string, message: Buffer): void {
    for (const queue of this.#queues.get(channel) ?? []) queue.push(message);
  }

  gap(): void {
    for (const queues of this.#queues.values()) for (const queue of queues) queue.gap();
  }

  close(): void {
    for (const queues of this.#queues.values()) for (const queue of queues) queue.close();
    this.#queues.clear();
  }
}
