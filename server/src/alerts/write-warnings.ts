import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WarningCode } from '@milepost/contract';
import type { Clock, Logger } from '../kernel/index.ts';
import { type Storage, systemActor } from '../storage/index.ts';
import { warningLimits } from './limits.ts';
import { announceWarnings, applyErasures, readOldest, readRecent, removeByNumbers, writeChanges } from './store.ts';
import type { WarningSource } from './types.ts';
import { type Decided, WarningStates } from './warning-states.ts';

export interface WriterOptions {
  readonly storage: Storage;
  readonly source: WarningSource;
  /** Vehicles whose warnings this process writes: one process for each. */
  readonly owns: (vehicleNo: number) => boolean;
  /** What ended before is no longer kept, ms. */
  readonly keptFromMs: (vehicleNo: number, code: WarningCode, nowMs: number) => number;
  /** What ended after is kept of every vehicle, ms. */
  readonly keptByAllFromMs: (nowMs: number) => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const actor = systemActor('warnings');
/** Vehicles that are looked at before others have a turn, and rows that are looked at for their age. */
const vehiclesPerTurn = 2000;
const rowsPerPage = 5000;
const pruneEveryMs = 60_000;

/**
 * Keeps the log of warnings at what the latest values say. It looks at states, not at the way to them: whatever was missed while it was away, and
 * whatever is told twice, it writes what is new, once.
 */
export class WarningWriter {
  readonly #options: WriterOptions;
  readonly #states = new WarningStates();
  /** Vehicles that are to be looked at. */
  #touched = new Set<number>();
  #prunedMs = 0;
  #isAway = false;
  /** One write after the other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Cheap, because it is called for many records. */
  touch(vehicleNo: number): void {
    this.#touched.add(vehicleNo);
  }

  /** Reads what was written before, and has every vehicle looked at. Throws `unavailable`. */
  async load(): Promise<void> {
    const { storage, source, owns, clock } = this.#options;
    const endedSinceMs = clock.now() - warningLimits.returnWithinMs;
    const records = await storage.withActor(actor, async (tx) => {
      await applyErasures(tx);
      return readRecent(tx, endedSinceMs);
    });
    for (const record of records) if (owns(record.vehicleNo)) this.#states.remember(record);
    for (const vehicleNo of this.#states.vehicles()) this.touch(vehicleNo);
    for (const vehicleNo of source.vehicles()) if (source.active(vehicleNo).length > 0) this.touch(vehicleNo);
  }

  /** Writes what has changed since; what cannot be written now is written the next time. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeTouched()).then(
      () => this.#noteAway(undefined),
      (error: unknown) => this.#noteAway(error),
    );
  }

  /** Takes out what is erased by now. */
  erase(): Promise<void> {
    return this.#inTurn(async () => {
      const { storage } = this.#options;
      const vehicleNos = await storage.withActor(actor, async (tx) => {
        const removed = await applyErasures(tx);
        await announceWarnings(tx, null);
        return removed;
      });
      // What newer values still say is a warning of its own.
      for (const vehicleNo of vehicleNos) {
        this.#states.forget(vehicleNo);
        this.touch(vehicleNo);
      }
    });
  }

  /** Takes out what is no longer kept. */
  removeOld(): Promise<void> {
    return this.#inTurn(async () => {
      const { storage, owns, keptFromMs, keptByAllFromMs, clock } = this.#options;
      const nowMs = clock.now();
      const isOld = (vehicleNo: number, code: WarningCode, endedMs: number | null): boolean =>
        owns(vehicleNo) && endedMs !== null && endedMs < keptFromMs(vehicleNo, code, nowMs);
      for (let after: number | undefined = 0; after !== undefined; ) {
        const from: number = after;
        after = await storage.withActor(actor, async (tx) => {
          const page = await readOldest(tx, keptByAllFromMs(nowMs), from, rowsPerPage);
          const old = page.filter(({ vehicleNo, code, endedMs }) => isOld(vehicleNo, code, endedMs));
          if (old.length > 0)
            await removeByNumbers(
              tx,
              old.map(({ warningNo }) => warningNo),
            );
          return page.length === rowsPerPage ? page.at(-1)?.warningNo : undefined;
        });
      }
    });
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#queue;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  #noteAway(error: unknown): void {
    const isAway = error !== undefined;
    if (isAway && !this.#isAway) this.#options.logger.warn('warnings cannot be written; it is tried again', { error });
    this.#isAway = isAway;
  }

  async #writeTouched(): Promise<void> {
    const { source, clock } = this.#options;
    const nowMs = clock.now();
    if (nowMs - this.#prunedMs >= pruneEveryMs) {
      this.#prunedMs = nowMs;
      this.#states.prune(nowMs);
    }
    const vehicleNos = [...new Set([...this.#touched, ...this.#states.clearing()])];
    this.#touched.clear();
    for (let next = 0; next < vehicleNos.length; ) {
      const from = next;
      const decided: Decided[] = [];
      const isFull = (): boolean => decided.length >= warningLimits.changesPerWriteMax || next - from >= vehiclesPerTurn;
      while (next < vehicleNos.length && !isFull())
        decided.push(...this.#states.look(vehicleNos[next++] as number, source, nowMs));
      try {
        await this.#write(decided);
      } catch (error) {
        for (const vehicleNo of vehicleNos.slice(from)) this.touch(vehicleNo);
        throw error;
      }
    }
  }

  async #write(decided: readonly Decided[]): Promise<void> {
    const changes = decided.flatMap((one) => one.changes);
    if (changes.length > 0) {
      await this.#options.storage.withActor(actor, async (tx) => {
        const written = await writeChanges(tx, changes);
        for (let at = 0; at < written.length; at += warningLimits.changesPerNoticeMax)
          await announceWarnings(tx, written.slice(at, at + warningLimits.changesPerNoticeMax));
      });
    } else await nextTurn();
    for (const one of decided) this.#states.keep(one);
  }
}
