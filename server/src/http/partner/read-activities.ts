import {
  apiLimits,
  type RouteQuery,
  type SharedCharging,
  type SharedStops,
  type SharedTrip,
  type SharedTrips,
} from '@milepost/contract/api';
import { type DerivedThing, derivedItems } from '../../events/index.ts';
import type { ActivityPage, ActivityQuery, SeenTrip } from '../../trips/index.ts';
import type { SharedAsk } from '../read-shared.ts';
import { lastDays, readPeriod, toIso } from '../times.ts';
import { activityView, chargingView, stopView } from '../views/trip-view.ts';
import type { PartnerDeps } from './asked-vehicle.ts';
import { readDriven } from './read-driven.ts';
import { withheldThings } from './withheld-things.ts';

type Deps = Pick<PartnerDeps, 'trips' | 'vocabulary' | 'clock'>;
type Query = RouteQuery<'listPartnerTrips'>;

interface Listing<T, V> {
  /** What is listed, and what is told of it where it is granted, too. */
  readonly thing: DerivedThing;
  readonly parts: readonly DerivedThing[];
  readonly list: (query: ActivityQuery) => Promise<ActivityPage<T>>;
  readonly view: (item: T) => V;
}

/** A page, and a reason for each item that something of it is made of and that is not granted. */
const readPage = async <T, V>(deps: Deps, ask: SharedAsk, query: Query, { thing, parts, list, view }: Listing<T, V>) => {
  const { vehicle, vehicleNo } = ask;
  const withheld = withheldThings(deps, ask, [thing, ...parts]);
  const asked: ActivityQuery = {
    vehicleNo,
    ...readPeriod(query, lastDays(deps.clock.now())),
    cursor: query.cursor,
    limit: query.limit ?? apiLimits.pageSizeDefault,
  };
  // Up to when there are reports is told to nobody who is not told what they made.
  const isWithheld = withheld.some(({ item }) => (derivedItems[thing] as readonly string[]).includes(item));
  if (isWithheld) return { vehicle, items: [], withheld, next: null, completeTo: null };
  const { items, next, completeTo } = await list(asked);
  return { vehicle, items: items.map(view), withheld, next, completeTo: toIso(completeTo) };
};

const tripOf = (trip: SeenTrip): SharedTrip => {
  const { averageSpeedKmh, topSpeedKmh, harshEvents, ...rest } = activityView(trip);
  const { isMotionSeen } = trip;
  return {
    ...rest,
    averageSpeedKmh: isMotionSeen ? averageSpeedKmh : null,
    topSpeedKmh,
    harshEvents: isMotionSeen ? harshEvents : null,
  };
};

export const readSharedTrips = async (deps: Deps, ask: SharedAsk, query: Query): Promise<SharedTrips> => {
  const driven = await readDriven(deps, ask, query);
  if (driven) return driven;
  const page = await readPage(deps, ask, query, {
    thing: 'trip',
    parts: ['tripPlace', 'tripMotion', 'tripEnergy'],
    list: (asked) => deps.trips.listTrips(ask.scope, asked),
    view: tripOf,
  });
  return { ...page, driven: [] };
};

export const readSharedStops = (deps: Deps, ask: SharedAsk, query: Query): Promise<SharedStops> =>
  readPage(deps, ask, query, {
    thing: 'stop',
    parts: ['stopPlace'],
    list: (asked) => deps.trips.listStops(ask.scope, asked),
    view: stopView,
  });

export const readSharedCharging = (deps: Deps, ask: SharedAsk, query: Query): Promise<SharedCharging> =>
  readPage(deps, ask, query, {
    thing: 'charging',
    parts: ['chargingPlace'],
    list: (asked) => deps.trips.listCharging(ask.scope, asked),
    view: chargingView,
  });
