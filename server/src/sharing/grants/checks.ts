import { consentLimits } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import type { StoredGrant } from './stored.ts';
import type { Granter, GrantReader, Holder } from './types.ts';

const dayMs = 86_400_000;

/** Those whose place others took are left out. */
export const live = (grants: readonly StoredGrant[]): readonly StoredGrant[] => grants.filter(({ state }) => state !== 'ended');

export const readerText = (reader: GrantReader): string =>
  reader.kind === 'app' ? `app:${reader.appNo}` : `person:${reader.personNo}`;

export const checkReach = (untilMs: number | null, backDays: number, nowMs: number): void => {
  if (!Number.isInteger(backDays) || backDays < 0 || backDays > consentLimits.backDaysMax)
    throw invalidField('backDays', backDays, `0 to ${consentLimits.backDaysMax} days`);
  if (untilMs !== null && untilMs > nowMs + consentLimits.grantDaysMax * dayMs)
    throw invalidField('until', untilMs, `at most ${consentLimits.grantDaysMax} days from now`);
};

export const mayActFor = (holder: Holder, { personNo, customerNos }: Granter): boolean =>
  holder.kind === 'person' ? holder.personNo === personNo : customerNos.includes(holder.customerNo);
