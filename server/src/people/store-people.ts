import type { Role } from '@milepost/contract/api';
import { sql } from 'kysely';
import { CallerError } from '../kernel/index.ts';
import { type Transaction, uniqueViolation } from '../storage/index.ts';
import type { Membership, Organisation, Person } from './types.ts';

export const at = (ms: number): string => new Date(ms).toISOString();
export const msOf = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::bigint::text`);
export const msOrNull = (text: string | null): number | null => (text === null ? null : Number(text));

interface PersonRow extends Omit<Person, 'createdMs'> {
  readonly createdMs: string;
}

const personColumns = sql`p.person_no as "personNo", p.id, p.email, p.email_verified_at is not null as "isEmailVerified",
  p.user_name as "userName", p.name, p.language, ${msOf('p.created_at')} as "createdMs", p.password_hash is not null as "hasPassword",
  p.totp_confirmed_at is not null as "hasTotp", (select count(*)::int from passkeys k where k.person_no = p.person_no) as passkeys`;

const toPerson = (row: PersonRow): Person => ({ ...row, createdMs: Number(row.createdMs) });

/** Those in use alone: neither ended nor suspended. */
export const readPerson = async (tx: Transaction, personNo: number): Promise<Person | undefined> => {
  const { rows } = await sql<PersonRow>`select ${personColumns} from people p
    where p.person_no = ${personNo} and p.ended_at is null and p.suspended_at is null`.execute(tx);
  return rows[0] && toPerson(rows[0]);
};

/** Those in use alone: neither ended nor suspended. */
export const readPersonById = async (tx: Transaction, id: string): Promise<Person | undefined> => {
  const { rows } = await sql<PersonRow>`select ${personColumns} from people p where p.id = ${id}
    and p.ended_at is null and p.suspended_at is null`.execute(tx);
  return rows[0] && toPerson(rows[0]);
};

/** Those in use alone, by an address in small letters. */
export const readPersonByEmail = async (tx: Transaction, email: string): Promise<Person | undefined> => {
  const { rows } =
    await sql<PersonRow>`select ${personColumns} from people p where p.email = ${email} and p.ended_at is null and p.suspended_at is null`.execute(
      tx,
    );
  return rows[0] && toPerson(rows[0]);
};

export interface PersonSecrets {
  readonly person: Person;
  readonly passwordHash: string | null;
  /** Undefined: there is no second factor that counts. */
  readonly totp: { readonly sealed: Uint8Array; readonly usedStep: number | null } | undefined;
}

interface SecretsRow extends PersonRow {
  readonly passwordHash: string | null;
  readonly totpSecret: Uint8Array | null;
  readonly totpStep: string | null;
}

/** By e-mail or user name, in small letters. */
export const readSecrets = async (tx: Transaction, login: string): Promise<PersonSecrets | undefined> => {
  const { rows } = await sql<SecretsRow>`select ${personColumns}, p.password_hash as "passwordHash",
    case when p.totp_confirmed_at is not null then p.totp_secret end as "totpSecret", p.totp_step as "totpStep"
    from people p where (p.email = ${login} or p.user_name = ${login}) and p.ended_at is null and p.suspended_at is null`.execute(
    tx,
  );
  const [row] = rows;
  if (!row) return undefined;
  const { passwordHash, totpSecret, totpStep, ...person } = row;
  return {
    person: toPerson(person),
    passwordHash,
    totp: totpSecret ? { sealed: totpSecret, usedStep: msOrNull(totpStep) } : undefined,
  };
};

export interface NewPerson {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly language: string | null;
  readonly passwordHash: string | null;
  readonly isEmailVerified: boolean;
}

/** Throws `already_exists`. */
export const insertPerson = async (tx: Transaction, person: NewPerson, nowMs: number): Promise<Person> => {
  const { id, email, name, language, passwordHash, isEmailVerified } = person;
  const verifiedAt = isEmailVerified ? at(nowMs) : null;
  const { rows } = await sql<{
    no: number;
  }>`insert into people (id, email, email_verified_at, name, language, password_hash, created_at)
    values (${id}, ${email}, ${verifiedAt}, ${name}, ${language}, ${passwordHash}, ${at(nowMs)})
    on conflict (email) do nothing returning person_no as no`.execute(tx);
  if (!rows[0]) throw new CallerError('already_exists', `there is an account of ${email}`, { field: 'email', value: email });
  return (await readPerson(tx, rows[0].no)) as Person;
};

export interface PersonChanges {
  readonly name?: string;
  readonly userName?: string | null;
  readonly language?: string | null;
}

/** Throws `already_exists` for a user name that somebody has. */
export const updatePerson = async (tx: Transaction, personNo: number, changes: PersonChanges): Promise<void> => {
  const { name = null, userName, language } = changes;
  try {
    await sql`update people set name = coalesce(${name}, name),
      user_name = ${userName === undefined ? sql`user_name` : userName},
      language = ${language === undefined ? sql`language` : language} where person_no = ${personNo}`.execute(tx);
  } catch (error) {
    if (uniqueViolation(error) === undefined) throw error;
    throw new CallerError('already_exists', `the user name ${userName} is taken`, { field: 'userName', value: userName });
  }
};

/** Of changes of one account at once, one waits for the other. */
export const lockAccount = async (tx: Transaction, personNo: number): Promise<void> => {
  await sql`select from people where person_no = ${personNo} for update`.execute(tx);
};

/** Whether the password that was found to fit is still the one, of somebody who may come in; it stays so until the transaction ends. */
export const holdPassword = async (tx: Transaction, personNo: number, hash: string | null): Promise<boolean> => {
  const { rows } = await sql`select from people where person_no = ${personNo} and password_hash is not distinct from ${hash}
    and ended_at is null and suspended_at is null for update`.execute(tx);
  return rows.length === 1;
};

export const setPassword = async (tx: Transaction, personNo: number, hash: string): Promise<void> => {
  await sql`update people set password_hash = ${hash} where person_no = ${personNo}`.execute(tx);
};

/** False: somebody has the address meanwhile. */
export const setEmail = async (tx: Transaction, personNo: number, email: string, nowMs: number): Promise<boolean> => {
  const { rows } = await sql`update people set email = ${email}, email_verified_at = ${at(nowMs)}
    where person_no = ${personNo} and not exists (select from people o where o.email = ${email} and o.person_no <> ${personNo})
    returning 1`.execute(tx);
  return rows.length === 1;
};

/** Not confirmed yet: it does not count. */
export const setTotpSecret = async (tx: Transaction, personNo: number, sealed: Uint8Array): Promise<void> => {
  await sql`update people set totp_secret = ${sealed}, totp_confirmed_at = null, totp_step = null
    where person_no = ${personNo} and totp_confirmed_at is null`.execute(tx);
};

export const readWaitingTotp = async (tx: Transaction, personNo: number): Promise<Uint8Array | undefined> => {
  const { rows } = await sql<{ sealed: Uint8Array | null }>`select totp_secret as sealed from people
    where person_no = ${personNo} and totp_confirmed_at is null`.execute(tx);
  return rows[0]?.sealed ?? undefined;
};

export const confirmTotp = async (tx: Transaction, personNo: number, step: number, nowMs: number): Promise<void> => {
  await sql`update people set totp_confirmed_at = ${at(nowMs)}, totp_step = ${step}
    where person_no = ${personNo} and totp_secret is not null`.execute(tx);
};

/** False: this code or a later one was used. Of two that come at once one is let in. */
export const useTotpStep = async (tx: Transaction, personNo: number, step: number): Promise<boolean> => {
  const { rows } = await sql`update people set totp_step = ${step}
    where person_no = ${personNo} and (totp_step is null or totp_step < ${step}) returning 1`.execute(tx);
  return rows.length === 1;
};

export const removeTotp = async (tx: Transaction, personNo: number): Promise<void> => {
  await sql`update people set totp_secret = null, totp_confirmed_at = null, totp_step = null where person_no = ${personNo}`.execute(
    tx,
  );
};

const organisationColumns = sql.raw('o.organisation_no as "organisationNo", o.id, o.kind, o.name, o.customer_no as "customerNo"');

export const readMemberships = async (tx: Transaction, personNo: number): Promise<Membership[]> => {
  const { rows } = await sql<Membership>`select ${organisationColumns}, m.role from memberships m
    join organisations o using (organisation_no) where m.person_no = ${personNo} and o.ended_at is null order by o.kind, o.name`.execute(
    tx,
  );
  return rows;
};

export const readPlatform = async (tx: Transaction): Promise<Organisation> => {
  const { rows } = await sql<Organisation>`select ${organisationColumns} from organisations o where o.kind = 'platform'`.execute(
    tx,
  );
  return rows[0] as Organisation;
};

/** Those who can sign in: whom a demo let in has no password, and keeps nobody out when its data are served later. */
export const countMembers = async (tx: Transaction, organisationNo: number, role: Role): Promise<number> => {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from memberships m join people p using (person_no)
    where m.organisation_no = ${organisationNo} and m.role = ${role} and p.ended_at is null and p.suspended_at is null and (p.password_hash is not null
      or exists (select from passkeys k where k.person_no = p.person_no)
      or exists (select from outside_identities i where i.person_no = p.person_no))`.execute(tx);
  return rows[0]?.count ?? 0;
};

/** By how many means somebody could sign in: a password, passkeys, providers that know them. */
export const countWaysIn = async (tx: Transaction, personNo: number): Promise<number> => {
  const { rows } = await sql<{ count: number }>`select (p.password_hash is not null)::int
    + (select count(*)::int from passkeys k where k.person_no = p.person_no)
    + (select count(*)::int from outside_identities i where i.person_no = p.person_no) as count
    from people p where p.person_no = ${personNo}`.execute(tx);
  return rows[0]?.count ?? 0;
};

export interface NewMember {
  readonly organisationNo: number;
  readonly personNo: number;
  readonly role: Role;
}

export const putMember = async (tx: Transaction, { organisationNo, personNo, role }: NewMember, nowMs: number): Promise<void> => {
  await sql`insert into memberships (organisation_no, person_no, role, created_at) values (${organisationNo}, ${personNo}, ${role}, ${at(nowMs)})
    on conflict (organisation_no, person_no) do update set role = excluded.role`.execute(tx);
};

/** One after the other: what is decided by who is there holds until the transaction ends. */
export const lockOrganisation = async (tx: Transaction, organisationNo: number): Promise<void> => {
  await sql`select from organisations where organisation_no = ${organisationNo} for update`.execute(tx);
};

/** By number; those who have no account any more, too. */
export const readNames = async (tx: Transaction, personNos: readonly number[]): Promise<ReadonlyMap<number, string>> => {
  if (personNos.length === 0) return new Map();
  const { rows } = await sql<{ no: number; name: string }>`select person_no as no, name from people
    where person_no = any(${personNos})`.execute(tx);
  return new Map(rows.map(({ no, name }) => [no, name]));
};

/** Who is written to about what a person holds, or a customer: then it is those who manage it. */
export const readHolders = async (
  tx: Transaction,
  holder: { readonly personNo: number } | { readonly customerNo: number },
): Promise<Pick<Person, 'email' | 'language' | 'name'>[]> => {
  const wanted =
    'personNo' in holder
      ? sql`p.person_no = ${holder.personNo}`
      : sql`p.person_no in (select m.person_no from memberships m join organisations o using (organisation_no)
          where o.customer_no = ${holder.customerNo} and m.role = 'manager')`;
  const { rows } = await sql<Pick<Person, 'email' | 'language' | 'name'>>`select p.email, p.language, p.name from people p
    where ${wanted} and p.ended_at is null order by p.person_no`.execute(tx);
  return rows;
};
