import { type ConsentGroup, consentGroups, type Vocabulary } from '@milepost/contract';
import type { ApiRouteName } from '@milepost/contract/api';
import type { FastifyRequest } from 'fastify';
import { isHiddenAt, type ReadScope } from '../../events/index.ts';
import type { Registry, Vehicle } from '../../registry/index.ts';
import type { Receipts } from '../../sharing/index.ts';
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

export interface StaffReadParts {
  readonly registry: Pick<Registry, 'directory' | 'possessions'>;
  readonly receipts: Pick<Receipts, 'note' | 'noteStaffLook'>;
  readonly vocabulary: () => Vocabulary;
  readonly clock: { now(): number };
}

export interface StaffRead {
  readonly caller: Caller | null;
  readonly scope: ReadScope;
  readonly params: unknown;
  readonly query: unknown;
  readonly request: FastifyRequest;
}

const nothing = (): void => {};

/** The private owner whose data somebody of the staff is about to see: who has the vehicle, or had it before customers did. */
const ownerOf = ({ possessions }: StaffReadParts['registry'], { vehicleNo }: Vehicle, personNo: number | null) => {
  const last = possessions.directory.periods(vehicleNo).findLast(({ holder }) => holder.kind === 'person');
  if (last?.holder.kind !== 'person' || last.holder.personNo === personNo) return undefined;
  return { ...last, personNo: last.holder.personNo };
};

/**
 * Before a route is answered: what the platform's staff read of a private owner's vehicle stands in the audit log before it is told, or is not told.
 * Answers what counts it in the owner's receipts when it was. Throws `unavailable`.
 */
export const noteStaffRead = async (
  parts: StaffReadParts,
  name: ApiRouteName,
  { caller, scope, params, query, request }: StaffRead,
): Promise<() => void> => {
  const groupsOf = vehicleReads[name];
  if (!groupsOf || !caller?.reader.isStaff) return nothing;
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
    return !isHiddenAt(hidden, lastMs) && (isOwners || ['position', 'motion', 'driving'].includes(group));
  });
  if (items.length === 0) return nothing;
  const { address } = request.client;
  await receipts.noteStaffLook({ personNo, ownerNo: owner.personNo, vehicleId: vehicle.id, items, address });
  const { vehicleNo } = vehicle;
  return () => receipts.note({ reader: { kind: 'staff', personNo }, vehicleNo, items, channel: 'rest', atMs: clock.now() });
};
