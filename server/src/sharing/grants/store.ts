import { sql } from 'kysely';
import { CallerError } from '../../kernel/index.ts';
import type { Transaction } from '../../storage/index.ts';
import { decideGrant, evolveGrant } from './decide-grant.ts';
import { grantLimits } from './limits.ts';
import { type GrantRow, grantColumns, toGrant } from './rows.ts';
import type { StoredGrant } from './stored.ts';
import type { Grant, GrantCommand, GrantEvent, GrantReader } from './types.ts';

export const sharingChannel = 'milepost_sharing';
const at = (ms: number): string => new Date(ms).toISOString();
const atOrNull = (ms: number | null): string | null => (ms === null ? null : at(ms));
const json = (value: unknown) => sql`${JSON.stringify(value)}::jsonb`;
const readerIs = (reader: GrantReader) =>
  reader.kind === 'app' ? sql`app_no = ${reader.appNo}` : sql`reader_person_no = ${reader.personNo}`;
const columnsOf = (reader: GrantReader): readonly [number | null, number | null] =>
  reader.kind === 'app' ? [reader.appNo, null] : [null, reader.personNo];

export interface GrantNotice {
  /** The process that has them in its memory already; empty: none. */
  readonly origin: string;
  /** None: all of them may have changed. */
  readonly grantNos: readonly number[];
}

/** Everybody who follows reads these anew. */
export const announceGrants = async (tx: Transaction, grantNos: readonly number[], origin = ''): Promise<void> => {
  const notice: GrantNotice = { origin, grantNos: grantNos.length > grantLimits.toldAtOnceMax ? [] : grantNos };
  await sql`select pg_notify(${sharingChannel}, ${JSON.stringify(notice)})`.execute(tx);
};

/** Those that live, and those that ended after a moment. Named: only those. */
export const readGrants = async (tx: Transaction, endedAfterMs: number, grantNos?: readonly number[]): Promise<StoredGrant[]> => {
  const isWanted = grantNos
    ? sql`grant_no = any(${[...grantNos]}::int[])`
    : sql`(state <> 'ended' or ended_at > ${at(endedAfterMs)})`;
  const { rows } = await sql<GrantRow>`select ${grantColumns} from grants where ${isWanted} order by grant_no`.execute(tx);
  return rows.map(toGrant);
};

/** All that a person ever gave, or reads by, however long ago it ended. */
export const readGrantsOf = async (tx: Transaction, personNo: number): Promise<StoredGrant[]> => {
  const { rows } = await sql<GrantRow>`select ${grantColumns} from grants
    where holder_person_no = ${personNo} or reader_person_no = ${personNo} order by grant_no`.execute(tx);
  return rows.map(toGrant);
};

export const lockGrant = async (tx: Transaction, id: string): Promise<StoredGrant> => {
  const { rows } = await sql<GrantRow>`select ${grantColumns} from grants where id = ${id} for update`.execute(tx);
  if (!rows[0]) throw new CallerError('not_found', 'there is no such grant');
  return toGrant(rows[0]);
};

/** The one that a new answer would take the place of. */
export const lockLiveGrant = async (
  tx: Transaction,
  { reader, vehicleNo, purpose }: Pick<Grant, 'reader' | 'vehicleNo' | 'purpose'>,
): Promise<StoredGrant | undefined> => {
  const { rows } = await sql<GrantRow>`select ${grantColumns} from grants
    where vehicle_no = ${vehicleNo} and ${readerIs(reader)} and purpose = ${purpose} and state <> 'ended' for update`.execute(tx);
  return rows[0] && toGrant(rows[0]);
};

export type GrantFilter =
  | { readonly vehicleNo: number }
  | { readonly appNos: readonly number[]; readonly holderPersonNo?: number }
  | { readonly expiredByMs: number }
  /** Given by the person, or read by them. */
  | { readonly ofPersonNo: number };

/** Locked, those that live, in order of number: whoever locks several does so in the same order. */
export const lockLiveGrants = async (tx: Transaction, filter: GrantFilter): Promise<StoredGrant[]> => {
  const wanted =
    'vehicleNo' in filter
      ? sql`vehicle_no = ${filter.vehicleNo}`
      : 'ofPersonNo' in filter
        ? sql`(holder_person_no = ${filter.ofPersonNo} or reader_person_no = ${filter.ofPersonNo})`
        : 'expiredByMs' in filter
          ? sql`until_at <= ${at(filter.expiredByMs)}`
          : sql`app_no = any(${[...filter.appNos]}::int[]) and (${filter.holderPersonNo ?? null}::int is null or holder_person_no = ${filter.holderPersonNo ?? null})`;
  const { rows } = await sql<GrantRow>`select ${grantColumns} from grants where ${wanted} and state <> 'ended'
    order by grant_no for update`.execute(tx);
  return rows.map(toGrant);
};

const insertEvent = async (tx: Transaction, grantNo: number, event: GrantEvent): Promise<void> => {
  await sql`insert into grant_events (grant_no, at, kind, by_person_no, detail)
    values (${grantNo}, ${at(event.atMs)}, ${event.kind}, ${event.byPersonNo}, ${json(event)})`.execute(tx);
};

const pausesOf = ({ pauses }: Grant) => json(pauses.map(({ fromMs, toMs }) => [fromMs, toMs]));

const insertGrant = async (tx: Transaction, id: string, grant: Grant): Promise<StoredGrant> => {
  const { holder, reader, vehicleNo, items, givenItems, purpose, purposeVersion, givenAtMs, untilMs, backToMs, state } = grant;
  const [personNo, customerNo] = holder.kind === 'person' ? [holder.personNo, null] : [null, holder.customerNo];
  const [appNo, readerNo] = columnsOf(reader);
  const { rows } = await sql<{
    no: number;
  }>`insert into grants (id, holder_person_no, holder_customer_no, app_no, reader_person_no,
      vehicle_no, items, given_items, purpose, purpose_version, given_at, until_at, back_to, state, pauses, revision)
    values (${id}, ${personNo}, ${customerNo}, ${appNo}, ${readerNo}, ${vehicleNo}, ${json(items)}, ${json(givenItems)}, ${purpose},
      ${purposeVersion}, ${at(givenAtMs)}, ${atOrNull(untilMs)}, ${at(backToMs)}, ${state}, ${pausesOf(grant)}, 1)
    returning grant_no as no`.execute(tx);
  return { ...grant, id, grantNo: rows[0]?.no ?? 0, revision: 1 };
};

const updateGrant = async (tx: Transaction, grant: StoredGrant): Promise<void> => {
  await sql`update grants set items = ${json(grant.items)}, until_at = ${atOrNull(grant.untilMs)}, back_to = ${at(grant.backToMs)},
      state = ${grant.state}, pauses = ${pausesOf(grant)}, ended_at = ${atOrNull(grant.endedAtMs)}, end_reason = ${grant.endReason},
      revision = ${grant.revision} where grant_no = ${grant.grantNo}`.execute(tx);
};

/** The grant that a command makes, its first event beside it. */
export const makeGrant = async (tx: Transaction, id: string, command: GrantCommand): Promise<StoredGrant> => {
  const [event] = decideGrant(undefined, command);
  const grant = await insertGrant(tx, id, evolveGrant(undefined, event as GrantEvent));
  await insertEvent(tx, grant.grantNo, event as GrantEvent);
  return grant;
};

/** What a command makes of a locked grant; the same one when nothing happened. */
export const changeGrant = async (tx: Transaction, grant: StoredGrant, command: GrantCommand): Promise<StoredGrant> => {
  let changed = grant;
  for (const event of decideGrant(grant, command)) {
    await insertEvent(tx, grant.grantNo, event);
    changed = { ...changed, ...evolveGrant(changed, event), revision: changed.revision + 1 };
  }
  if (changed !== grant) await updateGrant(tx, changed);
  return changed;
};

export const putBlock = async (tx: Transaction, personNo: number, organisationNo: number, nowMs: number): Promise<boolean> => {
  const { rows } =
    await sql`insert into partner_blocks (person_no, organisation_no, at) values (${personNo}, ${organisationNo}, ${at(nowMs)})
    on conflict do nothing returning 1`.execute(tx);
  return rows.length > 0;
};

export const removeBlock = async (tx: Transaction, personNo: number, organisationNo: number): Promise<boolean> => {
  const { rows } =
    await sql`delete from partner_blocks where person_no = ${personNo} and organisation_no = ${organisationNo} returning 1`.execute(
      tx,
    );
  return rows.length > 0;
};

export const readNames = async (tx: Transaction, personNos: readonly number[]): Promise<ReadonlyMap<number, string>> => {
  if (personNos.length === 0) return new Map();
  const { rows } = await sql<{ no: number; name: string }>`select person_no as no, name from people
    where person_no = any(${[...personNos]}::int[])`.execute(tx);
  return new Map(rows.map(({ no, name }) => [no, name]));
};

export interface PartnerBlock {
  readonly organisationNo: number;
  readonly atMs: number;
}
export const listBlocks = async (tx: Transaction, personNo: number): Promise<PartnerBlock[]> => {
  const { rows } =
    await sql<PartnerBlock>`select organisation_no as "organisationNo", (extract(epoch from at) * 1000)::float8 as "atMs"
    from partner_blocks where person_no = ${personNo} order by at desc limit ${grantLimits.listMax}`.execute(tx);
  return rows;
};
