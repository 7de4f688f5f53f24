import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at, msOf, msOrNull } from './store-people.ts';
import type { Membership } from './types.ts';

/** An account as operators see it. */
export interface ManagedPerson {
  readonly personNo: number;
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly userName: string | null;
  readonly suspendedMs: number | null;
  readonly suspendedFor: string | null;
  readonly createdMs: number;
  /** Of a session that still goes on. */
  readonly lastUsedMs: number | null;
  readonly sessions: number;
  readonly hasSecondFactor: boolean;
  readonly memberships: readonly Membership[];
}

export interface PeopleQuery {
  /** Part of name, e-mail or user name; empty: everybody. */
  readonly text: string;
  readonly isSuspended: boolean | null;
  readonly beforeNo: number | null;
  readonly limit: number;
}

type Row = Omit<ManagedPerson, 'createdMs' | 'lastUsedMs' | 'suspendedMs'> & {
  readonly createdMs: string;
  readonly lastUsedMs: string | null;
  readonly suspendedMs: string | null;
};

/** Newest first. */
export const listPeople = async (tx: Transaction, query: PeopleQuery, nowMs: number): Promise<ManagedPerson[]> => {
  const { text, isSuspended, beforeNo, limit } = query;
  const part = text.toLowerCase();
  const { rows } = await sql<Row>`
    select p.person_no as "personNo", p.id, p.name, p.email, p.user_name as "userName", ${msOf('p.suspended_at')} as "suspendedMs",
      p.suspended_for as "suspendedFor", ${msOf('p.created_at')} as "createdMs", ${msOf('s.last_used_at')} as "lastUsedMs",
      s.count as sessions,
      p.totp_confirmed_at is not null or exists (select from passkeys k where k.person_no = p.person_no) as "hasSecondFactor",
      coalesce((select json_agg(json_build_object('organisationNo', o.organisation_no, 'id', o.id, 'kind', o.kind, 'name', o.name,
          'customerNo', o.customer_no, 'role', m.role) order by o.kind, o.name)
        from memberships m join organisations o using (organisation_no)
        where m.person_no = p.person_no and o.ended_at is null), '[]') as memberships
    from people p cross join lateral (select max(last_used_at) as last_used_at, count(*)::int as count from person_sessions s
      where s.person_no = p.person_no and s.ended_at is null and s.expires_at > ${at(nowMs)}) s
    where p.ended_at is null and (${beforeNo}::int is null or p.person_no < ${beforeNo}::int)
      and (${isSuspended}::boolean is null or (p.suspended_at is not null) = ${isSuspended}::boolean)
      and (${part} = '' or position(${part} in lower(p.name)) > 0 or position(${part} in p.email) > 0
        or position(${part} in coalesce(p.user_name, '')) > 0)
    order by p.person_no desc limit ${limit}`.execute(tx);
  return rows.map((row) => ({
    ...row,
    createdMs: Number(row.createdMs),
    lastUsedMs: msOrNull(row.lastUsedMs),
    suspendedMs: msOrNull(row.suspendedMs),
  }));
};

export interface SuspendablePerson {
  readonly personNo: number;
  readonly isSuspended: boolean;
  readonly isOperator: boolean;
}

/** Locked until the transaction ends; undefined: there is none, or it has ended. */
export const lockPerson = async (tx: Transaction, id: string): Promise<SuspendablePerson | undefined> => {
  const { rows } = await sql<SuspendablePerson>`select p.person_no as "personNo", p.suspended_at is not null as "isSuspended",
    exists (select from memberships m join organisations o using (organisation_no)
      where m.person_no = p.person_no and o.kind = 'platform' and m.role = 'operator') as "isOperator"
    from people p where p.id = ${id} and p.ended_at is null for update of p`.execute(tx);
  return rows[0];
};

/** `reason` null: taken back. */
export const setSuspension = async (tx: Transaction, personNo: number, reason: string | null, nowMs: number): Promise<void> => {
  await sql`update people set suspended_at = ${reason === null ? null : at(nowMs)}::timestamptz, suspended_for = ${reason}
    where person_no = ${personNo}`.execute(tx);
};

/** What a suspended person let in ends for good: sessions and tokens. */
export const endAllAccess = async (tx: Transaction, personNo: number, nowMs: number): Promise<void> => {
  await sql`update person_sessions set ended_at = ${at(nowMs)} where person_no = ${personNo} and ended_at is null`.execute(tx);
  await sql`update access_tokens set ended_at = ${at(nowMs)} where person_no = ${personNo} and ended_at is null`.execute(tx);
};

/** Also of accounts that have ended. */
export const readNames = async (
  tx: Transaction,
  personNos: readonly number[],
): Promise<readonly { readonly personNo: number; readonly id: string; readonly name: string }[]> => {
  const { rows } = await sql<{
    personNo: number;
    id: string;
    name: string;
  }>`select person_no as "personNo", id, name from people where person_no = any(${[...personNos]}::int[])`.execute(tx);
  return rows;
};

export const readPersonNo = async (tx: Transaction, id: string): Promise<number | undefined> =>
  (await sql<{ no: number }>`select person_no as no from people where id = ${id}`.execute(tx)).rows[0]?.no;
