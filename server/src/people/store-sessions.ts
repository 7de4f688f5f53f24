import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at, msOf, msOrNull } from './store-people.ts';
import type { AccessToken, Session } from './types.ts';

type Texts<T, Keys extends keyof T> = Omit<T, Keys> & { readonly [Key in Keys]: null extends T[Key] ? string | null : string };
type SessionTimes = 'createdMs' | 'lastUsedMs' | 'confirmedMs' | 'expiresMs';
type SessionRow = Texts<Session, SessionTimes>;

const sessionColumns = sql`id, person_no as "personNo", method, user_agent as "userAgent", address, ${msOf('created_at')} as "createdMs",
  ${msOf('last_used_at')} as "lastUsedMs", ${msOf('confirmed_at')} as "confirmedMs", ${msOf('expires_at')} as "expiresMs"`;
const toSession = (row: SessionRow): Session => ({
  ...row,
  createdMs: Number(row.createdMs),
  lastUsedMs: Number(row.lastUsedMs),
  confirmedMs: Number(row.confirmedMs),
  expiresMs: Number(row.expiresMs),
});

/** Beyond `max` the one that was used longest ago ends. */
export const insertSession = async (tx: Transaction, digest: Uint8Array, session: Session, max: number): Promise<void> => {
  const { id, personNo, method, userAgent, address, createdMs, lastUsedMs, confirmedMs, expiresMs } = session;
  await sql`insert into person_sessions (digest, id, person_no, method, user_agent, address, created_at, last_used_at, confirmed_at, expires_at)
    values (${digest}, ${id}, ${personNo}, ${method}, ${userAgent}, ${address}, ${at(createdMs)}, ${at(lastUsedMs)}, ${at(confirmedMs)},
    ${at(expiresMs)})`.execute(tx);
  await sql`update person_sessions set ended_at = ${at(createdMs)} where person_no = ${personNo} and ended_at is null and digest not in (
    select digest from person_sessions where person_no = ${personNo} and ended_at is null
    order by last_used_at desc, created_at desc limit ${max})`.execute(tx);
};

export const readSession = async (tx: Transaction, digest: Uint8Array, nowMs: number): Promise<Session | undefined> => {
  const { rows } = await sql<SessionRow>`select ${sessionColumns} from person_sessions
    where digest = ${digest} and ended_at is null and expires_at > ${at(nowMs)}`.execute(tx);
  return rows[0] && toSession(rows[0]);
};

export const listSessions = async (tx: Transaction, personNo: number, nowMs: number): Promise<Session[]> => {
  const { rows } = await sql<SessionRow>`select ${sessionColumns} from person_sessions
    where person_no = ${personNo} and ended_at is null and expires_at > ${at(nowMs)} order by last_used_at desc, created_at desc`.execute(
    tx,
  );
  return rows.map(toSession);
};

export interface SessionUse {
  readonly id: string;
  readonly address: string;
  readonly nowMs: number;
  readonly expiresMs: number;
}

export const noteSessionUse = async (tx: Transaction, { id, address, nowMs, expiresMs }: SessionUse): Promise<void> => {
  await sql`update person_sessions set last_used_at = ${at(nowMs)}, address = ${address}, expires_at = ${at(expiresMs)}
    where id = ${id} and ended_at is null and last_used_at < ${at(nowMs)}`.execute(tx);
};

export const confirmSession = async (tx: Transaction, id: string, nowMs: number): Promise<void> => {
  await sql`update person_sessions set confirmed_at = ${at(nowMs)} where id = ${id}`.execute(tx);
};

/** All of a person, or all but one, or one; answers the ids of those that ended. */
export const endSessions = async (
  tx: Transaction,
  personNo: number,
  which: { readonly id?: string; readonly exceptId?: string },
  nowMs: number,
): Promise<string[]> => {
  const { id = null, exceptId = null } = which;
  const { rows } = await sql<{ id: string }>`update person_sessions set ended_at = ${at(nowMs)}
    where person_no = ${personNo} and ended_at is null and (${id}::text is null or id = ${id}) and id is distinct from ${exceptId}
    returning id`.execute(tx);
  return rows.map((row) => row.id);
};

/** Those that nobody needs any more. */
export const sweepSessions = async (tx: Transaction, beforeMs: number): Promise<void> => {
  await sql`delete from person_sessions where expires_at < ${at(beforeMs)} or ended_at < ${at(beforeMs)}`.execute(tx);
  await sql`delete from access_tokens where expires_at < ${at(beforeMs)} or ended_at < ${at(beforeMs)}`.execute(tx);
  await sql`delete from mailed_codes where expires_at < ${at(beforeMs)}`.execute(tx);
};

type TokenRow = Texts<AccessToken, 'createdMs' | 'lastUsedMs' | 'expiresMs'>;
const tokenColumns = sql`id, person_no as "personNo", name, items, ${msOf('created_at')} as "createdMs",
  ${msOf('last_used_at')} as "lastUsedMs", ${msOf('expires_at')} as "expiresMs"`;
const toToken = (row: TokenRow): AccessToken => ({
  ...row,
  createdMs: Number(row.createdMs),
  lastUsedMs: msOrNull(row.lastUsedMs),
  expiresMs: Number(row.expiresMs),
});

/** False: there are `max`. */
export const insertToken = async (tx: Transaction, digest: Uint8Array, token: AccessToken, max: number): Promise<boolean> => {
  const { id, personNo, name, items, createdMs, expiresMs } = token;
  const { rows } = await sql`insert into access_tokens (digest, id, person_no, name, items, created_at, expires_at)
    select ${digest}::bytea, ${id}, ${personNo}::int, ${name}, ${[...items]}::text[], ${at(createdMs)}::timestamptz, ${at(expiresMs)}::timestamptz
    where (select count(*) from access_tokens where person_no = ${personNo} and ended_at is null and expires_at > ${at(createdMs)}) < ${max}
    returning 1`.execute(tx);
  return rows.length === 1;
};

export const readToken = async (tx: Transaction, digest: Uint8Array, nowMs: number): Promise<AccessToken | undefined> => {
  const { rows } = await sql<TokenRow>`select ${tokenColumns} from access_tokens
    where digest = ${digest} and ended_at is null and expires_at > ${at(nowMs)}`.execute(tx);
  return rows[0] && toToken(rows[0]);
};

export const listTokens = async (tx: Transaction, personNo: number, nowMs: number): Promise<AccessToken[]> => {
  const { rows } = await sql<TokenRow>`select ${tokenColumns} from access_tokens
    where person_no = ${personNo} and ended_at is null and expires_at > ${at(nowMs)} order by created_at desc, id`.execute(tx);
  return rows.map(toToken);
};

export const noteTokenUse = async (tx: Transaction, id: string, nowMs: number): Promise<void> => {
  await sql`update access_tokens set last_used_at = ${at(nowMs)} where id = ${id}`.execute(tx);
};

export const endTokens = async (tx: Transaction, personNo: number, id: string | null, nowMs: number): Promise<string[]> => {
  const { rows } = await sql<{ id: string }>`update access_tokens set ended_at = ${at(nowMs)}
    where person_no = ${personNo} and ended_at is null and (${id}::text is null or id = ${id}) returning id`.execute(tx);
  return rows.map((row) => row.id);
};
