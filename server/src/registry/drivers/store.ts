import { sql } from 'kysely';
import { CallerError, invalidField } from '../../kernel/index.ts';
import { systemActor, type Transaction } from '../../storage/index.ts';
import { only } from '../rows.ts';
import { at } from '../store.ts';
import { readAssignments, readAssignmentsOfDriver, readDrivers } from './rows.ts';
import type { Driver, DriverAssignment, DriverPeriod } from './types.ts';
import type { PrivatePiece } from './plan-periods.ts';

export const directoryActor = systemActor('directory');

/** Arbitrary, fixed. */
const assignmentsLock = 7_101_968_012;

/** One transaction at a time plans and writes periods, in whatever process: what it read is true until it has committed. */
export const lockPeriods = async (tx: Transaction): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${assignmentsLock})`.execute(tx);
};

const rangeOf = ({ fromMs, toMs }: DriverPeriod): string =>
  `[${Number.isFinite(fromMs) ? at(fromMs) : '-infinity'},${Number.isFinite(toMs) ? at(toMs) : ''})`;

const notFound = (): CallerError => new CallerError('not_found', 'there is nothing with this id');

const numberTaken = (number: string, existingId: string): CallerError =>
  new CallerError('already_exists', `number ${number} is given already`, { field: 'number', value: number, existingId });

const checkNumberFree = async (
  tx: Transaction,
  { number, customerNo }: { readonly number: string | null; readonly customerNo: number },
  driverNo = 0,
): Promise<void> => {
  if (number === null) return;
  const { rows } = await sql<{ id: string }>`select id from drivers
    where customer_no = ${customerNo} and number = ${number} and ended_at is null and driver_no <> ${driverNo}`.execute(tx);
  if (rows[0]) throw numberTaken(number, rows[0].id);
};

export interface DriverRowInput {
  readonly id: string;
  readonly name: string;
  readonly number: string | null;
  readonly customerNo: number;
}

export const insertDriver = async (tx: Transaction, row: DriverRowInput, nowMs: number): Promise<Driver> => {
  await checkNumberFree(tx, row);
  const { rows } = await sql<{ no: number }>`insert into drivers (id, name, number, customer_no, created_at)
    values (${row.id}, ${row.name}, ${row.number}, ${row.customerNo}, ${at(nowMs)}) returning driver_no as no`.execute(tx);
  return readDriver(tx, rows[0]?.no ?? 0);
};

export const readDriver = async (tx: Transaction, driverNo: number): Promise<Driver> => {
  const [driver] = await readDrivers(tx, only(driverNo));
  if (!driver) throw notFound();
  return driver;
};

export const lockDriver = async (tx: Transaction, id: string): Promise<Driver> => {
  const { rows } = await sql<{ no: number }>`select driver_no as no from drivers where id = ${id} for update`.execute(tx);
  if (!rows[0]) throw notFound();
  return readDriver(tx, rows[0].no);
};

export const updateDriver = async (tx: Transaction, { driverNo, name, number, customerNo, endedAt }: Driver): Promise<void> => {
  if (endedAt === null) await checkNumberFree(tx, { number, customerNo }, driverNo);
  await sql`update drivers set name = ${name}, number = ${number}, customer_no = ${customerNo}
    where driver_no = ${driverNo}`.execute(tx);
};

/** Ends every assignment of a driver or a vehicle that goes on; one that has not begun goes. Answers the vehicles. */
export const endAssignments = async (
  tx: Transaction,
  column: 'vehicle_no' | 'driver_no',
  no: number,
  nowMs: number,
): Promise<number[]> => {
  const { rows: gone } = await sql<{ no: number }>`delete from driver_assignments
    where ${sql.ref(column)} = ${no} and lower(period) >= ${at(nowMs)} returning vehicle_no as no`.execute(tx);
  const { rows: ended } = await sql<{ no: number }>`update driver_assignments set period = tstzrange(lower(period), ${at(nowMs)})
    where ${sql.ref(column)} = ${no} and period @> ${at(nowMs)}::timestamptz returning vehicle_no as no`.execute(tx);
  return [...new Set([...gone, ...ended].map((row) => row.no))];
};

export const endDriverRow = async (tx: Transaction, driverNo: number, nowMs: number): Promise<number[]> => {
  await sql`update drivers set ended_at = ${at(nowMs)} where driver_no = ${driverNo}`.execute(tx);
  return endAssignments(tx, 'driver_no', driverNo, nowMs);
};

/** Assignments of a vehicle and of a driver: those that a new one of both must leave room to. */
export const readNeighbours = async (tx: Transaction, vehicleNo: number, driverNo: number): Promise<DriverAssignment[]> => {
  const ofVehicle = await readAssignments(tx, only(vehicleNo));
  const ofDriver = await readAssignmentsOfDriver(tx, driverNo);
  return [...ofVehicle, ...ofDriver.filter((assignment) => assignment.vehicleNo !== vehicleNo)];
};

export const insertAssignment = async (
  tx: Transaction,
  { id, vehicleNo, driverNo, ...period }: DriverAssignment,
): Promise<void> => {
  await sql`insert into driver_assignments (id, vehicle_no, driver_no, period)
    values (${id}, ${vehicleNo}, ${driverNo}, ${rangeOf(period)}::tstzrange)`.execute(tx);
};

export const updateAssignment = async (tx: Transaction, id: string, period: DriverPeriod): Promise<void> => {
  await sql`update driver_assignments set period = ${rangeOf(period)}::tstzrange where id = ${id}`.execute(tx);
};

export const deleteAssignment = async (tx: Transaction, id: string): Promise<void> => {
  await sql`delete from driver_assignments where id = ${id}`.execute(tx);
};

export const findAssignment = async (tx: Transaction, vehicleNo: number, id: string): Promise<DriverAssignment> => {
  const found = (await readAssignments(tx, only(vehicleNo))).find((assignment) => assignment.id === id);
  if (!found) throw notFound();
  return found;
};

export const insertPrivate = async (
  tx: Transaction,
  { id, vehicleNo, driverNo, ...period }: PrivatePiece & { readonly id: string; readonly vehicleNo: number },
  nowMs: number,
): Promise<void> => {
  await sql`insert into private_periods (id, vehicle_no, driver_no, period, created_at)
    values (${id}, ${vehicleNo}, ${driverNo}, ${rangeOf(period)}::tstzrange, ${at(nowMs)})`.execute(tx);
};

/**
 * Ends what is private now, of whomever, or of one driver. Ends with now, never before: what was hidden stays so. One that has just
 * begun keeps a millisecond.
 */
export const endPrivateRow = async (tx: Transaction, vehicleNo: number, nowMs: number, driverNo?: number): Promise<void> => {
  const whose = driverNo === undefined ? sql`true` : sql`driver_no = ${driverNo}`;
  await sql`update private_periods
    set period = tstzrange(lower(period), greatest(${at(nowMs)}::timestamptz, lower(period) + interval '1 millisecond'))
    where vehicle_no = ${vehicleNo} and upper_inf(period) and ${whose}`.execute(tx);
};

/** A period of someone or something that has ended lies before the end. */
export const checkBefore = (field: string, id: string, endedAt: number | null, { toMs }: DriverPeriod): void => {
  if (endedAt !== null && toMs > endedAt) throw invalidField(field, id, `one that had not ended by then (${at(endedAt)})`);
};

/** Numbers of at most two drivers of a customer that have not ended. */
export const findDriverNos = async (
  tx: Transaction,
  customerNo: number,
  wanted: { readonly name: string } | { readonly number: string },
): Promise<number[]> => {
  const is = 'name' in wanted ? sql`name = ${wanted.name}` : sql`number = ${wanted.number}`;
  const { rows } = await sql<{ no: number }>`select driver_no as no from drivers
    where customer_no = ${customerNo} and ended_at is null and ${is} order by driver_no limit 2`.execute(tx);
  return rows.map(({ no }) => no);
};

/** Runs a part of a transaction of which nothing stays when it throws; then `failed` is called, which may throw on. */
export const inSavepoint = async <T>(
  tx: Transaction,
  run: () => Promise<T>,
  failed: (error: unknown) => void,
): Promise<T | undefined> => {
  await sql`savepoint part`.execute(tx);
  try {
    const done = await run();
    await sql`release savepoint part`.execute(tx);
    return done;
  } catch (error) {
    failed(error);
    await sql`rollback to savepoint part`.execute(tx);
    return undefined;
  }
};
