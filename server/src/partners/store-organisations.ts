import { sql } from 'kysely';
import { CallerError } from '../kernel/index.ts';
import { type Transaction, uniqueViolation } from '../storage/index.ts';
import type { Partner, PartnerMember, PartnerRole } from './types.ts';

const at = (ms: number): string => new Date(ms).toISOString();

/** Throws `already_exists` for a name that another partner has. */
export const insertPartner = async (tx: Transaction, id: string, name: string, nowMs: number): Promise<Partner> => {
  try {
    const { rows } =
      await sql<Partner>`insert into organisations (id, kind, name, created_at) values (${id}, 'partner', ${name}, ${at(nowMs)})
      returning organisation_no as "organisationNo", id, name`.execute(tx);
    return rows[0] as Partner;
  } catch (error) {
    if (uniqueViolation(error) === undefined) throw error;
    throw new CallerError('already_exists', `there is a partner named ${name}`, { field: 'name', value: name });
  }
};

export const countPartners = async (
  tx: Transaction,
  personNo: number,
): Promise<{ readonly own: number; readonly all: number }> => {
  const { rows } = await sql<{ own: number; all: number }>`select count(*)::int as all,
      count(*) filter (where exists (select from memberships m where m.organisation_no = o.organisation_no and m.person_no = ${personNo}))::int as own
    from organisations o where o.kind = 'partner' and o.ended_at is null`.execute(tx);
  return rows[0] as { own: number; all: number };
};

export const readMembers = async (tx: Transaction, organisationNo: number): Promise<PartnerMember[]> => {
  const { rows } = await sql<PartnerMember>`select p.person_no as "personNo", p.id, p.name, p.email, m.role,
      (extract(epoch from m.created_at) * 1000)::float8 as "createdMs"
    from memberships m join people p using (person_no) join organisations o using (organisation_no)
    where m.organisation_no = ${organisationNo} and o.kind = 'partner' and p.ended_at is null order by m.created_at, p.person_no`.execute(
    tx,
  );
  return rows;
};

/** Those who act for a partner at this moment; other changes of its members wait. */
export const lockPartner = async (tx: Transaction, organisationId: string): Promise<Partner | undefined> => {
  const { rows } = await sql<Partner>`select organisation_no as "organisationNo", id, name from organisations
    where id = ${organisationId} and kind = 'partner' and ended_at is null for update`.execute(tx);
  return rows[0];
};

export const putMember = async (
  tx: Transaction,
  { organisationNo, personNo, role }: { readonly organisationNo: number; readonly personNo: number; readonly role: PartnerRole },
  nowMs: number,
): Promise<void> => {
  await sql`insert into memberships (organisation_no, person_no, role, created_at)
    values (${organisationNo}, ${personNo}, ${role}, ${at(nowMs)})
    on conflict (organisation_no, person_no) do update set role = excluded.role`.execute(tx);
};

export const deleteMember = async (tx: Transaction, organisationNo: number, personNo: number): Promise<void> => {
  await sql`delete from memberships where organisation_no = ${organisationNo} and person_no = ${personNo}`.execute(tx);
};
