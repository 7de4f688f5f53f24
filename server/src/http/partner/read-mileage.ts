import { coreSignal } from '@milepost/contract';
import { partnerDataLimits, type RouteQuery, type SharedMileage } from '@milepost/contract/api';
import { type SignalPrecision, signalPermission } from '../../events/index.ts';
import type { HistoryResult } from '../../history/index.ts';
import { invalidField } from '../../kernel/index.ts';
import type { SharedAsk } from '../read-shared.ts';
import { lastDays, readPeriod } from '../times.ts';
import type { PartnerDeps } from './asked-vehicle.ts';
import { reasonOf } from './withheld-things.ts';

type Deps = Pick<PartnerDeps, 'history' | 'vocabulary' | 'clock'>;

const dayMs = 86_400_000;
/** Days before the first in which the odometer is looked for that it is counted from. */
const beforeDays = 31;
const odometer = coreSignal('Vehicle.TraveledDistance');
const kmDigits = 3;

/** Of each day (days since 1970) the last odometer that is told of it, as it is stored. What is told of a period has the end of it as its time. */
const lastOfDays = (
  { times, raw, steps }: HistoryResult,
  { time }: SignalPrecision,
  stepMs: number | undefined,
): ReadonlyMap<number, number> => {
  const found = new Map<number, number>();
  const column = raw?.[0]?.numbers ?? (steps?.[0] && 'last' in steps[0] ? steps[0].last : undefined);
  const backMs = time === 'report' || stepMs !== undefined ? 0 : 1;
  for (let row = 0; column && row < times.length; row++) {
    const stored = column[row] as number;
    if (stored === stored) found.set(Math.floor(((times[row] as number) - backMs) / dayMs), stored);
  }
  return found;
};

const km = (stored: number): number => Number((stored / odometer.perUnit / 1000).toFixed(kmDigits));

const daysOf = (lasts: ReadonlyMap<number, number>, fromMs: number): SharedMileage['days'] => {
  const days: SharedMileage['days'] = [];
  let before: number | undefined;
  for (const [day, stored] of [...lasts].sort(([a], [b]) => a - b)) {
    const distanceKm = before === undefined || stored < before ? null : km(stored - before);
    const shown = new Date(day * dayMs).toISOString().slice(0, 10);
    if ((day + 1) * dayMs > fromMs) days.push({ day: shown, odometerKm: km(stored), distanceKm });
    before = stored;
  }
  return days;
};

/**
 * How far a vehicle went, by day in UTC: made of what the reader is told of the odometer, and of nothing else, so that it is never finer than
 * that, however coarsely it is granted. Throws `invalid_field`.
 */
export const readSharedMileage = async (
  deps: Deps,
  ask: SharedAsk,
  query: RouteQuery<'readPartnerMileage'>,
): Promise<SharedMileage> => {
  const { scope, vehicleNo, vehicle } = ask;
  const { fromMs, toMs } = readPeriod(query, lastDays(deps.clock.now()));
  const { mileageDaysMax } = partnerDataLimits;
  if (toMs - fromMs > mileageDaysMax * dayMs)
    throw invalidField('from', query.from ?? '', `at most ${mileageDaysMax} days before to`);
  const permission = signalPermission(scope, vehicleNo, odometer.number, odometer.group);
  // Above a threshold or not: that is no distance.
  if (!permission || permission.precision.above !== null) {
    const item = odometer.group;
    return { vehicle, days: [], withheld: [{ item, reason: reasonOf(deps, ask, item) }] };
  }
  const { precision } = permission;
  const stepMs = precision.time === 'report' ? dayMs : undefined;
  const result = await deps.history.query(scope, {
    vehicleNo,
    signals: [odometer.number],
    fromMs: Math.max(0, (Math.floor(fromMs / dayMs) - beforeDays) * dayMs),
    // What is told of the last day of all is told at its end.
    toMs: (Math.floor((toMs - 1) / dayMs) + 1) * dayMs + 1,
    rowsMax: (mileageDaysMax + beforeDays + 2) * 1440,
    ...(stepMs === undefined ? {} : { stepMs }),
  });
  return { vehicle, days: daysOf(lastOfDays(result, precision, stepMs), fromMs), withheld: [] };
};
