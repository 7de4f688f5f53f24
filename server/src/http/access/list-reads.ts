import type { ConsentGroup } from '@milepost/contract';
import type { FastifyRequest } from 'fastify';
import type { ReadScope } from '../../events/index.ts';
import { type GrantBook, keptFromStaff, shownToHolder } from '../../sharing/index.ts';
import type { Caller } from './authenticate.ts';
import { itemsOfDriver, ownerOf, type ReadParts } from './vehicle-reads.ts';

/** Counts what an answer tells of a vehicle, if it is somebody else's; what it was made of is given as groups. Throws `unavailable`. */
export type NoteTold = (vehicleNo: number, groups: readonly ConsentGroup[]) => void;

export interface ListReadParts extends Omit<ReadParts, 'consents'> {
  readonly consents: { readonly book: Pick<GrantBook, 'of' | 'vehiclesOf'> };
}

export interface ListRead {
  readonly caller: Caller;
  readonly scope: ReadScope;
  readonly request: Pick<FastifyRequest, 'client'>;
}

const nothing: NoteTold = () => {};
const kept = [...keptFromStaff];

/** Somebody of the staff, of whom lists tell what private owners keep to themselves only behind the glass that they broke. */
const noteForStaff = async (parts: ListReadParts, { caller, request }: ListRead): Promise<NoteTold> => {
  const { registry, receipts, clock } = parts;
  const { personNo } = caller.reader;
  const opened = new Set(registry.possessions.directory.glassOf(personNo, clock.now()));
  for (const vehicleNo of opened) {
    const vehicle = registry.directory.vehicleByNo(vehicleNo);
    const owner = vehicle && ownerOf(registry, vehicle, personNo);
    if (!vehicle || !owner) opened.delete(vehicleNo);
    else {
      const look = { personNo, ownerNo: owner.personNo, vehicleId: vehicle.id, items: kept };
      await receipts.noteStaffLook({ ...look, address: request.client.address });
    }
  }
  if (opened.size === 0) return nothing;
  return (vehicleNo, groups) => {
    if (!opened.has(vehicleNo)) return;
    const items = shownToHolder(true, groups);
    receipts.note({ reader: { kind: 'staff', personNo }, vehicleNo, items, channel: 'rest', atMs: clock.now() });
  };
};

const noteForDriver = (parts: ListReadParts, { caller, scope }: ListRead): NoteTold => {
  const { consents, receipts, clock } = parts;
  const { personNo, isStaff } = caller.reader;
  if (personNo === null || consents.book.vehiclesOf({ kind: 'person', personNo })[Symbol.iterator]().next().done) return nothing;
  return (vehicleNo, groups) => {
    if (!isStaff && !scope.isGuest?.(vehicleNo)) return;
    const items = itemsOfDriver(parts, personNo, vehicleNo, shownToHolder(isStaff, groups));
    receipts.note({ reader: { kind: 'driver', personNo }, vehicleNo, items, channel: 'rest', atMs: clock.now() });
  };
};

/**
 * Before a list, a map or a report of many vehicles is answered: what counts each vehicle that it tells of and that is somebody else's. What staff
 * may see behind broken glass stands in the audit log before it is told. Costs nothing for everybody else. Throws `unavailable`.
 */
export const noteListRead = async (parts: ListReadParts, read: ListRead): Promise<NoteTold> => {
  const byGrant = noteForDriver(parts, read);
  if (!read.caller.reader.isStaff) return byGrant;
  const asStaff = await noteForStaff(parts, read);
  if (asStaff === nothing) return byGrant;
  return (vehicleNo, groups) => {
    asStaff(vehicleNo, groups);
    byGrant(vehicleNo, groups);
  };
};

interface ToldOfVehicle {
  readonly position: object | null;
  readonly speedKmh: number | null;
  readonly energyPercent: number | null;
}

/** What a row of a list, or of the fleet at a moment, is made of. */
export const groupsOfRow = ({ position, speedKmh, energyPercent }: ToldOfVehicle): ConsentGroup[] => [
  'status',
  ...(position ? (['position'] as const) : []),
  ...(speedKmh === null ? [] : (['motion'] as const)),
  ...(energyPercent === null ? [] : (['energy'] as const)),
];
