import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { OperationalError } from '../../../kernel/index.ts';
import type { LakeColumn, LakePage } from '../../ports.ts';
import type { ThreadAnswer, ThreadData, ThreadRequest } from './messages.ts';

/** The thread that writes one file, seen from the main thread. One request at a time. */
export class ParquetThread {
  readonly #worker: Worker;
  readonly #signal: AbortSignal;

  constructor(folder: string, columns: readonly LakeColumn[], signal: AbortSignal) {
    const workerData: ThreadData = { folder, columns };
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData, name: 'lake-parquet' });
    // `#ask` listens too; without a listener an error between two requests would end the process.
    this.#worker.on('error', () => {});
    this.#signal = signal;
  }

  add(page: LakePage): Promise<void> {
    return this.#ask({ page });
  }

  finish(): Promise<void> {
    return this.#ask({ finish: true });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(request: ThreadRequest): Promise<void> {
    const settled = new AbortController();
    const signal = AbortSignal.any([this.#signal, settled.signal]);
    const ended = once(this.#worker, 'exit', { signal }).then((): [ThreadAnswer] => [{ failed: 'the thread ended' }]);
    const answered = once(this.#worker, 'message', { signal }) as Promise<[ThreadAnswer]>;
    this.#worker.postMessage(request);
    try {
      const [answer] = await Promise.race([answered, ended]);
      if ('failed' in answer)
        throw new OperationalError('unavailable', 'the Parquet file could not be written', { cause: answer.failed });
    } finally {
      settled.abort();
      await Promise.allSettled([ended, answered]);
    }
  }
}
