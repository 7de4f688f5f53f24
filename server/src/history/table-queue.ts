import { type Clock, type Logger, MilepostError, OperationalError } from '../kernel/index.ts';
import { flushRetryMsMax, flushRetryMsMin } from './limits.ts';
import type { Table, Tables } from './tables.ts';

/** Where sealed tables go. */
export interface TableSink {
  /** Resolves when chunks have all of it. After a failure it is called again for the same table: what is stored of it is marked there. */
  store(table: Table): Promise<void>;
}

export interface TableQueueOptions {
  readonly tables: Tables;
  readonly sink: TableSink;
  /** Somebody else writes what would be stored: it is not tried again. */
  readonly superseded: (error: Error) => void;
  /** A table is no longer in memory. */
  readonly released: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Has sealed tables stored one after the other, the oldest first; one that failed is tried again. */
export class TableQueue {
  readonly #options: TableQueueOptions;
  readonly #afterStore: ((error: Error | undefined) => void)[] = [];
  #isStoring = false;
  isClosed = false;
  #retryMs = 0;
  /** Cancels the wait before the next try. */
  #cancelRetry: (() => void) | undefined;
  stored = 0;
  failures = 0;
  lastStoreMs = 0;
  /** ms since 1970; null: nothing was stored yet. */
  lastStoredAt: number | null = null;

  constructor(options: TableQueueOptions) {
    this.#options = options;
  }

  /** Stores the oldest sealed table, unless one is being stored or a failed one waits for its time. */
  next(): void {
    if (this.#isStoring || this.isClosed) return;
    const table = this.#options.tables.sealed[0];
    if (!table) return this.#tell(undefined);
    this.#isStoring = true;
    this.#store(table).then(
      () => this.#tell(undefined),
      (error: unknown) => this.#failed(error),
    );
  }

  /** Resolves after the next table is stored, rejects when that fails. */
  waitForNext(): Promise<void> {
    if (this.isClosed) return Promise.reject(new OperationalError('unavailable', 'history is closed'));
    return new Promise((resolve, reject) => {
      this.#afterStore.push((error) => (error ? reject(error) : resolve()));
      this.#options.tables.hurry();
      this.next();
    });
  }

  /** What failed need not wait for its time. */
  retryNow(): void {
    if (!this.#cancelRetry) return;
    this.#cancelRetry();
    this.#cancelRetry = undefined;
    this.#isStoring = false;
    this.next();
  }

  /** Nothing more is begun. */
  close(): void {
    this.isClosed = true;
  }

  async #store(table: Table): Promise<void> {
    const { tables, sink, released, clock } = this.#options;
    const startedMs = clock.steady();
    await sink.store(table);
    if (tables.sealed[0] === table) tables.releaseOldest();
    released();
    this.stored++;
    this.lastStoreMs = clock.steady() - startedMs;
    this.lastStoredAt = clock.now();
    this.#isStoring = false;
    this.#retryMs = 0;
  }

  #failed(error: unknown): void {
    const { clock, logger, superseded } = this.#options;
    this.failures++;
    if (error instanceof MilepostError && error.code === 'superseded') {
      this.close();
      superseded(error);
      this.#tell(error);
      return;
    }
    this.#retryMs = Math.min(flushRetryMsMax, Math.max(flushRetryMsMin, this.#retryMs * 2));
    if (!this.isClosed) logger.error('history could not be written; it is tried again', { error, afterMs: this.#retryMs });
    this.#cancelRetry = clock.after(this.#retryMs, () => this.retryNow());
    this.#tell(error instanceof Error ? error : new Error(String(error)));
  }

  #tell(error: Error | undefined): void {
    for (const listener of this.#afterStore.splice(0)) listener(error);
    if (!error && this.#options.tables.sealed.length > 0) this.next();
  }
}
