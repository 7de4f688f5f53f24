import { type ConsentGroup, consentGroups, type Vocabulary } from '@milepost/contract';
import type { ApiRouteName } from '@milepost/contract/api';
import type { FastifyRequest } from 'fastify';
import { isHiddenAt, type ReadScope } from '../../events/index.ts';
import type { Registry, Vehicle } from '../../registry/index.ts';
import { type GrantBook, keptFromStaff, type Receipts, shownToHolder } from '../../sharing/index.ts';
import type { Caller } from './authenticate.ts';

type Query = Readonly<Record<string, unknown>>;
type Groups = (query: Query, vocabulary: Vocabulary) => readonly ConsentGroup[];

const all: Groups = () => consentGroups;
const of =
  (...groups: readonly ConsentGroup[]): Groups =>
  () =>
    groups;
const ofSignals: Groups = ({ signals }, vocabulary) => {
  if (typeof signals !== 'string') return ['position', 'motion'];
  const asked = signals.split(',').map((path) => vocabulary.byPath(path.trim())?.group);
  return [...new Set(asked.filter((group) => group !== undefined))];
};

/**
 * Routes that tell data of one vehicle, and what each is made of. `null`: it tells none. A test holds it to the table of routes: a new one
 * has to say.
 */
export const vehicleReads: Readonly<Partial<Record<ApiRouteName, Groups | null>>> = {
  readVehicle: all,
  readReports: all,
  readHistory: ofSignals,
  exportHistory: ofSignals,
  listTrips: of('driving', 'position', 'motion', 'energy'),
  readTrip: of('driving', 'position', 'motion', 'energy'),
  listStops: of('driving', 'position'),
  listCharging: of('energy'),
  readMileage: of('mileage'),
  readTireTrends: of('tires'),
  readVehicleStatus: of('status'),
  listVehicleDrivers: null,
  listPrivatePeriods: null,
  listHolders: null,
  readRetention: null,
  listErasures: null,
};

export interface ReadParts {
  readonly registry: Pick<Registry, 'directory' | 'possessions'>;
  readonly consents: { readonly book: Pick<GrantBook, 'of'> };
  readonly receipts: Pick<Receipts, 'note' | 'noteStaffLook'>;
  readonly vocabulary: () => Vocabulary;
  readonly clock: { now(): number };
}

export interface VehicleRead {
  readonly caller: Caller | null;
  readonly scope: ReadScope;
  readonly params: unknown;
  readonly query: unknown;
  readonly request: FastifyRequest;
}

const nothing = (): void => {};

/** The private owner whose data somebody of the staff is about to see: who has the vehicle, or had it before customers did. */
export const ownerOf = ({ possessions }: ReadParts['registry'], { vehicleNo }: Vehicle, personNo: number | null) => {
  const last = possessions.directory.periods(vehicleNo).findLast(({ holder }) => holder.kind === 'person');
  if (last?.holder.kind !== 'person' || last.holder.personNo === personNo) return undefined;
  return { ...last, personNo: last.holder.personNo };
};

/** What a trip or a stop tells is told to nobody who is not told of trips. */
const ofTrips: ReadonlySet<ApiRouteName> = new Set(['listTrips', 'readTrip', 'listStops']);

/**
 * What a driver is told of somebody's car: what was granted of what is asked for, as the grant names it. Empty: the car is the reader's own, or
 * nothing of it is told.
 */
export const itemsOfDriver = (
  { consents, vocabulary }: Pick<ReadParts, 'consents' | 'vocabulary'>,
  personNo: number,
  vehicleNo: number,
  groups: readonly ConsentGroup[],
): readonly string[] => {
  const granted = consents.book.of({ kind: 'person', personNo }, vehicleNo).filter(({ state }) => state === 'active');
  const names = new Set(granted.flatMap(({ items }) => items.map(({ item }) => item)));
  const groupOf = (name: string): string | undefined => vocabulary().byPath(name)?.group ?? name;
  return [...names].filter((name) => (groups as readonly (string | undefined)[]).includes(groupOf(name)));
};

const noteDriversRead = (parts: ReadParts, name: ApiRouteName, read: VehicleRead, groupsOf: Groups): (() => void) => {
  const { registry, receipts, clock } = parts;
  const vehicle = registry.directory.vehicleById((read.params as { readonly id: string }).id);
  const { personNo = null, isStaff } = read.caller?.reader ?? {};
  if (!vehicle || personNo === null || !(isStaff || read.scope.isGuest?.(vehicle.vehicleNo))) return nothing;
  const { vehicleNo } = vehicle;
  const groups = groupsOf(read.query as Query, parts.vocabulary());
  const items = itemsOfDriver(parts, personNo, vehicleNo, shownToHolder(isStaff === true, groups));
  if (items.length === 0 || (ofTrips.has(name) && !items.includes('driving'))) return nothing;
  return () => receipts.note({ reader: { kind: 'driver', personNo }, vehicleNo, items, channel: 'rest', atMs: clock.now() });
};

/** Before a route is answered that tells of one vehicle: answers what counts the read in its holder's receipts. Throws `unavailable`. */
export const noteVehicleRead = async (parts: ReadParts, name: ApiRouteName, read: VehicleRead): Promise<() => void> => {
  const groupsOf = vehicleReads[name];
  if (!groupsOf || !read.caller) return nothing;
  const byGrant = noteDriversRead(parts, name, read, groupsOf);
  if (!read.caller.reader.isStaff) return byGrant;
  const asStaff = await noteStaffRead(parts, groupsOf, read);
  return () => {
    asStaff();
    byGrant();
  };
};

/**
 * Before a route is answered: what the platform's staff read of a private owner's vehicle stands in the audit log before it is told, or is not told.
 * Answers what counts it in the owner's receipts when it was. Throws `unavailable`.
 */
const noteStaffRead = async (
  parts: ReadParts,
  groupsOf: Groups,
  { caller, scope, params, query, request }: VehicleRead,
): Promise<() => void> => {
  if (!caller) return nothing;
  const { registry, receipts, clock } = parts;
  const vehicle = registry.directory.vehicleById((params as { readonly id: string }).id);
  const { personNo } = caller.reader;
  const owner = vehicle && ownerOf(registry, vehicle, personNo);
  if (!vehicle || !owner) return nothing;
  const isOwners = owner.toMs === Number.POSITIVE_INFINITY;
  const lastMs = Math.min(owner.toMs, clock.now()) - 1;
  const items = groupsOf(query as Query, parts.vocabulary()).filter((group) => {
    const hidden = scope.hiddenPeriods(vehicle.vehicleNo, group);
    // Of who had it once only what the glass opened is known to be theirs.
    return !isHiddenAt(hidden, lastMs) && (isOwners || keptFromStaff.has(group));
  });
  if (items.length === 0) return nothing;
  const { address } = request.client;
  await receipts.noteStaffLook({ personNo, ownerNo: owner.personNo, vehicleId: vehicle.id, items, address });
  const { vehicleNo } = vehicle;
  return () => receipts.note({ reader: { kind: 'staff', personNo }, vehicleNo, items, channel: 'rest', atMs: clock.now() });
};
