import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at } from './store-people.ts';

export type CodePurpose = 'sign_up' | 'reset_password' | 'change_email' | 'join';

export interface MailedCode {
  readonly purpose: CodePurpose;
  readonly personNo: number | null;
  readonly email: string;
  readonly detail: Readonly<Record<string, string | null>>;
}

/** Older ones of the same purpose to the same address end beyond `max`. */
export const insertCode = async (
  tx: Transaction,
  digest: Uint8Array,
  code: MailedCode,
  { nowMs, expiresMs, max }: { readonly nowMs: number; readonly expiresMs: number; readonly max: number },
): Promise<void> => {
  const { purpose, personNo, email, detail } = code;
  await sql`insert into mailed_codes (digest, purpose, person_no, email, detail, created_at, expires_at)
    values (${digest}, ${purpose}, ${personNo}, ${email}, ${JSON.stringify(detail)}::jsonb, ${at(nowMs)}, ${at(expiresMs)})`.execute(
    tx,
  );
  await sql`delete from mailed_codes where email = ${email} and purpose = ${purpose} and digest not in (
    select digest from mailed_codes where email = ${email} and purpose = ${purpose} order by created_at desc, digest limit ${max})`.execute(
    tx,
  );
};

/** What a link stands for, without using it up. */
export const readCode = async (tx: Transaction, digest: Uint8Array, nowMs: number): Promise<MailedCode | undefined> => {
  const { rows } = await sql<MailedCode>`select purpose, person_no as "personNo", email, detail from mailed_codes
    where digest = ${digest} and expires_at > ${at(nowMs)}`.execute(tx);
  return rows[0];
};

/** Uses it up, and all others of the same purpose and address with it. Of two that come at once one gets it. */
export const takeCode = async (tx: Transaction, digest: Uint8Array, nowMs: number): Promise<MailedCode | undefined> => {
  const { rows } = await sql<MailedCode>`delete from mailed_codes where digest = ${digest} and expires_at > ${at(nowMs)}
    returning purpose, person_no as "personNo", email, detail`.execute(tx);
  const [code] = rows;
  if (code) await sql`delete from mailed_codes where email = ${code.email} and purpose = ${code.purpose}`.execute(tx);
  return code;
};

/** Links that would still change how somebody gets into an account, whoever asked for them. */
export const endAccountLinks = async (tx: Transaction, personNo: number): Promise<void> => {
  await sql`delete from mailed_codes where person_no = ${personNo} and purpose in ('reset_password', 'change_email')`.execute(tx);
};
