import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import type { NotedRange, WrittenState } from './noted-samples.ts';

/** Where a partition's marks stand. */
export interface TripProgress {
  readonly partition: number;
  readonly claim: number;
  /** null: the log was not followed for marks yet. */
  readonly offset: number | null;
  /** receivedAt, ms. */
  readonly completeTo: number;
  /** Largest offset that a stored day contains. */
  readonly storedOffset: number;
}

interface ProgressRow {
  readonly partition: number;
  readonly claim: number;
  readonly log_offset: string | null;
  readonly complete_to: string;
  readonly stored_offset: string;
}

const toProgress = (row: ProgressRow): TripProgress => ({
  partition: row.partition,
  claim: row.claim,
  offset: row.log_offset === null ? null : Number(row.log_offset),
  completeTo: Number(row.complete_to),
  storedOffset: Number(row.stored_offset),
});

const at = (ms: number): string => new Date(ms).toISOString();

/** Takes partitions over: whoever wrote their marks before writes no more. */
export const claimPartitions = async (tx: Transaction, partitions: readonly number[]): Promise<TripProgress[]> => {
  const { rows } = await sql<ProgressRow>`insert into trip_progress (partition, claim)
    select partition, 1 from unnest(${partitions}::int[]) as p(partition) order by partition
    on conflict (partition) do update set claim = trip_progress.claim + 1
    returning *`.execute(tx);
  return rows.map(toProgress);
};

export const readProgress = async (tx: Transaction): Promise<TripProgress[]> => {
  const { rows } = await sql<ProgressRow>`select * from trip_progress`.execute(tx);
  return rows.map(toProgress);
};

/** Whoever writes marks or finished days of partitions does so one after the other. Answers the claims of now. */
export const lockPartitions = async (tx: Transaction, partitions: readonly number[]): Promise<Map<number, number>> => {
  const { rows } = await sql<{ partition: number; claim: number }>`select partition, claim from trip_progress
    where partition = any(${partitions}) order by partition for update`.execute(tx);
  return new Map(rows.map(({ partition, claim }) => [partition, claim]));
};

export interface ReachedOffset {
  readonly partition: number;
  readonly offset: number;
  readonly completeTo: number;
}

export const writeProgress = async (tx: Transaction, reached: readonly ReachedOffset[]): Promise<void> => {
  const columns = [reached.map((one) => one.partition), reached.map((one) => one.offset), reached.map((one) => one.completeTo)];
  await sql`update trip_progress set log_offset = r.log_offset, complete_to = greatest(trip_progress.complete_to, r.complete_to)
    from unnest(${columns[0]}::int[], ${columns[1]}::bigint[], ${columns[2]}::bigint[]) as r(partition, log_offset, complete_to)
    where trip_progress.partition = r.partition`.execute(tx);
};

/** A stored day may not contain more than a log that has begun anew knows of. */
export const resetStoredOffset = async (tx: Transaction, partition: number, offset: number): Promise<void> => {
  await sql`update trip_progress set log_offset = ${offset}, stored_offset = ${offset} where partition = ${partition}`.execute(
    tx,
  );
};

/** Vehicles that something is to be kept of; those that the registry does not know are passed over. */
export const addTripVehicles = async (
  tx: Transaction,
  vehicles: readonly { readonly vehicleNo: number; readonly virtualPartition: number }[],
): Promise<void> => {
  await sql`insert into trip_vehicles (vehicle_no, virtual_partition)
    select v.vehicle_no, v.virtual_partition
    from unnest(${vehicles.map((one) => one.vehicleNo)}::int[], ${vehicles.map((one) => one.virtualPartition)}::int[])
      as v(vehicle_no, virtual_partition)
    where exists (select from vehicles k where k.vehicle_no = v.vehicle_no)
      and not exists (select from trip_vehicles k where k.vehicle_no = v.vehicle_no)
    order by v.vehicle_no on conflict do nothing`.execute(tx);
};

/** When it is worth while to derive days that got samples. */
export interface DueTimes {
  /** The day has been over for long enough from then on. */
  readonly settleMs: number;
  readonly lateMs: number;
  readonly nowMs: number;
}

const dueAt = ({ settleMs, lateMs, nowMs }: DueTimes) =>
  sql`greatest(to_timestamp(0) + (day + 1) * interval '1 day' + ${`${settleMs} ms`}::interval,
    ${at(nowMs)}::timestamptz + ${`${lateMs} ms`}::interval)`;

/** A mark that is due later keeps its time: whoever goes on sending does not put it off for ever. */
const onMarked = (nowMs: number) => sql`on conflict (vehicle_no, day) do update set mark_no = excluded.mark_no,
  due_at = case when vehicle_day_marks.due_at > ${at(nowMs)} then least(vehicle_day_marks.due_at, excluded.due_at) else excluded.due_at end`;

/**
 * Marks days that got samples, and days that depend on samples of such times. Answers the vehicles with what their days that are not marked depend on.
 */
export const markRanges = async (tx: Transaction, ranges: readonly NotedRange[], due: DueTimes): Promise<WrittenState[]> => {
  const columns = sql`unnest(${ranges.map((one) => one.vehicleNo)}::int[], ${ranges.map((one) => one.day)}::int[],
    ${ranges.map((one) => one.fromMs)}::bigint[], ${ranges.map((one) => one.toMs)}::bigint[])`;
  await sql`with noted as (
      select n.*, v.virtual_partition from ${columns} as n(vehicle_no, day, from_ms, to_ms) join trip_vehicles v using (vehicle_no)
    ), days as (
      select vehicle_no, day, virtual_partition from noted
      union
      select d.vehicle_no, d.day, n.virtual_partition from noted n join vehicle_days d using (vehicle_no)
        where d.read_from <= n.to_ms and d.read_to > n.from_ms
    )
    insert into vehicle_day_marks (vehicle_no, day, virtual_partition, mark_no, due_at)
    select vehicle_no, day, virtual_partition, nextval('vehicle_day_mark_numbers'), ${dueAt(due)}
    from days order by vehicle_no, day ${onMarked(due.nowMs)}`.execute(tx);
  const { rows } = await sql<{ vehicle_no: number; day: number; quiet_from: string }>`select v.vehicle_no,
      (select max(day) from vehicle_day_marks m where m.vehicle_no = v.vehicle_no) as day,
      (select coalesce(max(read_to), 0) from (
        select read_to from vehicle_days d where d.vehicle_no = v.vehicle_no
          and not exists (select from vehicle_day_marks m where m.vehicle_no = d.vehicle_no and m.day = d.day)
        order by day desc limit 3) newest) as quiet_from
    from (select distinct vehicle_no from ${columns} as n(vehicle_no, day, from_ms, to_ms)) n join trip_vehicles v using (vehicle_no)`.execute(
    tx,
  );
  return rows.map((row) => ({ vehicleNo: row.vehicle_no, day: row.day, quietFromMs: Number(row.quiet_from) }));
};

/** A mark that is there stays as it is. */
export const markIfUnmarked = async (
  tx: Transaction,
  { vehicleNo, virtualPartition }: { readonly vehicleNo: number; readonly virtualPartition: number },
  days: readonly number[],
  due: DueTimes,
): Promise<void> => {
  await sql`insert into vehicle_day_marks (vehicle_no, day, virtual_partition, mark_no, due_at)
    select ${vehicleNo}, day, ${virtualPartition}, nextval('vehicle_day_mark_numbers'), ${dueAt(due)}
    from unnest(${days}::int[]) as d(day) order by day on conflict do nothing`.execute(tx);
};

/** A period of a vehicle that was erased, and how many there are of the vehicle by now. */
export interface CountedErasure {
  readonly vehicleNo: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly erasures: number;
}

/** Stored days that depend on an erased period, and were derived before it was erased, go, and are marked. Answers how many. */
export const dropErased = async (tx: Transaction, erased: readonly CountedErasure[], due: DueTimes): Promise<number> => {
  const { rows } = await sql`with erased as (
      select * from unnest(${erased.map((one) => one.vehicleNo)}::int[], ${erased.map((one) => one.fromMs)}::bigint[],
        ${erased.map((one) => one.toMs)}::bigint[], ${erased.map((one) => one.erasures)}::int[]) as e(vehicle_no, from_ms, to_ms, erasures)
    ), gone as (
      delete from vehicle_days d using erased e where d.vehicle_no = e.vehicle_no and d.erasures < e.erasures
        and d.read_from < e.to_ms and d.read_to > e.from_ms returning d.vehicle_no, d.day
    )
    insert into vehicle_day_marks (vehicle_no, day, virtual_partition, mark_no, due_at)
    select vehicle_no, day, virtual_partition, nextval('vehicle_day_mark_numbers'), ${dueAt(due)}
    from (select distinct vehicle_no, day from gone) g join trip_vehicles using (vehicle_no) order by vehicle_no, day
    ${onMarked(due.nowMs)} returning day`.execute(tx);
  return rows.length;
};

/** Which partitions of how many: marks know the virtual partition of their vehicle. */
export interface PartitionShare {
  readonly partitions: readonly number[];
  readonly count: number;
}

const isOurs = ({ partitions, count }: PartitionShare) =>
  partitions.length === count ? sql`true` : sql`virtual_partition % ${count} = any(${partitions})`;

export interface DueDay {
  readonly vehicleNo: number;
  readonly day: number;
}

export const readDue = async (tx: Transaction, share: PartitionShare, nowMs: number, limit: number): Promise<DueDay[]> => {
  const { rows } = await sql<{ vehicle_no: number; day: number }>`select vehicle_no, day from vehicle_day_marks
    where due_at <= ${at(nowMs)} and ${isOurs(share)} order by due_at, vehicle_no, day limit ${limit}`.execute(tx);
  return rows.map(({ vehicle_no, day }) => ({ vehicleNo: vehicle_no, day }));
};

export const putOff = async (tx: Transaction, { vehicleNo, day }: DueDay, untilMs: number): Promise<void> => {
  await sql`update vehicle_day_marks set due_at = ${at(untilMs)} where vehicle_no = ${vehicleNo} and day = ${day}`.execute(tx);
};

export const readUnscanned = async (tx: Transaction, share: PartitionShare, limit: number): Promise<number[]> => {
  const { rows } = await sql<{ vehicle_no: number }>`select vehicle_no from trip_vehicles
    where scanned_at is null and ${isOurs(share)} order by vehicle_no limit ${limit}`.execute(tx);
  return rows.map(({ vehicle_no }) => vehicle_no);
};

/**
 * History is looked through again, and each day is derived anew: marks were lost, or stored days contain what the log has lost. What is
 * stored is not believed before: an offset of −1 is less than that of a log in which nothing is.
 */
export const forgetScans = async (tx: Transaction, share: PartitionShare): Promise<void> => {
  await sql`update vehicle_days d set log_offset = -1 from trip_vehicles v where v.vehicle_no = d.vehicle_no and ${isOurs(share)}`.execute(
    tx,
  );
  await sql`update trip_vehicles set scanned_at = null where scanned_at is not null and ${isOurs(share)}`.execute(tx);
};

export const noteScanned = async (tx: Transaction, vehicleNo: number, nowMs: number): Promise<void> => {
  await sql`update trip_vehicles set scanned_at = ${at(nowMs)} where vehicle_no = ${vehicleNo}`.execute(tx);
};

export const countMarks = async (
  tx: Transaction,
  nowMs: number,
): Promise<{ readonly marked: number; readonly due: number; readonly oldestDueMs: number | null }> => {
  const { rows } = await sql<{ marked: string; due: string; oldest: string | null }>`select count(*) as marked,
      count(*) filter (where due_at <= ${at(nowMs)}) as due,
      (extract(epoch from min(due_at) filter (where due_at <= ${at(nowMs)})) * 1000)::bigint as oldest
    from vehicle_day_marks`.execute(tx);
  const row = rows[0] as (typeof rows)[number];
  return { marked: Number(row.marked), due: Number(row.due), oldestDueMs: row.oldest === null ? null : Number(row.oldest) };
};
