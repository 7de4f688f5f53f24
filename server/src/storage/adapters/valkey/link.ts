import { OperationalError } from '../../../kernel/index.ts';
import { type Client, reasonOf, unavailable } from './client.ts';
import { type Life, makeLife } from './life.ts';
import type { ValkeySettings } from './options.ts';

export interface LinkStatistics {
  /** Connections that were made after the first. */
  readonly reconnections: number;
  readonly requestsInFlight: number;
  readonly requestBytesInFlight: number;
}

/** Said by a server that is not, or not yet, the one that writes: whoever has its name next is connected to. */
const isElsewhere = (error: unknown): boolean => /^(READONLY|MASTERDOWN|LOADING)\b/.test(reasonOf(error));

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A connection that is made again, by itself, for as long as it takes. While there is none, what needs it fails at once. */
export class Link {
  readonly #settings: ValkeySettings;
  readonly #purpose: string;
  /** Called on each new connection, before it counts as there. */
  readonly #opened: () => Promise<void>;
  readonly #firstOpened = Promise.withResolvers<void>();
  readonly #kept: Promise<void>;
  /** Connected. */
  #life: Life | undefined;
  #awayReason: string | undefined = 'not connected yet';
  #isAwaySaid = false;
  #isClosed = false;
  #lives = 0;
  #requests = 0;
  #bytes = 0;
  /** Ends what `#keep` is at. */
  #interrupt = (): void => {};

  constructor(settings: ValkeySettings, purpose: string, opened: () => Promise<void> = () => Promise.resolve()) {
    this.#settings = settings;
    this.#purpose = purpose;
    this.#opened = opened;
    this.#kept = this.#keep();
  }

  /** Undefined: it is there. */
  get awayReason(): string | undefined {
    return this.#awayReason;
  }

  get statistics(): LinkStatistics {
    const reconnections = Math.max(0, this.#lives - 1);
    return { reconnections, requestsInFlight: this.#requests, requestBytesInFlight: this.#bytes };
  }

  /** Waits for the first connection, but not longer than `openTimeoutMs`. */
  async untilOpened(): Promise<void> {
    const { clock, limits } = this.#settings;
    const cancel = clock.after(limits.openTimeoutMs, () => this.#firstOpened.resolve());
    await this.#firstOpened.promise;
    cancel();
  }

  /**
   * Runs one request. Throws `unavailable` while away, when it is refused, and when it has no answer, in which case it may have been done all the
   * same; `overloaded` when as much is on its way as may be.
   */
  async call<Answer>(bytes: number, run: (client: Client) => Promise<Answer>): Promise<Answer> {
    const { clock, limits } = this.#settings;
    const life = this.#life;
    if (!life) throw unavailable(this.#awayReason);
    if (this.#requests >= limits.requestsInFlightMax || this.#bytes + bytes > limits.requestBytesInFlightMax)
      throw new OperationalError('overloaded', `${this.#requests} requests wait for Valkey`, { retryAfterSeconds: 1 });
    const silent = (): void => this.#end(life, new Error(`no answer for ${limits.requestTimeoutMs} ms`));
    const cancel = clock.after(limits.requestTimeoutMs, silent);
    this.#requests++;
    this.#bytes += bytes;
    try {
      return await run(life.client);
    } catch (error) {
      if (isElsewhere(error)) this.#end(life, asError(error));
      throw unavailable(error);
    } finally {
      cancel();
      this.#requests--;
      this.#bytes -= bytes;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#life) this.#end(this.#life, new Error('closed'));
    this.#interrupt();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { limits, random } = this.#settings;
    let pauseMs = limits.retryMs;
    while (!this.#isClosed) {
      const life = makeLife(this.#settings);
      this.#interrupt = () => life.end(new Error('closed'));
      if (await this.#begin(life)) pauseMs = limits.retryMs;
      const reason = await life.ended;
      this.#life = undefined;
      this.#away(reason);
      if (!this.#isClosed) await this.#pause(pauseMs * (0.5 + random() / 2));
      pauseMs = Math.min(limits.retryMaxMs, pauseMs * 2);
    }
    this.#firstOpened.resolve();
  }

  async #begin(life: Life): Promise<boolean> {
    try {
      await life.connect();
      this.#life = life;
      await this.#opened();
    } catch (error) {
      life.end(asError(error));
      return false;
    }
    this.#back();
    this.#pingLater(life);
    return true;
  }

  /** One question after the other: a server that was stopped keeps its connections open and answers nothing. */
  #pingLater(life: Life): void {
    const { clock, limits } = this.#settings;
    const ping = async (): Promise<void> => {
      if (this.#life !== life) return;
      await this.call(0, (client) => client.sendCommand(['PING'])).catch(() => undefined);
      this.#pingLater(life);
    };
    const cancel = clock.after(limits.pingEveryMs, () => void ping());
    void life.ended.then(cancel);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(ms, resolve);
      this.#interrupt = () => {
        cancel();
        resolve();
      };
    });
  }

  /** From here on nothing is sent. */
  #end(life: Life, reason: Error): void {
    if (this.#life === life) {
      this.#life = undefined;
      this.#awayReason = reasonOf(reason);
    }
    life.end(reason);
  }

  #away(reason: Error): void {
    this.#awayReason = reasonOf(reason);
    if (this.#isAwaySaid || this.#isClosed) return;
    this.#isAwaySaid = true;
    this.#settings.logger.warn('Valkey is away', { purpose: this.#purpose, reason: this.#awayReason });
  }

  #back(): void {
    this.#awayReason = undefined;
    this.#lives++;
    this.#firstOpened.resolve();
    if (this.#isAwaySaid) this.#settings.logger.warn('Valkey is back', { purpose: this.#purpose });
    this.#isAwaySaid = false;
  }
}
