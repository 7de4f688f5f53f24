import { type Clock, CallerError, invalidField, type Logger } from '../kernel/index.ts';
import { type Actor, type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { checkNewDevice, checkNewVehicle, checkText, checkTime, checkTimeout, checkVehicleChanges } from './check-input.ts';
import { changeRetention, checkRetention } from './change-retention.ts';
import { makeCredentials } from './credentials.ts';
import { makeDirectory, type Revised } from './directory.ts';
import { makeDriverDirectory } from './drivers/directory.ts';
import { type DriversWritten, makeDrivers } from './drivers/make-drivers.ts';
import { endAssignments, lockPeriods } from './drivers/store.ts';
import type { Drivers } from './drivers/types.ts';
import { enrolInto, enrolRowsMax } from './enrol.ts';
import { enrolLines } from './enrol-lines.ts';
import { announce, followChanges, type Following, rangesOf, type Target } from './follow-changes.ts';
import { idPrefixes, makeId, type Random, systemRandom } from './ids.ts';
import { isImeiCheckDigitValid } from './imei.ts';
import { type DeviceRecord, type NumberRange, only, readCustomers, readDevices, readVehicles } from './rows.ts';
import { hashSecret, makeSecret, secretFits } from './secrets.ts';
import { putUsedCode } from './store-sign-in.ts';
import * as store from './store.ts';
import type {
  Credentials,
  Customer,
  Device,
  EnrolLine,
  EnrolLinesOptions,
  EnrolledRow,
  LineOutcome,
  EnrolRow,
  NewDevice,
  NewVehicle,
  Registry,
  RetentionDaysChanges,
  Vehicle,
  VehicleChanges,
} from './types.ts';
import { makePossessionDirectory } from './possession/directory.ts';
import { watchGlass } from './possession/watch-glass.ts';
import { makePossessions, type PossessionStore, type PossessionWritten } from './possession/make-possessions.ts';
import type { TransferHook } from './possession/types.ts';
import { rangesOfWritten, type Written } from './written.ts';
import type { Acting } from './possession/types.ts';
import { isVinCheckDigitValid } from './vin.ts';

export interface RegistryOptions {
  readonly storage: Storage;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: Random;
}

/** Who writes: until people have accounts, the operator. */
const actor: Actor = { kind: 'operator', id: 'operator' };

const nobody: Acting = { personNo: null, address: '' };

const sole = <T>(rows: readonly { readonly entity: T }[] | undefined): T => (rows as readonly [{ readonly entity: T }])[0].entity;

const readRanges = async <T>(numbers: readonly number[], read: (range: NumberRange) => Promise<T[]>): Promise<T[]> => {
  const rows: T[] = [];
  for (const range of rangesOf(numbers)) rows.push(...(await read(range)));
  return rows;
};

/** The writes: each is one transaction, told to other processes with its commit, and in the directory when its promise resolves. */
class PostgresRegistry implements Registry {
  readonly directory;
  readonly credentials: Credentials;
  readonly drivers: Drivers;
  readonly possessions: PossessionStore;
  readonly #storage: Storage;
  readonly #pepper: Uint8Array;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #origin: string;
  readonly #secretHashes: (Uint8Array | undefined)[] = [];
  readonly #secretRevisions: number[] = [];
  readonly #driverDirectory = makeDriverDirectory();
  readonly #possessionDirectory;
  readonly #endHooks: TransferHook[] = [];
  #following: Following | undefined;
  readonly #stopWatchingGlass: () => void;

  constructor(options: RegistryOptions) {
    this.#storage = options.storage;
    this.#pepper = options.pepper;
    this.#clock = options.clock;
    this.#random = options.random ?? systemRandom;
    this.#origin = makeId('', this.#random);
    this.directory = makeDirectory(options.clock, options.logger);
    this.credentials = makeCredentials({
      storage: options.storage,
      directory: this.directory,
      pepper: options.pepper,
      clock: options.clock,
      random: this.#random,
      operator: actor,
      write: async (run, writer) => (await this.#write(async (tx) => ({ devices: await run(tx) }), writer)).devices ?? [],
      readNumbers: readRanges,
    });
    this.drivers = makeDrivers({
      directory: this.#driverDirectory,
      vehicles: this.directory,
      clock: options.clock,
      random: this.#random,
      write: (run) => this.#writeNumbers(run),
      resolveCustomer: (tx, nameOrId) => this.#findOrMakeCustomer(tx, nameOrId),
    });
    this.#possessionDirectory = makePossessionDirectory(this.directory, options.logger);
    this.possessions = makePossessions({
      directory: this.#possessionDirectory,
      vehicles: this.directory,
      clock: options.clock,
      random: this.#random,
      pepper: options.pepper,
      write: (run) => this.#writeNumbers(run),
    });
    this.#stopWatchingGlass = watchGlass(this.#possessionDirectory, options.clock);
  }

  async follow(logger: Logger): Promise<void> {
    const target: Target = {
      directory: this.directory,
      drivers: this.#driverDirectory,
      possessions: this.#possessionDirectory,
      nowMs: () => this.#clock.now(),
      putDevice: (row) => this.#putDevice(row),
    };
    this.#following = await followChanges(this.#storage, target, { clock: this.#clock, logger, origin: this.#origin });
  }

  /** The hash first: whoever hears of a device may log it in at once. What was read before a newer secret was written does not bring the old one back. */
  #putDevice(row: DeviceRecord): void {
    const { deviceNo } = row.entity;
    if (row.revision >= (this.#secretRevisions[deviceNo] ?? 0))
      [this.#secretHashes[deviceNo], this.#secretRevisions[deviceNo]] = [row.secretHash, row.revision];
    this.directory.putDevice(row);
  }

  async #write(run: (tx: Transaction) => Promise<Written>, writer: Actor = actor): Promise<Written> {
    const done = this.#storage.withActor(writer, async (tx) => {
      const rows = await run(tx);
      await announce(tx, this.#origin, rangesOfWritten(rows));
      return rows;
    });
    // Unless it was refused it may be written all the same, and this process does not hear of what it wrote itself.
    done.catch((error: unknown) => (error instanceof CallerError ? undefined : this.#following?.readSurely()));
    const written = await done;
    await this.#know(written).catch((error: unknown) => {
      this.#following?.readSurely(rangesOfWritten(written));
      throw error;
    });
    return written;
  }

  /** Possession first, as when it is heard of: a vehicle is never seen by who has not got it yet. */
  async #know(written: Written): Promise<void> {
    const { drivers, driverVehicles, possessions } = rangesOfWritten(written);
    if (possessions.length > 0) await this.#following?.reread({ possessions });
    this.#apply(written);
    if (drivers.length + driverVehicles.length > 0) await this.#following?.reread({ drivers, driverVehicles });
  }

  /** What was written is told as numbers. */
  async #writeNumbers(run: (tx: Transaction) => Promise<DriversWritten & PossessionWritten>): Promise<void> {
    await this.#write(async (tx) => {
      const { customerNos = [], vehicleNos = [], deviceNos = [], ...numbers } = await run(tx);
      return {
        ...numbers,
        customers: await readRanges(customerNos, (range) => readCustomers(tx, range)),
        vehicles: await readRanges(vehicleNos, (range) => readVehicles(tx, range)),
        devices: await readRanges(deviceNos, (range) => readDevices(tx, range)),
      };
    });
  }

  #apply(written: Written): void {
    for (const row of written.customers ?? []) this.directory.putCustomer(row);
    for (const row of written.vehicles ?? []) this.directory.putVehicle(row);
    for (const row of written.devices ?? []) this.#putDevice(row);
  }

  #findOrMakeCustomer(tx: Transaction, nameOrId: string): Promise<store.ResolvedCustomer> {
    return store.resolveCustomer(tx, nameOrId, makeId(idPrefixes.customer, this.#random), this.#clock.now());
  }

  async #resolveCustomer(tx: Transaction, nameOrId: string): Promise<{ customerNo: number; customers: Revised<Customer>[] }> {
    const { customerNo, isNew } = await this.#findOrMakeCustomer(tx, nameOrId);
    return { customerNo, customers: isNew ? [await store.readCustomer(tx, customerNo)] : [] };
  }

  async createCustomer(name: string): Promise<Customer> {
    const checked = checkText('name', name);
    const written = await this.#write(async (tx) => {
      const no = await store.insertCustomer(tx, makeId(idPrefixes.customer, this.#random), checked, this.#clock.now());
      return { customers: [await store.readCustomer(tx, no)] };
    });
    return sole(written.customers);
  }

  async updateCustomer(id: string, changes: store.CustomerChanges): Promise<Customer> {
    const checked: store.CustomerChanges = {
      ...(changes.name === undefined ? {} : { name: checkText('name', changes.name) }),
      ...(changes.lateAfterSeconds === undefined
        ? {}
        : { lateAfterSeconds: checkTimeout('lateAfterSeconds', changes.lateAfterSeconds) }),
      ...(changes.offlineAfterSeconds === undefined
        ? {}
        : { offlineAfterSeconds: checkTimeout('offlineAfterSeconds', changes.offlineAfterSeconds) }),
    };
    const written = await this.#write(async (tx) => ({
      customers: [await store.readCustomer(tx, await store.updateCustomerRow(tx, id, checked))],
    }));
    return sole(written.customers);
  }

  async changeCustomerRetention(id: string, changes: RetentionDaysChanges): Promise<Customer> {
    const checked = checkRetention(changes);
    const written = await this.#write(async (tx) => {
      const no = await store.lockCustomer(tx, id);
      const { retention } = (await store.readCustomer(tx, no)).entity;
      await store.updateRetentionRow(tx, 'customers', no, changeRetention(retention, checked));
      return { customers: [await store.readCustomer(tx, no)] };
    });
    return sole(written.customers);
  }

  async changeVehicleRetention(id: string, changes: RetentionDaysChanges): Promise<Vehicle> {
    const checked = checkRetention(changes);
    const written = await this.#write(async (tx) => {
      const { no } = await store.lockVehicle(tx, id);
      const { retention } = (await store.readVehicle(tx, no)).entity;
      await store.updateRetentionRow(tx, 'vehicles', no, changeRetention(retention, checked));
      return { vehicles: [await store.readVehicle(tx, no)] };
    });
    return sole(written.vehicles);
  }

  async createVehicle(vehicle: NewVehicle): Promise<Vehicle> {
    const { customer, ...fields } = checkNewVehicle(vehicle);
    const written = await this.#write(async (tx) => {
      const { customerNo, customers } = await this.#resolveCustomer(tx, customer);
      const row = {
        ...fields,
        customerNo,
        id: makeId(idPrefixes.vehicle, this.#random),
        isVinCheckDigitValid: isVinCheckDigitValid(fields.vin),
      };
      const no = await store.insertVehicle(tx, row, this.#clock.now());
      return { customers, vehicles: [await store.readVehicle(tx, no)] };
    });
    return sole(written.vehicles);
  }

  async updateVehicle(id: string, changes: VehicleChanges, by: Acting = nobody): Promise<Vehicle> {
    const { customer, ...fields } = checkVehicleChanges(changes);
    const written = await this.#write(async (tx) => {
      // Before the vehicle, as wherever periods are written.
      if (customer !== undefined) await lockPeriods(tx);
      const { no } = await store.lockVehicle(tx, id);
      const resolved = customer === undefined ? undefined : await this.#resolveCustomer(tx, customer);
      const holder = resolved && ({ kind: 'customer', customerNo: resolved.customerNo } as const);
      const given = holder && (await this.possessions.giveTo(tx, id, holder, 'transferred', by));
      await store.updateVehicleRow(tx, no, fields);
      return { ...given, customers: resolved?.customers ?? [], vehicles: [await store.readVehicle(tx, no)] };
    });
    return sole(written.vehicles);
  }

  whenVehicleEnds(hook: TransferHook): void {
    this.#endHooks.push(hook);
  }

  async endVehicle(id: string): Promise<Vehicle> {
    const written = await this.#write(async (tx) => {
      // Before the vehicle, which whoever writes a period of it needs, too.
      await lockPeriods(tx);
      const { no, hasEnded } = await store.lockVehicle(tx, id);
      const deviceNos = hasEnded ? [] : await store.endVehicleRow(tx, no, this.#clock.now());
      const devices: DeviceRecord[] = [];
      for (const deviceNo of deviceNos) devices.push(await store.readDevice(tx, deviceNo));
      if (!hasEnded) {
        await endAssignments(tx, 'vehicle_no', no, this.#clock.now());
        for (const hook of this.#endHooks) await hook(tx, no, this.#clock.now());
      }
      return { vehicles: [await store.readVehicle(tx, no)], devices, driverVehicleNos: [no] };
    });
    return sole(written.vehicles);
  }

  async createDevice(device: NewDevice): Promise<{ readonly device: Device; readonly secret: string }> {
    const checked = checkNewDevice(device);
    const secret = makeSecret(this.#random);
    const row = {
      ...checked,
      id: makeId(idPrefixes.device, this.#random),
      isImeiCheckDigitValid: isImeiCheckDigitValid(checked.imei),
      secretHash: hashSecret(this.#pepper, secret),
    };
    const written = await this.#write(async (tx) => {
      const vehicleNo = await this.#vehicleInUse(tx, device.vehicleId);
      const no = await store.insertDevice(tx, row, vehicleNo, this.#clock.now());
      return { devices: [await store.readDevice(tx, no)] };
    });
    return { device: sole(written.devices), secret };
  }

  async #vehicleInUse(tx: Transaction, vehicleId: string): Promise<number> {
    const expected = 'the id of a vehicle that has not ended';
    const vehicle = await store.lockVehicle(tx, vehicleId).catch((error: unknown) => {
      throw error instanceof CallerError ? invalidField('vehicleId', vehicleId, expected) : error;
    });
    if (vehicle.hasEnded) throw invalidField('vehicleId', vehicleId, expected);
    return vehicle.no;
  }

  async assignDevice(id: string, vehicleId: string, fromMs: number): Promise<Device> {
    checkTime('from', fromMs);
    const written = await this.#write(async (tx) => {
      // Vehicle before device: the order in which every transaction locks.
      const vehicleNo = await this.#vehicleInUse(tx, vehicleId);
      const device = await store.lockDevice(tx, id);
      if (device.entity.revokedAt !== null) throw invalidField('id', id, 'a device that was not revoked');
      const last = device.entity.assignments.at(-1);
      if (last && fromMs <= last.fromMs)
        throw invalidField('from', fromMs, `a time after the start of its newest assignment, ${store.at(last.fromMs)}`);
      await store.moveDevice(tx, device.entity, vehicleNo, fromMs);
      return { devices: [await store.readDevice(tx, device.entity.deviceNo)] };
    });
    return sole(written.devices);
  }

  async revokeDevice(id: string): Promise<Device> {
    const written = await this.#write(async (tx) => {
      const device = await store.lockDevice(tx, id);
      if (device.entity.revokedAt !== null) return { devices: [device] };
      await store.revokeDeviceRow(tx, device.entity.deviceNo, this.#clock.now());
      return { devices: [await store.readDevice(tx, device.entity.deviceNo)] };
    });
    return sole(written.devices);
  }

  async enrol(rows: readonly EnrolRow[]): Promise<readonly EnrolledRow[]> {
    if (rows.length > enrolRowsMax) throw invalidField('rows', rows.length, `at most ${enrolRowsMax} of them`);
    const context = { pepper: this.#pepper, random: this.#random, nowMs: this.#clock.now() };
    const done = await this.#storage.withActor(actor, async (tx) => {
      const { answers, ...numbers } = await enrolInto(tx, rows, context);
      const written: Written = {
        customers: await readRanges(numbers.customerNos, (range) => readCustomers(tx, range)),
        vehicles: await readRanges(numbers.vehicleNos, (range) => readVehicles(tx, range)),
        devices: await readRanges(numbers.deviceNos, (range) => readDevices(tx, range)),
      };
      await announce(tx, this.#origin, rangesOfWritten(written));
      return { answers, written };
    });
    this.#apply(done.written);
    return done.answers;
  }

  enrolLines(lines: readonly EnrolLine[], options: EnrolLinesOptions): Promise<readonly LineOutcome[]> {
    return enrolLines(lines, options, {
      directory: this.directory,
      pepper: this.#pepper,
      clock: this.#clock,
      random: this.#random,
      read: (run) => this.#storage.withActor(actor, run),
      write: async (run) => void (await this.#write(run)),
      readNumbers: readRanges,
    });
  }

  verifySecret(deviceNo: number | undefined, secret: string): boolean {
    return secretFits(this.#pepper, secret, deviceNo === undefined ? undefined : this.#secretHashes[deviceNo]);
  }

  async catchUp(waitMs?: number): Promise<boolean> {
    return (await this.#following?.catchUp(waitMs)) ?? false;
  }

  async rereadDevice(deviceNo: number): Promise<void> {
    const records = await this.#storage.withActor(systemActor('directory'), (tx) => readDevices(tx, only(deviceNo)));
    for (const record of records) this.#putDevice(record);
  }

  useSignInCode(digest: Uint8Array, expiresAt: number): Promise<boolean> {
    return this.#storage.withActor(actor, (tx) => putUsedCode(tx, { digest, expiresAt, nowMs: this.#clock.now() }));
  }

  async close(): Promise<void> {
    this.#stopWatchingGlass();
    await this.#following?.close();
  }
}

/** Loads the whole directory (100,000 vehicles within a second) and follows the database from then on. */
export const openRegistry = async (options: RegistryOptions): Promise<Registry> => {
  const registry = new PostgresRegistry(options);
  await registry.follow(options.logger);
  return registry;
};
