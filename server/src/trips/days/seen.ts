import type { ConsentGroup } from '@milepost/contract';
import {
  type DerivedThing,
  derivedItems,
  groupPermission,
  type ItemPermission,
  isHiddenWithin,
  middleOfCell,
  type ReadScope,
} from '../../events/index.ts';
import { CallerError } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import { tripLimits } from '../limits.ts';
import type { Charging, PlaceAt, Stop, Trip, VehicleDay } from '../types.ts';
import type { SeenTrip } from './reads.ts';

/** A place may come from a fix so long before or after: held, and held again from the other side. */
const placeReachMs = 2 * tripLimits.fixHoldMs + tripLimits.binMs;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOpen: boolean;
}

/**
 * What of a vehicle a reader may see, and what of it is still kept. `derivedItems` declares what each thing is made of: it is shown when all
 * of that is. What lies not wholly within the periods of its items is not shown: a part of it would tell of the rest.
 * Nothing that is derived is told coarsely in time: who is told the values of an hour is not told what they were made into. A place is told in
 * its cell.
 */
export class Sight {
  readonly #scope: ReadScope;
  readonly #vehicleNo: number;
  readonly #keptFromMs: (group: ConsentGroup) => number;
  readonly #permissions = new Map<ConsentGroup, ItemPermission | null>();

  constructor(scope: ReadScope, retention: Pick<Retention, 'keptFromMs'>, vehicleNo: number, nowMs: number) {
    if (!scope.allowsVehicle(vehicleNo)) throw new CallerError('not_found', 'there is no such vehicle');
    this.#scope = scope;
    this.#vehicleNo = vehicleNo;
    this.#keptFromMs = (group) => retention.keptFromMs(vehicleNo, group, nowMs);
  }

  #permission(group: ConsentGroup): ItemPermission | null {
    const known = this.#permissions.get(group);
    if (known !== undefined) return known;
    const permission = groupPermission(this.#scope, this.#vehicleNo, group);
    const found = permission?.precision.time === 'report' && permission.precision.above === null ? permission : null;
    this.#permissions.set(group, found);
    return found;
  }

  allows(thing: DerivedThing): boolean {
    return derivedItems[thing].every((group) => this.#permission(group) !== null);
  }

  /** Throws `forbidden` where a list of nothing would be no answer. */
  demand(thing: DerivedThing): void {
    const missing = derivedItems[thing].find((group) => this.#permission(group) === null);
    if (missing) throw new CallerError('forbidden', `what is derived from the group ${missing} may not be read`);
  }

  /** Whether everything that a thing is made of may be seen of all of a time, and is still kept of its beginning. `isOpen`: it goes on. */
  sees(thing: DerivedThing, fromMs: number, toMs: number, isOpen = false): boolean {
    return derivedItems[thing].every((group) => this.#seesGroup(group, fromMs, toMs, isOpen));
  }

  #seesGroup(group: ConsentGroup, fromMs: number, toMs: number, isOpen: boolean): boolean {
    const permission = this.#permission(group);
    if (!permission || fromMs < this.#keptFromMs(group)) return false;
    const isCovered = permission.periods.some(
      (period) => period.fromMs <= fromMs && (period.toMs === null || toMs <= period.toMs),
    );
    return isCovered && !isHiddenWithin(permission.hidden, fromMs, isOpen ? null : toMs);
  }

  /** Where the vehicle was is hidden from this reader for a part of the time, at least; `toMs` null: it goes on. */
  isPrivate(fromMs: number, toMs: number | null): boolean {
    if (!this.#scope.hidesAnything()) return false;
    return isHiddenWithin(this.#permission('position')?.hidden ?? [], fromMs, toMs);
  }

  /** A place that was worked out from positions of a time: if any of it is hidden, all of it is. */
  #placeOf(thing: DerivedThing, { fromMs, toMs, isOpen }: Span, place: PlaceAt | null): PlaceAt | null {
    const permission = this.#permission('position');
    if (!place || !permission || !this.sees(thing, fromMs, toMs, isOpen)) return null;
    if (this.isPrivate(fromMs - placeReachMs, isOpen ? null : toMs + placeReachMs)) return null;
    const { place: precision } = permission.precision;
    return {
      latitude: middleOfCell(place.latitude, precision, 90),
      longitude: middleOfCell(place.longitude, precision, 180),
    };
  }

  /** Undefined: not to be seen. */
  trip(trip: Trip): SeenTrip | undefined {
    const { fromMs, toMs, isOpen } = trip;
    if (!this.sees('trip', fromMs, toMs, isOpen)) return undefined;
    const isPrivate = this.isPrivate(fromMs, isOpen ? null : toMs);
    const isMotionSeen = this.sees('tripMotion', fromMs, toMs, isOpen);
    const harshEvents = isMotionSeen ? trip.harshEvents : [];
    return {
      ...trip,
      isPrivate,
      isMotionSeen,
      start: this.#placeOf('tripPlace', trip, trip.start),
      end: this.#placeOf('tripPlace', trip, trip.end),
      topSpeedKmh: isMotionSeen ? trip.topSpeedKmh : null,
      harshEvents: harshEvents.map((event) => ({ ...event, position: this.#placeOf('tripPlace', trip, event.position) })),
      ...(this.sees('tripEnergy', fromMs, toMs, isOpen)
        ? {}
        : { energyKwh: null, energySource: null, fromPercent: null, toPercent: null }),
    };
  }

  stop(stop: Stop): Stop | undefined {
    if (!this.sees('stop', stop.fromMs, stop.toMs, stop.isOpen)) return undefined;
    return { ...stop, position: this.#placeOf('stopPlace', stop, stop.position) };
  }

  charging(charging: Charging): Charging | undefined {
    if (!this.sees('charging', charging.fromMs, charging.toMs, charging.isOpen)) return undefined;
    const { stopFromMs, stopToMs, isOpen, fromMs, toMs } = charging;
    const stop = { fromMs: Math.min(fromMs, stopFromMs), toMs: Math.max(toMs, stopToMs), isOpen };
    return { ...charging, position: this.#placeOf('chargingPlace', stop, charging.position) };
  }

  /** What is of the day as a whole: null or empty where it may not be seen. */
  day(day: VehicleDay): Pick<VehicleDay, 'odometerM' | 'odometerAtMs' | 'rangeAtFullM' | 'rangeSource' | 'coldTireKpa'> {
    const endMs = day.dayMs + 86_400_000;
    const { odometerAtMs } = day;
    const hasOdometer =
      odometerAtMs !== null && day.dayMs >= this.#keptFromMs('mileage') && this.sees('dayOdometer', odometerAtMs, odometerAtMs);
    const hasRange = this.sees('dayRange', day.dayMs, endMs);
    return {
      odometerM: hasOdometer ? day.odometerM : null,
      odometerAtMs: hasOdometer ? odometerAtMs : null,
      rangeAtFullM: hasRange ? day.rangeAtFullM : null,
      rangeSource: hasRange ? day.rangeSource : null,
      coldTireKpa: this.sees('dayTires', day.dayMs, endMs) ? day.coldTireKpa : day.coldTireKpa.map(() => null),
    };
  }
}
