import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import type { AuditEvent } from './types.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const msOf = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::bigint::text`);

/** In the transaction of the act: what was done is in the log, and nothing else is. A machine that slept for months has no room for this one yet. */
export const writeAudit = async (tx: Transaction, event: AuditEvent, nowMs: number): Promise<void> => {
  const { act, personNo, subject = '', subjectPersonNo = null, address = '', detail = {} } = event;
  const actor = personNo === null ? 'system' : String(personNo);
  const part = `audit_events_${new Date(nowMs).toISOString().slice(0, 7).replace('-', '_')}`;
  // Of two that find a month missing at the same moment one makes it, and the other finds it there.
  await sql`select make_audit_months(${at(nowMs)}::timestamptz, 0) where to_regclass(${part}) is null`.execute(tx);
  await sql`insert into audit_events (at, actor, actor_person_no, act, subject, subject_person_no, address, detail)
    values (${at(nowMs)}, ${actor}, ${personNo}, ${act}, ${subject}, ${subjectPersonNo}, ${address}, ${JSON.stringify(detail)}::jsonb)`.execute(
    tx,
  );
};

export interface AuditRecord {
  readonly eventNo: number;
  readonly atMs: number;
  readonly act: string;
  readonly actorPersonNo: number | null;
  readonly actorName: string | null;
  readonly subject: string;
  readonly subjectPersonNo: number | null;
  readonly address: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditQuery {
  /** Of what concerns one person; null: of everybody. */
  readonly subjectPersonNo: number | null;
  readonly beforeNo: number | null;
  readonly fromMs: number;
  /** Exclusive; left out: until now. */
  readonly toMs?: number | undefined;
  /** Who acted; null: nobody who is known. Left out: whoever did. */
  readonly actorPersonNo?: number | null | undefined;
  readonly act?: string | undefined;
  /** Id of what it was done to; or it concerns `aboutPersonNo`. */
  readonly subject?: string | undefined;
  readonly aboutPersonNo?: number | undefined;
  readonly limit: number;
}

const narrowed = ({ toMs, actorPersonNo, act, subject, aboutPersonNo }: AuditQuery) => sql`
  ${toMs === undefined ? sql`true` : sql`a.at < ${at(toMs)}`}
  and ${act === undefined ? sql`true` : sql`a.act = ${act}`}
  and ${actorPersonNo === undefined ? sql`true` : sql`a.actor_person_no is not distinct from ${actorPersonNo}::int`}
  and ${subject === undefined ? sql`true` : sql`(a.subject = ${subject} or a.subject_person_no = ${aboutPersonNo ?? null}::int)`}`;

/** Newest first. */
export const listAudit = async (tx: Transaction, query: AuditQuery): Promise<AuditRecord[]> => {
  const { subjectPersonNo, beforeNo, fromMs, limit } = query;
  const { rows } = await sql<Omit<AuditRecord, 'eventNo' | 'atMs'> & { readonly eventNo: string; readonly atMs: string }>`
    select a.event_no as "eventNo", ${msOf('a.at')} as "atMs", a.act, a.actor_person_no as "actorPersonNo", p.name as "actorName", a.subject,
      a.subject_person_no as "subjectPersonNo", a.address, a.detail
    from audit_events a left join people p on p.person_no = a.actor_person_no
    where a.at >= ${at(fromMs)} and (${subjectPersonNo}::int is null or a.subject_person_no = ${subjectPersonNo})
      and (${beforeNo}::bigint is null or a.event_no < ${beforeNo}) and ${narrowed(query)}
    order by a.event_no desc limit ${limit}`.execute(tx);
  return rows.map((row) => ({ ...row, eventNo: Number(row.eventNo), atMs: Number(row.atMs) }));
};

export const makeAuditMonths = async (tx: Transaction, nowMs: number): Promise<void> => {
  await sql`select make_audit_months(${at(nowMs)}::timestamptz, 2)`.execute(tx);
};

/** Whole months that are older go; answers how many did. */
export const dropAuditMonths = async (tx: Transaction, beforeMs: number): Promise<number> => {
  const { rows } = await sql<{ dropped: number }>`select drop_audit_months(${at(beforeMs)}::timestamptz) as dropped`.execute(tx);
  return rows[0]?.dropped ?? 0;
};
