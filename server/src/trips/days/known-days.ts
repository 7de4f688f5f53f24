import type { Clock } from '../../kernel/index.ts';
import type { Storage } from '../../storage/index.ts';
import type { AnswerBudget } from './answer-budget.ts';
import { type DerivedDay, type Deriver, isEmpty } from './deriver.ts';
import { scanVehicle, type ScanOptions } from './scan-vehicle.ts';
import { KeyedQueue } from './slots.ts';
import { type KnownDay, readKnownDays, readKnownOfMany, readUnscannedOf } from './store-days.ts';
import { tripStoreLimits } from './store-limits.ts';
import { type TripMarks, tripsActor } from './trip-marks.ts';

export interface KnownDaysOptions extends ScanOptions {
  readonly storage: Storage;
  readonly deriver: Deriver;
  readonly marks: TripMarks;
  readonly clock: Clock;
}

/** A day that could not be derived within the budget. */
export interface LeftDay {
  readonly vehicleNo: number;
  /** Days since 1970. */
  readonly leftDay: number;
}

export const isLeft = (day: DerivedDay | LeftDay): day is LeftDay => 'leftDay' in day;

/**
 * Days of vehicles of which something is known: stored ones that are fresh, and the others derived as they are reached. A day that is marked
 * and turns out to hold nothing (any more: it was erased) is none.
 */
export class KnownDays {
  readonly #options: KnownDaysOptions;
  readonly #scans = new KeyedQueue();

  constructor(options: KnownDaysOptions) {
    this.#options = options;
  }

  /** Looks through the history of those vehicles for which that was not done. */
  async #scan(vehicleNos: readonly number[]): Promise<void> {
    const { storage } = this.#options;
    const unscanned = await storage.withActor(tripsActor, (tx) => readUnscannedOf(tx, vehicleNos));
    for (const vehicleNo of unscanned) await this.#scans.run(vehicleNo, () => scanVehicle(this.#options, vehicleNo));
  }

  /** Newest first, or oldest first. What `budget` does not allow is left, and said so: the caller may end there. */
  async *ofVehicle(
    vehicleNo: number,
    fromDay: number,
    toDay: number,
    { budget, isDescending = true }: { readonly budget: AnswerBudget; readonly isDescending?: boolean },
  ): AsyncGenerator<DerivedDay | LeftDay> {
    const { storage } = this.#options;
    await this.#scan([vehicleNo]);
    let [from, to] = [Math.max(0, fromDay), toDay];
    while (from <= to) {
      const limit = tripStoreLimits.daysPerReadMax;
      const stored = await storage.withActor(tripsActor, (tx) =>
        readKnownDays(tx, { vehicleNo, fromDay: from, toDay: to, limit, isDescending }),
      );
      const isLast = stored.length < limit;
      const reached = stored.at(-1)?.day;
      const [pageFrom, pageTo] = isLast ? [from, to] : isDescending ? [reached as number, to] : [from, reached as number];
      const known = this.#withNoted(vehicleNo, stored, pageFrom, pageTo);
      known.sort((a, b) => (isDescending ? b.day - a.day : a.day - b.day));
      for (const one of known) {
        const day = await this.#resolve(one, budget);
        if (isLeft(day) || !isEmpty(day.day)) yield day;
      }
      if (isLast) return;
      if (isDescending) to = (reached as number) - 1;
      else from = (reached as number) + 1;
    }
  }

  /** Of many vehicles, a few at a time: vehicle by vehicle in the order given, ascending. All are derived that have to be. */
  async *ofMany(
    vehicleNos: readonly number[],
    fromDay: number,
    toDay: number,
    acceptAgeMs = 0,
  ): AsyncGenerator<{ readonly vehicleNo: number; readonly days: readonly DerivedDay[] }> {
    const { storage } = this.#options;
    for (let at = 0; at < vehicleNos.length; at += tripStoreLimits.summaryVehiclesMax) {
      const some = vehicleNos.slice(at, at + tripStoreLimits.summaryVehiclesMax);
      await this.#scan(some);
      const stored = await storage.withActor(tripsActor, (tx) => readKnownOfMany(tx, some, fromDay, toDay));
      const byVehicle = Map.groupBy(stored, ({ vehicleNo }) => vehicleNo);
      for (const vehicleNo of some) {
        const known = this.#withNoted(vehicleNo, byVehicle.get(vehicleNo) ?? [], fromDay, toDay);
        known.sort((a, b) => a.day - b.day);
        const days: DerivedDay[] = [];
        for (const one of known) {
          const day = (await this.#resolve(one, undefined, acceptAgeMs)) as DerivedDay;
          if (!isEmpty(day.day)) days.push(day);
        }
        yield { vehicleNo, days };
      }
    }
  }

  /** Days that got samples a moment ago may not be in the database yet. */
  #withNoted(vehicleNo: number, stored: readonly KnownDay[], fromDay: number, toDay: number): KnownDay[] {
    const known = [...stored];
    for (const { day } of this.#options.marks.noted.rangesOf(vehicleNo)) {
      if (day < fromDay || day > toDay || known.some((one) => one.day === day)) continue;
      known.push({ vehicleNo, day, isMarked: true, row: undefined });
    }
    return known;
  }

  async #resolve(known: KnownDay, budget: AnswerBudget | undefined, acceptAgeMs = 0): Promise<DerivedDay | LeftDay> {
    const { deriver, clock } = this.#options;
    const { vehicleNo, day, row, isMarked } = known;
    if (row && deriver.isFresh(row, isMarked, clock.now())) return deriver.stored(row);
    if (row && acceptAgeMs > 0 && deriver.isFresh(row, isMarked, clock.now(), acceptAgeMs)) return deriver.stored(row, false);
    if (budget && !budget.take()) return { vehicleNo, leftDay: day };
    return deriver.derive(vehicleNo, day);
  }
}
