import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import type { StoredGrant } from './stored.ts';

type Ending = Pick<StoredGrant, 'grantNo' | 'untilMs'>;
const at = (ms: number): string => new Date(ms).toISOString();
const rowsOf = (grants: readonly Ending[]) =>
  sql`unnest(${grants.map(({ grantNo }) => grantNo)}::int[], ${grants.map(({ untilMs }) => at(untilMs ?? 0))}::timestamptz[])`;

/** Numbers of those of which nobody was told before; a new end is told anew. */
export const claimReminders = async (tx: Transaction, grants: readonly Ending[], nowMs: number): Promise<number[]> => {
  const { rows } = await sql<{ no: number }>`insert into grant_reminders (grant_no, until_at, told_at)
    select r.no, r.until_at, ${at(nowMs)} from ${rowsOf(grants)} as r(no, until_at)
    on conflict do nothing returning grant_no as no`.execute(tx);
  return rows.map(({ no }) => no);
};

/** They could not be told. */
export const dropReminders = async (tx: Transaction, grants: readonly Ending[]): Promise<void> => {
  await sql`delete from grant_reminders g using ${rowsOf(grants)} as r(no, until_at)
    where g.grant_no = r.no and g.until_at = r.until_at`.execute(tx);
};
