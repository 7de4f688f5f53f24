import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const msOf = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);

export type ExportState = 'running' | 'done' | 'failed';

/** A file of everything of one person, or one that is being made. */
export interface PersonalExport {
  readonly id: string;
  readonly state: ExportState;
  readonly percent: number;
  /** As far as it is made. */
  readonly bytes: number;
  readonly createdMs: number;
  readonly expiresMs: number;
}

const columns = sql`id, state, percent, bytes::float8 as bytes, ${msOf('created_at')} as "createdMs", ${msOf('expires_at')} as "expiresMs"`;

/** Undefined: one is being made. */
export const insertExport = async (
  tx: Transaction,
  { id, personNo, nowMs, expiresMs }: { id: string; personNo: number; nowMs: number; expiresMs: number },
): Promise<PersonalExport | undefined> => {
  const { rows } =
    await sql<PersonalExport>`insert into personal_exports (id, person_no, state, created_at, updated_at, expires_at)
    values (${id}, ${personNo}, 'running', ${at(nowMs)}, ${at(nowMs)}, ${at(expiresMs)})
    on conflict (person_no) where state = 'running' do nothing returning ${columns}`.execute(tx);
  return rows[0];
};

/** Newest first. */
export const listExports = async (tx: Transaction, personNo: number): Promise<PersonalExport[]> => {
  const { rows } =
    await sql<PersonalExport>`select ${columns} from personal_exports where person_no = ${personNo} order by created_at desc`.execute(
      tx,
    );
  return rows;
};

export const readExport = async (tx: Transaction, personNo: number, id: string): Promise<PersonalExport | undefined> => {
  const { rows } =
    await sql<PersonalExport>`select ${columns} from personal_exports where person_no = ${personNo} and id = ${id}`.execute(tx);
  return rows[0];
};

/** False: it was removed meanwhile. */
export const noteProgress = async (
  tx: Transaction,
  id: string,
  { state, percent, bytes }: Pick<PersonalExport, 'state' | 'percent' | 'bytes'>,
  nowMs: number,
): Promise<boolean> => {
  const { rows } =
    await sql`update personal_exports set state = ${state}, percent = ${percent}, bytes = ${bytes}, updated_at = ${at(nowMs)}
    where id = ${id} and state = 'running' returning 1`.execute(tx);
  return rows.length > 0;
};

export const insertPart = async (tx: Transaction, id: string, part: number, bytes: Buffer): Promise<void> => {
  await sql`insert into personal_export_parts (export_id, part, bytes) values (${id}, ${part}, ${bytes})`.execute(tx);
};

export const readPart = async (tx: Transaction, id: string, part: number): Promise<Buffer | undefined> => {
  const { rows } = await sql<{
    bytes: Buffer;
  }>`select bytes from personal_export_parts where export_id = ${id} and part = ${part}`.execute(tx);
  return rows[0]?.bytes;
};

export const removeParts = async (tx: Transaction, id: string): Promise<void> => {
  await sql`delete from personal_export_parts where export_id = ${id}`.execute(tx);
};

/** False: there is none. */
export const removeExport = async (tx: Transaction, personNo: number, id: string): Promise<boolean> => {
  const { rows } = await sql`delete from personal_exports where person_no = ${personNo} and id = ${id} returning 1`.execute(tx);
  return rows.length > 0;
};

/** What is over goes; what nobody works at any more has failed. */
export const tendExports = async (tx: Transaction, nowMs: number, silentBeforeMs: number): Promise<void> => {
  await sql`delete from personal_exports where expires_at <= ${at(nowMs)}`.execute(tx);
  const { rows } = await sql<{ id: string }>`update personal_exports set state = 'failed' where state = 'running'
    and updated_at < ${at(silentBeforeMs)} returning id`.execute(tx);
  for (const { id } of rows) await removeParts(tx, id);
};
