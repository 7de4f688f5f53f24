import type { ConsentGroup } from '@milepost/contract';
import {
  groupPermission,
  isExactly,
  type ItemPermission,
  type ReadScope,
  type ReadScopeFields,
  signalPermission,
} from '../events/index.ts';
import { union } from './periods.ts';

/** What is so now is told: neither the periods nor what is hidden of them have come to an end. */
const tellsNow = ({ periods, hidden }: ItemPermission): boolean => periods.at(-1)?.toMs === null && hidden.at(-1)?.toMs !== null;

/**
 * Of the two ways in which somebody may read the same: by themselves, and by a grant. Where they see the present by themselves they need no
 * grant. What was theirs once and is granted exactly is one; granted coarsely, it is the grant alone, since one answer has one precision.
 */
const better = (own: ItemPermission | undefined, given: ItemPermission | undefined): ItemPermission | undefined => {
  if (!own || !given) return own ?? given;
  if (tellsNow(own)) return own;
  if (!isExactly(given.precision) || own.hidden.at(-1)?.toMs === null) return given;
  return {
    periods: union([...own.periods, ...given.periods]),
    hidden: union([...own.hidden, ...given.hidden]),
    precision: given.precision,
  };
};

/** Versions of both as one number that grows, and what it stood for: callers ask what changed since one that they saw. */
const versionsRemembered = 64;
const makeVersions = (own: ReadScope, given: ReadScope) => {
  const seen = new Map<number, readonly [own: number, given: number]>();
  let version = 0;
  return {
    version: (): number => {
      const [before] = [seen.get(version)];
      const now = [own.version(), given.version()] as const;
      if (before?.[0] === now[0] && before[1] === now[1]) return version;
      seen.set(++version, now);
      seen.delete(version - versionsRemembered);
      return version;
    },
    changedSince: (asked: number): readonly number[] | undefined => {
      const then = seen.get(asked);
      const owned = then && own.changedSince(then[0]);
      return owned && [...owned, ...(then[1] === given.version() ? [] : (given.changedSince(then[1]) ?? []))];
    },
  };
};

/** Of somebody who sees vehicles by themselves (or none), and others by what their holders granted: a driver. */
export const joinScopes = (own: ReadScope, given: ReadScope): ReadScope => {
  const isGuest = (vehicleNo: number): boolean => !own.seesNow(vehicleNo) && given.allowsVehicle(vehicleNo);
  const scopeFor = (vehicleNo: number): ReadScope => (isGuest(vehicleNo) ? given : own);
  const fields: ReadScopeFields = {
    reader: own.reader,
    // Nobody else has the same grants; apart from the audience that the same person has without any.
    audience: `${own.audience} and ${given.audience}`,
    ...makeVersions(own, given),
    allowsVehicle: (vehicleNo) => own.allowsVehicle(vehicleNo) || given.allowsVehicle(vehicleNo),
    seesNow: (vehicleNo) => own.seesNow(vehicleNo) || given.seesNow(vehicleNo),
    isGuest,
    seesCustomer: (customerNo) => own.seesCustomer(customerNo),
    allowsGroup: (vehicleNo, group) => scopeFor(vehicleNo).allowsGroup(vehicleNo, group),
    precision: (vehicleNo, group) => scopeFor(vehicleNo).precision(vehicleNo, group),
    periods: (vehicleNo) => union([...own.periods(vehicleNo), ...given.periods(vehicleNo)]),
    hiddenPeriods: (vehicleNo, group) => scopeFor(vehicleNo).hiddenPeriods(vehicleNo, group),
    hidesAnything: () => true,
    items: {
      ofSignal: (vehicleNo, signalNumber, group) =>
        better(signalPermission(own, vehicleNo, signalNumber, group), given.items?.ofSignal(vehicleNo, signalNumber, group)),
      ofGroup: (vehicleNo: number, group: ConsentGroup) =>
        better(groupPermission(own, vehicleNo, group), given.items?.ofGroup(vehicleNo, group)),
    },
  };
  return fields as ReadScope;
};
