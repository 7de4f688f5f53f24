import { setImmediate as nextTurn } from 'node:timers/promises';
import { BugError, type Clock, type Logger } from '../kernel/index.ts';
import type { LiveCore } from './live-core.ts';
import { pageShift, vehiclesPerPage } from './pages.ts';
import { readSnapshot, writeSnapshot } from './snapshot-files.ts';
import type { StatusEntry } from './snapshot-format.ts';
import { everyWarning } from './warnings.ts';

/** Saves the state of the moment while it goes on changing, and loads it. One save runs at a time. */
export class Snapshots {
  readonly #core: LiveCore;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  isSaving = false;

  constructor(core: LiveCore, folder: string, clock: Clock, logger: Logger) {
    this.#core = core;
    this.#folder = folder;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Everything up to the first `await` happens in the caller's turn: that is the moment which is saved. */
  async save(partition: number, offset: number): Promise<void> {
    const { applier, tracker, latest } = this.#core;
    if (offset !== applier.nextOffset || partition !== applier.partition) {
      const stands = `${applier.nextOffset} of partition ${applier.partition}`;
      throw new BugError(`a snapshot was asked for at ${offset} of partition ${partition}, but live stands at ${stands}`);
    }
    if (this.isSaving) {
      this.#logger.warn('a live snapshot is left out because the one before is still being written', { offset });
      return;
    }
    const savedAt = this.#clock.now();
    const { newestRecordMs, settledMs, outages } = tracker;
    const header = { partition, offset, savedAt, newestRecordMs, settledMs, outages: [...outages] };
    this.isSaving = true;
    tracker.guard.begin();
    const status = tracker.entries();
    const pages = [...latest.pages()];
    latest.guard.begin(pages);
    try {
      const bytes = await writeSnapshot(this.#folder, {
        header,
        status,
        statusGuard: tracker.guard,
        latest: pages,
        latestGuard: latest.guard,
      });
      this.#logger.debug('live snapshot saved', { offset, bytes, durationMs: this.#clock.now() - savedAt });
    } finally {
      tracker.guard.end();
      latest.guard.end();
      this.isSaving = false;
    }
  }

  async load(partition: number, atMost: number): Promise<number | undefined> {
    const { applier, tracker, latest } = this.#core;
    if (applier.nextOffset !== -1) throw new BugError('a snapshot can only be loaded before the first record');
    const snapshot = await readSnapshot(this.#folder, partition, atMost, (text) => latest.intern(text), this.#logger);
    if (!snapshot) return undefined;
    for (const { signalNumber, index, page } of snapshot.latest) latest.restore(signalNumber, index, page);
    tracker.restoreTime(snapshot.outages, snapshot.newestRecordMs, snapshot.settledMs);
    applier.startAt(partition, snapshot.offset);
    for (const entry of snapshot.status) {
      tracker.restorePage(entry.index, entry.page);
      this.#derive(entry);
      // A second state may be loaded beside one that is used.
      await nextTurn();
    }
    return snapshot.offset;
  }

  /** What is derived is not saved: rules may have changed since. */
  #derive({ index, page }: StatusEntry): void {
    for (let slot = 0; slot < vehiclesPerPage; slot++) {
      if (page.lastSeen[slot] === 0) continue;
      const vehicleNo = (index << pageShift) | slot;
      this.#core.refreshWarnings(vehicleNo, everyWarning);
      this.#core.derived.touchMap(vehicleNo);
    }
  }
}
