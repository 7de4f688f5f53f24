import type { ConsentGroup } from '@milepost/contract';
import type { ReadPeriod, ReadScope, ReadScopeFields } from '../events/index.ts';
import { type PrivateSource, privateTo } from './private-periods.ts';

const always: readonly ReadPeriod[] = [{ fromMs: Number.NEGATIVE_INFINITY, toMs: null }];
const never: readonly ReadPeriod[] = [];

/**
 * The scope of who runs the server: every vehicle, every item, exactly, at all times, but for where a vehicle is while its driver is
 * private.
 */
export const operatorScope = (source: PrivateSource): ReadScope => {
  const positionHidden = privateTo(source, null);
  const fields: ReadScopeFields = {
    reader: 'operator',
    audience: 'operator',
    version: () => source.privateVersion(),
    allowsVehicle: () => true,
    allowsGroup: () => true,
    precision: () => 'exact',
    periods: () => always,
    hiddenPeriods: (vehicleNo: number, group: ConsentGroup) => (group === 'position' ? positionHidden(vehicleNo) : never),
    hidesAnything: () => source.isAnyPrivate(),
    changedSince: (version) => source.privateChangedSince(version),
  };
  // The brand is given here and in `serverScope` alone.
  return fields as ReadScope;
};

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
