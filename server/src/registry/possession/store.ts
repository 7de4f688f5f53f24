import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import { ms, type NumberRange, readJson } from '../rows.ts';
import { at } from '../store.ts';
import type { BrokenGlassRow, PossessionRow } from './directory.ts';
import type { ClaimGiver, Holder, PossessionWay } from './types.ts';

/** The name that the built-in customer of private owners has until somebody changes it. */
export const privateOwnersName = 'Private owners';

type Row = [vehicleNo: number, personNo: number | null, customerNo: number | null, fromMs: number | null, toMs: number | null];

const holderOf = (personNo: number | null, customerNo: number | null): Holder =>
  personNo === null ? { kind: 'customer', customerNo: customerNo ?? 0 } : { kind: 'person', personNo };

/** Periods of the vehicles of a range, ascending by vehicle and time. */
export const readPossessions = async (tx: Transaction, { from, to }: NumberRange): Promise<PossessionRow[]> => {
  const rows = await readJson<Row>(
    tx,
    sql`select json_agg(json_build_array(vehicle_no, person_no, customer_no,
          case when isfinite(lower(period)) then ${ms('lower(period)')} end, ${ms('upper(period)')}) order by vehicle_no, period)::text as rows
        from possessions where vehicle_no between ${from} and ${to}`,
  );
  return rows.map(([vehicleNo, personNo, customerNo, fromMs, toMs]) => ({
    vehicleNo,
    holder: holderOf(personNo, customerNo),
    fromMs: fromMs ?? Number.NEGATIVE_INFINITY,
    toMs: toMs ?? Number.POSITIVE_INFINITY,
  }));
};

export const readBrokenGlass = async (tx: Transaction, { from, to }: NumberRange, nowMs: number): Promise<BrokenGlassRow[]> => {
  const rows = await readJson<[number, number | null, number, number]>(
    tx,
    sql`select json_agg(json_build_array(vehicle_no, person_no, ${ms('at')}, ${ms('until')}) order by vehicle_no, at)::text as rows
        from broken_glass where vehicle_no between ${from} and ${to} and until > ${at(nowMs)}`,
  );
  return rows.map(([vehicleNo, personNo, fromMs, untilMs]) => ({ vehicleNo, personNo, fromMs, untilMs }));
};

interface NewPeriod {
  readonly id: string;
  readonly vehicleNo: number;
  readonly holder: Holder;
  readonly how: PossessionWay;
  readonly fromMs: number;
  readonly toMs: number;
}

export const insertPossession = async (tx: Transaction, period: NewPeriod, nowMs: number): Promise<void> => {
  const { id, vehicleNo, holder, how, fromMs, toMs } = period;
  const range = `[${Number.isFinite(fromMs) ? at(fromMs) : '-infinity'},${Number.isFinite(toMs) ? at(toMs) : ''})`;
  await sql`insert into possessions (id, vehicle_no, person_no, customer_no, how, period, created_at)
    values (${id}, ${vehicleNo}, ${holder.kind === 'person' ? holder.personNo : null}, ${holder.kind === 'customer' ? holder.customerNo : null},
      ${how}, ${range}::tstzrange, ${at(nowMs)})`.execute(tx);
};

/** Ends the period that goes on. */
export const endPossession = async (tx: Transaction, vehicleNo: number, nowMs: number): Promise<void> => {
  await sql`update possessions set period = tstzrange(lower(period), ${at(nowMs)})
    where vehicle_no = ${vehicleNo} and upper_inf(period)`.execute(tx);
};

/** What is the fleet's own, and not the vehicle's, does not go with it. */
export const giveVehicleTo = async (tx: Transaction, vehicleNo: number, customerNo: number): Promise<void> => {
  await sql`update vehicles set customer_no = ${customerNo}, groups = '{}', revision = revision + 1
    where vehicle_no = ${vehicleNo}`.execute(tx);
};

/** The built-in customer under which vehicles of people are served; made when it is first needed. */
export const keepPrivateOwners = async (
  tx: Transaction,
  newId: string,
  nowMs: number,
): Promise<{ readonly customerNo: number; readonly isNew: boolean }> => {
  const find = async (): Promise<number | undefined> =>
    (await sql<{ no: number }>`select customer_no as no from customers where is_private`.execute(tx)).rows[0]?.no;
  const known = await find();
  if (known !== undefined) return { customerNo: known, isNew: false };
  // Somebody may have called a customer so before.
  const { rows } = await sql<{ no: number }>`insert into customers (id, name, created_at, is_private)
    values (${newId}, ${privateOwnersName}, ${at(nowMs)}, true)
    on conflict (name) do update set is_private = true, revision = customers.revision + 1 returning customer_no as no`.execute(
    tx,
  );
  return { customerNo: rows[0]?.no ?? 0, isNew: true };
};

export interface ClaimCodeRow {
  readonly digest: Uint8Array;
  readonly vehicleNo: number;
  readonly givenBy: ClaimGiver;
  readonly personNo: number | null;
  readonly expiresAt: number;
}

/** A newer code takes the place of those before it, but for what a device shows: that one ends by itself. */
export const putClaimCode = async (tx: Transaction, row: ClaimCodeRow, nowMs: number): Promise<void> => {
  const { digest, vehicleNo, givenBy, personNo, expiresAt } = row;
  await sql`delete from claim_codes where (vehicle_no = ${vehicleNo} and given_by = ${givenBy}) or expires_at <= ${at(nowMs)}`.execute(
    tx,
  );
  await sql`insert into claim_codes (digest, vehicle_no, given_by, person_no, created_at, expires_at)
    values (${digest}, ${vehicleNo}, ${givenBy}, ${personNo}, ${at(nowMs)}, ${at(expiresAt)})`.execute(tx);
};

/** Finds what a code is for, if it counts still. */
export const readClaimCode = async (
  tx: Transaction,
  digest: Uint8Array,
  nowMs: number,
): Promise<{ readonly vehicleId: string; readonly givenBy: ClaimGiver } | undefined> => {
  const { rows } = await sql<{ vehicleId: string; givenBy: ClaimGiver }>`
    select v.id as "vehicleId", c.given_by as "givenBy" from claim_codes c join vehicles v using (vehicle_no)
    where c.digest = ${digest} and c.expires_at > ${at(nowMs)} and v.ended_at is null`.execute(tx);
  return rows[0];
};

/** Every code of a vehicle ends when it changes hands. */
export const dropClaimCodes = async (tx: Transaction, vehicleNo: number): Promise<void> => {
  await sql`delete from claim_codes where vehicle_no = ${vehicleNo}`.execute(tx);
};

export const hasClaimCode = async (tx: Transaction, digest: Uint8Array): Promise<boolean> =>
  (await sql`select 1 from claim_codes where digest = ${digest}`.execute(tx)).rows.length > 0;

export const insertBrokenGlass = async (
  tx: Transaction,
  row: BrokenGlassRow & { readonly id: string; readonly reason: string },
): Promise<void> => {
  await sql`insert into broken_glass (id, vehicle_no, person_no, reason, at, until)
    values (${row.id}, ${row.vehicleNo}, ${row.personNo}, ${row.reason}, ${at(row.fromMs)}, ${at(row.untilMs)})`.execute(tx);
};

/** What drivers drove, and what was private, of a vehicle while a person held it. */
export const deletePeriodsOf = async (tx: Transaction, vehicleNo: number, personNo: number): Promise<void> => {
  for (const table of ['private_periods', 'driver_assignments'])
    await sql`delete from ${sql.table(table)} d where d.vehicle_no = ${vehicleNo} and exists (
      select from possessions p where p.vehicle_no = ${vehicleNo} and p.person_no = ${personNo} and p.period && d.period)`.execute(
      tx,
    );
};
