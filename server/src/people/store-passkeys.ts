import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at, lockAccount, msOf, msOrNull } from './store-people.ts';
import type { Passkey } from './types.ts';

/** With what is needed to check its signatures. */
export interface StoredPasskey extends Passkey {
  readonly credentialId: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly counter: number;
}

type PasskeyRow = Omit<StoredPasskey, 'createdMs' | 'lastUsedMs' | 'counter'> & {
  readonly createdMs: string;
  readonly lastUsedMs: string | null;
  readonly counter: string;
};

const columns = sql`id, person_no as "personNo", name, is_backed_up as "isBackedUp", transports, ${msOf('created_at')} as "createdMs",
  ${msOf('last_used_at')} as "lastUsedMs", credential_id as "credentialId", public_key as "publicKey", counter`;
const toPasskey = (row: PasskeyRow): StoredPasskey => ({
  ...row,
  createdMs: Number(row.createdMs),
  lastUsedMs: msOrNull(row.lastUsedMs),
  counter: Number(row.counter),
});

/** The oldest first. */
export const listPasskeys = async (tx: Transaction, personNo: number): Promise<StoredPasskey[]> => {
  const { rows } =
    await sql<PasskeyRow>`select ${columns} from passkeys where person_no = ${personNo} order by passkey_no`.execute(tx);
  return rows.map(toPasskey);
};

export const findPasskey = async (tx: Transaction, credentialId: Uint8Array): Promise<StoredPasskey | undefined> => {
  const { rows } = await sql<PasskeyRow>`select ${columns} from passkeys where credential_id = ${credentialId}`.execute(tx);
  return rows[0] && toPasskey(rows[0]);
};

/** False: there are `max`, or somebody has this credential. Of two that come at once one is counted before the other. */
export const insertPasskey = async (tx: Transaction, passkey: StoredPasskey, max: number): Promise<boolean> => {
  const { id, personNo, credentialId, publicKey, counter, transports, isBackedUp, name, createdMs } = passkey;
  await lockAccount(tx, personNo);
  const { rows } =
    await sql`insert into passkeys (id, person_no, credential_id, public_key, counter, transports, is_backed_up, name, created_at)
    select ${id}, ${personNo}::int, ${credentialId}::bytea, ${publicKey}::bytea, ${counter}::bigint, ${[...transports]}::text[], ${isBackedUp}::boolean,
      ${name}, ${at(createdMs)}::timestamptz
    where (select count(*) from passkeys where person_no = ${personNo}) < ${max}
    on conflict (credential_id) do nothing returning 1`.execute(tx);
  return rows.length === 1;
};

/** False: there is none of this person. */
export const renamePasskey = async (tx: Transaction, personNo: number, id: string, name: string): Promise<boolean> => {
  const { rows } = await sql`update passkeys set name = ${name} where person_no = ${personNo} and id = ${id} returning 1`.execute(
    tx,
  );
  return rows.length === 1;
};

/** Answers its name; undefined: there is none of this person. */
export const deletePasskey = async (tx: Transaction, personNo: number, id: string): Promise<string | undefined> => {
  const { rows } = await sql<{ name: string }>`delete from passkeys where person_no = ${personNo} and id = ${id}
    returning name`.execute(tx);
  return rows[0]?.name;
};

export interface PasskeyUse {
  readonly id: string;
  readonly counter: number;
  readonly isBackedUp: boolean;
}

/** False: it has signed as often before, so somebody has a copy. One that does not count says 0 always. Of two with the same count one is let in. */
export const notePasskeyUse = async (
  tx: Transaction,
  { id, counter, isBackedUp }: PasskeyUse,
  nowMs: number,
): Promise<boolean> => {
  const { rows } = await sql`update passkeys set counter = ${counter}, is_backed_up = ${isBackedUp}, last_used_at = ${at(nowMs)}
    where id = ${id} and (counter < ${counter} or (counter = 0 and ${counter}::bigint = 0)) returning 1`.execute(tx);
  return rows.length === 1;
};

/** False: it was used before, in whichever process. */
export const useChallenge = async (tx: Transaction, digest: Uint8Array, expiresMs: number): Promise<boolean> => {
  const { rows } = await sql`insert into used_challenges (digest, expires_at) values (${digest}, ${at(expiresMs)})
    on conflict do nothing returning 1`.execute(tx);
  return rows.length === 1;
};

/** Those that are over, and would be refused in any case. */
export const sweepChallenges = async (tx: Transaction, beforeMs: number): Promise<void> => {
  await sql`delete from used_challenges where expires_at < ${at(beforeMs)}`.execute(tx);
};
