import { type ConsentGroup, consentGroups } from '@milepost/contract';
import { apiLimits } from '@milepost/contract/api';
import { invalidField } from '../kernel/index.ts';
import type { RetentionDays, RetentionDaysChanges } from './types.ts';

const checkDays = (field: string, value: unknown): number | null => {
  if (value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= apiLimits.retentionDaysMax) return value;
  throw invalidField(field, value, `a whole number of days from 1 to ${apiLimits.retentionDaysMax}, or null`);
};

const isGroup = (name: string): name is ConsentGroup => consentGroups.some((group) => group === name);

/** Throws `invalid_field` for a number of days that is none, or a group that there is not. */
export const checkRetention = ({ days, groups }: RetentionDaysChanges): RetentionDaysChanges => {
  if (days !== undefined) checkDays('days', days);
  for (const [name, value] of Object.entries(groups ?? {})) {
    if (!isGroup(name)) throw invalidField('groups', name, `consent groups: ${consentGroups.join(', ')}`);
    if (value !== undefined) checkDays(`groups.${name}`, value);
  }
  return { days, groups };
};

/** What is left out stays, null removes. */
export const changeRetention = (before: RetentionDays | undefined, { days, groups }: RetentionDaysChanges): RetentionDays => {
  const all = { ...before?.byGroup, ...groups };
  const byGroup = Object.fromEntries(
    Object.entries(all).flatMap(([group, value]) => {
      const kept = value === undefined ? before?.byGroup[group as ConsentGroup] : value;
      return typeof kept === 'number' ? [[group, kept]] : [];
    }),
  );
  return { days: days === undefined ? (before?.days ?? null) : days, byGroup };
};
