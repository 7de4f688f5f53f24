import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';

const at = (ms: number): string => new Date(ms).toISOString();

export interface SealedKey {
  readonly kid: string;
  readonly sealed: Uint8Array;
  readonly createdMs: number;
}

/** Newest first. */
export const readKeys = async (tx: Transaction): Promise<SealedKey[]> => {
  const { rows } = await sql<SealedKey>`select kid, sealed, (extract(epoch from created_at) * 1000)::float8 as "createdMs"
    from oauth_keys order by created_at desc, kid`.execute(tx);
  return rows;
};

/** Processes that find out at the same time that a key is needed make one. */
export const lockKeys = async (tx: Transaction): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtext('milepost oauth keys'))`.execute(tx);
};

export const insertKey = async (tx: Transaction, { kid, sealed, createdMs }: SealedKey): Promise<void> => {
  await sql`insert into oauth_keys (kid, sealed, created_at) values (${kid}, ${sealed}, ${at(createdMs)})`.execute(tx);
};

/** All that are older than the newest of those made before. */
export const dropKeys = async (tx: Transaction, supersededBeforeMs: number): Promise<void> => {
  await sql`delete from oauth_keys k where exists (
    select from oauth_keys n where n.created_at > k.created_at and n.created_at < ${at(supersededBeforeMs)})`.execute(tx);
};
