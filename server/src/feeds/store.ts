import { type RawBuilder, sql } from 'kysely';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';
import type { Grant, GrantEvent } from '../sharing/index.ts';
import { feedLimits } from './limits.ts';
import type { FeedPosition, Numbers } from './position.ts';

const actor = systemActor('feeds');

/** An event of a grant as it was written. */
export interface WrittenEvent {
  readonly eventNo: number;
  readonly grantId: string;
  readonly vehicleNo: number;
  /** By the database's clock. */
  readonly writtenMs: number;
  readonly event: GrantEvent;
  /** The grant as it is now. */
  readonly grant: Pick<Grant, 'purpose' | 'items' | 'untilMs'>;
}

type Row = Omit<WrittenEvent, 'eventNo' | 'grant'> & WrittenEvent['grant'] & { readonly eventNo: string };

const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
const at = (timeMs: number): string => new Date(timeMs).toISOString();

/** By the clock that events are written by, ms. */
const readTime = async (tx: Transaction): Promise<number> => {
  const { rows } = await sql<{ nowMs: number }>`select ${ms('clock_timestamp()')} as "nowMs"`.execute(tx);
  return rows[0]?.nowMs ?? 0;
};

/** `[from,to]` of event numbers, as PostgreSQL has them. */
const multirange = (told: readonly Numbers[]) => {
  const ranges = told.map((one) => (typeof one === 'number' ? `[${one},${one}]` : `[${one[0]},${one[1]}]`));
  return sql`${`{${ranges.join(',')}}`}::int8multirange`;
};

/** Numbers of the events of an app that were written since a moment and are among some; the newest `toldRunsMax` runs of them. */
const readRuns = async (tx: Transaction, appNo: number, sinceMs: number, among: RawBuilder<unknown>): Promise<Numbers[]> => {
  const { rows } = await sql<{ runs: string | null }>`select range_agg(int8range(e.event_no, e.event_no, '[]'))::text as runs
    from grant_events e join grants g using (grant_no)
    where g.app_no = ${appNo} and e.written_at > ${at(sinceMs)} and ${among}`.execute(tx);
  const runs = [...(rows[0]?.runs ?? '').matchAll(/\[(\d+),(\d+)\)/g)].map(
    ([, from, end]): Numbers => [Number(from), Number(end) - 1],
  );
  return runs.slice(-feedLimits.toldRunsMax);
};

export interface WrittenSince {
  readonly events: readonly WrittenEvent[];
  readonly position: FeedPosition['grants'];
  /** There may be more. */
  readonly isAtEnd: boolean;
}

/**
 * Events of the grants of an app that were written since a position and are not told yet, oldest first: also of a while before it, because one may have
 * been written before another that was committed sooner.
 */
export const readGrantEvents = (storage: Storage, appNo: number, position: FeedPosition['grants']): Promise<WrittenSince> =>
  storage.withActor(actor, async (tx) => {
    const nowMs = await readTime(tx);
    const { writtenLateMs, grantEventsPerPage } = feedLimits;
    const told = multirange(position.told);
    const { rows } = await sql<Row>`select e.event_no as "eventNo", g.id as "grantId", g.vehicle_no as "vehicleNo",
        ${ms('e.written_at')} as "writtenMs", e.detail as event, g.purpose, g.items, ${ms('g.until_at')} as "untilMs"
      from grant_events e join grants g using (grant_no)
      where g.app_no = ${appNo} and e.written_at > ${at(position.writtenMs - writtenLateMs)} and not e.event_no <@ ${told}
      order by e.written_at, e.event_no limit ${grantEventsPerPage}`.execute(tx);
    const events = rows.map(({ eventNo, purpose, items, untilMs, ...row }) => ({
      ...row,
      eventNo: Number(eventNo),
      grant: { purpose, items, untilMs },
    }));
    const isAtEnd = events.length < grantEventsPerPage;
    const writtenMs = Math.max(position.writtenMs, isAtEnd ? nowMs : (events.at(-1)?.writtenMs ?? 0));
    const fresh = multirange(events.map(({ eventNo }) => eventNo));
    const among = sql`e.event_no <@ (${told} + ${fresh})`;
    return { events, isAtEnd, position: { writtenMs, told: await readRuns(tx, appNo, writtenMs - writtenLateMs, among) } };
  });

/** From which on everything is told that is committed from now on. */
export const readPositionNow = (storage: Storage, appNo: number): Promise<FeedPosition['grants']> =>
  storage.withActor(actor, async (tx) => {
    const writtenMs = await readTime(tx);
    return { writtenMs, told: await readRuns(tx, appNo, writtenMs - feedLimits.writtenLateMs, sql`true`) };
  });
