import { randomUUID } from 'node:crypto';
import type { Clock, Logger } from '../../kernel/index.ts';
import { type Storage, type Subscription, systemActor } from '../../storage/index.ts';
import type { WritableGrantBook } from './book.ts';
import { grantLimits } from './limits.ts';
import { type GrantNotice, readGrants, sharingChannel } from './store.ts';

const actor = systemActor('grants');
const dayMs = 86_400_000;

export interface FollowOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps grants in memory as any process wrote them, and knows whether it still hears of changes. */
export class GrantFollower {
  /** Names this process among those that write. */
  readonly origin = randomUUID();
  readonly #options: FollowOptions;
  readonly #book: WritableGrantBook;
  #subscription: Subscription | undefined;
  /** Changes are read one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** What was missed is not read yet. */
  #missing = 0;
  /** When it was last known that everything had been heard, by the steady clock. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: FollowOptions, makeBook: (isHeard: () => boolean) => WritableGrantBook) {
    this.#options = options;
    this.#book = makeBook(() => this.isHeard());
  }

  get book(): WritableGrantBook {
    return this.#book;
  }

  /** Nothing that was committed longer ago than `heardWithinMs` is unknown here. */
  isHeard(): boolean {
    return this.#missing === 0 && this.#options.clock.steady() - this.#heardAt <= grantLimits.heardWithinMs;
  }

  /** Listening begins before loading, so that nothing falls between. */
  async open(): Promise<void> {
    const { storage } = this.#options;
    const heard = (payload: string): void => {
      const { origin, grantNos } = JSON.parse(payload) as GrantNotice;
      // What was written here is in the book already.
      if (origin !== this.origin) this.#read(grantNos);
    };
    this.#subscription = await storage.listen(sharingChannel, heard, () => this.#read([]));
    await this.#load([]);
    this.#heardAt = this.#options.clock.steady();
    this.#beat();
  }

  /** Reads everything anew. */
  readAll(): void {
    if (!this.#isClosed) this.#read([]);
  }

  #read(grantNos: readonly number[]): void {
    this.#missing++;
    this.#queue = this.#queue
      .then(() => this.#load(grantNos))
      .then(
        () => void this.#missing--,
        // It stays missing until everything was read: nobody is answered meanwhile.
        (error: unknown) => {
          this.#options.logger.error('grants could not be read', { error });
          this.#options.clock.after(grantLimits.heardEveryMs, () => {
            this.#missing--;
            if (!this.#isClosed) this.#read([]);
          });
        },
      );
  }

  async #load(grantNos: readonly number[]): Promise<void> {
    const { storage, clock } = this.#options;
    const endedAfterMs = clock.now() - grantLimits.endedKeptDays * dayMs;
    const isAll = grantNos.length === 0;
    const grants = await storage.withActor(actor, (tx) => readGrants(tx, endedAfterMs, isAll ? undefined : grantNos));
    if (isAll) this.#book.replace(grants);
    else this.#book.put(grants);
  }

  #beat(): void {
    this.#cancel = this.#options.clock.after(grantLimits.heardEveryMs, () => {
      void this.catchUp().then(() => {
        if (!this.#isClosed) this.#beat();
      });
    });
  }

  /** Resolves when the book has what any process had committed before; false: it may not have. */
  async catchUp(): Promise<boolean> {
    const askedAt = this.#options.clock.steady();
    const isHeard = (await this.#subscription?.catchUp(grantLimits.heardWaitMs).catch(() => false)) ?? false;
    await this.#queue;
    if (isHeard && this.#missing === 0) this.#heardAt = Math.max(this.#heardAt, askedAt);
    return isHeard && this.#missing === 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#subscription?.close();
    await this.#queue;
  }
}
