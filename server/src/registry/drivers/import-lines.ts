import { CallerError, invalidField } from '../../kernel/index.ts';
import type { Transaction } from '../../storage/index.ts';
import { checkCustomer, checkTime } from '../check-input.ts';
import { attempt } from '../check-line.ts';
import { idPrefixes, makeId } from '../ids.ts';
import type { Directory, LineProblem, Vehicle } from '../types.ts';
import { type AssignContext, assignDriver, correctAssignment } from './assign.ts';
import { checkName, checkNumber, checkPeriod } from './check-driver.ts';
import * as store from './store.ts';
import type { Driver, DriverAssignment, DriverLine, DriverLineOutcome, DriverPeriod } from './types.ts';

export interface ImportContext extends AssignContext {
  readonly vehicles: Pick<Directory, 'vehicles'>;
  /** By name or id; a name that is not there is made. */
  readonly customerNoOf: (tx: Transaction, nameOrId: string) => Promise<number>;
}

/** What an import wrote. */
export interface ImportResult {
  readonly outcomes: readonly DriverLineOutcome[];
  readonly driverNos: readonly number[];
  readonly vehicleNos: readonly number[];
}

interface CheckedLine {
  readonly name: string;
  readonly number: string | null;
  readonly customer: string;
  readonly vehicle: Vehicle | undefined;
  readonly period: DriverPeriod;
  readonly hasEnd: boolean;
}

type FindVehicle = (text: unknown) => Vehicle;

const keyOf = (text: string): string => text.replaceAll(/\s+/g, '').toUpperCase();

/** Vehicles in use by id, VIN and plate. */
const vehicleFinder = ({ vehicles }: ImportContext): FindVehicle => {
  const byKey = new Map<string, Vehicle[]>();
  for (const vehicle of vehicles.vehicles()) {
    if (vehicle.endedAt !== null) continue;
    for (const key of new Set([vehicle.id, vehicle.vin, vehicle.plate ?? vehicle.id].map(keyOf))) {
      const known = byKey.get(key);
      if (known) known.push(vehicle);
      else byKey.set(key, [vehicle]);
    }
  }
  return (text) => {
    const [found, other] = typeof text === 'string' ? (byKey.get(keyOf(text)) ?? []) : [];
    if (!found) throw invalidField('vehicle', text, 'the VIN, plate or id of a vehicle that is in use');
    if (other) throw invalidField('vehicle', text, 'its VIN: several vehicles have this plate');
    return found;
  };
};

const checkLine = (line: DriverLine, findVehicle: FindVehicle, problems: LineProblem[]): CheckedLine | undefined => {
  const run = <T>(check: () => T): T => attempt(problems, check) as T;
  const { name, number, customer, vehicle, fromMs, toMs } = line;
  const time = (field: string, value: unknown, open: number): number => (value === undefined ? open : checkTime(field, value));
  const from = run(() => time('from', fromMs, Number.NEGATIVE_INFINITY));
  const to = run(() => time('to', toMs, Number.POSITIVE_INFINITY));
  const checked = {
    name: run(() => checkName(name)),
    number: run(() => checkNumber(number)),
    customer: run(() => checkCustomer(customer)),
    vehicle: vehicle === undefined ? undefined : run(() => findVehicle(vehicle)),
    period: { fromMs: from, toMs: to },
    hasEnd: toMs !== undefined,
  };
  if (problems.length === 0) run(() => checkPeriod(checked.period));
  if (vehicle === undefined && (fromMs !== undefined || toMs !== undefined))
    problems.push({ field: 'vehicle', value: '', expected: 'a vehicle, since a period is given' });
  return problems.length === 0 ? checked : undefined;
};

/** By number where one is given, else by name: among those of the customer who have not ended. */
const findDriver = async (tx: Transaction, { name, number }: CheckedLine, customerNo: number): Promise<Driver | undefined> => {
  const [found, other] = await store.findDriverNos(tx, customerNo, number === null ? { name } : { number });
  if (found === undefined) return undefined;
  if (other !== undefined) throw invalidField('number', '', 'a number: the customer has several drivers of this name');
  return store.readDriver(tx, found);
};

interface LineResult {
  readonly outcome: 'made' | 'changed' | 'found';
  readonly driver: Driver;
  readonly isNewDriver: boolean;
  readonly assignment?: DriverAssignment | undefined;
  readonly differs: readonly string[];
  readonly vehicleNos: readonly number[];
}

/** What a line says of an assignment that is there: its open end may be told; another end is not changed. */
const meetAssignment = async (
  context: ImportContext,
  known: DriverAssignment,
  { period, hasEnd }: CheckedLine,
): Promise<Pick<LineResult, 'outcome' | 'assignment' | 'differs' | 'vehicleNos'>> => {
  if (!hasEnd || known.toMs === period.toMs) return { outcome: 'found', assignment: known, differs: [], vehicleNos: [] };
  if (known.toMs !== Number.POSITIVE_INFINITY) return { outcome: 'found', assignment: known, differs: ['to'], vehicleNos: [] };
  const assignment = await correctAssignment(context, known, period);
  return { outcome: 'changed', assignment, differs: [], vehicleNos: [known.vehicleNo] };
};

const putLine = async (context: ImportContext, line: CheckedLine): Promise<LineResult> => {
  const { tx, random, nowMs } = context;
  const customerNo = await context.customerNoOf(tx, line.customer);
  const known = await findDriver(tx, line, customerNo);
  const row = { id: makeId(idPrefixes.driver, random), name: line.name, number: line.number, customerNo };
  const driver = known ?? (await store.insertDriver(tx, row, nowMs));
  const differs = driver.name === line.name ? [] : ['name'];
  const isNewDriver = known === undefined;
  const { vehicle, period } = line;
  if (!vehicle) return { outcome: known ? 'found' : 'made', driver, isNewDriver, differs, vehicleNos: [] };
  const neighbours = await store.readNeighbours(tx, vehicle.vehicleNo, driver.driverNo);
  const same = neighbours.find(
    (one) => one.vehicleNo === vehicle.vehicleNo && one.driverNo === driver.driverNo && one.fromMs === period.fromMs,
  );
  if (same) {
    const met = await meetAssignment(context, same, line);
    return { ...met, driver, isNewDriver, differs: [...differs, ...met.differs] };
  }
  const { assignment, isNew, vehicleNos } = await assignDriver(context, vehicle, driver, period);
  return { outcome: isNew || isNewDriver ? 'made' : 'found', driver, isNewDriver, assignment, differs, vehicleNos };
};

const asProblem = (error: unknown): LineProblem => {
  if (!(error instanceof CallerError)) throw error;
  const { field = 'line', value, expected = error.message } = error.details;
  return { field, value, expected };
};

/**
 * Makes or finds what each line asks for, in one transaction, in which the caller holds `lockPeriods`. A line that cannot be leaves
 * nothing behind.
 */
export const importLines = async (
  context: ImportContext,
  lines: readonly DriverLine[],
  isDryRun: boolean,
): Promise<ImportResult> => {
  const findVehicle = vehicleFinder(context);
  const driverNos = new Set<number>();
  const vehicleNos = new Set<number>();
  const outcomes: DriverLineOutcome[] = [];
  for (const line of lines) {
    const problems = [...line.problems];
    const checked = checkLine(line, findVehicle, problems);
    const name = typeof line.name === 'string' ? line.name : null;
    const wrong = {
      line: line.line,
      outcome: 'wrong',
      name,
      driverId: null,
      vehicleId: null,
      assignmentId: null,
      differs: [],
    } as const;
    const result =
      checked &&
      (await store.inSavepoint(
        context.tx,
        () => putLine(context, checked),
        (error) => problems.push(asProblem(error)),
      ));
    if (!checked || !result) {
      outcomes.push({ ...wrong, problems });
      continue;
    }
    if (result.isNewDriver) driverNos.add(result.driver.driverNo);
    for (const vehicleNo of result.vehicleNos) vehicleNos.add(vehicleNo);
    outcomes.push({
      line: line.line,
      outcome: result.outcome,
      name: result.driver.name,
      driverId: isDryRun && result.isNewDriver ? null : result.driver.id,
      vehicleId: checked.vehicle?.id ?? null,
      assignmentId: isDryRun && result.outcome !== 'found' ? null : (result.assignment?.id ?? null),
      differs: result.differs,
      problems: [],
    });
  }
  return { outcomes, driverNos: [...driverNos], vehicleNos: [...vehicleNos] };
};
