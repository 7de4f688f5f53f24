import type { ReadScope } from '../events/index.ts';
import { invalidField } from '../kernel/index.ts';
import type { Registry } from '../registry/index.ts';
import type { HarshEvent, Trips, VehicleTrip } from '../trips/index.ts';
import { readCursor, writeCursor } from './cursors.ts';
import { httpLimits } from './limits.ts';
import type { Period } from './times.ts';

/** Where trips of drivers are read. */
export interface DriverTrips {
  readonly registry: Pick<Registry, 'drivers'>;
  readonly trips: Pick<Trips, 'listTrips'>;
  readonly scope: ReadScope;
}

export interface DriverTripsQuery extends Period {
  readonly driverNo: number;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface DriverPage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  /** receivedAt (ms) up to which every acknowledged report is contained; Infinity: nothing had to be read. */
  readonly completeTo: number;
}

/** Where a page ended: what began before `toMs`, and within the stretch with a vehicle that is first then, what comes behind `inner`. */
interface Place {
  readonly toMs: number;
  readonly inner: string;
}

interface TripsFound {
  readonly items: VehicleTrip[];
  readonly next: Place | null;
  readonly completeTo: number;
}

/** A driver is on one vehicle at a time: the stretches, newest first, one behind the other, are in order of time. */
const readTrips = async (
  { registry, trips, scope }: DriverTrips,
  { driverNo, fromMs, limit }: Pick<DriverTripsQuery, 'driverNo' | 'fromMs' | 'limit'>,
  start: Place,
): Promise<TripsFound> => {
  const stretches = registry.drivers.directory
    .assignmentsOfDriver(driverNo)
    .filter((one) => scope.allowsVehicle(one.vehicleNo) && one.fromMs < start.toMs && one.toMs > fromMs)
    .reverse();
  const items: VehicleTrip[] = [];
  let [inner, completeTo] = [start.inner, Number.POSITIVE_INFINITY];
  for (const [i, { vehicleNo, ...stretch }] of stretches.entries()) {
    const toMs = Math.min(stretch.toMs, start.toMs);
    const left = limit - items.length;
    if (left === 0 || i === httpLimits.driverStretchesMax) return { items, next: { toMs, inner: '' }, completeTo };
    const period = { fromMs: Math.max(stretch.fromMs, fromMs), toMs };
    const page = await trips.listTrips(scope, { vehicleNo, ...period, limit: left, ...(inner === '' ? {} : { cursor: inner }) });
    items.push(...page.items.map((trip) => ({ vehicleNo, trip })));
    completeTo = Math.min(completeTo, page.completeTo);
    if (page.next !== null) return { items, next: { toMs, inner: page.next }, completeTo };
    inner = '';
  }
  return { items, next: null, completeTo };
};

const readPlace = (cursor: string | undefined, toMs: number): Place & { readonly skip: number } => {
  if (cursor === undefined) return { toMs, inner: '', skip: 0 };
  const [beforeMs, inner, skip] = readCursor(cursor, ['number', 'string', 'number']);
  if (beforeMs > toMs) throw invalidField('cursor', cursor, '`next` of the page before, with the same period');
  return { toMs: beforeMs, inner, skip };
};

const writePlace = (place: Place, skip = 0): string => writeCursor([place.toMs, place.inner, skip]);

/** Trips that began while a driver was assigned, of all vehicles, newest first. Throws `invalid_field`. */
export const readDriverTrips = async (parts: DriverTrips, query: DriverTripsQuery): Promise<DriverPage<VehicleTrip>> => {
  const { items, next, completeTo } = await readTrips(parts, query, readPlace(query.cursor, query.toMs));
  return { items, next: next && writePlace(next), completeTo };
};

export interface DriverHarshEvent extends VehicleTrip {
  readonly event: HarshEvent;
}

const newestFirst = (events: readonly HarshEvent[]): HarshEvent[] => [...events].sort((a, b) => b.atMs - a.atMs);

/** Harsh events of these trips, newest first. A page ends early where many trips have none. Throws `invalid_field`. */
export const readDriverHarshEvents = async (
  parts: DriverTrips,
  query: DriverTripsQuery,
): Promise<DriverPage<DriverHarshEvent>> => {
  const items: DriverHarshEvent[] = [];
  let { skip, ...place }: Place & { readonly skip: number } = readPlace(query.cursor, query.toMs);
  let completeTo = Number.POSITIVE_INFINITY;
  for (let pages = 0; pages < httpLimits.driverTripPagesMax; pages++) {
    const found = await readTrips(parts, { ...query, limit: httpLimits.driverTripsPerPage }, place);
    completeTo = Math.min(completeTo, found.completeTo);
    for (const { vehicleNo, trip } of found.items) {
      for (const [i, event] of newestFirst(trip.harshEvents).entries()) {
        if (i < skip) continue;
        if (items.length === query.limit) return { items, next: writePlace({ toMs: trip.fromMs + 1, inner: '' }, i), completeTo };
        items.push({ vehicleNo, trip, event });
      }
      skip = 0;
    }
    if (!found.next) return { items, next: null, completeTo };
    place = found.next;
    if (found.items.length < httpLimits.driverTripsPerPage) break;
  }
  return { items, next: writePlace(place), completeTo };
};
