import type { Clock, Logger } from '../../kernel/index.ts';
import { type Storage, systemActor } from '../../storage/index.ts';
import type { GrantBook } from './book.ts';
import { grantLimits } from './limits.ts';
import { claimReminders, dropReminders } from './store-reminders.ts';
import type { StoredGrant } from './stored.ts';
import type { Grant, Holder } from './types.ts';

const actor = systemActor('reminders');
const dayMs = 86_400_000;

/** When its holder is told that a grant ends; undefined: it ends when somebody ends it. */
export const remindAtMs = ({ givenAtMs, untilMs }: Pick<Grant, 'givenAtMs' | 'untilMs'>): number | undefined => {
  if (untilMs === null) return undefined;
  const { remindDays, remindAfterShare } = grantLimits;
  return Math.max(untilMs - remindDays * dayMs, givenAtMs + (untilMs - givenAtMs) * remindAfterShare);
};

const isDue = (grant: StoredGrant, nowMs: number): boolean => {
  const atMs = remindAtMs(grant);
  return grant.state !== 'ended' && grant.untilMs !== null && grant.untilMs > nowMs && atMs !== undefined && atMs <= nowMs;
};

export interface RemindersOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly book: Pick<GrantBook, 'all'>;
  /** Tells a holder of grants that end soon. What throws is tried again. */
  readonly tell: (holder: Holder, grants: readonly StoredGrant[]) => Promise<void>;
}

/** Tells holders which of their grants end soon: once for each grant and end, by whichever process comes first. */
export class GrantReminders {
  readonly #options: RemindersOptions;
  #cancel: () => void = () => {};
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: RemindersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(grantLimits.remindLookMs, () => {
      void this.tend().finally(() => {
        if (!this.#isClosed) this.start();
      });
    });
  }

  tend(): Promise<void> {
    this.#working = this.#working.then(() =>
      this.#look().catch((error: unknown) => this.#options.logger.warn('it could not be looked which grants end', { error })),
    );
    return this.#working;
  }

  async #look(): Promise<void> {
    const { storage, clock, book } = this.#options;
    const nowMs = clock.now();
    const due = [...book.all()].filter((grant) => isDue(grant, nowMs)).slice(0, grantLimits.remindersAtOnceMax);
    if (due.length === 0) return;
    const claimed = new Set(await storage.withActor(actor, (tx) => claimReminders(tx, due, nowMs)));
    const mine = due.filter(({ grantNo }) => claimed.has(grantNo));
    for (const grants of Map.groupBy(mine, ({ holder }) => JSON.stringify(holder)).values()) await this.#tell(grants);
  }

  async #tell(grants: readonly StoredGrant[]): Promise<void> {
    const { storage, logger, tell } = this.#options;
    const { reminderLinesMax } = grantLimits;
    for (let from = 0; from < grants.length; from += reminderLinesMax) {
      const some = grants.slice(from, from + reminderLinesMax);
      try {
        await tell((some[0] as StoredGrant).holder, some);
      } catch (error) {
        logger.warn('a holder could not be told that grants end: it is tried again', { error });
        await storage.withActor(actor, (tx) => dropReminders(tx, some));
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#working;
  }
}
