import { Worker } from 'node:worker_threads';
import { BugError, type Logger, OperationalError } from '../../kernel/index.ts';
import type { DayWanted, MadeDay } from './make-day.ts';
import type { DevicePages, ReadPages } from './read-samples.ts';
import type { DayAnswer, DayRequest } from './thread-messages.ts';

interface Waiting {
  readonly read: ReadPages;
  readonly resolve: (made: MadeDay) => void;
  readonly reject: (error: unknown) => void;
}

/** Each once; what other threads share stays where it is. */
const buffersOf = (devices: readonly DevicePages[]): ArrayBuffer[] => {
  const arrays = devices.flatMap(({ pages }) => pages.flatMap(({ times, numbers }) => [times, ...numbers]));
  const buffers = new Set(arrays.map((array) => array?.buffer));
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
};

/**
 * Makes days in a thread of its own: a day at 1 Hz is a tenth of a second of computing, and more. The main thread reads from history what the thread
 * asks for, and hands it over without a copy. The thread starts with the first day; when it ends, the days it had fail, and the next one starts another.
 */
export class DayThread {
  readonly #logger: Logger;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 1;
  #isClosed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Days that it has. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A `MakeDay`. Throws `unavailable`, and what `read` throws. */
  make(wanted: DayWanted, read: ReadPages): Promise<MadeDay> {
    if (this.#isClosed) return Promise.reject(new OperationalError('unavailable', 'trips are closed'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { read, resolve, reject });
      this.#tell({ id, make: wanted });
    });
  }

  #tell(request: DayRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request, transfer);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { name: 'trips' });
    worker.on('message', (answer: DayAnswer) => this.#answered(answer));
    const ended = (cause: unknown): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#logger.error('the thread of trips ended', { error: cause });
      this.#failAll(new OperationalError('unavailable', 'the thread of trips ended', { cause }));
    };
    worker.on('error', ended);
    worker.on('exit', (code) => ended(new Error(`exit code ${code}`)));
    return worker;
  }

  #answered(answer: DayAnswer): void {
    const { id } = answer;
    const one = this.#waiting.get(id);
    if (!one) return;
    if ('wants' in answer) {
      void this.#read(id, one, answer.wants);
      return;
    }
    this.#waiting.delete(id);
    if ('made' in answer) one.resolve(answer.made);
    else one.reject(new BugError(answer.failed.message, { stack: answer.failed.stack }));
  }

  async #read(id: number, one: Waiting, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Promise<void> {
    try {
      const pages = await one.read(fromMs, toMs);
      if (this.#waiting.has(id)) this.#tell({ id, read: pages }, buffersOf(pages));
    } catch (error) {
      // The thread forgets the day; who waits hears the reason.
      if (!this.#waiting.delete(id)) return;
      one.reject(error);
      this.#tell({ id, read: undefined });
    }
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** Ends the thread; days it has fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll(new OperationalError('unavailable', 'trips are closed'));
    await worker?.terminate();
  }
}
