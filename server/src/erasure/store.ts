import { sql } from 'kysely';
import type { Transaction } from '../storage/index.ts';
import type { Erasure } from './types.ts';

interface Row {
  readonly id: string;
  readonly vehicle_id: string;
  readonly from_ms: string;
  readonly to_ms: string;
  readonly requested_at_ms: string;
  readonly why: string;
}

export const readErasures = async (tx: Transaction): Promise<Erasure[]> => {
  const { rows } = await sql<Row>`select e.id, v.id as vehicle_id, e.from_ms, e.to_ms,
      (extract(epoch from e.requested_at) * 1000)::bigint as requested_at_ms, e.why
    from erasures e join vehicles v using (vehicle_no) order by e.erasure_no`.execute(tx);
  return rows.map((row) => ({
    id: row.id,
    vehicleId: row.vehicle_id,
    fromMs: Number(row.from_ms),
    toMs: Number(row.to_ms),
    requestedAtMs: Number(row.requested_at_ms),
    why: row.why,
  }));
};

export const erasureChannel = 'milepost_erasures';

/** Tells every process, with the commit. */
export const announceErasures = async (tx: Transaction): Promise<void> => {
  await sql`select pg_notify(${erasureChannel}, '')`.execute(tx);
};

/** Adds those that are not there; of a vehicle that is not there nothing is added. */
export const insertErasures = async (tx: Transaction, erasures: readonly Erasure[]): Promise<void> => {
  for (const { id, vehicleId, fromMs, toMs, requestedAtMs, why } of erasures) {
    await sql`insert into erasures (id, vehicle_no, from_ms, to_ms, requested_at, why)
      select ${id}, vehicle_no, ${fromMs}, ${toMs}, ${new Date(requestedAtMs).toISOString()}, ${why} from vehicles where id = ${vehicleId}
      on conflict (id) do nothing`.execute(tx);
  }
};
