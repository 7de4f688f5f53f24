import { CallerError, type Clock } from '../../kernel/index.ts';
import type { Transaction } from '../../storage/index.ts';
import { idPrefixes, makeId, type Random } from '../ids.ts';
import { only } from '../rows.ts';
import type { Directory } from '../types.ts';
import { assignDriver, type AssignableVehicle, type AssignContext, correctAssignment } from './assign.ts';
import { checkDriverChanges, checkNewDriver, checkPeriod, checkPrivatePeriod } from './check-driver.ts';
import { type ImportContext, importLines } from './import-lines.ts';
import { asDriverPeriod, overlaps, planPrivate } from './plan-periods.ts';
import { readAssignments, readPrivatePeriods } from './rows.ts';
import * as store from './store.ts';
import type {
  Driver,
  DriverAssignment,
  DriverChanges,
  DriverDirectory,
  DriverLine,
  DriverLineOutcome,
  DriverPeriod,
  Drivers,
  NewDriver,
  NewDriverAssignment,
  PrivatePeriod,
} from './types.ts';

/** What a transaction about drivers wrote: they are read anew. */
export interface DriversWritten {
  readonly customerNos?: readonly number[];
  readonly driverNos?: readonly number[];
  /** Vehicles whose assignments or private periods changed. */
  readonly driverVehicleNos?: readonly number[];
}

export interface DriversContext {
  readonly directory: DriverDirectory;
  readonly vehicles: Directory;
  readonly clock: Clock;
  readonly random: Random;
  /** One transaction, told to other processes; in the directories when it resolves. */
  readonly write: (run: (tx: Transaction) => Promise<DriversWritten>) => Promise<void>;
  readonly resolveCustomer: (
    tx: Transaction,
    nameOrId: string,
  ) => Promise<{ readonly customerNo: number; readonly isNew: boolean }>;
}

/** Takes back what a dry run did. */
class DryRunDone extends Error {
  readonly outcomes: readonly DriverLineOutcome[];
  constructor(outcomes: readonly DriverLineOutcome[]) {
    super('nothing is stored by a dry run');
    this.outcomes = outcomes;
  }
}

const notFound = (): CallerError => new CallerError('not_found', 'there is nothing with this id');

class DriverStore implements Drivers {
  readonly directory: DriverDirectory;
  readonly #context: DriversContext;

  constructor(context: DriversContext) {
    this.directory = context.directory;
    this.#context = context;
  }

  #vehicle(id: string): AssignableVehicle {
    const vehicle = this.#context.vehicles.vehicleById(id);
    if (!vehicle) throw notFound();
    return vehicle;
  }

  #assigning(tx: Transaction): AssignContext {
    return { tx, random: this.#context.random, nowMs: this.#context.clock.now() };
  }

  /** A transaction that alone writes periods. Answers what `run` answers beside what it wrote. */
  async #writePeriods<T>(run: (context: AssignContext) => Promise<readonly [T, DriversWritten]>): Promise<T> {
    let answer: T | undefined;
    await this.#context.write(async (tx) => {
      await store.lockPeriods(tx);
      const [made, written] = await run(this.#assigning(tx));
      answer = made;
      return written;
    });
    return answer as T;
  }

  async #writeDriver(run: (tx: Transaction) => Promise<readonly [Driver, DriversWritten]>): Promise<Driver> {
    let driver: Driver | undefined;
    await this.#context.write(async (tx) => {
      const [made, written] = await run(tx);
      driver = made;
      return { driverNos: [made.driverNo], ...written };
    });
    return driver as Driver;
  }

  async create(driver: NewDriver): Promise<Driver> {
    const { customer, ...fields } = checkNewDriver(driver);
    const { random, clock, resolveCustomer } = this.#context;
    return this.#writeDriver(async (tx) => {
      const { customerNo, isNew } = await resolveCustomer(tx, customer);
      const row = { ...fields, customerNo, id: makeId(idPrefixes.driver, random) };
      return [await store.insertDriver(tx, row, clock.now()), { customerNos: isNew ? [customerNo] : [] }];
    });
  }

  async change(id: string, changes: DriverChanges): Promise<Driver> {
    const { customer, ...fields } = checkDriverChanges(changes);
    return this.#writeDriver(async (tx) => {
      const driver = await store.lockDriver(tx, id);
      const resolved = customer === undefined ? undefined : await this.#context.resolveCustomer(tx, customer);
      const changed = { ...driver, ...fields, ...(resolved ? { customerNo: resolved.customerNo } : {}) };
      await store.updateDriver(tx, changed);
      return [changed, { customerNos: resolved?.isNew ? [resolved.customerNo] : [] }];
    });
  }

  async end(id: string): Promise<Driver> {
    return this.#writePeriods(async ({ tx, nowMs }) => {
      const driver = await store.lockDriver(tx, id);
      if (driver.endedAt !== null) return [driver, {}];
      const driverVehicleNos = await store.endDriverRow(tx, driver.driverNo, nowMs);
      for (const vehicleNo of driverVehicleNos) await store.endPrivateRow(tx, vehicleNo, nowMs, driver.driverNo);
      return [await store.readDriver(tx, driver.driverNo), { driverNos: [driver.driverNo], driverVehicleNos }];
    });
  }

  async assign(vehicleId: string, { driverId, ...given }: NewDriverAssignment): Promise<DriverAssignment> {
    const period = checkPeriod(given);
    const vehicle = this.#vehicle(vehicleId);
    return this.#writePeriods(async (context) => {
      const driver = await store.lockDriver(context.tx, driverId);
      const { assignment, vehicleNos } = await assignDriver(context, vehicle, driver, period);
      return [assignment, { driverVehicleNos: vehicleNos }];
    });
  }

  async changeAssignment(vehicleId: string, assignmentId: string, changes: Partial<DriverPeriod>): Promise<DriverAssignment> {
    const { vehicleNo } = this.#vehicle(vehicleId);
    return this.#writePeriods(async (context) => {
      const known = await store.findAssignment(context.tx, vehicleNo, assignmentId);
      const period = checkPeriod({ fromMs: known.fromMs, toMs: known.toMs, ...changes });
      const driver = await store.readDriver(context.tx, known.driverNo);
      store.checkBefore('to', driver.id, driver.endedAt, period);
      return [await correctAssignment(context, known, period), { driverVehicleNos: [vehicleNo] }];
    });
  }

  async removeAssignment(vehicleId: string, assignmentId: string): Promise<void> {
    const { vehicleNo } = this.#vehicle(vehicleId);
    await this.#writePeriods(async ({ tx }) => {
      const { id } = await store.findAssignment(tx, vehicleNo, assignmentId);
      await store.deleteAssignment(tx, id);
      return [undefined, { driverVehicleNos: [vehicleNo] }];
    });
  }

  async makePrivate(vehicleId: string, given: DriverPeriod): Promise<readonly PrivatePeriod[]> {
    const { clock, random } = this.#context;
    const period = checkPrivatePeriod(given, clock.now());
    const { vehicleNo } = this.#vehicle(vehicleId);
    return this.#writePeriods(async ({ tx, nowMs }) => {
      const known = await readPrivatePeriods(tx, only(vehicleNo));
      const assignments = await readAssignments(tx, only(vehicleNo));
      for (const piece of planPrivate(period, known, assignments, nowMs))
        await store.insertPrivate(tx, { ...piece, vehicleNo, id: makeId(idPrefixes.privatePeriod, random) }, nowMs);
      const all = await readPrivatePeriods(tx, only(vehicleNo));
      return [all.filter((one) => overlaps(asDriverPeriod(one), period)), { driverVehicleNos: [vehicleNo] }];
    });
  }

  async endPrivate(vehicleId: string): Promise<void> {
    const { vehicleNo } = this.#vehicle(vehicleId);
    await this.#writePeriods(async ({ tx, nowMs }) => {
      await store.endPrivateRow(tx, vehicleNo, nowMs);
      return [undefined, { driverVehicleNos: [vehicleNo] }];
    });
  }

  async importLines(
    lines: readonly DriverLine[],
    { isDryRun }: { readonly isDryRun: boolean },
  ): Promise<readonly DriverLineOutcome[]> {
    try {
      return await this.#writePeriods(async (context) => {
        const customerNos = new Set<number>();
        const importing: ImportContext = {
          ...context,
          vehicles: this.#context.vehicles,
          customerNoOf: this.#customerNos(customerNos),
        };
        const { outcomes, driverNos, vehicleNos } = await importLines(importing, lines, isDryRun);
        if (isDryRun) throw new DryRunDone(outcomes);
        return [outcomes, { customerNos: [...customerNos], driverNos, driverVehicleNos: vehicleNos }];
      });
    } catch (error) {
      if (error instanceof DryRunDone) return error.outcomes;
      throw error;
    }
  }

  #customerNos(made: Set<number>): ImportContext['customerNoOf'] {
    return async (tx, nameOrId) => {
      const { customerNo, isNew } = await this.#context.resolveCustomer(tx, nameOrId);
      if (isNew) made.add(customerNo);
      return customerNo;
    };
  }
}

export const makeDrivers = (context: DriversContext): Drivers => new DriverStore(context);
