import type { FigureSource } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import type { Storage } from '../../storage/index.ts';
import type { AnswerBudget } from './answer-budget.ts';
import { addQuarters, joinSources, noSums } from './day-sums.ts';
import type { DerivedDay } from './deriver.ts';
import { isLeft, type KnownDays } from './known-days.ts';
import { type LocalDay, LocalDays } from './local-days.ts';
import type { MileageDayFigures, MileageFigures, MileageQuery } from './reads.ts';
import type { Sight } from './seen.ts';
import { readTotals } from './store-days.ts';
import { dayMs, dayOf, tripStoreLimits } from './store-limits.ts';
import { tripsActor } from './trip-marks.ts';

export interface MileageParts {
  readonly storage: Storage;
  readonly known: KnownDays;
  readonly sight: Sight;
  readonly query: MileageQuery;
  readonly budget: AnswerBudget;
  readonly nowMs: number;
}

/** Days of UTC by their start, and from where on they are known. */
interface Loaded {
  readonly days: readonly DerivedDay[];
  /** Days before were not worked out for this answer. */
  readonly knownFromMs: number;
}

/** Newest first, so that what there is no time for is what is oldest. */
const load = async ({ known, budget }: MileageParts, vehicleNo: number, fromMs: number, toMs: number): Promise<Loaded> => {
  const days: DerivedDay[] = [];
  for await (const day of known.ofVehicle(vehicleNo, dayOf(fromMs), dayOf(toMs - 1), { budget })) {
    if (isLeft(day)) return { days: days.reverse(), knownFromMs: (day.leftDay + 1) * dayMs };
    days.push(day);
  }
  return { days: days.reverse(), knownFromMs: Number.NEGATIVE_INFINITY };
};

const daysIn = (days: readonly DerivedDay[], { fromMs, toMs }: LocalDay): DerivedDay[] =>
  days.filter(({ day }) => day.dayMs < toMs && day.dayMs + dayMs > fromMs);

const noFigures = {
  distanceM: null,
  trips: null,
  drivingMs: null,
  idleMs: null,
  energyKwh: null,
  rangeAtFullM: null,
  rangeSource: null,
};

const figuresOf = (sight: Sight, local: LocalDay, { days, knownFromMs }: Loaded): MileageDayFigures => {
  const { day, fromMs, toMs } = local;
  const found = daysIn(days, local);
  if (found.length === 0 || fromMs < knownFromMs) return { day, dayMs: fromMs, ...noFigures };
  const sums = noSums();
  let energySource: FigureSource | null = null;
  for (const one of found) {
    addQuarters(sums, one.day, fromMs, toMs);
    energySource = joinSources(energySource, one.day.energySource);
  }
  // Ranges are of days in UTC: the one that has the middle of this day.
  const middleMs = (fromMs + toMs) / 2;
  const middle = found.find((one) => one.day.dayMs <= middleMs && middleMs < one.day.dayMs + dayMs);
  const { rangeAtFullM, rangeSource } = middle ? sight.day(middle.day) : { rangeAtFullM: null, rangeSource: null };
  const [hasDriving, hasMileage, hasEnergy] = [
    sight.sees('dayDriving', fromMs, toMs),
    sight.sees('dayDistance', fromMs, toMs),
    sight.sees('dayEnergy', fromMs, toMs) && energySource !== null,
  ];
  const began = found.flatMap((one) => one.day.trips.filter((trip) => trip.fromMs >= fromMs && trip.fromMs < toMs));
  return {
    day,
    dayMs: fromMs,
    distanceM: hasMileage ? sums.distanceM : null,
    trips: hasDriving ? began.length : null,
    drivingMs: hasDriving ? sums.drivingMs : null,
    idleMs: hasDriving ? sums.idleMs : null,
    energyKwh: hasEnergy ? sums.energyKwh : null,
    rangeAtFullM,
    rangeSource,
  };
};

/** Energy per way over the days of which both are known. */
const consumption = (
  days: readonly MileageDayFigures[],
  { days: utcDays }: Loaded,
): { kwhPer100Km: number | null; energySource: FigureSource | null } => {
  const both = days.filter(({ energyKwh, distanceM }) => energyKwh !== null && distanceM !== null);
  const km = both.reduce((sum, { distanceM }) => sum + (distanceM ?? 0), 0) / 1000;
  const kwh = both.reduce((sum, { energyKwh }) => sum + (energyKwh ?? 0), 0);
  if (km < 1) return { kwhPer100Km: null, energySource: null };
  const energySource = utcDays.reduce<FigureSource | null>((source, { day }) => joinSources(source, day.energySource), null);
  return { kwhPer100Km: Math.max(0, (100 * kwh) / km), energySource };
};

const averages = async (parts: MileageParts): Promise<{ averageDayM: number | null; averageOverDays: number }> => {
  const { storage, sight, query, nowMs } = parts;
  const none = { averageDayM: null, averageOverDays: 0 };
  const lastDay = dayOf(nowMs) - 1;
  const { averageDaysMax } = tripStoreLimits;
  const fromDay = lastDay - averageDaysMax + 1;
  const totals = await storage.withActor(tripsActor, (tx) => readTotals(tx, query.vehicleNo, fromDay, lastDay));
  if (totals.firstDay === null) return none;
  const firstDay = Math.max(fromDay, totals.firstDay);
  // Over days of UTC that are over; what is not worked out yet does not count.
  const averageOverDays = lastDay - firstDay + 1 - totals.waitingDays;
  const mayBeSeen = sight.sees('dayDistance', firstDay * dayMs, (lastDay + 1) * dayMs);
  if (averageOverDays < 1 || !mayBeSeen) return none;
  return { averageDayM: totals.distanceM / averageOverDays, averageOverDays };
};

/** The last mileage that is stored or was just derived. */
const lastOdometer = async (
  parts: MileageParts,
  { days }: Loaded,
): Promise<{ totalM: number | null; totalAtMs: number | null; packKwh: number | null }> => {
  const { known, sight, query, budget, nowMs } = parts;
  const found = days.findLast(({ day }) => sight.day(day).odometerM !== null);
  if (found) return { totalM: found.day.odometerM, totalAtMs: found.day.odometerAtMs, packKwh: days.at(-1)?.packKwh ?? null };
  const lastDay = dayOf(nowMs);
  for await (const one of known.ofVehicle(query.vehicleNo, lastDay - tripStoreLimits.averageDaysMax, lastDay, { budget })) {
    if (isLeft(one)) break;
    const { odometerM, odometerAtMs } = sight.day(one.day);
    if (odometerM !== null) return { totalM: odometerM, totalAtMs: odometerAtMs, packKwh: one.packKwh };
  }
  return { totalM: null, totalAtMs: null, packKwh: days.at(-1)?.packKwh ?? null };
};

/** How far a vehicle went: by day of a time zone, today, on average, in total. Throws `invalid_field`. */
export const readMileage = async (parts: MileageParts, completeTo: number): Promise<MileageFigures> => {
  const { sight, query, nowMs } = parts;
  const zone = new LocalDays(query.timeZone);
  if (query.toMs - query.fromMs > tripStoreLimits.mileageDaysMax * dayMs)
    throw invalidField('from', query.fromMs, `at most ${tripStoreLimits.mileageDaysMax} days before to`);
  const today = zone.at(nowMs);
  const locals = zone.in(query.fromMs, query.toMs);
  const [first, last] = [locals[0] as LocalDay, locals.at(-1) as LocalDay];
  const loaded = await load(parts, query.vehicleNo, first.fromMs, last.toMs);
  const isTodayIn = today.fromMs >= first.fromMs && today.toMs <= last.toMs;
  const ofToday = isTodayIn ? loaded : await load(parts, query.vehicleNo, today.fromMs, today.toMs);
  const days = locals.map((local) => figuresOf(sight, local, loaded));
  const all = [...loaded.days, ...ofToday.days];
  const { totalM, totalAtMs, packKwh } = await lastOdometer(parts, ofToday.days.length > 0 ? ofToday : loaded);
  return {
    totalM,
    totalAtMs,
    todayM: figuresOf(sight, today, ofToday).distanceM ?? (sight.sees('dayDistance', today.fromMs, nowMs) ? 0 : null),
    ...(await averages(parts)),
    ...consumption(days, loaded),
    packKwh: sight.allows('dayEnergy') ? packKwh : null,
    days,
    completeTo: Math.min(completeTo, ...all.map((one) => one.completeTo)),
  };
};
