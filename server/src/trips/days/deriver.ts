import type { ErasedPeriod } from '../../erasure/index.ts';
import type { History } from '../../history/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import type { Directory } from '../../registry/index.ts';
import { virtualPartitionOf } from '../../events/index.ts';
import { serverScope } from '../../sharing/index.ts';
import type { Storage, Transaction } from '../../storage/index.ts';
import { decodeDay } from './day-document.ts';
import type { MakeDay } from './make-day.ts';
import { documentForm } from './model-version.ts';
import { SampleReading } from './read-samples.ts';
import { KeyedQueue, Slots } from './slots.ts';
import { dayMs, tripStoreLimits } from './store-limits.ts';
import { type DayRow, newestMarkNo, raiseStoredOffset, removeDay, removeMark, writeDay } from './store-days.ts';
import { markIfUnmarked, putOff } from './store-marks.ts';
import { type TripMarks, tripsActor } from './trip-marks.ts';
import type { VehicleDay } from '../types.ts';

export interface DeriverOptions {
  readonly storage: Storage;
  readonly history: Pick<History, 'query'>;
  readonly directory: Pick<Directory, 'devicesOfVehicle' | 'vehicleByNo'>;
  readonly erasures: { periodsOf(vehicleNo: number): readonly ErasedPeriod[] };
  readonly makeDay: MakeDay;
  readonly marks: TripMarks;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A day as it was stored or just derived. */
export interface DerivedDay {
  readonly vehicleNo: number;
  readonly day: VehicleDay;
  /** receivedAt (ms) up to which every acknowledged report of the vehicle is contained. */
  readonly completeTo: number;
  readonly packKwh: number | null;
}

interface Made {
  readonly row: DayRow;
  readonly day: VehicleDay;
  /** It depends on samples that are still to come, or on time that has to pass. */
  readonly isProvisional: boolean;
  readonly nowMs: number;
}

/** Nothing was observed on it: not a day without a trip, but one of which nothing is known. */
export const isEmpty = ({ trips, stops, charging, samples }: VehicleDay): boolean =>
  samples + trips.length + stops.length + charging.length === 0;

const isGoingOn = ({ trips, charging }: VehicleDay): boolean =>
  trips.some(({ isOpen }) => isOpen) || charging.some(({ isOpen }) => isOpen);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Derives days from history, and stores them. */
export class Deriver {
  readonly #options: DeriverOptions;
  readonly #slots = new Slots(tripStoreLimits.derivesAtOnceMax, tripStoreLimits.derivesWaitingMax);
  readonly #vehicles = new KeyedQueue();
  readonly #scope = serverScope();
  derived = 0;
  derivedMs = 0;

  constructor(options: DeriverOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#slots.waiting;
  }

  packKwhOf(vehicleNo: number): number | null {
    return this.#options.directory.vehicleByNo(vehicleNo)?.batteryKwh ?? null;
  }

  /**
   * Whether a stored day says what would be derived now; or, of one that is not older than `acceptAgeMs`, whether it may still be shown.
   */
  isFresh(row: DayRow, isMarked: boolean, nowMs: number, acceptAgeMs = 0): boolean {
    const { marks, erasures } = this.#options;
    const { vehicleNo, readFromMs, readToMs } = row;
    if (row.model !== documentForm || row.packKwh !== this.packKwhOf(vehicleNo)) return false;
    const erased = erasures.periodsOf(vehicleNo);
    if (erased.length > row.erasures && erased.some(({ fromMs, toMs }) => fromMs < readToMs && toMs > readFromMs)) return false;
    if (nowMs - row.derivedAtMs < acceptAgeMs) return true;
    if (isMarked && marks.wasHeardAfter(vehicleNo, row.logOffset)) return false;
    const isNoted = marks.noted.rangesOf(vehicleNo).some(({ fromMs, toMs }) => fromMs < readToMs && toMs >= readFromMs);
    if (isNoted && marks.wasHeardAfter(vehicleNo, row.logOffset)) return false;
    return !(row.isOpen && nowMs - row.derivedAtMs > tripStoreLimits.openAgeMsMax);
  }

  /** A stored day; when it is fresh, complete up to what is known of the vehicle now. */
  stored(row: DayRow, isFresh = true): DerivedDay {
    const day = decodeDay(row.day, row.document);
    const completeTo = isFresh ? Math.max(row.completeTo, this.#options.marks.completeToOf(row.vehicleNo)) : row.completeTo;
    return { vehicleNo: row.vehicleNo, day, completeTo, packKwh: row.usedPackKwh };
  }

  /** Derives a day and stores it. Throws `overloaded`, `unavailable`. */
  derive(vehicleNo: number, day: number, isPatient = false): Promise<DerivedDay> {
    return this.#vehicles.run(vehicleNo, () => this.#slots.run(isPatient, () => this.#deriveHeld(vehicleNo, day)));
  }

  async #deriveHeld(vehicleNo: number, day: number): Promise<DerivedDay> {
    const { storage, marks, clock } = this.#options;
    const startedMs = clock.steady();
    marks.noted.hold(vehicleNo);
    try {
      const markNo = await storage.withActor(tripsActor, newestMarkNo);
      const made = await this.#make(vehicleNo, day);
      await storage.withActor(tripsActor, (tx) => this.#store(tx, made, markNo));
      return {
        vehicleNo,
        day: made.day,
        completeTo: made.row.completeTo,
        packKwh: made.row.usedPackKwh,
      };
    } finally {
      marks.noted.release(vehicleNo);
      this.derived++;
      this.derivedMs += clock.steady() - startedMs;
    }
  }

  async #make(vehicleNo: number, dayNo: number): Promise<Made> {
    const { history, directory, erasures, makeDay, marks, clock } = this.#options;
    const reading = new SampleReading({ history, directory, scope: this.#scope }, vehicleNo);
    const nowMs = clock.now();
    const startMs = dayNo * dayMs;
    // Known before anything is read: what comes meanwhile makes the day be derived again.
    const logOffset = marks.offsetOf(vehicleNo);
    const erasedBefore = erasures.periodsOf(vehicleNo).length;
    const packKwh = this.packKwhOf(vehicleNo);
    const { document, usedPackKwh } = await makeDay({ day: dayNo, packKwh, nowMs }, (fromMs, toMs) => reading.read(fromMs, toMs));
    const day = decodeDay(dayNo, document);
    const isOpen = isGoingOn(day);
    const row: DayRow = {
      vehicleNo,
      day: dayNo,
      model: documentForm,
      logOffset,
      completeTo: Math.min(reading.completeTo, Number.MAX_SAFE_INTEGER),
      readFromMs: Math.min(startMs, reading.fromMs),
      readToMs: Math.max(startMs + dayMs, reading.toMs),
      derivedAtMs: nowMs,
      erasures: erasedBefore,
      isOpen,
      packKwh,
      usedPackKwh,
      distanceM: sum(day.distanceM),
      document,
    };
    const isProvisional = isOpen || reading.toMs >= nowMs || nowMs < startMs + dayMs + tripStoreLimits.settleMs;
    return { row, day, isProvisional, nowMs };
  }

  async #store(tx: Transaction, { row, day, isProvisional, nowMs }: Made, markNo: number): Promise<void> {
    const { marks } = this.#options;
    const { vehicleNo } = row;
    const isOurs = marks.isWriter && (await marks.holdIn(tx));
    if (isEmpty(day)) await removeDay(tx, row);
    else await writeDay(tx, row);
    if (!isOurs) {
      // Whoever writes the marks of the vehicle says when the day is finished.
      const due = { nowMs, settleMs: tripStoreLimits.settleMs, lateMs: tripStoreLimits.lateMs };
      await markIfUnmarked(tx, { vehicleNo, virtualPartition: virtualPartitionOf(vehicleNo) }, [row.day], due);
      return;
    }
    await raiseStoredOffset(tx, marks.partitionOf(vehicleNo), row.logOffset);
    if (!isProvisional) await removeMark(tx, row, markNo);
    else await putOff(tx, row, nextLook(row.day, nowMs));
  }
}

/** A day that is not over is looked at when it is. */
const nextLook = (day: number, nowMs: number): number =>
  Math.max((day + 1) * dayMs + tripStoreLimits.settleMs, nowMs + tripStoreLimits.openAgainMs);
