import { isWarningCode, type WarningCode, type WarningDetail, type WarningSeverity } from '@milepost/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import type { WarningChangeKind, WarningFilters, WarningPlace, WarningRecord } from './types.ts';

/** A change that is to be written. `rangMs` null: it does not ring. */
export interface WrittenChange {
  readonly change: WarningChangeKind;
  readonly vehicleNo: number;
  readonly code: WarningCode;
  readonly severity: WarningSeverity;
  readonly raisedMs: number;
  readonly endedMs: number | null;
  readonly rangMs: number | null;
  readonly detail: WarningDetail;
}

export const warningChannel = 'milepost_warnings';
/** `[warningNo, change]`; null: look at everything again. */
export type WarningNotice = readonly (readonly [number, WarningChangeKind])[] | null;

interface Row {
  readonly warning_no: string;
  readonly id: string;
  readonly vehicle_no: number;
  readonly code: string;
  readonly severity: WarningSeverity;
  readonly raised_ms: string;
  readonly ended_ms: string | null;
  readonly rang_ms: string | null;
  readonly times: number;
  readonly detail: WarningDetail;
}

/** Rows of a code that this version does not know are as if they were not there. */
const toRecords = (rows: readonly Row[]): WarningRecord[] =>
  rows.flatMap((row) =>
    isWarningCode(row.code)
      ? [
          {
            warningNo: Number(row.warning_no),
            id: row.id,
            vehicleNo: row.vehicle_no,
            code: row.code,
            severity: row.severity,
            detail: row.detail,
            raisedMs: Number(row.raised_ms),
            endedMs: row.ended_ms === null ? null : Number(row.ended_ms),
            rangMs: row.rang_ms === null ? null : Number(row.rang_ms),
            times: row.times,
          },
        ]
      : [],
  );

const columns = sql.raw(
  'w.warning_no, w.id, w.vehicle_no, w.code, w.severity, w.raised_ms, w.ended_ms, w.rang_ms, w.times, w.detail',
);

const given = (
  changes: readonly WrittenChange[],
): RawBuilder<unknown> => sql`rows from (jsonb_to_recordset(${JSON.stringify(changes)}::jsonb)
  as ("vehicleNo" int, code text, severity text, "raisedMs" bigint, "endedMs" bigint, "rangMs" bigint, detail jsonb))
  with ordinality as x("vehicleNo", code, severity, "raisedMs", "endedMs", "rangMs", detail, place)`;

/** Each answers the numbers of the rows it wrote. Another writer of the same vehicle may have been quicker: then nothing is written. */
const writers: Readonly<Record<WarningChangeKind, (changes: readonly WrittenChange[]) => RawBuilder<{ warning_no: string }>>> = {
  raised: (changes) => sql`insert into warnings as w (vehicle_no, code, severity, raised_ms, rang_ms, detail)
    select x."vehicleNo", x.code, x.severity, x."raisedMs", x."rangMs", x.detail from ${given(changes)}
    join vehicles v on v.vehicle_no = x."vehicleNo"
    where not exists (select from warnings o where o.vehicle_no = x."vehicleNo" and o.code = x.code and o.ended_ms is null)
    order by x.place
    on conflict (vehicle_no, code, raised_ms) do update set ended_ms = null, times = w.times + 1
    returning warning_no`,
  grown: (
    changes,
  ) => sql`update warnings w set detail = x.detail, rang_ms = coalesce(x."rangMs", w.rang_ms) from ${given(changes)}
    where w.vehicle_no = x."vehicleNo" and w.code = x.code and w.ended_ms is null returning w.warning_no`,
  returned: (changes) => sql`update warnings w set ended_ms = null, times = w.times + 1 from ${given(changes)}
    where w.vehicle_no = x."vehicleNo" and w.code = x.code and w.raised_ms = x."raisedMs" and w.ended_ms is not null
    and not exists (select from warnings o where o.vehicle_no = x."vehicleNo" and o.code = x.code and o.ended_ms is null)
    returning w.warning_no`,
  ended: (changes) => sql`update warnings w set ended_ms = greatest(w.raised_ms, x."endedMs") from ${given(changes)}
    where w.vehicle_no = x."vehicleNo" and w.code = x.code and w.ended_ms is null returning w.warning_no`,
};

/** In this order: what returned may have grown. */
const order: readonly WarningChangeKind[] = ['raised', 'returned', 'grown', 'ended'];

/** Writes changes, at most one of a kind for each vehicle and code, and answers which rows they made. */
export const writeChanges = async (
  tx: Transaction,
  changes: readonly WrittenChange[],
): Promise<(readonly [number, WarningChangeKind])[]> => {
  const written: (readonly [number, WarningChangeKind])[] = [];
  for (const kind of order) {
    const wanted = changes.filter(({ change }) => change === kind);
    if (wanted.length === 0) continue;
    const { rows } = await writers[kind](wanted).execute(tx);
    for (const row of rows) written.push([Number(row.warning_no), kind]);
  }
  return written;
};

/** Tells every process, with the commit. */
export const announceWarnings = async (tx: Transaction, notice: WarningNotice): Promise<void> => {
  await sql`select pg_notify(${warningChannel}, ${JSON.stringify(notice)})`.execute(tx);
};

export const readByNumbers = async (tx: Transaction, warningNos: readonly number[]): Promise<WarningRecord[]> => {
  const { rows } =
    await sql<Row>`select ${columns} from warnings w where w.warning_no = any(${[...warningNos]}::bigint[])`.execute(tx);
  return toRecords(rows);
};

/** What a writer goes on from: what is active, and what ended not long ago. */
export const readRecent = async (tx: Transaction, endedSinceMs: number): Promise<WarningRecord[]> => {
  const { rows } = await sql<Row>`select ${columns} from warnings w where w.ended_ms is null or w.ended_ms >= ${endedSinceMs}
    order by w.raised_ms, w.warning_no`.execute(tx);
  return toRecords(rows);
};

const textCondition = (q: string): RawBuilder<unknown>[] =>
  q
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => sql`strpos(lower(concat_ws(' ', v.vin, v.plate, c.name, v.model)), ${word}) > 0`);

const conditions = (filters: WarningFilters, after: WarningPlace | undefined): RawBuilder<unknown>[] => {
  const { q, vehicleNo, customerNo, state, severities, code, fromMs, toMs } = filters;
  const all: RawBuilder<unknown>[] = [sql`true`];
  if (vehicleNo !== undefined) all.push(sql`w.vehicle_no = ${vehicleNo}`);
  if (state !== undefined) all.push(state === 'open' ? sql`w.ended_ms is null` : sql`w.ended_ms is not null`);
  if (severities) all.push(sql`w.severity = any(${[...severities]}::text[])`);
  if (code !== undefined) all.push(sql`w.code = ${code}`);
  if (toMs !== undefined) all.push(sql`w.raised_ms < ${toMs}`);
  if (fromMs !== undefined) all.push(sql`(w.ended_ms is null or w.ended_ms >= ${fromMs})`);
  if (after) all.push(sql`(w.raised_ms, w.warning_no) < (${after.raisedMs}, ${after.warningNo})`);
  const ofVehicle = [...(customerNo === undefined ? [] : [sql`v.customer_no = ${customerNo}`]), ...textCondition(q ?? '')];
  if (ofVehicle.length > 0) {
    all.push(sql`w.vehicle_no in (select v.vehicle_no from vehicles v join customers c using (customer_no)
      where ${sql.join(ofVehicle, sql` and `)})`);
  }
  return all;
};

/** Newest first. */
export const readPage = async (
  tx: Transaction,
  filters: WarningFilters,
  after: WarningPlace | undefined,
  limit: number,
): Promise<WarningRecord[]> => {
  const { rows } = await sql<Row>`select ${columns} from warnings w where ${sql.join(conditions(filters, after), sql` and `)}
    order by w.raised_ms desc, w.warning_no desc limit ${limit}`.execute(tx);
  return toRecords(rows);
};

export const readOpen = async (tx: Transaction): Promise<WarningRecord[]> => {
  const { rows } = await sql<Row>`select ${columns} from warnings w where w.ended_ms is null`.execute(tx);
  return toRecords(rows);
};

/** Above mere information and rung after a moment, the newest first. */
export const readRung = async (tx: Transaction, afterMs: number, limit: number): Promise<WarningRecord[]> => {
  const { rows } = await sql<Row>`select ${columns} from warnings w where w.severity <> 'info' and w.rang_ms > ${afterMs}
    order by w.rang_ms desc limit ${limit}`.execute(tx);
  return toRecords(rows);
};

export const readSeen = async (tx: Transaction, reader: string): Promise<number | null> => {
  const { rows } = await sql<{ until_ms: string }>`select until_ms from warnings_seen where reader = ${reader}`.execute(tx);
  return rows[0] ? Number(rows[0].until_ms) : null;
};

export const writeSeen = async (tx: Transaction, reader: string, untilMs: number): Promise<void> => {
  await sql`insert into warnings_seen as s (reader, until_ms) values (${reader}, ${untilMs})
    on conflict (reader) do update set until_ms = greatest(s.until_ms, excluded.until_ms)`.execute(tx);
};

/**
 * Removes what was seen by values that are erased; of one that only ended in an erased period the end is the beginning of the period. Answers which
 * vehicles had any.
 */
export const applyErasures = async (tx: Transaction): Promise<number[]> => {
  const removed = await sql<{ vehicle_no: number }>`delete from warnings w using erasures e
    where e.vehicle_no = w.vehicle_no and w.raised_ms >= e.from_ms and w.raised_ms < e.to_ms returning w.vehicle_no`.execute(tx);
  await sql`update warnings w set ended_ms = e.from_ms from erasures e
    where e.vehicle_no = w.vehicle_no and w.ended_ms > e.from_ms and w.ended_ms < e.to_ms and w.raised_ms < e.from_ms`.execute(
    tx,
  );
  return [...new Set(removed.rows.map(({ vehicle_no }) => vehicle_no))];
};

/** What ended longest ago, to find what is no longer kept. */
export const readOldest = async (tx: Transaction, beforeMs: number, afterNo: number, limit: number): Promise<WarningRecord[]> => {
  const { rows } = await sql<Row>`select ${columns} from warnings w where w.ended_ms < ${beforeMs} and w.warning_no > ${afterNo}
    order by w.warning_no limit ${limit}`.execute(tx);
  return toRecords(rows);
};

export const removeByNumbers = async (tx: Transaction, warningNos: readonly number[]): Promise<void> => {
  await sql`delete from warnings where warning_no = any(${[...warningNos]}::bigint[])`.execute(tx);
};
