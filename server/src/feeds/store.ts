import { sql } from 'kysely';
import { type Storage, systemActor } from '../storage/index.ts';
import type { Grant, GrantEvent } from '../sharing/index.ts';
import { feedLimits } from './limits.ts';

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

/**
 * Events of the grants of an app that were written since, oldest first, and a while before: one may have been written before another that was
 * committed sooner.
 */
export const readGrantEvents = async (storage: Storage, appNo: number, sinceMs: number): Promise<WrittenEvent[]> => {
  const from = new Date(sinceMs - feedLimits.writtenLateMs).toISOString();
  const { rows } = await storage.withActor(actor, (tx) =>
    sql<Row>`select e.event_no as "eventNo", g.id as "grantId", g.vehicle_no as "vehicleNo", ${ms('e.written_at')} as "writtenMs",
        e.detail as event, g.purpose, g.items, ${ms('g.until_at')} as "untilMs"
      from grant_events e join grants g using (grant_no)
      where g.app_no = ${appNo} and e.written_at > ${from} order by e.written_at, e.event_no
      limit ${feedLimits.grantEventsPerPage + feedLimits.toldEventsMax}`.execute(tx),
  );
  return rows.map(({ eventNo, purpose, items, untilMs, ...row }) => ({
    ...row,
    eventNo: Number(eventNo),
    grant: { purpose, items, untilMs },
  }));
};

/** By the clock that events are written by, ms. */
export const readDatabaseTime = async (storage: Storage): Promise<number> => {
  const { rows } = await storage.withActor(actor, (tx) =>
    sql<{ nowMs: number }>`select ${ms('clock_timestamp()')} as "nowMs"`.execute(tx),
  );
  return rows[0]?.nowMs ?? 0;
};
