import pg from 'pg';
import { type Logger, OperationalError } from '../kernel/index.ts';

/** How often PostgreSQL is asked whether it is there. */
export const watchEveryMs = 1000;
/** The same while it is away: it is taken up again as soon as it answers. */
export const watchAwayEveryMs = 100;
/** Without an answer for so long it counts as away: who waits for it is told so. */
export const watchTimeoutMs = 2000;
const retryAfterSeconds = 2;

export interface DatabaseWatch {
  readonly isAway: boolean;
  /** Waits for something that needs PostgreSQL, but not longer than it is there: then throws `unavailable` and calls `abandoned`. */
  guard<T>(run: () => Promise<T>, abandoned: () => void): Promise<T>;
  close(): Promise<void>;
}

/** Not the injected clock: a PostgreSQL is waited for in the time that really passes. */
const after = (delayMs: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, delayMs).unref();
  return () => clearTimeout(timer);
};

const away = (): OperationalError => new OperationalError('unavailable', 'the database is not available', { retryAfterSeconds });

/**
 * Asks again and again on a connection of its own. A PostgreSQL that was stopped keeps its connections open and answers nothing: without
 * this, whoever asks it would hang for as long.
 */
class Watch implements DatabaseWatch {
  readonly #config: pg.ClientConfig;
  readonly #logger: Logger;
  readonly #waiting = new Set<() => void>();
  #client: pg.Client | undefined;
  #isClosed = false;
  #cancel: () => void = () => {};
  isAway = false;

  constructor(config: pg.ClientConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    void this.#ask();
  }

  guard<T>(run: () => Promise<T>, abandoned: () => void): Promise<T> {
    if (this.isAway) return Promise.reject(away());
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        abandoned();
        reject(away());
      };
      this.#waiting.add(giveUp);
      run()
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(giveUp));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  /** One question; the next follows when it has been answered, however late. */
  async #ask(): Promise<void> {
    const cancel = after(watchTimeoutMs, () => this.#gone());
    try {
      this.#client ??= await this.#connect();
      await this.#client.query('select 1');
      this.#back();
    } catch {
      // One that refuses is no such one: whoever asks it hears so at once, and is let in as soon as it takes connections again.
      this.#client = undefined;
      this.#back();
    }
    cancel();
    if (!this.#isClosed) this.#cancel = after(this.isAway ? watchAwayEveryMs : watchEveryMs, () => void this.#ask());
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined;
    });
    await client.connect();
    return client;
  }

  #gone(): void {
    if (this.isAway || this.#isClosed) return;
    this.isAway = true;
    this.#logger.warn('the database does not answer');
    for (const giveUp of this.#waiting) giveUp();
    this.#waiting.clear();
  }

  #back(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.#logger.warn('the database answers again');
  }
}

export const watchDatabase = (config: pg.ClientConfig, logger: Logger): DatabaseWatch => new Watch(config, logger);
