import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import { evolveErasure } from './decide-erasure.ts';
import { personErasureLimits } from './limits.ts';
import type { ErasureStep, KnownErasure, PersonErasure, StaysLine } from './types.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const atOrNull = (ms: number | null): string | null => (ms === null ? null : at(ms));
const json = (value: unknown) => sql`${JSON.stringify(value)}::jsonb`;
const msOf = (column: string) => sql.raw(`(extract(epoch from e.${column}) * 1000)::float8`);

const columns = sql`e.id, e.person_no as "personNo", p.id as "personId", e.state, ${msOf('asked_at')} as "askedMs", ${msOf('due_at')} as "dueMs",
  ${msOf('began_at')} as "beganMs", ${msOf('ended_at')} as "endedMs", e.steps, e.stays`;

export interface NewErasure {
  readonly id: string;
  readonly personNo: number;
  readonly digest: Uint8Array;
  readonly askedMs: number;
  readonly dueMs: number;
}

/** False: one is asked for already. */
export const insertErasure = async (tx: Transaction, { id, personNo, digest, askedMs, dueMs }: NewErasure): Promise<boolean> => {
  const { rows } = await sql`insert into person_erasures (id, person_no, state, digest, asked_at, due_at, steps)
    values (${id}, ${personNo}, 'waiting', ${digest}, ${at(askedMs)}, ${at(dueMs)}, '[]')
    on conflict (person_no) where state not in ('done', 'taken_back') do nothing returning 1`.execute(tx);
  return rows.length > 0;
};

export type ErasureFilter = { readonly openOf: number } | { readonly digest: Uint8Array } | { readonly id: string };

export const readErasure = async (
  tx: Transaction,
  filter: ErasureFilter,
  isLocked = false,
): Promise<KnownErasure | undefined> => {
  const wanted =
    'openOf' in filter
      ? sql`e.person_no = ${filter.openOf} and e.state not in ('done', 'taken_back')`
      : 'digest' in filter
        ? sql`e.digest = ${filter.digest}`
        : sql`e.id = ${filter.id}`;
  const { rows } = await sql<KnownErasure>`select ${columns} from person_erasures e join people p using (person_no)
    where ${wanted} ${isLocked ? sql`for update of e` : sql``}`.execute(tx);
  return rows[0];
};

/** Those that cannot be taken back any more. */
export const listBegun = async (tx: Transaction): Promise<KnownErasure[]> => {
  const { rows } = await sql<KnownErasure>`select ${columns} from person_erasures e join people p using (person_no)
    where e.state not in ('waiting', 'held', 'taken_back')`.execute(tx);
  return rows;
};

/** The number of a person that is here. */
export const findPersonNo = async (tx: Transaction, personId: string): Promise<number | undefined> => {
  const { rows } = await sql<{ no: number }>`select person_no as no from people where id = ${personId}`.execute(tx);
  return rows[0]?.no;
};

/** Newest first. */
export const listErasures = async (tx: Transaction): Promise<KnownErasure[]> => {
  const { rows } = await sql<KnownErasure>`select ${columns} from person_erasures e join people p using (person_no)
    order by e.erasure_no desc limit ${personErasureLimits.listMax}`.execute(tx);
  return rows;
};

/** Those whose time has come, for this process alone until `untilMs`. */
export const takeDue = async (tx: Transaction, worker: string, nowMs: number): Promise<KnownErasure[]> => {
  const { rows } = await sql<KnownErasure>`with taken as (
      update person_erasures set worker = ${worker}, worked_until = ${at(nowMs + personErasureLimits.leaseMs)}
      where erasure_no in (
        select erasure_no from person_erasures where state not in ('done', 'taken_back') and due_at <= ${at(nowMs)}
          and worked_until <= ${at(nowMs)} order by due_at limit ${personErasureLimits.atOnceMax} for update skip locked
      ) returning *
    ) select ${columns} from taken e join people p using (person_no) order by e.due_at`.execute(tx);
  return rows;
};

/** False: it took too long, and another process has it. */
export const keepLease = async (tx: Transaction, id: string, worker: string, untilMs: number): Promise<boolean> => {
  const { rows } = await sql`update person_erasures set worked_until = ${at(untilMs)}
    where id = ${id} and worker = ${worker} returning 1`.execute(tx);
  return rows.length > 0;
};

/** What a step makes of a locked erasure. */
export const writeStep = async <T extends PersonErasure>(tx: Transaction, erasure: T, step: ErasureStep): Promise<T> => {
  const next = evolveErasure(erasure, step);
  await sql`update person_erasures set state = ${next.state}, began_at = ${atOrNull(next.beganMs)}, ended_at = ${atOrNull(next.endedMs)},
    steps = ${json(next.steps)} where id = ${erasure.id}`.execute(tx);
  return next;
};

export const writeStays = async (tx: Transaction, id: string, stays: readonly StaysLine[]): Promise<void> => {
  await sql`update person_erasures set stays = ${json(stays)} where id = ${id}`.execute(tx);
};
