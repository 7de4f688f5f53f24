import pg from 'pg';
import { type Clock, type Logger, OperationalError, shareNext } from '../kernel/index.ts';
import type { Notified, Subscription } from './types.ts';

const retryDelayMs = 500;
/** How long somebody waits for what may still be on its way. */
const catchUpMs = 250;
/** A connection that only listens would not notice that the other side is gone. */
const keepAliveDelayMs = 10_000;
/** How who looks into `pg_stat_activity` finds it. */
const listenerName = 'milepost listener';

export interface EarOptions {
  readonly clientConfig: pg.ClientConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Hearer {
  readonly channel: string;
  readonly notified: Notified;
  readonly lost: () => void;
  /** Its first `listen` was answered. */
  isHearing: boolean;
}

/**
 * All that a process hears from the database, on one connection, which is there while somebody listens. It connects again for as long as it
 * takes, then says that messages may be missing.
 */
export class Ear {
  readonly #options: EarOptions;
  readonly #hearers = new Set<Hearer>();
  #client: pg.Client | undefined;
  #connecting: Promise<pg.Client> | undefined;
  #cancelRetry: () => void = () => {};
  // A message is sent to this connection before its writer hears of the commit; the answer to a question that is asked later comes behind it.
  readonly #askOnce = shareNext(async () => {
    if (!this.#client) throw new OperationalError('unavailable', 'the listening connection is away');
    // Nothing is the cheapest question.
    await this.#client.query('');
  });

  constructor(options: EarOptions) {
    this.#options = options;
  }

  /** Throws `unavailable`. */
  async listen(channel: string, notified: Notified, lost: () => void): Promise<Subscription> {
    const hearer: Hearer = { channel, notified, lost, isHearing: false };
    this.#hearers.add(hearer);
    try {
      const client = await this.#connected();
      // Once more for a channel that is heard already changes nothing.
      await client.query(`listen ${channel}`);
    } catch (cause) {
      await this.#leave(hearer);
      throw new OperationalError('unavailable', `cannot listen to ${channel}`, { cause });
    }
    hearer.isHearing = true;
    return { catchUp: (waitMs = catchUpMs) => this.#catchUp(waitMs), close: () => this.#leave(hearer) };
  }

  #connected(): Promise<pg.Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<pg.Client> {
    const { clientConfig, logger } = this.#options;
    const client = new pg.Client({
      ...clientConfig,
      application_name: listenerName,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveDelayMs,
    });
    client.on('error', (error) => logger.warn('the listening database connection failed', { error }));
    client.on('notification', ({ channel, payload = '' }) => {
      for (const hearer of this.#hearers) if (hearer.channel === channel) hearer.notified(payload);
    });
    client.on('end', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#retryLater();
    });
    try {
      await client.connect();
      for (const channel of new Set([...this.#hearers].map((hearer) => hearer.channel))) await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#client = client;
    await this.#endUnheard();
    return client;
  }

  #retryLater(): void {
    if (this.#hearers.size > 0) this.#cancelRetry = this.#options.clock.after(retryDelayMs, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    if (this.#hearers.size === 0) return;
    try {
      await this.#connected();
    } catch {
      this.#retryLater();
      return;
    }
    for (const hearer of this.#hearers) if (hearer.isHearing) hearer.lost();
  }

  async #catchUp(waitMs: number): Promise<boolean> {
    const over = Promise.withResolvers<boolean>();
    const stopWaiting = this.#options.clock.after(waitMs, () => over.resolve(false));
    // Of a connection that fails nothing comes any more: what is missing is read when it is back.
    const asked = this.#askOnce().then(
      () => true,
      () => false,
    );
    const isHeard = await Promise.race([asked, over.promise]);
    stopWaiting();
    return isHeard;
  }

  async #leave(hearer: Hearer): Promise<void> {
    this.#hearers.delete(hearer);
    await this.#endUnheard();
  }

  /** Nobody listens any more. A channel of which nobody hears is left alone until then: its messages are dropped. */
  async #endUnheard(): Promise<void> {
    if (this.#hearers.size > 0) return;
    this.#cancelRetry();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async close(): Promise<void> {
    this.#hearers.clear();
    await this.#connecting?.catch(() => {});
    await this.#endUnheard();
  }
}
