import { sql } from 'kysely';
import { CallerError } from '../kernel/index.ts';
import { type Transaction, uniqueViolation } from '../storage/index.ts';
import type { OwnPartner, Partner, PartnerRole } from './types.ts';

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

/** Undefined for who is no member. */
export const readOwnPartner = async (tx: Transaction, id: string, personNo: number): Promise<OwnPartner | undefined> => {
  const { rows } = await sql<OwnPartner>`select o.organisation_no as "organisationNo", o.id, o.name, m.role
    from organisations o join memberships m using (organisation_no)
    where o.id = ${id} and o.kind = 'partner' and o.ended_at is null and m.person_no = ${personNo}`.execute(tx);
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
