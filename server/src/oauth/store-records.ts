import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';

const at = (ms: number): string => new Date(ms).toISOString();

export interface OauthRecord {
  readonly payload: Record<string, unknown>;
  readonly expiresMs: number;
  readonly consumedMs: number | null;
}

export interface NewRecord {
  readonly kind: string;
  readonly digest: Uint8Array;
  readonly payload: Record<string, unknown>;
  readonly grantId: string | null;
  readonly appId: string | null;
  readonly personId: string | null;
  readonly sealedId: Uint8Array | null;
  readonly expiresMs: number;
}

/** That it was used stays as it was. */
export const putRecord = async (tx: Transaction, record: NewRecord): Promise<void> => {
  const { kind, digest, payload, grantId, appId, personId, sealedId, expiresMs } = record;
  await sql`insert into oauth_records (kind, digest, payload, grant_id, app_id, person_id, sealed_id, expires_at)
    values (${kind}, ${digest}, ${JSON.stringify(payload)}::jsonb, ${grantId}, ${appId}, ${personId}, ${sealedId}, ${at(expiresMs)})
    on conflict (kind, digest) do update set payload = excluded.payload, grant_id = excluded.grant_id, app_id = excluded.app_id,
      person_id = excluded.person_id, expires_at = excluded.expires_at`.execute(tx);
};

export const readRecord = async (tx: Transaction, kind: string, digest: Uint8Array): Promise<OauthRecord | undefined> => {
  const { rows } = await sql<OauthRecord>`select payload, (extract(epoch from expires_at) * 1000)::float8 as "expiresMs",
      (extract(epoch from consumed_at) * 1000)::float8 as "consumedMs"
    from oauth_records where kind = ${kind} and digest = ${digest}`.execute(tx);
  return rows[0];
};

/** Whoever answers a request has it to themselves until they release it, or are too slow. false: somebody else has it. */
export const claimRequest = async (tx: Transaction, digest: Uint8Array, nowMs: number, untilMs: number): Promise<boolean> => {
  const { rows } = await sql`insert into oauth_records as claimed (kind, digest, payload, expires_at)
    values ('AnswerClaim', ${digest}, '{}', ${at(untilMs)})
    on conflict (kind, digest) do update set expires_at = excluded.expires_at where claimed.expires_at <= ${at(nowMs)} returning 1`.execute(
    tx,
  );
  return rows.length === 1;
};

export const releaseRequest = (tx: Transaction, digest: Uint8Array): Promise<void> => deleteRecord(tx, 'AnswerClaim', digest);

/** Of those that come at once one gets it: true. */
export const consumeRecord = async (tx: Transaction, kind: string, digest: Uint8Array, nowMs: number): Promise<boolean> => {
  const { rows } = await sql`update oauth_records set consumed_at = ${at(nowMs)}
    where kind = ${kind} and digest = ${digest} and consumed_at is null returning 1`.execute(tx);
  return rows.length === 1;
};

export const deleteRecord = async (tx: Transaction, kind: string, digest: Uint8Array): Promise<void> => {
  await sql`delete from oauth_records where kind = ${kind} and digest = ${digest}`.execute(tx);
};

/** What was given by an agreement: of one kind, or all with the agreement itself. */
export const deleteOfGrant = async (tx: Transaction, kind: string | null, grantId: string): Promise<void> => {
  await sql`delete from oauth_records where grant_id = ${grantId} and (${kind}::text is null or kind = ${kind})`.execute(tx);
};

/** All of an app, or of a person with it. */
export const deleteOfApp = async (tx: Transaction, appId: string, personId: string | null): Promise<void> => {
  await sql`delete from oauth_records where app_id = ${appId} and (${personId}::text is null or person_id = ${personId})`.execute(
    tx,
  );
};

/** Whatever a person gave, and whatever names them. Answers the apps that it was of, once a record. */
export const deleteOfPerson = async (tx: Transaction, personId: string, email: string): Promise<(string | null)[]> => {
  const { rows } = await sql<{ appId: string | null }>`delete from oauth_records where person_id = ${personId}
    or position(${personId} in payload::text) > 0 or position(${email} in lower(payload::text)) > 0 returning app_id as "appId"`.execute(
    tx,
  );
  return rows.map(({ appId }) => appId);
};

/** Answers how many went. */
export const sweepRecords = async (tx: Transaction, beforeMs: number, max: number): Promise<number> => {
  const { rows } = await sql`delete from oauth_records where (kind, digest) in (
      select kind, digest from oauth_records where expires_at < ${at(beforeMs)} limit ${max} for update skip locked) returning 1`.execute(
    tx,
  );
  return rows.length;
};

/** The grants of vehicle data that an agreement stands for. */
export const setSharedGrants = async (tx: Transaction, digest: Uint8Array, grantIds: readonly string[]): Promise<void> => {
  await sql`update oauth_records set shared_grants = ${[...grantIds]} where kind = 'Grant' and digest = ${digest}`.execute(tx);
};

export interface TokenRow {
  readonly appId: string;
  readonly personId: string;
  readonly grantId: string;
  readonly audience: string | null;
  readonly details: readonly unknown[] | null;
  readonly sharedGrants: readonly string[] | null;
  readonly expiresMs: number;
}

/** An access token whose agreement is still there. */
export const readToken = async (tx: Transaction, digest: Uint8Array, nowMs: number): Promise<TokenRow | undefined> => {
  const { rows } = await sql<TokenRow>`select t.app_id as "appId", t.person_id as "personId", t.grant_id as "grantId",
      t.payload->>'aud' as audience, t.payload->'rar' as details, g.shared_grants as "sharedGrants",
      (extract(epoch from t.expires_at) * 1000)::float8 as "expiresMs"
    from oauth_records t join oauth_records g on g.kind = 'Grant' and g.grant_id = t.grant_id and g.expires_at > ${at(nowMs)}
    where t.kind = 'AccessToken' and t.digest = ${digest} and t.expires_at > ${at(nowMs)}`.execute(tx);
  return rows[0];
};

export interface WaitingRequest {
  readonly digest: Buffer;
  readonly sealedId: Buffer;
  readonly payload: Record<string, unknown>;
  readonly expiresMs: number;
}

/** Requests to a person that nobody has answered, newest first; or the one of a digest. */
export const readWaiting = async (
  tx: Transaction,
  personId: string,
  { digest, nowMs, max }: { readonly digest: Uint8Array | null; readonly nowMs: number; readonly max: number },
): Promise<WaitingRequest[]> => {
  const { rows } = await sql<WaitingRequest>`select digest, sealed_id as "sealedId", payload,
      (extract(epoch from expires_at) * 1000)::float8 as "expiresMs"
    from oauth_records where kind = 'BackchannelAuthenticationRequest' and person_id = ${personId} and expires_at > ${at(nowMs)}
      and payload->>'grantId' is null and payload->>'error' is null and consumed_at is null
      and (${digest}::bytea is null or digest = ${digest}) order by expires_at desc limit ${max}`.execute(tx);
  return rows;
};
