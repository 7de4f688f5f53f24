import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import { documentForm } from './model-version.ts';

/** A derived day as it is stored. */
export interface DayRow {
  readonly vehicleNo: number;
  readonly day: number;
  readonly model: number;
  readonly logOffset: number;
  readonly completeTo: number;
  readonly readFromMs: number;
  readonly readToMs: number;
  readonly derivedAtMs: number;
  readonly erasures: number;
  readonly isOpen: boolean;
  /** In the registry, and as it was taken. */
  readonly packKwh: number | null;
  readonly usedPackKwh: number | null;
  readonly distanceM: number;
  readonly document: Uint8Array;
}

/** A day of which something is known: stored, marked, or both. */
export interface KnownDay {
  readonly vehicleNo: number;
  readonly day: number;
  readonly isMarked: boolean;
  /** Undefined: it was not derived yet. */
  readonly row: DayRow | undefined;
}

interface Row {
  readonly vehicle_no: number;
  readonly day: number;
  readonly is_marked: boolean;
  readonly model: number | null;
  readonly log_offset: string;
  readonly complete_to: string;
  readonly read_from: string;
  readonly read_to: string;
  readonly derived_at: string;
  readonly erasures: number;
  readonly is_open: boolean;
  readonly pack_kwh: number | null;
  readonly used_pack_kwh: number | null;
  readonly distance_m: number;
  readonly document: Buffer;
}

const toKnown = (row: Row): KnownDay => {
  const { vehicle_no: vehicleNo, day, is_marked: isMarked } = row;
  if (row.model === null) return { vehicleNo, day, isMarked, row: undefined };
  const stored: DayRow = {
    vehicleNo,
    day,
    model: row.model,
    logOffset: Number(row.log_offset),
    completeTo: Number(row.complete_to),
    readFromMs: Number(row.read_from),
    readToMs: Number(row.read_to),
    derivedAtMs: Number(row.derived_at),
    erasures: row.erasures,
    isOpen: row.is_open,
    packKwh: row.pack_kwh,
    usedPackKwh: row.used_pack_kwh,
    distanceM: row.distance_m,
    document: row.document,
  };
  return { vehicleNo, day, isMarked, row: stored };
};

const knownColumns = sql`vehicle_no, day, m.mark_no is not null as is_marked, d.model, d.log_offset, d.complete_to, d.read_from, d.read_to,
  (extract(epoch from d.derived_at) * 1000)::bigint as derived_at, d.erasures, d.is_open, d.pack_kwh, d.used_pack_kwh, d.distance_m, d.document`;

export interface DaysWanted {
  readonly vehicleNo: number;
  /** Both ends inclusive. */
  readonly fromDay: number;
  readonly toDay: number;
  readonly limit: number;
  readonly isDescending: boolean;
}

/** Days of one vehicle of which something is known. */
export const readKnownDays = async (tx: Transaction, wanted: DaysWanted): Promise<KnownDay[]> => {
  const { vehicleNo, fromDay, toDay, limit, isDescending } = wanted;
  const order = sql.raw(isDescending ? 'desc' : 'asc');
  const part = (table: string) =>
    sql`select * from ${sql.table(table)} where vehicle_no = ${vehicleNo} and day between ${fromDay} and ${toDay} order by day ${order} limit ${limit}`;
  const { rows } = await sql<Row>`select ${knownColumns}
    from (${part('vehicle_days')}) d full join (${part('vehicle_day_marks')}) m using (vehicle_no, day)
    order by day ${order} limit ${limit}`.execute(tx);
  return rows.map(toKnown);
};

/** The same of several vehicles, all of their days: by vehicle, ascending. */
export const readKnownOfMany = async (
  tx: Transaction,
  vehicleNos: readonly number[],
  fromDay: number,
  toDay: number,
): Promise<KnownDay[]> => {
  const part = (table: string) =>
    sql`select * from ${sql.table(table)} where vehicle_no = any(${vehicleNos}) and day between ${fromDay} and ${toDay}`;
  const { rows } = await sql<Row>`select ${knownColumns}
    from (${part('vehicle_days')}) d full join (${part('vehicle_day_marks')}) m using (vehicle_no, day)
    order by vehicle_no, day`.execute(tx);
  return rows.map(toKnown);
};

export interface FirstDay {
  readonly firstDay: number | null;
  /** Of the days from one on that are stored. */
  readonly distanceM: number;
  readonly storedDays: number;
  /** Days that wait and are not stored: nothing is known of them. */
  readonly waitingDays: number;
}

/** What averages are made of: days between two, both inclusive. */
export const readTotals = async (tx: Transaction, vehicleNo: number, fromDay: number, toDay: number): Promise<FirstDay> => {
  const { rows } = await sql<{ first: number | null; meters: number; stored: string; waiting: string }>`with days as (
      select day, distance_m from vehicle_days where vehicle_no = ${vehicleNo} and model = ${documentForm}
    ), waiting as (
      select day from vehicle_day_marks where vehicle_no = ${vehicleNo} and day not in (select day from days)
    )
    select (select min(day) from (select day from days union all select day from waiting) known) as first,
      (select coalesce(sum(distance_m), 0) from days where day between ${fromDay} and ${toDay}) as meters,
      (select count(*) from days where day between ${fromDay} and ${toDay}) as stored,
      (select count(*) from waiting where day between ${fromDay} and ${toDay}) as waiting`.execute(tx);
  const row = rows[0] as (typeof rows)[number];
  return { firstDay: row.first, distanceM: row.meters, storedDays: Number(row.stored), waitingDays: Number(row.waiting) };
};

export const writeDay = async (tx: Transaction, row: DayRow): Promise<void> => {
  const { vehicleNo, day, model, logOffset, completeTo, readFromMs, readToMs, derivedAtMs, erasures, isOpen, packKwh } = row;
  // One that another process derived from more of the log stays.
  await sql`insert into vehicle_days as d (vehicle_no, day, model, log_offset, complete_to, read_from, read_to, derived_at,
      erasures, is_open, pack_kwh, used_pack_kwh, distance_m, document)
    values (${vehicleNo}, ${day}, ${model}, ${logOffset}, ${completeTo}, ${readFromMs}, ${readToMs}, ${new Date(derivedAtMs).toISOString()},
      ${erasures}, ${isOpen}, ${packKwh}, ${row.usedPackKwh}, ${row.distanceM}, ${row.document})
    on conflict (vehicle_no, day) do update set model = excluded.model, log_offset = excluded.log_offset,
      complete_to = excluded.complete_to, read_from = excluded.read_from, read_to = excluded.read_to, derived_at = excluded.derived_at,
      erasures = excluded.erasures, is_open = excluded.is_open, pack_kwh = excluded.pack_kwh,
      used_pack_kwh = excluded.used_pack_kwh, distance_m = excluded.distance_m,
      document = excluded.document
    where d.model <> excluded.model or (d.log_offset <= excluded.log_offset and d.erasures <= excluded.erasures)`.execute(tx);
};

/** Nothing is known of the day any more. */
export const removeDay = async (tx: Transaction, { vehicleNo, day, logOffset }: DayRow): Promise<void> => {
  await sql`delete from vehicle_days where vehicle_no = ${vehicleNo} and day = ${day} and log_offset <= ${logOffset}`.execute(tx);
};

/** The number of the newest mark there is: what is marked later has a larger one. */
export const newestMarkNo = async (tx: Transaction): Promise<number> => {
  const { rows } = await sql<{ no: string }>`select last_value as no from vehicle_day_mark_numbers`.execute(tx);
  return Number(rows[0]?.no);
};

/**
 * The day is derived for good, unless it was marked after `markNo`, or another day was that it depends on: then it stays marked.
 */
export const removeMark = async (
  tx: Transaction,
  { vehicleNo, day, readFromMs, readToMs }: Pick<DayRow, 'vehicleNo' | 'day' | 'readFromMs' | 'readToMs'>,
  markNo: number,
): Promise<boolean> => {
  const { rows } = await sql<{ day: number }>`delete from vehicle_day_marks where vehicle_no = ${vehicleNo} and day = ${day}
    and not exists (select from vehicle_day_marks n where n.vehicle_no = ${vehicleNo} and n.mark_no > ${markNo}
      and to_timestamp(0) + n.day * interval '1 day' < ${new Date(readToMs).toISOString()}
      and to_timestamp(0) + (n.day + 1) * interval '1 day' > ${new Date(readFromMs).toISOString()})
    returning day`.execute(tx);
  return rows.length > 0;
};

export const raiseStoredOffset = async (tx: Transaction, partition: number, offset: number): Promise<void> => {
  await sql`update trip_progress set stored_offset = ${offset} where partition = ${partition} and stored_offset < ${offset}`.execute(
    tx,
  );
};

/** Vehicles of which nothing is kept here yet, from a number on, ascending. */
export const readUnknownVehicles = async (tx: Transaction, limit: number): Promise<number[]> => {
  const { rows } = await sql<{ vehicle_no: number }>`select vehicle_no from vehicles v
    where not exists (select from trip_vehicles t where t.vehicle_no = v.vehicle_no) order by vehicle_no limit ${limit}`.execute(
    tx,
  );
  return rows.map(({ vehicle_no }) => vehicle_no);
};

/** Vehicles that something is kept of, and days that are stored. */
export const countKept = async (tx: Transaction): Promise<{ readonly vehicles: number; readonly days: number }> => {
  const { rows } = await sql<{ vehicles: string; days: string }>`select (select count(*) from trip_vehicles) as vehicles,
    (select count(*) from vehicle_days) as days`.execute(tx);
  return { vehicles: Number(rows[0]?.vehicles), days: Number(rows[0]?.days) };
};

/** Removes days before one. */
export const removeDaysBefore = async (tx: Transaction, vehicleNo: number, day: number): Promise<void> => {
  await sql`delete from vehicle_days where vehicle_no = ${vehicleNo} and day < ${day}`.execute(tx);
  await sql`delete from vehicle_day_marks where vehicle_no = ${vehicleNo} and day < ${day}`.execute(tx);
};

/** Of all vehicles but some. */
export const removeAllBefore = async (tx: Transaction, exceptVehicleNos: readonly number[], day: number): Promise<number> => {
  const { rows } =
    await sql`delete from vehicle_days where day < ${day} and vehicle_no <> all(${exceptVehicleNos}) returning day`.execute(tx);
  await sql`delete from vehicle_day_marks where day < ${day} and vehicle_no <> all(${exceptVehicleNos})`.execute(tx);
  return rows.length;
};

/** Days of an older model are marked: some at a time. Answers how many. */
export const markOldModels = async (tx: Transaction, dueMs: number, limit: number): Promise<number> => {
  const { rows } = await sql`insert into vehicle_day_marks (vehicle_no, day, virtual_partition, mark_no, due_at)
    select d.vehicle_no, d.day, v.virtual_partition, nextval('vehicle_day_mark_numbers'), ${new Date(dueMs).toISOString()}
    from (select vehicle_no, day from vehicle_days d where model < ${documentForm}
      and not exists (select from vehicle_day_marks m where m.vehicle_no = d.vehicle_no and m.day = d.day) limit ${limit}) d
      join trip_vehicles v using (vehicle_no)
    on conflict do nothing returning day`.execute(tx);
  return rows.length;
};

/** Stored days of a vehicle: those that are as they were made, and those that are to be made anew whatever happens. */
export const readDaysToTrust = async (
  tx: Transaction,
  vehicleNo: number,
): Promise<{ readonly trusted: ReadonlySet<number>; readonly others: readonly number[] }> => {
  const { rows } = await sql<{
    day: number;
    is_trusted: boolean;
  }>`select day, log_offset >= 0 and model = ${documentForm} as is_trusted
    from vehicle_days where vehicle_no = ${vehicleNo}`.execute(tx);
  return {
    trusted: new Set(rows.filter((row) => row.is_trusted).map(({ day }) => day)),
    others: rows.filter((row) => !row.is_trusted).map(({ day }) => day),
  };
};

/** Those of some vehicles that history was not looked through for. */
export const readUnscannedOf = async (tx: Transaction, vehicleNos: readonly number[]): Promise<number[]> => {
  const { rows } = await sql<{ vehicle_no: number }>`select v.vehicle_no from unnest(${vehicleNos}::int[]) as v(vehicle_no)
    where not exists (select from trip_vehicles t where t.vehicle_no = v.vehicle_no and t.scanned_at is not null)`.execute(tx);
  return rows.map(({ vehicle_no }) => vehicle_no);
};
