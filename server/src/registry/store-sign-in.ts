import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at } from './store.ts';

export interface UsedCode {
  readonly digest: Uint8Array;
  readonly expiresAt: number;
  readonly nowMs: number;
}

/** Answers false when it is there. Of two that come at once PostgreSQL lets one in. Notes that nobody needs any more go. */
export const putUsedCode = async (tx: Transaction, { digest, expiresAt, nowMs }: UsedCode): Promise<boolean> => {
  await sql`delete from used_sign_in_codes where expires_at <= ${at(nowMs)}`.execute(tx);
  const { rows } = await sql`insert into used_sign_in_codes (digest, expires_at) values (${digest}, ${at(expiresAt)})
    on conflict do nothing returning 1`.execute(tx);
  return rows.length === 1;
};
