import type { ConsentGroup } from '@milepost/contract';
import type { ReadPeriod, ReadScope, ReadScopeFields } from '../events/index.ts';
import type { Holder } from '../registry/index.ts';
import { always, never, union } from './periods.ts';
import { privateTo } from './private-periods.ts';
import { changedSince, type Reader, type ScopeSources, versionOf } from './reader.ts';

const toPeriod = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): ReadPeriod => ({
  fromMs,
  toMs: toMs === Number.POSITIVE_INFINITY ? null : toMs,
});

/**
 * The scope of who holds vehicles, or works for a customer that does: everything of these vehicles, in the periods in which they were held, but
 * for where one is while its driver is private.
 */
export const holderScope = (sources: ScopeSources, { personNo, customerNos }: Reader): ReadScope => {
  const { possession, drivers } = sources;
  const customers = new Set(customerNos);
  const positionHidden = privateTo(drivers, null);
  // Who has no vehicle shares the audience of the customers: it shows nobody's own one, though its first viewer gets one meanwhile.
  const hasOwn = personNo !== null && !possession.vehiclesOfPerson(personNo)[Symbol.iterator]().next().done;
  const isMine = (holder: Holder | undefined): boolean => {
    if (holder === undefined) return false;
    return holder.kind === 'person' ? hasOwn && holder.personNo === personNo : customers.has(holder.customerNo);
  };
  const periods = (vehicleNo: number): readonly ReadPeriod[] => {
    const held = possession.periods(vehicleNo);
    // Nearly every vehicle has had one holder.
    if (held.length === 1) return isMine(held[0]?.holder) ? always : never;
    return union(held.filter(({ holder }) => isMine(holder)).map(toPeriod));
  };
  const fields: ReadScopeFields = {
    reader: `person:${personNo}`,
    audience: hasOwn ? `person:${personNo}` : `customers:${[...customers].sort((a, b) => a - b).join(',')}`,
    version: () => versionOf(sources),
    allowsVehicle: (vehicleNo) => possession.periods(vehicleNo).some(({ holder }) => isMine(holder)),
    seesNow: (vehicleNo) => isMine(possession.holderNow(vehicleNo)),
    seesCustomer: (customerNo) => customers.has(customerNo),
    allowsGroup: () => true,
    precision: () => 'exact',
    periods,
    hiddenPeriods: (vehicleNo: number, group: ConsentGroup) => (group === 'position' ? positionHidden(vehicleNo) : never),
    hidesAnything: () => drivers.isAnyPrivate(),
    changedSince: (version) => changedSince(sources, version),
  };
  return fields as ReadScope;
};
