import type { ErasedPeriod, Erasures } from '../../erasure/index.ts';
import { type Clock, type Logger, OperationalError } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import type { Storage } from '../../storage/index.ts';
import type { Deriver } from './deriver.ts';
import { scanVehicle, type ScanOptions } from './scan-vehicle.ts';
import { markOldModels, readUnknownVehicles, removeAllBefore, removeDaysBefore } from './store-days.ts';
import { dayOf, tripStoreLimits } from './store-limits.ts';
import { addTripVehicles, countMarks, dropErased, type DueDay, putOff, readDue, readUnscanned } from './store-marks.ts';
import { type TripMarks, tripsActor, vehiclesOf } from './trip-marks.ts';

export interface TendOptions extends ScanOptions {
  readonly storage: Storage;
  readonly marks: TripMarks;
  readonly deriver: Deriver;
  readonly retention: Pick<Retention, 'ruleOf' | 'standard' | 'byVehicle'>;
  readonly erasures: Pick<Erasures, 'periods' | 'periodsOf'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const keepEveryMs = 3_600_000;
const countEveryMs = 30_000;
/** Vehicles that are taken in, and days of an older model that are marked, at once. */
const takenInMax = 5000;

/** What waits, as it was counted last. */
export interface WaitingDays {
  readonly marked: number;
  readonly due: number;
  readonly oldestDueMs: number | null;
}

/**
 * Derives in the background what is due, oldest first, of the partitions whose marks this process writes; looks through the history of vehicles
 * that are new here; removes what is older than it is kept. It rests after each piece of work, several times as long as it took.
 */
export class DayTender {
  readonly #options: TendOptions;
  #cancel = (): void => {};
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;
  #wake = (): void => {};
  #keptAtMs = Number.NEGATIVE_INFINITY;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  waiting: WaitingDays = { marked: 0, due: 0, oldestDueMs: null };
  failed = 0;

  constructor(options: TendOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.clock.after(tripStoreLimits.workEveryMs, () => {
      this.#working = this.#work().finally(() => this.#schedule());
    });
  }

  async #work(): Promise<void> {
    try {
      while (!this.#isClosed && this.#options.marks.isWriter && (await this.runOnce()) > 0);
    } catch (error) {
      // What is away is tried again with the next turn.
      if (!(error instanceof OperationalError))
        this.#options.logger.error('days could not be derived in the background', { error });
    }
  }

  /** One round; answers how many days it derived and vehicles it looked through. */
  async runOnce(): Promise<number> {
    const { storage, marks, clock } = this.#options;
    if (clock.steady() - this.#keptAtMs >= keepEveryMs) await this.#keep();
    const { unscanned, due } = await storage.withActor(tripsActor, async (tx) => ({
      unscanned: await readUnscanned(tx, marks.share, tripStoreLimits.scanVehiclesMax),
      due: await readDue(tx, marks.share, clock.now(), tripStoreLimits.workDaysMax),
    }));
    for (const vehicleNo of unscanned) await this.#paced(() => scanVehicle(this.#options, vehicleNo));
    for (const one of due) await this.#paced(() => this.#derive(one));
    if (clock.steady() - this.#countedAtMs >= countEveryMs) await this.#count();
    return unscanned.length + due.length;
  }

  async #count(): Promise<void> {
    const { storage, clock } = this.#options;
    this.waiting = await storage.withActor(tripsActor, (tx) => countMarks(tx, clock.now()));
    this.#countedAtMs = clock.steady();
  }

  async #derive(due: DueDay): Promise<void> {
    const { deriver, storage, clock, logger } = this.#options;
    try {
      await deriver.derive(due.vehicleNo, due.day, true);
    } catch (error) {
      if (error instanceof OperationalError && error.code === 'unavailable') throw error;
      this.failed++;
      logger.error('a day could not be derived', { vehicleNo: due.vehicleNo, day: due.day, error });
      await storage.withActor(tripsActor, (tx) => putOff(tx, due, clock.now() + tripStoreLimits.failedAgainMs));
    }
  }

  async #paced(work: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const startedMs = clock.steady();
    await work();
    const restMs = (clock.steady() - startedMs) * tripStoreLimits.restFactor;
    if (restMs > 0 && !this.#isClosed) await this.#rest(restMs);
  }

  #rest(restMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(restMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** At the start and by the hour: vehicles that are new here, days of an older model, what was erased or is older than it is kept. */
  async #keep(): Promise<void> {
    const { storage, retention, erasures, marks, clock } = this.#options;
    const nowMs = clock.now();
    const lastGone = (longestMs: number): number => dayOf(nowMs - longestMs);
    const own = [...retention.byVehicle];
    const ownNos = own.map(([vehicleNo]) => vehicleNo);
    await this.#drop(erasures.periods().filter(({ vehicleNo }) => this.#isOurs(vehicleNo)));
    await storage.withActor(tripsActor, async (tx) => {
      await removeAllBefore(tx, ownNos, lastGone(retention.standard.longestMs));
      for (const [vehicleNo, { longestMs }] of own) await removeDaysBefore(tx, vehicleNo, lastGone(longestMs));
    });
    for (let added = takenInMax; added === takenInMax && marks.isWriter; ) added = await this.#takeIn();
    for (let marked = takenInMax; marked === takenInMax && marks.isWriter; )
      marked = await storage.withActor(tripsActor, (tx) => markOldModels(tx, nowMs, takenInMax));
    this.#keptAtMs = clock.steady();
  }

  #takeIn(): Promise<number> {
    return this.#options.storage.withActor(tripsActor, async (tx) => {
      const unknown = await readUnknownVehicles(tx, takenInMax);
      await addTripVehicles(tx, vehiclesOf(unknown.map((vehicleNo) => ({ vehicleNo }))));
      return unknown.length;
    });
  }

  #isOurs(vehicleNo: number): boolean {
    const { marks } = this.#options;
    return marks.share.partitions.includes(marks.partitionOf(vehicleNo));
  }

  /** What depends on an erased period goes at once, and is derived from what is left. */
  async erased(period: ErasedPeriod): Promise<void> {
    if (this.#options.marks.isWriter && this.#isOurs(period.vehicleNo)) await this.#drop([period]);
  }

  async #drop(periods: readonly ErasedPeriod[]): Promise<void> {
    const { storage, erasures, clock } = this.#options;
    const counted = periods.map((period) => ({ ...period, erasures: erasures.periodsOf(period.vehicleNo).length }));
    const due = { nowMs: clock.now(), settleMs: 0, lateMs: 0 };
    if (counted.length > 0) await storage.withActor(tripsActor, (tx) => dropErased(tx, counted, due));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#wake();
    await this.#working;
  }
}
