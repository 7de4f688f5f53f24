import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { at } from './store.ts';
import type { CredentialEvent, CredentialEventName } from './types.ts';

interface NewEvent {
  readonly event: CredentialEventName;
  readonly actor: CredentialEvent['actor'];
  readonly detail: string;
}

export const addEvents = async (tx: Transaction, deviceNos: readonly number[], event: NewEvent, nowMs: number): Promise<void> => {
  await sql`insert into credential_events (device_no, at, event, actor, detail)
    select no, ${at(nowMs)}::timestamptz, ${event.event}, ${event.actor}, ${event.detail}
    from unnest(${deviceNos}::int[]) with ordinality as input(no, place) order by place`.execute(tx);
};

/** A new secret, and with it an end to the one before, to all tokens and to an open window. */
export const putSecret = async (tx: Transaction, deviceNo: number, secretHash: Uint8Array, nowMs: number): Promise<void> => {
  await sql`update devices set secret_hash = ${secretHash}, secret_issued_at = ${at(nowMs)}, enrolment_until = null,
    credential_version = credential_version + 1, revision = revision + 1 where device_no = ${deviceNo}`.execute(tx);
};

/**
 * Uses up the window of a device: answers false when there is none any more. PostgreSQL looks at the condition again once it has the
 * row, so of two that come together one finds the window closed.
 */
export const takeWindow = async (tx: Transaction, deviceNo: number, secretHash: Uint8Array, nowMs: number): Promise<boolean> => {
  const { rows } =
    await sql`update devices set secret_hash = ${secretHash}, secret_issued_at = ${at(nowMs)}, secret_fetched_at = ${at(nowMs)},
    enrolment_until = null, credential_version = credential_version + 1, revision = revision + 1
    where device_no = ${deviceNo} and revoked_at is null and enrolment_until > ${at(nowMs)} returning 1`.execute(tx);
  return rows.length === 1;
};

/** Answers those that are not revoked. */
export const putWindows = async (tx: Transaction, deviceNos: readonly number[], untilMs: number): Promise<number[]> => {
  // Locked in one order, so that two of these never wait for each other.
  const { rows } = await sql<{ no: number }>`with locked as (
      select device_no from devices where device_no = any(${deviceNos}) and revoked_at is null order by device_no for update
    ) update devices set enrolment_until = ${at(untilMs)}, revision = revision + 1 from locked
    where devices.device_no = locked.device_no returning devices.device_no as no`.execute(tx);
  return rows.map(({ no }) => no);
};

export const clearWindow = async (tx: Transaction, deviceNo: number): Promise<void> => {
  await sql`update devices set enrolment_until = null, revision = revision + 1 where device_no = ${deviceNo}`.execute(tx);
};

/** null: any certificate that the CA has signed for the IMEI. */
export const putCertificate = async (tx: Transaction, deviceNo: number, sha256: string | null): Promise<void> => {
  await sql`update devices set certificate_sha256 = decode(${sha256}::text, 'hex'), credential_version = credential_version + 1,
    revision = revision + 1 where device_no = ${deviceNo}`.execute(tx);
};

interface EventRow extends NewEvent {
  readonly no: string;
  readonly at: Date;
}

export const readEvents = async (
  tx: Transaction,
  deviceNo: number,
  { beforeNo, limit }: { readonly beforeNo?: number | undefined; readonly limit: number },
): Promise<CredentialEvent[]> => {
  const { rows } = await sql<EventRow>`select event_no as no, at, event, actor, detail from credential_events
    where device_no = ${deviceNo} and event_no < ${beforeNo ?? Number.MAX_SAFE_INTEGER} order by event_no desc limit ${limit}`.execute(
    tx,
  );
  return rows.map(({ no, at: when, event, actor, detail }) => ({
    eventNo: Number(no),
    at: when.getTime(),
    event,
    actor,
    detail,
  }));
};
