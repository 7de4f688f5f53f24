import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import type { Blocker, ErasedLine } from './types.ts';

const at = (ms: number): string => new Date(ms).toISOString();

/** Whose rows they are. */
export interface Forgotten {
  readonly personNo: number;
  readonly personId: string;
  readonly email: string;
  readonly userName: string | null;
  readonly name: string;
  readonly language: string | null;
}

/** Also of an account that has ended. */
export const readForgotten = async (tx: Transaction, personNo: number): Promise<Forgotten> => {
  const { rows } =
    await sql<Forgotten>`select person_no as "personNo", id as "personId", email, user_name as "userName", name, language
    from people where person_no = ${personNo}`.execute(tx);
  return rows[0] as Forgotten;
};

/** Organisations in which nobody else who is not suspended has the role that has to be there. Locked: nobody comes or goes until the transaction ends. */
export const readBlockers = async (tx: Transaction, personNo: number, isLocked = false): Promise<Blocker[]> => {
  if (isLocked)
    await sql`select from organisations where organisation_no in (select organisation_no from memberships where person_no = ${personNo})
      order by organisation_no for update`.execute(tx);
  const { rows } = await sql<Blocker>`select o.id as "organisationId", o.kind, o.name, m.role from memberships m
    join organisations o using (organisation_no)
    where m.person_no = ${personNo} and o.ended_at is null
      and m.role = case o.kind when 'platform' then 'operator' when 'partner' then 'administrator' else 'manager' end
      and not exists (select from memberships other join people p on p.person_no = other.person_no and p.ended_at is null
          and p.suspended_at is null
        where other.organisation_no = m.organisation_no and other.role = m.role and other.person_no <> ${personNo})
    order by o.name`.execute(tx);
  return rows;
};

/** What there is of a person where it goes without being counted: the numbers for the report. */
export const countPeriods = async (tx: Transaction, personNo: number): Promise<readonly ErasedLine[]> => {
  const lines: ErasedLine[] = [];
  for (const [what, table] of [
    ['private_periods', 'private_periods'],
    ['driver_periods', 'driver_assignments'],
  ] as const) {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)} d where exists (
      select from possessions p where p.vehicle_no = d.vehicle_no and p.person_no = ${personNo} and p.period && d.period)`.execute(
      tx,
    );
    lines.push({ what, count: rows[0]?.count ?? 0, method: 'deleted' });
  }
  return lines;
};

/** Deletes the rows that fit; answers how many. */
const remove = async (tx: Transaction, table: string, where: ReturnType<typeof sql>): Promise<number> => {
  const { numAffectedRows } = await sql`delete from ${sql.table(table)} where ${where}`.execute(tx);
  return Number(numAffectedRows ?? 0);
};

/** Nobody gets in any more, by whatever means; the address is kept for the last mail. */
export const closeAccount = async (tx: Transaction, { personNo, email }: Forgotten, nowMs: number): Promise<ErasedLine[]> => {
  const mine = sql`person_no = ${personNo}`;
  const gone = async (what: ErasedLine['what'], table: string, where = mine): Promise<ErasedLine> => ({
    what,
    count: await remove(tx, table, where),
    method: 'deleted',
  });
  const lines = [
    await gone('sessions', 'person_sessions'),
    await gone('access_tokens', 'access_tokens'),
    await gone('passkeys', 'passkeys'),
    await gone('providers', 'outside_identities'),
    await gone('mailed_codes', 'mailed_codes', sql`person_no = ${personNo} or email = ${email}`),
    await gone('memberships', 'memberships'),
    await gone('claim_codes', 'claim_codes'),
  ];
  await sql`update sandbox_cars set ended_at = ${at(nowMs)} where ${mine} and ended_at is null`.execute(tx);
  await sql`update people set ended_at = coalesce(ended_at, ${at(nowMs)}), password_hash = null, totp_secret = null, totp_confirmed_at = null,
    totp_step = null where person_no = ${personNo}`.execute(tx);
  return lines;
};

/** What ended because of it: the same however often it is asked. */
export const countReleased = async (tx: Transaction, personNo: number): Promise<ErasedLine[]> => {
  const { rows } = await sql<{ given: number; read: number; held: number; labels: number }>`select
    (select count(*)::int from grants where holder_person_no = ${personNo} and end_reason = 'erased') as given,
    (select count(*)::int from grants where reader_person_no = ${personNo} and end_reason = 'erased') as read,
    (select count(*)::int from possessions a where a.person_no = ${personNo} and exists (select from possessions b
      where b.vehicle_no = a.vehicle_no and b.how = 'released' and lower(b.period) = upper(a.period))) as held`.execute(tx);
  const { given = 0, read = 0, held = 0 } = rows[0] ?? {};
  return [
    { what: 'grants_given', count: given, method: 'ended' },
    { what: 'grants_read', count: read, method: 'ended' },
    { what: 'possessions', count: held, method: 'ended' },
    { what: 'vehicle_labels', count: held, method: 'blanked' },
  ];
};

/** What was to be told of vehicles while they were this person's, and lies there for a replay. What tells that a grant has ended goes out. */
export const removeDeliveries = async (tx: Transaction, personNo: number): Promise<ErasedLine> => ({
  what: 'webhook_deliveries',
  count: await remove(
    tx,
    'webhook_deliveries',
    sql`type not like 'grant.%' and exists (select from possessions p
      where p.vehicle_no = webhook_deliveries.vehicle_no and p.person_no = ${personNo} and p.period @> webhook_deliveries.created_at)`,
  ),
  method: 'deleted',
});

const blankedReason = 'erased with the person whom it was about';

/** Everything else that says who it was. From here on there is a number, which names nobody. */
export const blankPerson = async (tx: Transaction, { personNo, email }: Forgotten, newEmail: string): Promise<ErasedLine[]> => {
  const mine = sql`person_no = ${personNo}`;
  const lines: ErasedLine[] = [
    { what: 'exports', count: await remove(tx, 'personal_exports', mine), method: 'deleted' },
    {
      what: 'invitations',
      count: await remove(
        tx,
        'driver_invitations',
        sql`holder_person_no = ${personNo} or person_no = ${personNo} or email = ${email}`,
      ),
      method: 'deleted',
    },
    { what: 'blocks', count: await remove(tx, 'partner_blocks', mine), method: 'deleted' },
    {
      what: 'seen_warnings',
      count: await remove(tx, 'warnings_seen', sql`reader = ${`person:${personNo}`}`),
      method: 'deleted',
    },
  ];
  const glass = await sql`update broken_glass g set reason = ${blankedReason} where g.reason <> ${blankedReason} and exists (
    select from possessions p where p.vehicle_no = g.vehicle_no and p.person_no = ${personNo} and p.period @> g.at)`.execute(tx);
  lines.push({ what: 'staff_reasons', count: Number(glass.numAffectedRows ?? 0), method: 'blanked' });
  const { rows } = await sql<{ count: number }>`select forget_person_in_audit(${personNo}, ${email}) as count`.execute(tx);
  lines.push({ what: 'audit_details', count: rows[0]?.count ?? 0, method: 'blanked' });
  await sql`update people set email = ${newEmail}, email_verified_at = null, user_name = null, name = '—', language = null
    where person_no = ${personNo}`.execute(tx);
  return [...lines, { what: 'account', count: 1, method: 'blanked' }];
};

/**
 * Every column that knows a person, and what an erasure does with it: its rows go, what is personal in it goes, or it keeps the number, which
 * then names nobody. A test holds it against the database.
 */
export const personColumns: Readonly<Record<string, 'deleted' | 'blanked' | 'number'>> = {
  'people.person_no': 'blanked',
  'memberships.person_no': 'deleted',
  'passkeys.person_no': 'deleted',
  'person_sessions.person_no': 'deleted',
  'access_tokens.person_no': 'deleted',
  'mailed_codes.person_no': 'deleted',
  'outside_identities.person_no': 'deleted',
  'claim_codes.person_no': 'deleted',
  'oauth_records.person_id': 'deleted',
  'personal_exports.person_no': 'deleted',
  'partner_blocks.person_no': 'deleted',
  'driver_invitations.holder_person_no': 'deleted',
  'driver_invitations.person_no': 'deleted',
  'driver_invitations.invited_by': 'number',
  'audit_events.actor_person_no': 'blanked',
  'audit_events.subject_person_no': 'blanked',
  'broken_glass.person_no': 'number',
  'possessions.person_no': 'number',
  'grants.holder_person_no': 'number',
  'grants.reader_person_no': 'number',
  'grant_events.by_person_no': 'number',
  'person_erasures.person_no': 'number',
  'sandbox_cars.person_no': 'number',
};
