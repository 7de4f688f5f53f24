import { sql } from 'kysely';
import { type AuditEvent, writeAudit } from '../../audit/index.ts';
import { type Storage, systemActor, type Transaction } from '../../storage/index.ts';
import { webhookLimits } from '../limits.ts';
import type { FeedPosition } from '../position.ts';
import type { Delivery, DueDelivery, Outcome, Webhook, WebhookSecret } from './types.ts';

const actor = systemActor('webhooks');
const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
const at = (timeMs: number): string => new Date(timeMs).toISOString();
const json = (value: unknown) => sql`${JSON.stringify(value)}::jsonb`;

const webhookColumns = sql`webhook_no as "webhookNo", id, app_no as "appNo", address, types, secrets, position, ${ms('created_at')} as "createdMs"`;
const deliveryColumns = sql`delivery_no as "deliveryNo", id, type, vehicle_no as "vehicleNo", state, attempts, ${ms('created_at')} as "createdMs",
  ${ms('tried_since')} as "triedSinceMs", ${ms('next_at')} as "nextMs", ${ms('done_at')} as "doneMs", last_status as "lastStatus", last_error as "lastError"`;

const within = <T>(storage: Storage, run: (tx: Transaction) => Promise<T>): Promise<T> => storage.withActor(actor, run);

export const listWebhooks = (storage: Storage, appNo: number): Promise<Webhook[]> =>
  within(storage, async (tx) => {
    const { rows } = await sql<Webhook>`select ${webhookColumns} from webhooks where app_no = ${appNo} and ended_at is null
      order by webhook_no`.execute(tx);
    return rows;
  });

export const insertWebhook = (storage: Storage, webhook: Omit<Webhook, 'webhookNo'>, event: AuditEvent): Promise<boolean> =>
  within(storage, async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('milepost webhooks'), ${webhook.appNo})`.execute(tx);
    const { id, appNo, address, types, secrets, position, createdMs } = webhook;
    const { rows } = await sql`insert into webhooks (id, app_no, address, types, secrets, position, created_at)
      select ${id}, ${appNo}, ${address}, ${[...types]}::text[], ${json(secrets)}, ${json(position)}, ${at(createdMs)}
      where (select count(*) from webhooks where app_no = ${appNo} and ended_at is null) < ${webhookLimits.perAppMax}
      returning 1`.execute(tx);
    if (rows.length > 0) await writeAudit(tx, event, createdMs);
    return rows.length > 0;
  });

export const endWebhook = (storage: Storage, webhookNo: number, event: AuditEvent, nowMs: number): Promise<void> =>
  within(storage, async (tx) => {
    await sql`update webhooks set ended_at = ${at(nowMs)} where webhook_no = ${webhookNo}`.execute(tx);
    // What it would have told is nobody's any more.
    await sql`delete from webhook_deliveries where webhook_no = ${webhookNo}`.execute(tx);
    await writeAudit(tx, event, nowMs);
  });

/** Of too many the oldest go. false: the webhook has ended meanwhile. */
export const addSecret = (storage: Storage, webhookNo: number, secret: WebhookSecret, event: AuditEvent): Promise<boolean> =>
  within(storage, async (tx) => {
    const { rows } = await sql<Pick<Webhook, 'secrets'>>`select secrets from webhooks
      where webhook_no = ${webhookNo} and ended_at is null for update`.execute(tx);
    if (!rows[0]) return false;
    const secrets = [...rows[0].secrets, secret].slice(-webhookLimits.secretsMax);
    await sql`update webhooks set secrets = ${json(secrets)} where webhook_no = ${webhookNo}`.execute(tx);
    await writeAudit(tx, event, secret.createdMs);
    return true;
  });

/** Webhooks that this process works on from now on: its own, and those of nobody. */
export const takeWebhooks = (storage: Storage, worker: string, nowMs: number): Promise<Webhook[]> =>
  within(storage, async (tx) => {
    const { rows } =
      await sql<Webhook>`update webhooks set worker = ${worker}, worked_until = ${at(nowMs + webhookLimits.leaseMs)}
      where webhook_no in (
        select webhook_no from webhooks where ended_at is null and (worker = ${worker} or worked_until < ${at(nowMs)})
        for update skip locked
      ) returning ${webhookColumns}`.execute(tx);
    return rows;
  });

/** A process that ends leaves its work to the others at once. */
export const leaveWebhooks = (storage: Storage, worker: string): Promise<void> =>
  within(storage, async (tx) => {
    await sql`update webhooks set worker = '', worked_until = '-infinity' where worker = ${worker}`.execute(tx);
  });

export interface NewDelivery {
  readonly id: string;
  readonly type: string;
  readonly vehicleNo: number | null;
  readonly event: Uint8Array;
}

const insertDelivery = async (tx: Transaction, webhookNo: number, one: NewDelivery, nowMs: number): Promise<void> => {
  const now = at(nowMs);
  await sql`insert into webhook_deliveries (id, webhook_no, type, vehicle_no, event, state, created_at, tried_since, next_at)
    values (${one.id}, ${webhookNo}, ${one.type}, ${one.vehicleNo}, ${Buffer.from(one.event)}, 'waiting', ${now}, ${now}, ${now})`.execute(
    tx,
  );
};

/** In one transaction with the position that they reach; false: another process works on it by now. */
export const addDeliveries = (
  storage: Storage,
  { webhookNo }: Webhook,
  worker: string,
  deliveries: readonly NewDelivery[],
  position: FeedPosition,
  nowMs: number,
): Promise<boolean> =>
  within(storage, async (tx) => {
    const { rows } = await sql`update webhooks set position = ${json(position)}
      where webhook_no = ${webhookNo} and worker = ${worker} and ended_at is null returning 1`.execute(tx);
    if (rows.length === 0) return false;
    for (const one of deliveries) await insertDelivery(tx, webhookNo, one, nowMs);
    return true;
  });

export const addDelivery = (storage: Storage, webhookNo: number, one: NewDelivery, nowMs: number): Promise<void> =>
  within(storage, (tx) => insertDelivery(tx, webhookNo, one, nowMs));

export const countWaiting = (storage: Storage, webhookNo: number): Promise<number> =>
  within(storage, async (tx) => {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from webhook_deliveries
      where webhook_no = ${webhookNo} and state = 'waiting'`.execute(tx);
    return rows[0]?.count ?? 0;
  });

export const readDue = (storage: Storage, webhookNo: number, nowMs: number): Promise<DueDelivery[]> =>
  within(storage, async (tx) => {
    const { rows } = await sql<DueDelivery>`select ${deliveryColumns}, event from webhook_deliveries
      where webhook_no = ${webhookNo} and state = 'waiting' and next_at <= ${at(nowMs)}
      order by next_at, delivery_no limit ${webhookLimits.sentAtOnceMax}`.execute(tx);
    return rows;
  });

export const putOutcome = (storage: Storage, deliveryNo: number, outcome: Outcome): Promise<void> =>
  within(storage, async (tx) => {
    const { state, attempts, nextMs, doneMs, lastStatus, lastError } = outcome;
    await sql`update webhook_deliveries set state = ${state}, attempts = ${attempts}, next_at = ${at(nextMs)},
      done_at = ${doneMs === null ? null : at(doneMs)}, last_status = ${lastStatus}, last_error = ${lastError}
      where delivery_no = ${deliveryNo}`.execute(tx);
  });

export const listDeliveries = (storage: Storage, webhookNo: number): Promise<Delivery[]> =>
  within(storage, async (tx) => {
    const { rows } = await sql<Delivery>`select ${deliveryColumns} from webhook_deliveries where webhook_no = ${webhookNo}
      order by delivery_no desc limit ${webhookLimits.listedMax}`.execute(tx);
    return rows;
  });

/** One, those from a moment on, or those that were given up. */
export type Replayed = { readonly id: string } | { readonly fromMs: number } | { readonly state: 'dead' };

/** Tried again from now on. Answers how many. */
export const replayDeliveries = (storage: Storage, webhookNo: number, which: Replayed, nowMs: number): Promise<number> =>
  within(storage, async (tx) => {
    const isWanted =
      'id' in which
        ? sql`id = ${which.id}`
        : 'state' in which
          ? sql`state = ${which.state}`
          : sql`created_at >= ${at(which.fromMs)}`;
    const now = at(nowMs);
    const { rows } =
      await sql`update webhook_deliveries set state = 'waiting', attempts = 0, tried_since = ${now}, next_at = ${now}, done_at = null
      where delivery_no in (select delivery_no from webhook_deliveries where webhook_no = ${webhookNo} and ${isWanted}
        order by delivery_no limit ${webhookLimits.waitingMax}) returning 1`.execute(tx);
    return rows.length;
  });

export const dropOld = (storage: Storage, nowMs: number): Promise<void> =>
  within(storage, async (tx) => {
    await sql`delete from webhook_deliveries where created_at < ${at(nowMs - webhookLimits.keptMs)}`.execute(tx);
  });
