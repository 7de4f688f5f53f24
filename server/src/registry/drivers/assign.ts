import { CallerError } from '../../kernel/index.ts';
import type { Transaction } from '../../storage/index.ts';
import { idPrefixes, makeId, type Random } from '../ids.ts';
import { at } from '../store.ts';
import { type AssignmentPlan, overlaps, planAssignment } from './plan-periods.ts';
import * as store from './store.ts';
import type { Driver, DriverAssignment, DriverPeriod } from './types.ts';

export interface AssignContext {
  readonly tx: Transaction;
  readonly random: Random;
  readonly nowMs: number;
}

export interface AssignableVehicle {
  readonly vehicleNo: number;
  readonly id: string;
  readonly endedAt: number | null;
}

export interface Assigned {
  readonly assignment: DriverAssignment;
  readonly isNew: boolean;
  /** Vehicles whose assignments changed. */
  readonly vehicleNos: readonly number[];
}

const tell = ({ fromMs, toMs }: DriverPeriod): string =>
  `${Number.isFinite(fromMs) ? `from ${at(fromMs)}` : 'from the beginning'} ${Number.isFinite(toMs) ? `to ${at(toMs)}` : 'on'}`;

export const overlapping = (obstacle: DriverAssignment): CallerError =>
  new CallerError(
    'already_exists',
    `the period overlaps with the assignment ${obstacle.id} of the same vehicle or driver, ${tell(obstacle)}`,
    { field: 'from', existingId: obstacle.id },
  );

/** Who is relieved now takes the private period along: it was theirs. */
const relieve = async ({ tx, nowMs }: AssignContext, { endings }: AssignmentPlan): Promise<void> => {
  for (const { assignment, toMs } of endings) {
    const isNow = toMs <= nowMs && nowMs < assignment.toMs;
    if (isNow) await store.endPrivateRow(tx, assignment.vehicleNo, nowMs, assignment.driverNo);
  }
};

/**
 * Puts a driver on a vehicle; the caller holds `lockPeriods`. Nothing is written when it throws. One that says what is already so is
 * answered as it is.
 */
export const assignDriver = async (
  context: AssignContext,
  vehicle: AssignableVehicle,
  driver: Driver,
  period: DriverPeriod,
): Promise<Assigned> => {
  const { tx, random } = context;
  const { vehicleNo } = vehicle;
  const { driverNo } = driver;
  store.checkBefore('driverId', driver.id, driver.endedAt, period);
  store.checkBefore('id', vehicle.id, vehicle.endedAt, period);
  const others = await store.readNeighbours(tx, vehicleNo, driverNo);
  const known = others.find(
    (other) =>
      other.vehicleNo === vehicleNo && other.driverNo === driverNo && other.fromMs <= period.fromMs && period.toMs <= other.toMs,
  );
  if (known) return { assignment: known, isNew: false, vehicleNos: [] };
  const plan = planAssignment(period, others);
  if (plan.obstacle) throw overlapping(plan.obstacle);
  for (const { assignment, toMs } of plan.endings)
    await store.updateAssignment(tx, assignment.id, { fromMs: assignment.fromMs, toMs });
  await relieve(context, plan);
  const assignment = { ...period, id: makeId(idPrefixes.driverAssignment, random), vehicleNo, driverNo };
  await store.insertAssignment(tx, assignment);
  for (const resumed of plan.resumptions)
    await store.insertAssignment(tx, { ...resumed, id: makeId(idPrefixes.driverAssignment, random) });
  const vehicleNos = [...new Set([vehicleNo, ...plan.endings.map((ending) => ending.assignment.vehicleNo)])];
  return { assignment, isNew: true, vehicleNos };
};

/** Corrects a period; the caller holds `lockPeriods`. What is in the way stays: it is told. */
export const correctAssignment = async (
  { tx, nowMs }: AssignContext,
  assignment: DriverAssignment,
  period: DriverPeriod,
): Promise<DriverAssignment> => {
  const others = await store.readNeighbours(tx, assignment.vehicleNo, assignment.driverNo);
  const obstacle = others.find((other) => other.id !== assignment.id && overlaps(other, period));
  if (obstacle) throw overlapping(obstacle);
  await store.updateAssignment(tx, assignment.id, period);
  const wasNow = assignment.fromMs <= nowMs && nowMs < assignment.toMs;
  if (wasNow && period.toMs <= nowMs) await store.endPrivateRow(tx, assignment.vehicleNo, nowMs, assignment.driverNo);
  return { ...assignment, ...period };
};
