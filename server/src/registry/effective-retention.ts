import { type ConsentGroup, consentGroups } from '@milepost/contract';
import type { RetentionSource } from '@milepost/contract/api';
import type { RetentionDays } from './types.ts';

export interface EffectiveDays {
  readonly days: number;
  /** Whose rule it is. */
  readonly by: RetentionSource;
}

const shorter = (a: EffectiveDays | undefined, b: EffectiveDays | undefined): EffectiveDays | undefined =>
  a && b ? (b.days < a.days ? b : a) : (a ?? b);

const rule = (days: number | null | undefined, by: RetentionSource): EffectiveDays | undefined =>
  typeof days === 'number' ? { days, by } : undefined;

/**
 * How long values of a group are kept: the more specific rule holds. The vehicle's number for the group is the most specific.
 * The vehicle's for everything and the customer's for the group are each specific in another way, so the shorter one holds: neither may be
 * lengthened by the other without being named. Then the customer's for everything, then the server's.
 */
export const effectiveDays = (
  group: ConsentGroup | undefined,
  vehicle: RetentionDays | undefined,
  customer: RetentionDays | undefined,
  serverDays: number,
): EffectiveDays =>
  rule(group && vehicle?.byGroup[group], 'vehicle') ??
  shorter(rule(vehicle?.days, 'vehicle'), rule(group && customer?.byGroup[group], 'customer')) ??
  rule(customer?.days, 'customer') ?? { days: serverDays, by: 'server' };

export const effectiveByGroup = (
  vehicle: RetentionDays | undefined,
  customer: RetentionDays | undefined,
  serverDays: number,
): Readonly<Record<ConsentGroup, EffectiveDays>> =>
  Object.fromEntries(consentGroups.map((group) => [group, effectiveDays(group, vehicle, customer, serverDays)])) as Record<
    ConsentGroup,
    EffectiveDays
  >;
