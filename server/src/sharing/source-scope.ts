import type { ConsentGroup } from '@milepost/contract';
import type { ReadScope, ReadScopeFields } from '../events/index.ts';

/**
 * For who tells a group once a minute, an hour or a day and works that out of each report: one group of a scope, in the same periods and hidden in
 * the same ones, as if it were granted of each report. Nothing that is read by it may be told as it is. Undefined: the group is not granted whole.
 */
export const sourceScope = (scope: ReadScope, vehicleNo: number, group: ConsentGroup): ReadScope | undefined => {
  const permission = scope.items?.ofGroup(vehicleNo, group);
  if (!permission || permission.precision.above !== null) return undefined;
  const whole = { ...permission, precision: { ...permission.precision, time: 'report' } } as const;
  const fields: ReadScopeFields = {
    ...scope,
    allowsGroup: (asked, of) => asked === vehicleNo && of === group,
    items: {
      ofSignal: () => undefined,
      ofGroup: (asked, of) => (asked === vehicleNo && of === group ? whole : undefined),
    },
  };
  return fields as ReadScope;
};
