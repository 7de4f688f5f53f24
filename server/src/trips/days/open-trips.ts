import type { ReadScope } from '../../events/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import type { Storage } from '../../storage/index.ts';
import type { PlaceAt, Stop, Trip } from '../types.ts';
import { AnswerBudget } from './answer-budget.ts';
import { sumDay } from './day-sums.ts';
import type { DerivedDay } from './deriver.ts';
import { isLeft, type KnownDays } from './known-days.ts';
import { listActivities, readBefore } from './list-activities.ts';
import { LocalDays } from './local-days.ts';
import { readMileage } from './read-mileage.ts';
import type {
  ActivityPage,
  ActivityQuery,
  DaySummary,
  MileageFigures,
  MileageQuery,
  Period,
  SeenTrip,
  SummaryQuery,
  TireDays,
  Trips,
  VehicleTrip,
} from './reads.ts';
import { Sight } from './seen.ts';
import { dayMs, dayOf } from './store-limits.ts';
import type { TripMarks } from './trip-marks.ts';

export interface TripsOptions {
  readonly storage: Storage;
  readonly known: KnownDays;
  readonly marks: TripMarks;
  readonly retention: Pick<Retention, 'keptFromMs'>;
  readonly clock: Clock;
}

/** A trip that was cut at both ends is found by a moment just before it, too. */
const tripSoonMs = 300_000;
const sameplaceDegrees = 0.002;

interface Began {
  readonly fromMs: number;
  readonly position?: PlaceAt | null;
}

const isNear = (a: PlaceAt | null, b: PlaceAt | null | undefined): boolean =>
  !a || !b || (Math.abs(a.latitude - b.latitude) < sameplaceDegrees && Math.abs(a.longitude - b.longitude) < sameplaceDegrees);

/** A stop that goes on as far as its day knows ends where the next thing begins, unless the vehicle is elsewhere then. */
const closeStop = (stop: Stop, next: Began | undefined): Stop => {
  if (!stop.isOpen || !next) return stop;
  const toMs = isNear(stop.position, next.position) ? next.fromMs : stop.toMs;
  return { ...stop, isOpen: false, toMs };
};

const startOfTrip = ({ fromMs, start }: Trip): Began => ({ fromMs, position: start });
const begunOn = ({ day }: DerivedDay): Began[] =>
  [...day.trips.map(startOfTrip), ...day.stops].sort((a, b) => a.fromMs - b.fromMs);

class TripsOfDays implements Trips {
  readonly #options: TripsOptions;

  constructor(options: TripsOptions) {
    this.#options = options;
  }

  #sight(scope: ReadScope, vehicleNo: number): Sight {
    return new Sight(scope, this.#options.retention, vehicleNo, this.#options.clock.now());
  }

  #page<T extends { readonly fromMs: number }>(
    query: ActivityQuery,
    of: (day: DerivedDay) => readonly T[],
  ): Promise<ActivityPage<T>> {
    const { known, marks, clock } = this.#options;
    const { vehicleNo, fromMs, toMs, cursor, limit } = query;
    const beforeMs = readBefore(cursor, toMs);
    const budget = new AnswerBudget(clock);
    const days = known.ofVehicle(vehicleNo, dayOf(fromMs), dayOf(beforeMs - 1), { budget });
    const completeTo = marks.completeToOf(vehicleNo);
    return listActivities({ days, of, fromMs, beforeMs, limit }).then((page) => ({
      ...page,
      completeTo: Math.min(completeTo, page.completeTo),
    }));
  }

  async listTrips(scope: ReadScope, query: ActivityQuery): Promise<ActivityPage<SeenTrip>> {
    const sight = this.#sight(scope, query.vehicleNo);
    sight.demand('trip');
    return this.#page(query, ({ day }) => day.trips.flatMap((trip) => sight.trip(trip) ?? []));
  }

  async listStops(scope: ReadScope, query: ActivityQuery): Promise<ActivityPage<Stop>> {
    const sight = this.#sight(scope, query.vehicleNo);
    sight.demand('stop');
    let next: Began | undefined;
    let isNextKnown = false;
    const page = await this.#page(query, (day) => {
      const begun = begunOn(day);
      const closed = day.day.stops.map((stop) => closeStop(stop, begun.find(({ fromMs }) => fromMs > stop.fromMs) ?? next));
      next = begun[0] ?? next;
      return closed;
    });
    const items: Stop[] = [];
    for (const stop of page.items) {
      // The newest of the page: what came after it is on no day of the page.
      const isFirstOpen = stop.isOpen && !isNextKnown;
      const whole = isFirstOpen ? closeStop(stop, await this.#nextAfter(query.vehicleNo, stop.fromMs)) : stop;
      isNextKnown ||= stop.isOpen;
      const seen = sight.stop(whole);
      if (seen) items.push(seen);
    }
    return { ...page, items };
  }

  /** What began next after a moment. */
  async #nextAfter(vehicleNo: number, afterMs: number): Promise<Began | undefined> {
    const { known, clock } = this.#options;
    const toDay = dayOf(clock.now()) + 1;
    const budget = new AnswerBudget(clock);
    for await (const day of known.ofVehicle(vehicleNo, dayOf(afterMs), toDay, { budget, isDescending: false })) {
      if (isLeft(day)) return undefined;
      const next = begunOn(day).find(({ fromMs }) => fromMs > afterMs);
      if (next) return next;
    }
    return undefined;
  }

  async listCharging(scope: ReadScope, query: ActivityQuery) {
    const sight = this.#sight(scope, query.vehicleNo);
    sight.demand('charging');
    return this.#page(query, ({ day }) => day.charging.flatMap((one) => sight.charging(one) ?? []));
  }

  async tripAt(scope: ReadScope, vehicleNo: number, atMs: number): Promise<SeenTrip | undefined> {
    const sight = this.#sight(scope, vehicleNo);
    sight.demand('trip');
    const { known, clock } = this.#options;
    const budget = new AnswerBudget(clock);
    let soon: Trip | undefined;
    for await (const day of known.ofVehicle(vehicleNo, dayOf(atMs) - 2, dayOf(atMs + tripSoonMs), { budget })) {
      if (isLeft(day)) break;
      const { trips } = day.day;
      const found = trips.find(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs);
      if (found) return sight.trip(found);
      soon = trips.find(({ fromMs }) => fromMs > atMs && fromMs <= atMs + tripSoonMs) ?? soon;
    }
    return soon && sight.trip(soon);
  }

  async mileage(scope: ReadScope, query: MileageQuery): Promise<MileageFigures> {
    const sight = this.#sight(scope, query.vehicleNo);
    const { storage, known, marks, clock } = this.#options;
    const parts = { storage, known, sight, query, budget: new AnswerBudget(clock), nowMs: clock.now() };
    return readMileage(parts, marks.completeToOf(query.vehicleNo));
  }

  async tireDays(scope: ReadScope, { vehicleNo, fromMs, toMs }: Period & { readonly vehicleNo: number }): Promise<TireDays> {
    const sight = this.#sight(scope, vehicleNo);
    sight.demand('dayTires');
    const { known, marks, clock } = this.#options;
    const days = [];
    let completeTo = marks.completeToOf(vehicleNo);
    for await (const one of known.ofVehicle(vehicleNo, dayOf(fromMs), dayOf(toMs - 1), { budget: new AnswerBudget(clock) })) {
      if (isLeft(one)) break;
      completeTo = Math.min(completeTo, one.completeTo);
      days.push({ dayMs: one.day.dayMs, coldTireKpa: sight.day(one.day).coldTireKpa });
    }
    return { days: days.reverse(), completeTo };
  }

  async *summaries(scope: ReadScope, query: SummaryQuery): AsyncGenerator<DaySummary> {
    const { known } = this.#options;
    const { vehicleNos, fromMs, toMs, timeZone, acceptAgeMs } = query;
    const allowed = vehicleNos.filter((vehicleNo) => scope.allowsVehicle(vehicleNo));
    const locals = new LocalDays(timeZone).in(fromMs, toMs).map((local) => ({
      ...local,
      fromMs: Math.max(local.fromMs, fromMs),
      toMs: Math.min(local.toMs, toMs),
    }));
    for await (const { vehicleNo, days } of known.ofMany(allowed, dayOf(fromMs), dayOf(toMs - 1), acceptAgeMs)) {
      const sight = this.#sight(scope, vehicleNo);
      for (const local of locals) {
        const ofLocal = days.filter(({ day }) => day.dayMs < local.toMs && day.dayMs + dayMs > local.fromMs);
        const summary = sumDay(sight, vehicleNo, local, ofLocal);
        if (summary) yield summary;
      }
    }
  }

  async *trips(scope: ReadScope, query: Period & { readonly vehicleNos: readonly number[] }): AsyncGenerator<VehicleTrip> {
    const { known } = this.#options;
    const { vehicleNos, fromMs, toMs } = query;
    const allowed = vehicleNos.filter((vehicleNo) => scope.allowsVehicle(vehicleNo));
    for await (const { vehicleNo, days } of known.ofMany(allowed, dayOf(fromMs), dayOf(toMs - 1))) {
      const sight = this.#sight(scope, vehicleNo);
      for (const { day } of days) {
        for (const trip of day.trips) {
          const seen = trip.fromMs >= fromMs && trip.fromMs < toMs ? sight.trip(trip) : undefined;
          if (seen) yield { vehicleNo, trip: seen };
        }
      }
    }
  }
}

/** Reads of trips and days, over what is stored and what is derived as it is asked for. */
export const openTrips = (options: TripsOptions): Trips => new TripsOfDays(options);
