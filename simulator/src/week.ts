import { alternating, type Charger, chargeLevels, chargeSeconds, fast } from './charging.ts';
import { type Outing, outingsOf } from './habits.ts';
import { minuteMs, weekBeginsHour, weekMs, weekStartMs } from './local-week.ts';
import type { WeeklyProfile } from './profile.ts';
import { between, chance } from './random.ts';
import { home, type Place, type Route, routesOf, type Tours, town } from './routes.ts';

/** A drive, a row of its route each second. */
export interface Drive {
  readonly kind: 'drive';
  readonly fromMs: number;
  readonly toMs: number;
  readonly route: Route;
  /** Of its week, from 0 on. */
  readonly index: number;
  /** Way of the week before it, m. */
  readonly metresBefore: number;
  readonly levelBefore: number;
  readonly loadKg: number;
}

/** Standing, charging for a part of it perhaps. */
export interface Stand {
  readonly kind: 'stand';
  readonly fromMs: number;
  readonly toMs: number;
  readonly place: Place;
  readonly metresBefore: number;
  readonly levelBefore: number;
  readonly loadKg: number;
  /** The drive that led here; undefined: it is of the week before. */
  readonly after: Drive | undefined;
  readonly charge: Charge | undefined;
}
export interface Charge {
  readonly fromMs: number;
  readonly toMs: number;
  readonly charger: Charger;
  readonly levels: Float64Array;
}
export type Phase = Drive | Stand;

/** A whole week without a gap. */
export interface Week {
  readonly phases: readonly Phase[];
  readonly metres: number;
  readonly endLevel: number;
}

/** Every week begins with what its vehicle charges up to. */
export const weekLevel = 100;
/** Who comes home with more does not plug in, except before a new week. */
const plugInBelowPercent = 85;
/** Shorter than this nobody plugs in. */
const plugInMs = 45 * minuteMs;
const jitterMinutes = 12;

/** Parking spaces of a vehicle at both places: within some 40 m. */
export const placesOf = ({ seed, kind, index }: WeeklyProfile): { readonly home: Place; readonly town: Place } => {
  const near = (place: Place, name: string): Place => ({
    lat: place.lat + between(-2e-4, 2e-4, seed, kind, name, 'lat', index),
    lon: place.lon + between(-4e-4, 4e-4, seed, kind, name, 'lon', index),
  });
  return { home: near(home, 'home'), town: near(town, 'town') };
};

/** The energy that a route takes from the battery up to a row, percent. */
export const usedPercent = (profile: WeeklyProfile, { trip }: Route, i: number): number => {
  if (profile.kwhPerKm === undefined) return (trip.rows[0]?.socPercent as number) - (trip.rows[i]?.socPercent as number);
  return (((trip.metres[i] as number) / 1000) * profile.kwhPerKm * 100) / profile.batteryKwh;
};

/** Plans a week; pure. Levels and ways follow from one phase to the next, and all weeks have the same way. */
class WeekPlan {
  readonly phases: Phase[] = [];
  readonly #profile: WeeklyProfile;
  readonly #tours: Tours;
  readonly #places: ReturnType<typeof placesOf>;
  #atMs: number;
  #metres = 0;
  #level = weekLevel;
  #last: Drive | undefined;
  #drives = 0;

  constructor(profile: WeeklyProfile, tours: Tours, startMs: number) {
    this.#profile = profile;
    this.#tours = tours;
    this.#places = placesOf(profile);
    this.#atMs = startMs;
  }

  get metres(): number {
    return this.#metres;
  }

  get level(): number {
    return this.#level;
  }

  goOut(outing: Outing, week: number, day: number, startMs: number): void {
    const { seed, kind, index } = this.#profile;
    const variant = chance(seed, kind, 'variant', index, day) < 0.5 ? 0 : 1;
    const routes = routesOf(this.#tours, outing.way, this.#places.home, this.#places.town, variant);
    const startsMs = Math.max(this.#atMs + minuteMs, startMs);
    const payloadKg = between(...this.#profile.payloadKg, seed, kind, 'load', index, week, day, outing.hour);
    routes.forEach((route, i) => {
      const pauseMs =
        i === 0 ? 0 : outing.pauseMinutes * minuteMs * between(0.8, 1.25, seed, kind, 'pause', index, week, day, outing.hour, i);
      const goesMs = i === 0 ? startsMs : this.#atMs + Math.round(pauseMs / 1000) * 1000;
      this.standUntil(goesMs, route.from, false);
      const left = routes.length > 2 ? 1 - i / routes.length : 1;
      this.#drive(route, this.#profile.crewKg + payloadKg * left);
    });
    this.#isFastNext = outing.isFastCharged === true;
  }

  #isFastNext = false;

  standUntil(toMs: number, place: Place, isWeekEnd: boolean): void {
    const fromMs = this.#atMs;
    const charge = this.#plugIn(fromMs, toMs, place, isWeekEnd);
    this.phases.push({
      kind: 'stand',
      fromMs,
      toMs,
      place,
      metresBefore: this.#metres,
      levelBefore: this.#level,
      loadKg: this.#last?.route.to === place && place !== this.#places.home ? this.#last.loadKg : 0,
      after: this.#last,
      charge,
    });
    if (charge) this.#level = charge.levels.at(-1) as number;
    this.#atMs = toMs;
  }

  #plugIn(fromMs: number, toMs: number, place: Place, isWeekEnd: boolean): Charge | undefined {
    const { seed, kind, index, batteryKwh, chargeKw } = this.#profile;
    const isFast = this.#isFastNext;
    this.#isFastNext = false;
    if (place !== this.#places.home || this.#level >= (isWeekEnd ? weekLevel : plugInBelowPercent)) return undefined;
    if (toMs - fromMs < plugInMs && !isFast) return undefined;
    const startMs = fromMs + Math.round(between(60, 420, seed, kind, 'plug', index, fromMs)) * 1000;
    const charger = isFast ? fast(50) : alternating(chargeKw);
    const seconds = Math.floor((toMs - minuteMs - startMs) / 1000);
    if (seconds <= 0) return undefined;
    const levels = chargeLevels(charger, this.#level, batteryKwh, seconds);
    return { fromMs: startMs, toMs: startMs + chargeSeconds(levels) * 1000, charger, levels };
  }

  #drive(route: Route, loadKg: number): void {
    const { rows, metres } = route.trip;
    const fromMs = this.#atMs;
    const toMs = fromMs + rows.length * 1000;
    const drive: Drive = {
      kind: 'drive',
      fromMs,
      toMs,
      route,
      index: this.#drives++,
      metresBefore: this.#metres,
      levelBefore: this.#level,
      loadKg: Math.round(loadKg),
    };
    this.phases.push(drive);
    this.#last = drive;
    this.#metres += metres.at(-1) ?? 0;
    this.#level -= usedPercent(this.#profile, route, rows.length - 1);
    this.#atMs = toMs;
  }

  endAt(toMs: number): void {
    this.standUntil(toMs, this.#places.home, true);
  }
}

/** @param week its number, see `weekOf` */
export const planWeek = (profile: WeeklyProfile, tours: Tours, week: number): Week => {
  const { seed, kind, index, shiftMs } = profile;
  const startMs = weekStartMs(week, shiftMs);
  const plan = new WeekPlan(profile, tours, startMs);
  for (let day = 0; day < 7; day++) {
    for (const [n, outing] of outingsOf(profile.habit, day, index).entries()) {
      const jitter = between(-jitterMinutes, jitterMinutes, seed, kind, 'start', index, week, day, n);
      const minutes = Math.round((day * 24 + outing.hour - weekBeginsHour) * 60 + jitter);
      plan.goOut(outing, week, day, startMs + minutes * minuteMs);
    }
  }
  plan.endAt(startMs + weekMs);
  return { phases: plan.phases, metres: plan.metres, endLevel: plan.level };
};

/** The weeks of one vehicle, as they are asked for. */
export class Weeks {
  readonly #profile: WeeklyProfile;
  readonly #tours: Tours;
  readonly #known = new Map<number, Week>();

  constructor(profile: WeeklyProfile, tours: Tours) {
    this.#profile = profile;
    this.#tours = tours;
  }

  get(week: number): Week {
    const known = this.#known.get(week);
    if (known) return known;
    // The weeks of a back-fill and of now.
    if (this.#known.size >= 4) this.#known.clear();
    const made = planWeek(this.#profile, this.#tours, week);
    this.#known.set(week, made);
    return made;
  }
}
