import type { ConsentGroup } from '@milepost/contract';
import { isHiddenWithin, type ReadScope } from '../../events/index.ts';
import { CallerError } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import { tripLimits } from '../limits.ts';
import type { Charging, Stop, Trip, VehicleDay } from '../types.ts';
import type { SeenTrip } from './reads.ts';

/** A place may come from a fix so long before or after: held, and held again from the other side. */
const placeReachMs = 2 * tripLimits.fixHoldMs + tripLimits.binMs;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOpen: boolean;
}

/**
 * What of a vehicle a reader may see, and what of it is still kept. A thing is in a group of signals as its parts are: when it was is
 * `driving`, where is `position`, how fast is `motion`, the battery is `energy`. What lies not wholly within the periods of the scope is
 * not shown: a part of it would tell of the rest.
 */
export class Sight {
  readonly #scope: ReadScope;
  readonly #vehicleNo: number;
  readonly #keptFromMs: (group: ConsentGroup) => number;

  constructor(scope: ReadScope, retention: Pick<Retention, 'keptFromMs'>, vehicleNo: number, nowMs: number) {
    if (!scope.allowsVehicle(vehicleNo)) throw new CallerError('not_found', 'there is no such vehicle');
    this.#scope = scope;
    this.#vehicleNo = vehicleNo;
    this.#keptFromMs = (group) => retention.keptFromMs(vehicleNo, group, nowMs);
  }

  allows(group: ConsentGroup): boolean {
    return this.#scope.allowsGroup(this.#vehicleNo, group) && this.#scope.precision(this.#vehicleNo, group) === 'exact';
  }

  /** Throws `forbidden` where a list of nothing would be no answer. */
  demand(group: ConsentGroup): void {
    if (!this.allows(group)) throw new CallerError('forbidden', `what is derived from the group ${group} may not be read`);
  }

  /** Whether the scope shows all of a time. */
  covers(fromMs: number, toMs: number): boolean {
    return this.#scope
      .periods(this.#vehicleNo)
      .some((period) => period.fromMs <= fromMs && (period.toMs === null || toMs <= period.toMs));
  }

  /** Whether a group may be seen of something that began at a time. */
  sees(group: ConsentGroup, fromMs: number): boolean {
    return this.allows(group) && fromMs >= this.#keptFromMs(group);
  }

  /** Of a group something of the time is hidden from this reader; `toMs` null: it goes on. */
  #hides(group: ConsentGroup, fromMs: number, toMs: number | null): boolean {
    return this.#scope.hidesAnything() && isHiddenWithin(this.#scope.hiddenPeriods(this.#vehicleNo, group), fromMs, toMs);
  }

  /** Where the vehicle was is hidden from this reader for a part of the time, at least; `toMs` null: it goes on. */
  isPrivate(fromMs: number, toMs: number | null): boolean {
    return this.#hides('position', fromMs, toMs);
  }

  /** Whether a place may be seen that was worked out from positions of a time: if any of it is hidden, all of it is. */
  #seesPlaceOf({ fromMs, toMs, isOpen }: Span): boolean {
    return this.sees('position', fromMs) && !this.isPrivate(fromMs - placeReachMs, isOpen ? null : toMs + placeReachMs);
  }

  /** Whether a trip or a stop may be seen at all. */
  #seesDriving({ fromMs, toMs, isOpen }: Span): boolean {
    return this.sees('driving', fromMs) && this.covers(fromMs, toMs) && !this.#hides('driving', fromMs, isOpen ? null : toMs);
  }

  /** Undefined: not to be seen. */
  trip(trip: Trip): SeenTrip | undefined {
    const { fromMs, toMs } = trip;
    if (!this.#seesDriving(trip)) return undefined;
    const isPrivate = this.isPrivate(fromMs, trip.isOpen ? null : toMs);
    const hasPlaces = this.#seesPlaceOf(trip);
    return {
      ...trip,
      isPrivate,
      topSpeedKmh: this.sees('motion', fromMs) ? trip.topSpeedKmh : null,
      ...(hasPlaces
        ? {}
        : { start: null, end: null, harshEvents: trip.harshEvents.map((event) => ({ ...event, position: null })) }),
      ...(this.sees('energy', fromMs) ? {} : { energyKwh: null, energySource: null, fromPercent: null, toPercent: null }),
    };
  }

  stop(stop: Stop): Stop | undefined {
    if (!this.#seesDriving(stop)) return undefined;
    return this.#seesPlaceOf(stop) ? stop : { ...stop, position: null };
  }

  charging(charging: Charging): Charging | undefined {
    if (!this.sees('energy', charging.fromMs) || !this.covers(charging.fromMs, charging.toMs)) return undefined;
    const { stopFromMs, stopToMs, isOpen, fromMs, toMs } = charging;
    const stop = { fromMs: Math.min(fromMs, stopFromMs), toMs: Math.max(toMs, stopToMs), isOpen };
    return this.#seesPlaceOf(stop) ? charging : { ...charging, position: null };
  }

  /** What is of the day as a whole: null or empty where it may not be seen. */
  day(day: VehicleDay): Pick<VehicleDay, 'odometerM' | 'odometerAtMs' | 'rangeAtFullM' | 'rangeSource' | 'coldTireKpa'> {
    const isWhole = this.covers(day.dayMs, day.dayMs + 86_400_000);
    const hasOdometer =
      day.odometerAtMs !== null && this.sees('mileage', day.dayMs) && this.covers(day.odometerAtMs, day.odometerAtMs);
    const hasRange = isWhole && this.sees('energy', day.dayMs);
    return {
      odometerM: hasOdometer ? day.odometerM : null,
      odometerAtMs: hasOdometer ? day.odometerAtMs : null,
      rangeAtFullM: hasRange ? day.rangeAtFullM : null,
      rangeSource: hasRange ? day.rangeSource : null,
      coldTireKpa: isWhole && this.sees('tires', day.dayMs) ? day.coldTireKpa : day.coldTireKpa.map(() => null),
    };
  }
}
