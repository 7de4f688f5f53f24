import { type Transferable, Worker } from 'node:worker_threads';
import { assert, BugError, OperationalError } from '../kernel/index.ts';
import type {
  ThreadAnswer,
  ThreadData,
  ThreadError,
  ThreadOperation,
  ThreadOperations,
  ThreadRequest,
} from './thread-messages.ts';

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

const errorOf = (error: ThreadError): Error => {
  const cause = { stack: error.stack };
  return error.isOperational
    ? new OperationalError(error.code ?? 'unavailable', error.message, { cause })
    : new BugError(error.message, cause);
};

/** The main thread's end of a thread of history. */
export class ThreadClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #warn: (message: string, cause: string) => void;
  #nextId = 1;
  #ended: Error | undefined;
  /** While somebody has the thread alone: what the others asked, in order. */
  #held: (() => void)[] | undefined;

  /** `ended` is called when the thread ends without having been closed. */
  constructor(data: ThreadData, ended: (error: Error) => void, warn: (message: string, cause: string) => void) {
    this.#warn = warn;
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data, name: `history-${data.mode}` });
    this.#worker.on('message', (message: ThreadAnswer) => this.#answered(message));
    const end = (error: Error): void => {
      if (this.#ended) return;
      this.#fail(error);
      ended(error);
    };
    this.#worker.on('error', (error: unknown) =>
      end(new OperationalError('unavailable', `the ${data.mode} thread of history failed`, { cause: error })),
    );
    this.#worker.on('exit', (code) =>
      end(new OperationalError('unavailable', `the ${data.mode} thread of history ended with code ${code}`)),
    );
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  ask<Name extends ThreadOperation>(
    operation: Name,
    request: ThreadOperations[Name]['request'],
    transfer: readonly Transferable[] = [],
  ): Promise<ThreadOperations[Name]['answer']> {
    if (!this.#held) return this.#post(operation, request, transfer);
    const held = this.#held;
    return new Promise((resolve, reject) => {
      held.push(() => void this.#post(operation, request, transfer).then(resolve, reject));
    });
  }

  /** Whoever asks meanwhile waits, and is answered after `run`, which asks by `post`. What was asked before is answered first. */
  async alone(run: (post: ThreadClient['ask']) => Promise<void>): Promise<void> {
    assert(!this.#held, 'somebody has this thread alone already');
    const held: (() => void)[] = [];
    this.#held = held;
    try {
      await run((operation, request, transfer) => this.#post(operation, request, transfer));
    } finally {
      this.#held = undefined;
      for (const post of held) post();
    }
  }

  #post<Name extends ThreadOperation>(
    operation: Name,
    request: ThreadOperations[Name]['request'],
    transfer: readonly Transferable[] = [],
  ): Promise<ThreadOperations[Name]['answer']> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#worker.postMessage({ id, operation, request } satisfies ThreadRequest, transfer);
    });
  }

  /** Ends the thread. `isAtOnce` as a kill would: whatever it is doing is cut off. */
  async close(isAtOnce = false): Promise<void> {
    if (!isAtOnce && !this.#ended) await this.ask('close', undefined);
    this.#fail(new OperationalError('unavailable', 'history is closed'));
    await this.#worker.terminate();
  }

  #answered(message: ThreadAnswer): void {
    if ('warning' in message) return this.#warn(message.warning, message.cause);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(errorOf(message.error));
    else waiting?.resolve(message.answer as never);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
