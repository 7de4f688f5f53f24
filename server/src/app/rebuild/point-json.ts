import type { HidingRules, RetentionRule } from '../../history/index.ts';
import type { RebuildPoint } from './types.ts';

/** A point as it goes over the control socket: a rule that many vehicles share is written once. */
export interface PointJson extends Omit<RebuildPoint, 'rules'> {
  readonly rules: {
    readonly standard: RetentionRule;
    readonly own: readonly { readonly rule: RetentionRule; readonly vehicleNos: readonly number[] }[];
    readonly erased: HidingRules['erased'];
  };
}

export const pointToJson = ({ rules, ...rest }: RebuildPoint): PointJson => {
  const vehiclesOf = new Map<RetentionRule, number[]>();
  for (const [vehicleNo, rule] of rules.byVehicle) {
    const known = vehiclesOf.get(rule);
    if (known) known.push(vehicleNo);
    else vehiclesOf.set(rule, [vehicleNo]);
  }
  const own = [...vehiclesOf].map(([rule, vehicleNos]) => ({ rule, vehicleNos }));
  return { ...rest, rules: { standard: rules.standard, own, erased: rules.erased } };
};

export const pointFromJson = ({ rules, ...rest }: PointJson): RebuildPoint => {
  const byVehicle = new Map<number, RetentionRule>();
  for (const { rule, vehicleNos } of rules.own) for (const vehicleNo of vehicleNos) byVehicle.set(vehicleNo, rule);
  return { ...rest, rules: { standard: rules.standard, byVehicle, erased: rules.erased } };
};
