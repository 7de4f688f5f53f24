import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at, msOf, msOrNull } from './store-people.ts';
import type { OutsideIdentity } from './types.ts';

type IdentityRow = Omit<OutsideIdentity, 'createdMs' | 'lastUsedMs'> & {
  readonly createdMs: string;
  readonly lastUsedMs: string | null;
};

const columns = sql`id, person_no as "personNo", issuer, subject, email, ${msOf('created_at')} as "createdMs",
  ${msOf('last_used_at')} as "lastUsedMs"`;
const toIdentity = (row: IdentityRow): OutsideIdentity => ({
  ...row,
  createdMs: Number(row.createdMs),
  lastUsedMs: msOrNull(row.lastUsedMs),
});

export const listIdentities = async (tx: Transaction, personNo: number): Promise<OutsideIdentity[]> => {
  const { rows } = await sql<IdentityRow>`select ${columns} from outside_identities where person_no = ${personNo}
    order by created_at, id`.execute(tx);
  return rows.map(toIdentity);
};

export const findIdentity = async (tx: Transaction, issuer: string, subject: string): Promise<OutsideIdentity | undefined> => {
  const { rows } = await sql<IdentityRow>`select ${columns} from outside_identities
    where issuer = ${issuer} and subject = ${subject}`.execute(tx);
  return rows[0] && toIdentity(rows[0]);
};

/** False: somebody has it, or this person has another one of the same provider. */
export const insertIdentity = async (tx: Transaction, identity: OutsideIdentity): Promise<boolean> => {
  const { id, personNo, issuer, subject, email, createdMs } = identity;
  const { rows } = await sql`insert into outside_identities (id, person_no, issuer, subject, email, created_at)
    values (${id}, ${personNo}, ${issuer}, ${subject}, ${email}, ${at(createdMs)}) on conflict do nothing returning 1`.execute(
    tx,
  );
  return rows.length === 1;
};

export const noteIdentityUse = async (tx: Transaction, id: string, email: string | null, nowMs: number): Promise<void> => {
  await sql`update outside_identities set last_used_at = ${at(nowMs)}, email = ${email} where id = ${id}`.execute(tx);
};

/** Answers whose it was; undefined: there is none of this person. */
export const deleteIdentity = async (tx: Transaction, personNo: number, id: string): Promise<string | undefined> => {
  const { rows } = await sql<{ issuer: string }>`delete from outside_identities where person_no = ${personNo} and id = ${id}
    returning issuer`.execute(tx);
  return rows[0]?.issuer;
};
