import type { ConsentGroup } from '@milepost/contract';
import type { ReadPeriod, ReadScope, ReadScopeFields } from '../events/index.ts';
import type { PossessionDirectory } from '../registry/index.ts';
import { always, never, union } from './periods.ts';
import { type PrivateSource, privateTo } from './private-periods.ts';
import { changedSince, type Reader, type ScopeSources, versionOf } from './reader.ts';

/** What private owners keep to themselves from the platform's staff: where the vehicle is, and what tells of it. */
export const keptFromStaff: ReadonlySet<ConsentGroup> = new Set(['position', 'motion', 'driving']);

/** What of a read its holder is shown: all of it, but for staff, who see the rest by themselves. */
export const shownToHolder = (isStaff: boolean, groups: readonly ConsentGroup[]): readonly ConsentGroup[] =>
  isStaff ? groups.filter((group) => keptFromStaff.has(group)) : groups;

/**
 * The scope of the platform's staff: every vehicle, every item, exactly, at all times, but for where a vehicle is while its driver is private, and
 * for position, motion and trips of private owners, unless the glass was broken.
 */
export const staffScope = (sources: ScopeSources, { personNo }: Reader): ReadScope => {
  const { possession, drivers, clock } = sources;
  const positionHidden = privateTo(drivers, null);
  const isOpen = (vehicleNo: number): boolean => {
    const nowMs = clock.now();
    return possession.brokenGlass(vehicleNo).some((glass) => glass.personNo === personNo && glass.untilMs > nowMs);
  };
  const keptByOwners = (vehicleNo: number): readonly ReadPeriod[] => {
    if (!possession.hasRows(vehicleNo)) return never;
    const kept = possession.periods(vehicleNo).filter(({ holder }) => holder.kind === 'person' && holder.personNo !== personNo);
    if (kept.length === 0 || isOpen(vehicleNo)) return never;
    return kept.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs === Number.POSITIVE_INFINITY ? null : toMs }));
  };
  const fields: ReadScopeFields = {
    reader: personNo === null ? 'operator' : `person:${personNo}`,
    // Each who broke a glass or has a vehicle sees something else.
    audience: possession.isAnyPersons() ? `staff:${personNo ?? 'token'}` : 'operator',
    version: () => versionOf(sources),
    allowsVehicle: () => true,
    seesNow: () => true,
    seesCustomer: () => true,
    allowsGroup: () => true,
    precision: () => 'exact',
    periods: () => always,
    hiddenPeriods: (vehicleNo, group) => {
      const kept = keptFromStaff.has(group) ? keptByOwners(vehicleNo) : never;
      if (group !== 'position') return kept;
      const hidden = positionHidden(vehicleNo);
      return kept.length === 0 ? hidden : union([...kept, ...hidden]);
    },
    hidesAnything: () => drivers.isAnyPrivate() || possession.isAnyPersons(),
    changedSince: (version) => changedSince(sources, version),
  };
  // The brand is given by the scopes of this folder alone.
  return fields as ReadScope;
};

/** Nobody ever handed a vehicle over. */
export const neverHandedOver: PossessionDirectory = {
  periods: () => [],
  hasRows: () => false,
  holderNow: () => undefined,
  vehiclesOfPerson: () => [],
  isAnyPersons: () => false,
  brokenGlass: () => [],
  glassOf: () => [],
  version: () => 0,
  changedSince: () => [],
  onChange: () => () => {},
};

const nobody: Reader = { personNo: null, isStaff: true, customerNos: [] };

/** Of the bearer of the operator token, where no vehicle is a person's: tests and benches. */
export const operatorScope = (drivers: PrivateSource, possession: PossessionDirectory = neverHandedOver): ReadScope =>
  staffScope({ possession, drivers, clock: { now: () => Date.now() } }, nobody);

/** Whoever reads what a job made (files of reports, the topic for other programs) is not known: no glass is broken for them. */
const nobodyKnown: Reader = { personNo: 0, isStaff: true, customerNos: [] };
export const jobScope = (sources: ScopeSources): ReadScope => staffScope(sources, nobodyKnown);

/** What the server itself reads to work something out: everything. Nothing that is read by it may be shown as it is. */
export const serverScope = (): ReadScope =>
  ({ ...operatorScope(nothingPrivate), reader: 'server', audience: 'server' }) as ReadScope;

/** Of vehicles that nobody drives privately: tests and benches. */
export const nothingPrivate: PrivateSource = {
  privatePeriods: () => [],
  isAnyPrivate: () => false,
  privateVersion: () => 1,
  privateChangedSince: () => [],
};
