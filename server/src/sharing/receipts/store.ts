import { sql } from 'kysely';
import type { ReceiptChannel } from '@milepost/contract/api';
import type { Transaction } from '../../storage/index.ts';
import { readerNoOf } from './count-reads.ts';
import type { ReceiptCount, ReceiptReader, ReceiptReaderKind } from './types.ts';

const dayMs = 86_400_000;
const at = (ms: number): string => new Date(ms).toISOString();
const dayText = (day: number): string => at(day * dayMs).slice(0, 10);
const dayOf = (ms: number): string => at(ms).slice(0, 10);

const rowOf = ({ day, holder, vehicleNo, reader, item, channel, reads, firstMs, lastMs }: ReceiptCount) => ({
  day: dayText(day),
  holder_kind: holder.kind,
  holder_no: holder.kind === 'person' ? holder.personNo : holder.customerNo,
  vehicle_no: vehicleNo,
  reader_kind: reader.kind,
  reader_no: readerNoOf(reader),
  item,
  channel,
  reads,
  first_at: at(firstMs),
  last_at: at(lastMs),
});

export interface ReceiptBatch {
  /** The process that counted. */
  readonly writer: string;
  /** Grows with each of its batches; one that was tried before keeps its number. */
  readonly batch: number;
  readonly counts: readonly ReceiptCount[];
}

/** Adds counts to what is there, each batch once. A machine that slept for months has no room for this one yet. */
export const addReceipts = async (tx: Transaction, { writer, batch, counts }: ReceiptBatch, nowMs: number): Promise<void> => {
  const { rows } = await sql`insert into receipt_writers (writer, batch, at) values (${writer}::uuid, ${batch}, ${at(nowMs)})
    on conflict (writer) do update set batch = excluded.batch, at = excluded.at where receipt_writers.batch < excluded.batch
    returning 1`.execute(tx);
  if (rows.length === 0) return;
  for (const month of new Set(counts.map(({ day }) => dayText(day).slice(0, 7)))) {
    const part = `read_receipts_${month.replace('-', '_')}`;
    // Of two that find a month missing at the same moment one makes it.
    await sql`select make_receipt_months(${`${month}-01`}::date, 0) where to_regclass(${part}) is null`.execute(tx);
  }
  // In one order, so that two processes never wait for each other.
  await sql`insert into read_receipts as r
    select c.* from jsonb_populate_recordset(null::read_receipts, ${JSON.stringify(counts.map(rowOf))}::jsonb) c
    order by holder_kind, holder_no, day, vehicle_no, reader_kind, reader_no, item, channel
    on conflict (holder_kind, holder_no, day, vehicle_no, reader_kind, reader_no, item, channel)
    do update set reads = r.reads + excluded.reads, first_at = least(r.first_at, excluded.first_at),
      last_at = greatest(r.last_at, excluded.last_at)`.execute(tx);
};

export const receiptPeriods = ['day', 'week', 'month'] as const;
export type ReceiptPeriod = (typeof receiptPeriods)[number];

/** Whose receipts. */
export interface ReceiptHolders {
  readonly personNo: number | null;
  /** Customers of which one is a member; `all`: of whatever customer. */
  readonly customerNos: readonly number[] | 'all';
}

/** Where a page ended. */
export interface ReceiptKey {
  /** `2026-11-22`: the first day of the day, week (from Monday) or month. */
  readonly from: string;
  readonly vehicleNo: number;
  readonly readerKind: string;
  readonly readerNo: number;
  readonly item: string;
  readonly channel: string;
}

export interface ReceiptQuery {
  readonly per: ReceiptPeriod;
  readonly fromMs: number;
  readonly toMs: number;
  readonly vehicleNo?: number | undefined;
  readonly reader?: { readonly kind: ReceiptReaderKind; readonly appNo?: number | undefined } | undefined;
  readonly item?: string | undefined;
  readonly after?: ReceiptKey | undefined;
  readonly limit: number;
}

export interface ReceiptSum extends ReceiptKey {
  readonly channel: ReceiptChannel;
  readonly readerKind: ReceiptReaderKind;
  readonly reads: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export const readerOf = ({ readerKind, readerNo }: Pick<ReceiptSum, 'readerKind' | 'readerNo'>): ReceiptReader =>
  readerKind === 'app'
    ? { kind: 'app', appNo: readerNo }
    : readerKind === 'staff'
      ? { kind: 'staff', personNo: readerNo === 0 ? null : readerNo }
      : { kind: 'driver', personNo: readerNo };

const heldBy = ({ personNo, customerNos }: ReceiptHolders) =>
  sql`(holder_kind = 'person' and holder_no = ${personNo}::int or holder_kind = 'customer' and ${
    customerNos === 'all' ? sql`true` : sql`holder_no = any(${[...customerNos]}::int[])`
  })`;
const msOf = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
const within = ({ fromMs, toMs }: Pick<ReceiptQuery, 'fromMs' | 'toMs'>) =>
  sql`day >= ${dayOf(fromMs)}::date and day <= ${dayOf(toMs - 1)}::date`;
const startOf = (per: ReceiptPeriod) => sql`date_trunc(${per}, day::timestamp)::date`;

/** Sums of what holders are told, the newest first, then by vehicle, reader and item. */
export const listReceipts = async (tx: Transaction, holders: ReceiptHolders, query: ReceiptQuery): Promise<ReceiptSum[]> => {
  const { per, vehicleNo = null, reader, item = null, after, limit } = query;
  const rest = after
    ? sql`s.start < ${after.from}::date or s.start = ${after.from}::date and (s.vehicle_no, s.reader_kind, s.reader_no, s.item, s.channel)
        > (${after.vehicleNo}::int, ${after.readerKind}, ${after.readerNo}::int, ${after.item}, ${after.channel})`
    : sql`true`;
  const { rows } = await sql<ReceiptSum>`
    select to_char(start, 'YYYY-MM-DD') as "from", vehicle_no as "vehicleNo", reader_kind as "readerKind", reader_no as "readerNo", item,
      channel, reads::float8 as reads, ${msOf('first_at')} as "firstMs", ${msOf('last_at')} as "lastMs"
    from (
      select ${startOf(per)} as start, vehicle_no, reader_kind, reader_no, item, channel, sum(reads) as reads,
        min(first_at) as first_at, max(last_at) as last_at
      from read_receipts
      where ${heldBy(holders)} and ${within(query)} and (${vehicleNo}::int is null or vehicle_no = ${vehicleNo}::int)
        and (${reader?.kind ?? null}::text is null or reader_kind = ${reader?.kind ?? null})
        and (${reader?.appNo ?? null}::int is null or reader_no = ${reader?.appNo ?? null}::int)
        and (${item}::text is null or item = ${item})
      group by 1, 2, 3, 4, 5, 6
    ) s
    where ${rest}
    order by s.start desc, s.vehicle_no, s.reader_kind, s.reader_no, s.item, s.channel limit ${limit}`.execute(tx);
  return rows;
};

/** Since a day: when each reader last read of each vehicle that the holders hold, or held. */
export const listLastReads = async (
  tx: Transaction,
  holders: ReceiptHolders,
  fromMs: number,
): Promise<Pick<ReceiptSum, 'vehicleNo' | 'readerKind' | 'readerNo' | 'lastMs'>[]> => {
  const { rows } = await sql<Pick<ReceiptSum, 'vehicleNo' | 'readerKind' | 'readerNo' | 'lastMs'>>`
    select vehicle_no as "vehicleNo", reader_kind as "readerKind", reader_no as "readerNo", ${msOf('max(last_at)')} as "lastMs"
    from read_receipts where ${heldBy(holders)} and day >= ${dayOf(fromMs)}::date and reader_kind <> 'staff' group by 1, 2, 3`.execute(
    tx,
  );
  return rows;
};

export interface UsageQuery {
  readonly per: ReceiptPeriod;
  readonly fromMs: number;
  readonly toMs: number;
  readonly after?: Pick<ReceiptKey, 'from' | 'item' | 'channel'> | undefined;
  readonly limit: number;
}

export interface UsageSum extends Pick<ReceiptSum, 'from' | 'item' | 'channel' | 'reads' | 'lastMs'> {
  readonly vehicles: number;
}

/** What an app read, the newest first: of how many vehicles, and nobody's name. */
export const listUsage = async (tx: Transaction, appNo: number, query: UsageQuery): Promise<UsageSum[]> => {
  const { per, after, limit } = query;
  const rest = after
    ? sql`s.start < ${after.from}::date or s.start = ${after.from}::date and (s.item, s.channel) > (${after.item}, ${after.channel})`
    : sql`true`;
  const { rows } = await sql<UsageSum>`
    select to_char(start, 'YYYY-MM-DD') as "from", item, channel, reads::float8 as reads, vehicles::int as vehicles,
      ${msOf('last_at')} as "lastMs"
    from (
      select ${startOf(per)} as start, item, channel, sum(reads) as reads, count(distinct vehicle_no) as vehicles, max(last_at) as last_at
      from read_receipts where reader_kind = 'app' and reader_no = ${appNo} and ${within(query)}
      group by 1, 2, 3
    ) s
    where ${rest}
    order by s.start desc, s.item, s.channel limit ${limit}`.execute(tx);
  return rows;
};

/** What one app was told. */
export interface AppUse {
  readonly appNo: number;
  readonly reads: number;
  readonly vehicles: number;
  readonly lastMs: number;
}

/** What every app was told in a time. */
export const listUse = async (tx: Transaction, period: Pick<ReceiptQuery, 'fromMs' | 'toMs'>): Promise<AppUse[]> => {
  const { rows } = await sql<AppUse>`select reader_no as "appNo", sum(reads)::float8 as reads,
      count(distinct vehicle_no)::int as vehicles, ${msOf('max(last_at)')} as "lastMs"
    from read_receipts where reader_kind = 'app' and ${within(period)} group by 1`.execute(tx);
  return rows;
};

/** Makes months ahead, drops whole ones that are too old, forgets processes that are long gone. Answers how many months went. */
export const tendReceipts = async (tx: Transaction, nowMs: number, days: number): Promise<number> => {
  await sql`select make_receipt_months(${dayOf(nowMs)}::date, 2)`.execute(tx);
  const { rows } = await sql<{
    dropped: number;
  }>`select drop_receipt_months(${dayOf(nowMs - days * dayMs)}::date) as dropped`.execute(tx);
  await sql`delete from receipt_writers where at < ${at(nowMs - 7 * dayMs)}`.execute(tx);
  return rows[0]?.dropped ?? 0;
};

export interface StaffRead {
  readonly personNo: number | null;
  readonly ownerNo: number;
  readonly vehicleId: string;
  /** Groups, in one order. */
  readonly items: string;
  readonly sinceMs: number;
}

/** Whether such a read stands in the audit log already. One process asks at a time. */
export const isStaffReadNoted = async (tx: Transaction, read: StaffRead): Promise<boolean> => {
  const { personNo, ownerNo, vehicleId, items, sinceMs } = read;
  await sql`select pg_advisory_xact_lock(hashtext(${`vehicle_read ${personNo ?? 0} ${vehicleId}`}))`.execute(tx);
  const { rows } = await sql`select 1 from audit_events where subject_person_no = ${ownerNo} and at > ${at(sinceMs)}
    and act = 'vehicle_read' and subject = ${vehicleId} and actor_person_no is not distinct from ${personNo}::int
    and detail->>'items' = ${items} limit 1`.execute(tx);
  return rows.length > 0;
};
