import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import { ms, type NumberRange, readJson } from '../rows.ts';
import type { Driver, DriverAssignment, PrivatePeriod } from './types.ts';

type DriverRow = [
  no: number,
  id: string,
  name: string,
  number: string | null,
  customerNo: number,
  createdAt: number,
  endedAt: number | null,
];

export const readDrivers = async (tx: Transaction, range: NumberRange): Promise<Driver[]> => {
  const rows = await readJson<DriverRow>(
    tx,
    sql`select json_agg(json_build_array(driver_no, id, name, number, customer_no, ${ms('created_at')}, ${ms('ended_at')}) order by driver_no)::text as rows
        from drivers where driver_no between ${range.from} and ${range.to}`,
  );
  return rows.map(([driverNo, id, name, number, customerNo, createdAt, endedAt]) => ({
    driverNo,
    id,
    name,
    number,
    customerNo,
    createdAt,
    endedAt,
  }));
};

type PeriodRow<No> = [id: string, vehicleNo: number, driverNo: No, fromMs: number | null, toMs: number | null];
const periodColumns = sql`id, vehicle_no, driver_no,
  case when isfinite(lower(period)) then ${ms('lower(period)')} end, ${ms('upper(period)')}`;

const toAssignment = ([id, vehicleNo, driverNo, fromMs, toMs]: PeriodRow<number>): DriverAssignment => ({
  id,
  vehicleNo,
  driverNo,
  fromMs: fromMs ?? Number.NEGATIVE_INFINITY,
  toMs: toMs ?? Number.POSITIVE_INFINITY,
});

const toPrivate = ([id, vehicleNo, driverNo, fromMs, toMs]: PeriodRow<number | null>): PrivatePeriod => ({
  id,
  vehicleNo,
  driverNo,
  fromMs: fromMs ?? 0,
  toMs,
});

/** Assignments of the vehicles of a range, ascending by vehicle and time. */
export const readAssignments = async (tx: Transaction, range: NumberRange): Promise<DriverAssignment[]> => {
  const rows = await readJson<PeriodRow<number>>(
    tx,
    sql`select json_agg(json_build_array(${periodColumns}) order by vehicle_no, period)::text as rows
        from driver_assignments where vehicle_no between ${range.from} and ${range.to}`,
  );
  return rows.map(toAssignment);
};

/** Those of one driver, ascending. */
export const readAssignmentsOfDriver = async (tx: Transaction, driverNo: number): Promise<DriverAssignment[]> => {
  const rows = await readJson<PeriodRow<number>>(
    tx,
    sql`select json_agg(json_build_array(${periodColumns}) order by period)::text as rows
        from driver_assignments where driver_no = ${driverNo}`,
  );
  return rows.map(toAssignment);
};

export const readPrivatePeriods = async (tx: Transaction, range: NumberRange): Promise<PrivatePeriod[]> => {
  const rows = await readJson<PeriodRow<number | null>>(
    tx,
    sql`select json_agg(json_build_array(${periodColumns}) order by vehicle_no, period)::text as rows
        from private_periods where vehicle_no between ${range.from} and ${range.to}`,
  );
  return rows.map(toPrivate);
};
