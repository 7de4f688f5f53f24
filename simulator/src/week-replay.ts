import { levelAfter, powerAt } from './charging.ts';
import { rowsToTell } from './told-rows.ts';
import { jolts, type Jolt } from './jolts.ts';
import { localHour, weekOf } from './local-week.ts';
import { dayVariation, type Moment, type PastSample, type Signals, slowSignals, tireRiseC } from './model.ts';
import { paths } from './paths.ts';
import type { WeeklyProfile } from './profile.ts';
import { positionOn, type Tours } from './routes.ts';
import { type Drive, type Phase, type Stand, usedPercent, Weeks } from './week.ts';

const slowEverySeconds = 60;
const parkedEverySeconds = 45;
/**
 * What a tracker keeps of the past: slow values while driving, a sign of life while parked, all values while parked, seconds. A sign of life
 * comes before a vehicle would count as offline: charts call longer silences unobserved.
 */
const past = { slow: 300, parked: 170, parkedFull: 2040 } as const;
const gears: Readonly<Record<string, number>> = { N: 0, D: 1, R: -1 };
/** How fast a tire cools down, seconds. */
const coolSeconds = 1200;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Modelled air in Rabat in autumn, degrees Celsius: coldest at 5, warmest at 15, and each day a little different. */
const airAt = (timeMs: number): number =>
  17 + 4.5 * Math.sin((2 * Math.PI * (localHour(timeMs) - 9.5)) / 24) + dayVariation(timeMs, 2, 'air');

/** What a vehicle that lives by weeks says: now at each second, of the past at fewer moments. */
export class WeekReplay {
  readonly #profile: WeeklyProfile;
  readonly #weeks: Weeks;

  constructor(profile: WeeklyProfile, tours: Tours) {
    this.#profile = profile;
    this.#weeks = new Weeks(profile, tours);
  }

  /** @param timeMs a whole second */
  say(timeMs: number): Moment {
    const week = weekOf(timeMs, this.#profile.shiftMs);
    const { phases, metres } = this.#weeks.get(week);
    const phase = phases.find(({ toMs }) => timeMs < toMs) ?? (phases.at(-1) as Phase);
    const seconds = Math.floor((timeMs - phase.fromMs) / 1000);
    const before = week * metres;
    if (phase.kind === 'drive' && this.#isDead(phase, seconds)) return undefined;
    if (phase.kind === 'drive') return this.#driving(phase, seconds, before, seconds % slowEverySeconds === 0);
    if (seconds % parkedEverySeconds !== 0) return undefined;
    return (seconds / parkedEverySeconds) % 2 === 1 ? 'heartbeat' : this.#parked(phase, timeMs, before);
  }

  /** What its tracker kept of a period, in order; the moments do not depend on where the period begins. */
  *past(fromMs: number, toMs: number): Generator<PastSample> {
    const { shiftMs } = this.#profile;
    for (let week = weekOf(fromMs, shiftMs); week <= weekOf(toMs - 1, shiftMs); week++) {
      const { phases, metres } = this.#weeks.get(week);
      for (const phase of phases) {
        if (phase.toMs <= fromMs || phase.fromMs >= toMs) continue;
        const samples = phase.kind === 'drive' ? this.#pastDrive(phase, week * metres) : this.#pastStand(phase, week * metres);
        for (const sample of samples) if (sample.time >= fromMs && sample.time < toMs) yield sample;
      }
    }
  }

  /** Its drives that lie in a period as a whole, in order. */
  drives(fromMs: number, toMs: number): Drive[] {
    const found: Drive[] = [];
    for (let week = weekOf(fromMs, this.#profile.shiftMs); week <= weekOf(toMs, this.#profile.shiftMs); week++) {
      for (const phase of this.#weeks.get(week).phases)
        if (phase.kind === 'drive' && phase.fromMs >= fromMs && phase.toMs <= toMs) found.push(phase);
    }
    return found;
  }

  *#pastDrive(drive: Drive, metresBefore: number): Generator<PastSample> {
    let slowAt = Number.NEGATIVE_INFINITY;
    for (const i of rowsToTell(drive.route.trip, this.#joltsOf(drive).keys())) {
      if (this.#isDead(drive, i)) continue;
      const isSlow = i - slowAt >= past.slow;
      if (isSlow) slowAt = i;
      yield { time: drive.fromMs + i * 1000, signals: this.#driving(drive, i, metresBefore, isSlow) };
    }
  }

  *#pastStand(stand: Stand, metresBefore: number): Generator<PastSample> {
    for (let second = 0; stand.fromMs + second * 1000 < stand.toMs; second += past.parked) {
      const time = stand.fromMs + second * 1000;
      const signals = second % past.parkedFull === 0 ? this.#parked(stand, time, metresBefore) : this.#resting(stand, time);
      yield { time, signals };
    }
  }

  /** Where its tracker neither sends nor stores. */
  #isDead({ route }: Drive, i: number): boolean {
    const { deadMetres } = this.#profile;
    const metres = route.trip.metres[i] as number;
    return deadMetres !== undefined && metres >= deadMetres[0] && metres < deadMetres[1];
  }

  #joltsOf(drive: Drive): ReadonlyMap<number, Jolt> {
    return this.#profile.hasAccelerometer ? jolts(this.#profile, drive) : new Map();
  }

  #driving(drive: Drive, i: number, metresBefore: number, isFull: boolean): Signals {
    const { trip } = drive.route;
    const row = trip.rows[i] as (typeof trip.rows)[number];
    const level = drive.levelBefore - usedPercent(this.#profile, drive.route, i);
    const timeMs = drive.fromMs + i * 1000;
    return {
      [paths.speed]: row.speedKmh,
      ...this.#energy(level),
      [paths.mileage]: this.#mileage(metresBefore + drive.metresBefore + (trip.metres[i] as number)),
      ...(trip.isFix[i] ? this.#position(drive, i) : {}),
      ...(row.gear === trip.rows[i - 1]?.gear ? {} : { [paths.gear]: gears[row.gear] ?? 0 }),
      ...this.#acceleration(drive, i),
      ...(isFull ? this.#slow(timeMs, row.ambientC, tireRiseC(i), level, drive.loadKg) : {}),
      ...(isFull ? { [paths.systemState]: 'ON', [paths.isCharging]: false, [paths.outsideHumidity]: row.humidityPercent } : {}),
    };
  }

  /** In short: that it stands, and what its battery does. */
  #resting(stand: Stand, timeMs: number): Signals {
    const { charge } = stand;
    const isCharging = charge !== undefined && timeMs >= charge.fromMs && timeMs < charge.toMs;
    const level = this.#levelOf(stand, timeMs);
    return {
      [paths.systemState]: 'LOCK',
      [paths.speed]: 0,
      ...this.#energy(level),
      [paths.isCharging]: isCharging,
      ...(charge ? { [paths.chargingPower]: isCharging ? rounded(powerAt(charge.charger, level), 2) : 0 } : {}),
    };
  }

  #parked(stand: Stand, timeMs: number, metresBefore: number): Signals {
    const { after, place } = stand;
    const seconds = (timeMs - stand.fromMs) / 1000;
    const last = after?.route.trip;
    const row = last?.rows.at(-1);
    const cooling = after ? Math.exp(-seconds / coolSeconds) : 0;
    const air = airAt(timeMs);
    return {
      ...this.#slow(
        timeMs,
        air + (row ? (row.ambientC - air) * cooling : 0),
        last ? tireRiseC(last.rows.length) * cooling : 0,
        this.#levelOf(stand, timeMs),
        stand.loadKg,
      ),
      [paths.chargingPower]: 0,
      ...this.#resting(stand, timeMs),
      [paths.mileage]: this.#mileage(metresBefore + stand.metresBefore),
      [paths.latitude]: rounded(place.lat, 6),
      [paths.longitude]: rounded(place.lon, 6),
      ...(row ? { [paths.altitude]: row.altitudeM } : {}),
      [paths.gear]: 0,
    };
  }

  #levelOf({ charge, levelBefore }: Stand, timeMs: number): number {
    return charge ? levelAfter(charge.levels, (timeMs - charge.fromMs) / 1000) : levelBefore;
  }

  #energy(percent: number): Signals {
    const { batteryKwh, tellsKwh } = this.#profile;
    const kwh = tellsKwh ? { [paths.energyKwh]: rounded((percent / 100) * batteryKwh, 3) } : {};
    return { [paths.energyPercent]: rounded(percent, 2), ...kwh };
  }

  #mileage(metres: number): number {
    return Math.round(Math.max(0, this.#profile.mileageM + metres));
  }

  #position(drive: Drive, i: number): Signals {
    const { trip } = drive.route;
    const place = positionOn(drive.route, i);
    const heading = trip.headings[i] as number;
    return {
      [paths.latitude]: rounded(place.lat, 6),
      [paths.longitude]: rounded(place.lon, 6),
      [paths.altitude]: (trip.rows[i] as { altitudeM: number }).altitudeM,
      ...(Number.isNaN(heading) ? {} : { [paths.heading]: rounded(heading, 1) }),
    };
  }

  #acceleration(drive: Drive, i: number): Signals {
    if (!this.#profile.hasAccelerometer) return {};
    const { rows } = drive.route.trip;
    const jolt = this.#joltsOf(drive).get(i);
    const change = ((rows[Math.min(rows.length - 1, i + 2)]?.speedKmh ?? 0) - (rows[Math.max(0, i - 2)]?.speedKmh ?? 0)) / 3.6;
    const along = Math.min(1.8, Math.max(-1.8, change / 4));
    return {
      [paths.accelerationAlong]: rounded(jolt?.along ?? along, 2),
      [paths.accelerationAcross]: rounded(jolt?.across ?? 0, 2),
    };
  }

  #slow(timeMs: number, ambientC: number, riseC: number, socPercent: number, loadKg: number): Signals {
    return slowSignals(this.#profile, { timeMs, ambientC, tireAmbientC: airAt(timeMs), riseC, socPercent, loadKg });
  }
}
