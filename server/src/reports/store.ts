import type { ReportEvery } from '@milepost/contract/api';
import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import type { ReportQuestion } from './types.ts';

/** A report that is made by schedule. */
export interface ScheduleRecord {
  readonly scheduleNo: number;
  readonly id: string;
  readonly name: string;
  readonly question: ReportQuestion;
  readonly every: ReportEvery;
  readonly weekday: number;
  readonly monthDay: number;
  readonly hour: number;
  readonly nextRunMs: number;
  readonly isWanted: boolean;
  readonly lastRunMs: number | null;
  readonly lastProblem: string | null;
  readonly claim: number;
}

export type NewSchedule = Pick<ScheduleRecord, 'name' | 'question' | 'every' | 'weekday' | 'monthDay' | 'hour' | 'nextRunMs'>;

export interface FileRecord {
  readonly id: string;
  readonly scheduleId: string | null;
  readonly scheduleName: string;
  readonly fileName: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly madeAtMs: number;
  readonly rows: number;
  readonly bytes: number;
}

const at = (ms: number): string => new Date(ms).toISOString();
const msOf = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::bigint::text`);

interface Row extends Omit<ScheduleRecord, 'nextRunMs' | 'lastRunMs'> {
  readonly nextRunMs: string;
  readonly lastRunMs: string | null;
}

const columns = sql`schedule_no as "scheduleNo", id, name, question, every, weekday, month_day as "monthDay", hour,
  ${msOf('next_run_at')} as "nextRunMs", is_wanted as "isWanted", ${msOf('last_run_at')} as "lastRunMs", last_problem as "lastProblem", claim`;
const toRecord = (row: Row): ScheduleRecord => ({
  ...row,
  nextRunMs: Number(row.nextRunMs),
  lastRunMs: row.lastRunMs === null ? null : Number(row.lastRunMs),
});

export const readSchedules = async (tx: Transaction): Promise<ScheduleRecord[]> => {
  const { rows } = await sql<Row>`select ${columns} from report_schedules order by lower(name), schedule_no`.execute(tx);
  return rows.map(toRecord);
};

const one = (rows: readonly Row[]): ScheduleRecord | undefined => (rows[0] ? toRecord(rows[0]) : undefined);

/** Undefined: there are `max` already. */
export const insertSchedule = async (
  tx: Transaction,
  schedule: NewSchedule,
  nowMs: number,
  max: number,
): Promise<ScheduleRecord | undefined> => {
  const { name, question, every, weekday, monthDay, hour, nextRunMs } = schedule;
  // One after the other, so that two at once do not both find room.
  await sql`lock table report_schedules in share row exclusive mode`.execute(tx);
  const { rows } =
    await sql<Row>`insert into report_schedules (name, question, every, weekday, month_day, hour, next_run_at, created_at)
    select ${name}, ${JSON.stringify(question)}::jsonb, ${every}, ${weekday}, ${monthDay}, ${hour}, ${at(nextRunMs)}, ${at(nowMs)}
    where (select count(*) from report_schedules) < ${max} returning ${columns}`.execute(tx);
  return one(rows);
};

/** Whoever makes the report now has lost its claim: the next run is by what is said here. */
export const updateSchedule = async (tx: Transaction, id: string, schedule: NewSchedule): Promise<ScheduleRecord | undefined> => {
  const { name, question, every, weekday, monthDay, hour, nextRunMs } = schedule;
  const { rows } =
    await sql<Row>`update report_schedules set name = ${name}, question = ${JSON.stringify(question)}::jsonb, every = ${every},
    weekday = ${weekday}, month_day = ${monthDay}, hour = ${hour}, next_run_at = ${at(nextRunMs)}, claimed_until = null, claim = claim + 1,
    last_problem = null where id = ${id} returning ${columns}`.execute(tx);
  return one(rows);
};

const wasThere = async (statement: Promise<{ readonly numAffectedRows?: bigint | undefined }>): Promise<boolean> =>
  ((await statement).numAffectedRows ?? 0n) > 0n;

export const wantSchedule = (tx: Transaction, id: string): Promise<boolean> =>
  wasThere(sql`update report_schedules set is_wanted = true where id = ${id}`.execute(tx));

export const deleteSchedule = (tx: Transaction, id: string): Promise<boolean> =>
  wasThere(sql`delete from report_schedules where id = ${id}`.execute(tx));

/** Takes one that is due and that nobody else makes. Two that ask at once get different ones. */
export const claimDue = async (tx: Transaction, nowMs: number, claimMs: number): Promise<ScheduleRecord | undefined> => {
  const { rows } = await sql<Row>`update report_schedules set claimed_until = ${at(nowMs + claimMs)}, claim = claim + 1
    where schedule_no = (select schedule_no from report_schedules
      where (next_run_at <= ${at(nowMs)} or is_wanted) and (claimed_until is null or claimed_until <= ${at(nowMs)})
      order by next_run_at limit 1 for update skip locked)
    returning ${columns}`.execute(tx);
  return one(rows);
};

/** Whether the claim still holds; the row stays locked until the end of the transaction. */
export const holdsClaim = async (tx: Transaction, { scheduleNo, claim }: ScheduleRecord): Promise<boolean> => {
  const { rows } =
    await sql`select from report_schedules where schedule_no = ${scheduleNo} and claim = ${claim} for update`.execute(tx);
  return rows.length > 0;
};

export const finishRun = async (
  tx: Transaction,
  { scheduleNo }: ScheduleRecord,
  run: { readonly ranMs: number; readonly nextRunMs: number; readonly problem: string | null },
): Promise<void> => {
  await sql`update report_schedules set next_run_at = ${at(run.nextRunMs)}, last_run_at = ${at(run.ranMs)},
    last_problem = ${run.problem}, claimed_until = null, is_wanted = false where schedule_no = ${scheduleNo}`.execute(tx);
};

/** It could not be made: it is tried again after a while. */
export const putOff = async (
  tx: Transaction,
  { scheduleNo, claim }: ScheduleRecord,
  untilMs: number,
  problem: string,
): Promise<void> => {
  await sql`update report_schedules set claimed_until = ${at(untilMs)}, last_problem = ${problem}
    where schedule_no = ${scheduleNo} and claim = ${claim}`.execute(tx);
};

interface FileRow extends Omit<FileRecord, 'fromMs' | 'toMs' | 'madeAtMs'> {
  readonly fromMs: string;
  readonly toMs: string;
  readonly madeAtMs: string;
}
const fileColumns = sql`f.id, s.id as "scheduleId", f.schedule_name as "scheduleName", f.file_name as "fileName", f.from_ms as "fromMs",
  f.to_ms as "toMs", ${msOf('f.made_at')} as "madeAtMs", f.rows, f.bytes`;
const toFile = (row: FileRow): FileRecord => ({
  ...row,
  fromMs: Number(row.fromMs),
  toMs: Number(row.toMs),
  madeAtMs: Number(row.madeAtMs),
});

/** Newest first. */
export const readFiles = async (tx: Transaction): Promise<FileRecord[]> => {
  const { rows } = await sql<FileRow>`select ${fileColumns} from report_files f left join report_schedules s using (schedule_no)
    order by f.made_at desc, f.file_no desc`.execute(tx);
  return rows.map(toFile);
};

export const readFile = async (tx: Transaction, id: string): Promise<FileRecord | undefined> => {
  const { rows } = await sql<FileRow>`select ${fileColumns} from report_files f left join report_schedules s using (schedule_no)
    where f.id = ${id}`.execute(tx);
  return rows[0] ? toFile(rows[0]) : undefined;
};

/** A file of the same name was made of the same run: the new one takes its place. */
export const insertFile = async (
  tx: Transaction,
  file: Omit<FileRecord, 'id' | 'scheduleId'> & { readonly scheduleNo: number },
): Promise<void> => {
  const { scheduleNo, scheduleName, fileName, fromMs, toMs, madeAtMs, rows, bytes } = file;
  await sql`insert into report_files (schedule_no, schedule_name, file_name, from_ms, to_ms, made_at, rows, bytes)
    values (${scheduleNo}, ${scheduleName}, ${fileName}, ${fromMs}, ${toMs}, ${at(madeAtMs)}, ${rows}, ${bytes})
    on conflict (file_name) do update set made_at = excluded.made_at, rows = excluded.rows, bytes = excluded.bytes`.execute(tx);
};

export const deleteFile = async (tx: Transaction, id: string): Promise<string | undefined> => {
  const { rows } = await sql<{ name: string }>`delete from report_files where id = ${id} returning file_name as name`.execute(tx);
  return rows[0]?.name;
};

/** Forgets the oldest beyond `max`, and answers their names. */
export const deleteOldFiles = async (tx: Transaction, max: number): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`delete from report_files where file_no in
    (select file_no from report_files order by made_at desc, file_no desc offset ${max}) returning file_name as name`.execute(tx);
  return rows.map(({ name }) => name);
};
