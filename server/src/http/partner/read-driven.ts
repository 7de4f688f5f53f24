import { apiLimits, partnerDataLimits, type RouteQuery, type SharedTrips } from '@milepost/contract/api';
import { groupPermission, periodMsOf, type ReadScope } from '../../events/index.ts';
import { sourceScope } from '../../sharing/index.ts';
import type { SeenTrip } from '../../trips/index.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import type { SharedAsk } from '../read-shared.ts';
import { lastDays, readPeriod, toIso } from '../times.ts';
import { km } from '../views/trip-view.ts';
import type { PartnerDeps } from './asked-vehicle.ts';
import { coarsenTrips } from './coarse-trips.ts';
import { reasonOf } from './withheld-things.ts';

type Deps = Pick<PartnerDeps, 'trips' | 'vocabulary' | 'clock'>;

const dayMs = 86_400_000;
/** What else trips are made of is never told beside periods: a place, a speed or a level of a trip's begin or end would say when that was. */
const neverBeside = ['position', 'motion', 'energy'] as const;

/** All trips that begin within a time, and up to when they are complete. */
const readTrips = async (deps: Deps, scope: ReadScope, vehicleNo: number, period: { fromMs: number; toMs: number }) => {
  const trips: SeenTrip[] = [];
  let completeTo = Number.POSITIVE_INFINITY;
  for (let cursor: string | undefined; ; ) {
    const page = await deps.trips.listTrips(scope, { vehicleNo, ...period, cursor, limit: apiLimits.pageSizeMax });
    trips.push(...page.items);
    completeTo = Math.min(completeTo, page.completeTo);
    if (page.next === null) return { trips, completeTo };
    cursor = page.next;
  }
};

/**
 * In which minutes, hours or days it was driven, where `driving` is granted no finer; undefined: it is granted of each report, or not at all. A
 * day more is read to both sides, so that where the question begins does not cut what belongs together.
 */
export const readDriven = async (
  deps: Deps,
  ask: SharedAsk,
  query: RouteQuery<'listPartnerTrips'>,
): Promise<SharedTrips | undefined> => {
  const { vehicle, vehicleNo } = ask;
  const { time } = groupPermission(ask.scope, vehicleNo, 'driving')?.precision ?? { time: 'report' };
  const scope = time === 'report' ? undefined : sourceScope(ask.scope, vehicleNo, 'driving');
  if (!scope) return undefined;
  const periodMs = periodMsOf(time);
  const nowMs = deps.clock.now();
  const asked = readPeriod(query, lastDays(nowMs));
  const beforeMs = query.cursor === undefined ? asked.toMs : Math.min(asked.toMs, readCursor(query.cursor, ['number'])[0]);
  const oldestMs = Math.max(asked.fromMs, beforeMs - partnerDataLimits.drivenDaysMax * dayMs);
  const fromMs = Math.floor(oldestMs / periodMs) * periodMs;
  const found = await readTrips(deps, scope, vehicleNo, { fromMs: fromMs - dayMs, toMs: beforeMs + dayMs });
  const fit = coarsenTrips(found.trips, time, periodMs, nowMs).filter((one) => one.fromMs >= fromMs && one.fromMs < beforeMs);
  const shown = fit.slice(0, query.limit ?? apiLimits.pageSizeDefault);
  const last = shown.at(-1);
  const earlierMs = last && fit.length > shown.length ? last.fromMs : oldestMs > asked.fromMs ? fromMs : undefined;
  return {
    vehicle,
    items: [],
    driven: shown.map((one) => ({ start: toIso(one.fromMs), end: toIso(one.toMs), distanceKm: km(one.distanceM) })),
    withheld: neverBeside.map((item) => ({ item, reason: reasonOf(deps, ask, item) })),
    next: earlierMs === undefined ? null : writeCursor([earlierMs]),
    completeTo: toIso(Math.floor(Math.min(found.completeTo, nowMs) / periodMs) * periodMs),
  };
};
