import type { OrganisationKind, Role } from '@milepost/contract/api';
import { sql } from 'kysely';
import { writeAudit } from '../audit/index.ts';
import type { Transaction } from '../storage/index.ts';
import type { MailedCode } from './store-codes.ts';
import { msOf, putMember } from './store-people.ts';
import type { Organisation, Person } from './types.ts';

export interface OrganisationRecord extends Organisation {
  /** Of a customer: its id as such. */
  readonly customerId: string | null;
  readonly createdMs: number;
  readonly members: number;
  /** The built-in customer of private owners: it has no members. */
  readonly isPrivate: boolean;
}

export interface OrganisationQuery {
  /** Those of which somebody is a member; null: all. */
  readonly personNo: number | null;
  readonly kind: OrganisationKind | null;
  readonly text: string;
  readonly afterNo: number;
  readonly limit: number;
}

const columns = sql`o.organisation_no as "organisationNo", o.id, o.kind, o.name, o.customer_no as "customerNo", c.id as "customerId",
  coalesce(c.is_private, false) as "isPrivate", ${msOf('o.created_at')} as "createdMs",
  (select count(*)::int from memberships m join people p using (person_no)
    where m.organisation_no = o.organisation_no and p.ended_at is null) as members`;

type Row = Omit<OrganisationRecord, 'createdMs'> & { readonly createdMs: string };
const toRecord = (row: Row): OrganisationRecord => ({ ...row, createdMs: Number(row.createdMs) });

/** In the order in which they were made. */
export const listOrganisations = async (tx: Transaction, query: OrganisationQuery): Promise<OrganisationRecord[]> => {
  const { personNo, kind, text, afterNo, limit } = query;
  const { rows } = await sql<Row>`select ${columns} from organisations o left join customers c using (customer_no)
    where o.ended_at is null and o.organisation_no > ${afterNo} and (${kind}::text is null or o.kind = ${kind})
      and (${personNo}::int is null or o.organisation_no in (select organisation_no from memberships where person_no = ${personNo}))
      and position(${text.toLowerCase()} in lower(o.name)) > 0
    order by o.organisation_no limit ${limit}`.execute(tx);
  return rows.map(toRecord);
};

export const readOrganisation = async (tx: Transaction, id: string): Promise<OrganisationRecord | undefined> => {
  const { rows } = await sql<Row>`select ${columns} from organisations o left join customers c using (customer_no)
    where o.id = ${id} and o.ended_at is null`.execute(tx);
  return rows[0] && toRecord(rows[0]);
};

export interface MemberRecord {
  readonly personNo: number;
  readonly personId: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly isSuspended: boolean;
  readonly sinceMs: number;
}

/** By name. */
export const listMembers = async (tx: Transaction, organisationNo: number): Promise<MemberRecord[]> => {
  const { rows } = await sql<Omit<MemberRecord, 'sinceMs'> & { readonly sinceMs: string }>`
    select p.person_no as "personNo", p.id as "personId", p.name, p.email, m.role,
      p.suspended_at is not null as "isSuspended", ${msOf('m.created_at')} as "sinceMs"
    from memberships m join people p using (person_no)
    where m.organisation_no = ${organisationNo} and p.ended_at is null order by lower(p.name), p.person_no`.execute(tx);
  return rows.map((row) => ({ ...row, sinceMs: Number(row.sinceMs) }));
};

export const deleteMember = async (tx: Transaction, organisationNo: number, personNo: number): Promise<void> => {
  await sql`delete from memberships where organisation_no = ${organisationNo} and person_no = ${personNo}`.execute(tx);
};

/** What the link of an invitation carries beside the address. */
export const invitationTo = ({ id }: Organisation, role: Role): MailedCode['detail'] => ({ organisation: id, role });

/** Who was invited is a member from the first moment of the account; an organisation that has ended meanwhile is passed over. */
export const joinAsInvited = async (
  tx: Transaction,
  { detail }: MailedCode,
  { personNo, id: subject }: Person,
  nowMs: number,
): Promise<void> => {
  const { organisation: organisationId, role } = detail;
  if (!organisationId || !role) return;
  const organisation = await readOrganisation(tx, organisationId);
  if (!organisation) return;
  await putMember(tx, { organisationNo: organisation.organisationNo, personNo, role: role as Role }, nowMs);
  const event = { act: 'member_added', personNo, subject, subjectPersonNo: personNo } as const;
  await writeAudit(tx, { ...event, detail: { role, organisation: organisationId } }, nowMs);
};
