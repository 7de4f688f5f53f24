import type { ConsentGroup, WarningCode } from '@milepost/contract';
import { apiLimits } from '@milepost/contract/api';
import { groupPermission, isSeenAt, type ReadScope } from '../events/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import { type Actor, type Storage, type Subscription, systemActor } from '../storage/index.ts';
import { warningLimits } from './limits.ts';
import {
  announceWarnings,
  readByNumbers,
  readOpen,
  readPage,
  readRung,
  readSeen,
  warningChannel,
  type WarningNotice,
  writeSeen,
} from './store.ts';
import type {
  WarningChange,
  WarningCounts,
  WarningFilters,
  WarningList,
  WarningListener,
  WarningPlace,
  WarningRecord,
  Warnings,
} from './types.ts';

export interface WarningsOptions {
  readonly storage: Storage;
  /** Consent group of the values that a warning is seen by. */
  readonly groupOf: (code: WarningCode) => ConsentGroup;
  /** Erased, or older than it is kept: rows are removed a little later than they are hidden. */
  readonly isHidden: (vehicleNo: number, code: WarningCode, raisedMs: number, endedMs: number | null) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

const actor: Actor = systemActor('warnings');

class StoredWarnings implements Warnings {
  readonly #options: WarningsOptions;
  readonly #listeners = new Set<WarningListener>();
  #subscription: Subscription | undefined;
  /** Notices are read one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #open: { readonly readMs: number; readonly rows: Promise<readonly WarningRecord[]> } | undefined;

  constructor(options: WarningsOptions) {
    this.#options = options;
  }

  async follow(): Promise<void> {
    const { storage } = this.#options;
    const notified = (payload: string): void => this.#inTurn(() => this.#take(JSON.parse(payload) as WarningNotice));
    this.#subscription = await storage.listen(warningChannel, notified, () => this.#inTurn(() => this.#take(null)));
  }

  async list(
    scope: ReadScope,
    filters: WarningFilters,
    { limit, after }: { readonly limit: number; readonly after?: WarningPlace },
  ): Promise<WarningList> {
    const { storage } = this.#options;
    const items: WarningRecord[] = [];
    let last = after;
    // One more than is shown says whether there is a next page.
    const size = limit + 1;
    for (let scanned = 0; scanned < warningLimits.scannedPerPageMax; scanned += size) {
      const place = last;
      const page = await storage.withActor(actor, (tx) => readPage(tx, filters, place, size));
      for (const record of page) {
        if (items.length === limit) return { items, next: last ?? null };
        if (this.isShown(scope, record)) items.push(record);
        last = { raisedMs: record.raisedMs, warningNo: record.warningNo };
      }
      if (page.length < size) return { items, next: null };
    }
    return { items, next: last ?? null };
  }

  async counts(scope: ReadScope): Promise<WarningCounts> {
    const { storage } = this.#options;
    const { seenUntilMs, rung } = await storage.withActor(actor, async (tx) => {
      const seen = await readSeen(tx, scope.reader);
      return { seenUntilMs: seen, rung: await readRung(tx, seen ?? 0, apiLimits.unseenWarningsMax) };
    });
    const open = { critical: 0, warning: 0, info: 0 };
    for (const record of await this.#openRows()) if (this.isShown(scope, record)) open[record.severity]++;
    return { open, unseen: rung.filter((record) => this.isShown(scope, record)).length, seenUntilMs };
  }

  async see(scope: ReadScope, untilMs: number): Promise<void> {
    const { storage, clock } = this.#options;
    // What rings after this was not seen, whatever a caller says.
    const until = Math.max(0, Math.min(untilMs, clock.now()));
    await storage.withActor(actor, async (tx) => {
      await writeSeen(tx, scope.reader, until);
      await announceWarnings(tx, []);
    });
  }

  isShown(scope: ReadScope, { vehicleNo, code, raisedMs, endedMs }: WarningRecord): boolean {
    const { groupOf, isHidden } = this.#options;
    return (
      scope.allowsVehicle(vehicleNo) &&
      isSeenAt(groupPermission(scope, vehicleNo, groupOf(code)), raisedMs) &&
      !isHidden(vehicleNo, code, raisedMs, endedMs)
    );
  }

  listen(listener: WarningListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
    await this.#queue;
    this.#listeners.clear();
  }

  #inTurn(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#options.logger.warn('changes of warnings could not be read', { error });
      this.#tell((listener) => listener.outdated());
    });
  }

  async #take(notice: WarningNotice): Promise<void> {
    this.#open = undefined;
    if (notice === null || notice.length === 0) {
      this.#tell((listener) => listener.outdated());
      return;
    }
    if (this.#listeners.size === 0) return;
    const numbers = notice.map(([warningNo]) => warningNo);
    const rows = await this.#options.storage.withActor(actor, (tx) => readByNumbers(tx, numbers));
    const byNumber = new Map(rows.map((row) => [row.warningNo, row]));
    const changes: WarningChange[] = notice.flatMap(([warningNo, change]) => {
      const warning = byNumber.get(warningNo);
      return warning ? [{ change, warning }] : [];
    });
    this.#tell((listener) => listener.changed(changes));
  }

  #tell(what: (listener: WarningListener) => void): void {
    for (const listener of this.#listeners) what(listener);
  }

  /** The same rows for all who ask within a moment. */
  #openRows(): Promise<readonly WarningRecord[]> {
    const { storage, clock } = this.#options;
    const nowMs = clock.now();
    if (!this.#open || nowMs - this.#open.readMs > warningLimits.countsAgeMs)
      this.#open = { readMs: nowMs, rows: storage.withActor(actor, readOpen) };
    return this.#open.rows;
  }
}

/** Reads the log, and hears what any process writes there. */
export const openWarnings = async (options: WarningsOptions): Promise<Warnings> => {
  const warnings = new StoredWarnings(options);
  await warnings.follow();
  return warnings;
};
