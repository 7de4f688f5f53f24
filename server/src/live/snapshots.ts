import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogPosition } from '../eventlog/index.ts';
import { physicalPartitionOf } from '../events/index.ts';
import { BugError, type Clock, type Logger } from '../kernel/index.ts';
import type { SnapshotStore } from '../storage/index.ts';
import { keepInLatestPage } from './latest-page.ts';
import type { LiveCore } from './live-core.ts';
import { pageShift, vehiclesPerPage } from './pages.ts';
import { positionMap, tellPositions } from './positions.ts';
import { readSnapshots, type TakenSnapshot, writeSnapshot } from './snapshot-files.ts';
import type { Snapshot, StatusEntry } from './snapshot-format.ts';
import { keepInStatusPage, outagesMax } from './status-tracker.ts';
import { everyWarning } from './warnings.ts';

export interface SnapshotOptions {
  readonly store: SnapshotStore;
  /** Whose snapshots they are, where several processes have one store. */
  readonly owner: string;
  /** Physical partitions of the log. */
  readonly partitions: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Saves the state of the moment while it goes on changing, and loads it. One save runs at a time. */
export class Snapshots {
  readonly #core: LiveCore;
  readonly #options: SnapshotOptions;
  #saving: Promise<void> | undefined;

  constructor(core: LiveCore, options: SnapshotOptions) {
    this.#core = core;
    this.#options = options;
  }

  get isSaving(): boolean {
    return this.#saving !== undefined;
  }

  /** Resolves when no save runs. */
  async saved(): Promise<void> {
    await this.#saving?.catch(() => undefined);
  }

  /** Everything up to the first `await` happens in the caller's turn: that is the moment which is saved. */
  async save(positions: readonly LogPosition[]): Promise<void> {
    const { applier } = this.#core;
    const { logger } = this.#options;
    const [wanted, stands] = [positionMap(positions), applier.positions].map(tellPositions);
    if (wanted !== stands) throw new BugError(`a snapshot was asked for at ${wanted}, but live stands at ${stands}`);
    if (this.isSaving) {
      logger.warn('a live snapshot is left out because the one before is still being written', { at: stands });
      return;
    }
    this.#saving = this.#write(positions, stands as string);
    try {
      await this.#saving;
    } finally {
      this.#saving = undefined;
    }
  }

  async #write(positions: readonly LogPosition[], at: string): Promise<void> {
    const { tracker, latest } = this.#core;
    const { store, owner, clock, logger } = this.#options;
    const savedAt = clock.now();
    const { newestRecordMs, settledMs, outages } = tracker;
    const header = { positions, savedAt, newestRecordMs, settledMs, outages: [...outages] };
    tracker.guard.begin();
    const status = tracker.entries();
    const pages = [...latest.pages()];
    latest.guard.begin(pages);
    try {
      const source = { header, status, statusGuard: tracker.guard, latest: pages, latestGuard: latest.guard };
      const bytes = await writeSnapshot(store, owner, source);
      logger.debug('live snapshot saved', { at, bytes, durationMs: clock.now() - savedAt });
    } finally {
      tracker.guard.end();
      latest.guard.end();
    }
  }

  async load(atMost: readonly LogPosition[]): Promise<readonly LogPosition[]> {
    const { applier, tracker, latest } = this.#core;
    const { store, logger } = this.#options;
    if (applier.positions.size > 0) throw new BugError('a snapshot can only be loaded before the first record');
    const intern = (text: string): string => latest.intern(text);
    const found: TakenSnapshot[] = [];
    for await (const one of readSnapshots(store, positionMap(atMost), intern, logger)) found.push(one);
    if (found.length === 0) return [];
    restoreTimes(
      tracker,
      found.map(({ snapshot }) => snapshot),
    );
    for (const one of found) await this.#restore(one);
    const positions = found.flatMap(({ taken }) => taken);
    for (const position of positions) applier.startAt(position);
    return positions;
  }

  async #restore({ snapshot, taken }: TakenSnapshot): Promise<void> {
    const { tracker, latest } = this.#core;
    const isAll = taken.length === snapshot.positions.length;
    const partitions = new Set(taken.map(({ partition }) => partition));
    /** Vehicles of other partitions are told by other snapshots, or by the log. */
    const isWanted =
      (index: number) =>
      (slot: number): boolean =>
        partitions.has(physicalPartitionOf((index << pageShift) | slot, this.#options.partitions));
    for (const { signalNumber, index, page } of snapshot.latest) {
      if (!isAll) keepInLatestPage(page, isWanted(index));
      latest.restore(signalNumber, index, page);
    }
    for (const entry of snapshot.status) {
      if (!isAll) keepInStatusPage(entry.page, isWanted(entry.index));
      tracker.restorePage(entry.index, entry.page);
      this.#derive(entry);
      // A second state may be loaded beside one that is used.
      await nextTurn();
    }
    for (const vehicleNo of latest.vehicles()) if (!tracker.isSeen(vehicleNo)) this.#deriveVehicle(vehicleNo);
  }

  /** What is derived is not saved: rules may have changed since. */
  #derive({ index, page }: StatusEntry): void {
    for (let slot = 0; slot < vehiclesPerPage; slot++) {
      if (page.lastSeen[slot] !== 0) this.#deriveVehicle((index << pageShift) | slot);
    }
  }

  #deriveVehicle(vehicleNo: number): void {
    this.#core.refreshWarnings(vehicleNo, everyWarning);
    this.#core.derived.touchMap(vehicleNo);
  }
}

/** The oldest moment up to which all of them settled deadlines; each outage once. */
const restoreTimes = (tracker: LiveCore['tracker'], snapshots: readonly Snapshot[]): void => {
  const outages = new Map(snapshots.flatMap((one) => one.outages.map((outage) => [`${outage.fromMs} ${outage.toMs}`, outage])));
  const inOrder = [...outages.values()].toSorted((a, b) => a.fromMs - b.fromMs).slice(-outagesMax);
  const newestMs = Math.max(...snapshots.map(({ newestRecordMs }) => newestRecordMs));
  tracker.restoreTime(inOrder, newestMs, Math.min(...snapshots.map(({ settledMs }) => settledMs)));
};
