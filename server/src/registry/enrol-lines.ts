import { sql } from 'kysely';
import { type Clock } from '../kernel/index.ts';
import { isCollision, type Transaction } from '../storage/index.ts';
import { type CheckedLine, checkLine } from './check-line.ts';
import type { Revised } from './directory.ts';
import { idPrefixes, makeId, type Random } from './ids.ts';
import {
  type FoundLine,
  type Known,
  knownVehicle,
  type KnownVehicle,
  type MadeLine,
  type PlannedLine,
  planLine,
  type WrongLine,
} from './plan-lines.ts';
import {
  type DeviceRecord,
  type NumberRange,
  readCustomers,
  readCustomersOf,
  readDevices,
  readDevicesByImei,
  readVehicles,
  readVehiclesByVin,
} from './rows.ts';
import { hashSecret, makeSecret } from './secrets.ts';
import { addEvents, putWindows } from './store-credentials.ts';
import { insertDevices, insertVehicles } from './store-enrol.ts';
import { at, resolveCustomer } from './store.ts';
import type { Customer, Directory, EnrolLine, EnrolLinesOptions, LineOutcome, Vehicle } from './types.ts';

/** Lines of one transaction. */
const linesPerTransaction = 500;
/** A line that somebody else writes at the same moment is looked at again so often. */
const triesMax = 4;
/** Arbitrary, fixed: one transaction of this kind at a time, so that two files never wait for each other. */
const enrolLock = 7_101_968_003;

/** What a transaction wrote. */
export interface LinesWritten {
  readonly customers: readonly Revised<Customer>[];
  readonly vehicles: readonly Revised<Vehicle>[];
  readonly devices: readonly DeviceRecord[];
}

export interface LinesContext {
  readonly directory: Directory;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly read: <T>(run: (tx: Transaction) => Promise<T>) => Promise<T>;
  /** One transaction, told to other processes, in the directory when it resolves. */
  readonly write: (run: (tx: Transaction) => Promise<LinesWritten>) => Promise<void>;
  readonly readNumbers: <T>(numbers: readonly number[], read: (range: NumberRange) => Promise<T[]>) => Promise<T[]>;
}

interface Run extends LinesContext {
  readonly options: EnrolLinesOptions;
  /** Vehicles that a dry run would have made before. */
  readonly imagined: Map<string, KnownVehicle>;
}

const isMade = (planned: PlannedLine): planned is MadeLine => planned.kind === 'made';

const readKnown = async (tx: Transaction, lines: readonly CheckedLine[], { directory, imagined }: Run): Promise<Known> => {
  const vins = [...new Set(lines.map(({ vin }) => vin))];
  // They must not end while devices are put on them.
  await sql`select 1 from vehicles where vin = any(${vins}) and ended_at is null order by vehicle_no for share`.execute(tx);
  const vehicles = (await readVehiclesByVin(tx, vins)).map(({ entity }) => entity);
  const namesOrIds = [...new Set(lines.map(({ customer }) => customer))];
  const customerNos = [...new Set(vehicles.map(({ customerNo }) => customerNo))];
  const customers = (await readCustomersOf(tx, { namesOrIds, customerNos })).map(({ entity }) => entity);
  const devices = await readDevicesByImei(
    tx,
    lines.map(({ device }) => device.imei),
  );
  const idByNo = new Map(customers.map(({ customerNo, id }) => [customerNo, id]));
  const stored = vehicles.map((vehicle) => knownVehicle(vehicle, idByNo.get(vehicle.customerNo) as string));
  return {
    customersByName: new Map(customers.map((customer) => [customer.name, customer])),
    customersById: new Map(customers.map((customer) => [customer.id, customer])),
    vehiclesByVin: new Map([...imagined, ...stored.map((vehicle): [string, KnownVehicle] => [vehicle.vin, vehicle])]),
    vehicleIdOf: (vehicleNo) => directory.vehicleByNo(vehicleNo)?.id,
    devicesByImei: new Map(devices.map(({ entity }) => [entity.imei, entity])),
  };
};

const plan = async (tx: Transaction, lines: readonly CheckedLine[], run: Run): Promise<PlannedLine[]> => {
  const known = await readKnown(tx, lines, run);
  return lines.map((line) => planLine(line, known, (prefix) => makeId(prefix, run.random)));
};

const noOutcome = { differs: [], problems: [] };
const wrongOutcome = ({ line, imei, problems }: Omit<WrongLine, 'kind'>): LineOutcome => ({
  line,
  outcome: 'wrong',
  imei,
  vehicleId: null,
  deviceId: null,
  differs: [],
  problems,
});
const madeOutcome = ({ line, vehicle, deviceId, differs }: MadeLine): LineOutcome => ({
  ...noOutcome,
  line: line.line,
  outcome: 'made',
  imei: line.device.imei,
  vehicleId: vehicle.id,
  deviceId,
  differs,
});
const foundOutcome = ({ line, vehicle, device, differs }: FoundLine): LineOutcome => ({
  ...noOutcome,
  line: line.line,
  outcome: 'found',
  imei: device.imei,
  vehicleId: vehicle.id,
  deviceId: device.id,
  differs,
});

interface MadeNumbers {
  readonly customerNos: readonly number[];
  readonly vehicleNos: readonly number[];
  readonly deviceNos: readonly number[];
}

/** Makes customers, vehicles and devices of these lines; `hashes` of the secrets by device id. */
const insertLines = async (
  tx: Transaction,
  lines: readonly MadeLine[],
  hashes: ReadonlyMap<string, Buffer>,
  { clock, random, options }: Run,
): Promise<MadeNumbers> => {
  const nowMs = clock.now();
  const withVehicle = lines.filter(({ makesVehicle }) => makesVehicle);
  const customerNos = new Map<string, number>();
  for (const name of new Set(withVehicle.map(({ vehicle }) => vehicle.customerKey)))
    customerNos.set(name, (await resolveCustomer(tx, name, makeId(idPrefixes.customer, random), nowMs)).customerNo);
  const vehicles = withVehicle.map(({ vehicle }) => ({
    ...vehicle,
    customerNo: customerNos.get(vehicle.customerKey) as number,
  }));
  const vehicleNos = await insertVehicles(tx, vehicles, nowMs);
  const devices = lines.map(({ deviceId: id, line, vehicle }) => ({
    ...line.device,
    id,
    secretHash: hashes.get(id),
    vehicleNo: vehicle.vehicleNo ?? (vehicleNos.get(vehicle.id) as number),
  }));
  const deviceNos = await insertDevices(tx, devices, nowMs, options.windowUntilMs);
  return {
    customerNos: [...customerNos.values()],
    vehicleNos: [...vehicleNos.values()],
    deviceNos: [...deviceNos.values()],
  };
};

/** Devices that were found and never had a secret; answers their numbers once their windows are open. */
const openWindows = async (
  tx: Transaction,
  planned: readonly PlannedLine[],
  madeNos: readonly number[],
  { clock, options: { windowUntilMs } }: Run,
): Promise<readonly number[]> => {
  if (windowUntilMs === undefined) return [];
  const waiting = planned.flatMap((line) =>
    line.kind === 'found' && line.device.credentials.secretIssuedAt === null ? [line.device.deviceNo] : [],
  );
  const found = await putWindows(tx, waiting, windowUntilMs);
  const event = { event: 'window_opened', actor: 'operator', detail: at(windowUntilMs) } as const;
  await addEvents(tx, [...madeNos, ...found], event, clock.now());
  return found;
};

/** Stores the lines in one transaction, or none of them when one cannot be. */
const storeLines = async (lines: readonly CheckedLine[], run: Run): Promise<LineOutcome[]> => {
  const { pepper, random, options, readNumbers } = run;
  let outcomes: LineOutcome[] = [];
  await run.write(async (tx) => {
    await sql`select pg_advisory_xact_lock(${enrolLock})`.execute(tx);
    const planned = await plan(tx, lines, run);
    const made = planned.filter(isMade);
    const isSecretTold = options.windowUntilMs === undefined && options.isWithoutSecrets !== true;
    const secrets = new Map(isSecretTold ? made.map(({ deviceId }) => [deviceId, makeSecret(random)]) : []);
    const hashes = new Map(Array.from(secrets, ([id, secret]) => [id, hashSecret(pepper, secret)]));
    const numbers = await insertLines(tx, made, hashes, run);
    const opened = await openWindows(tx, planned, numbers.deviceNos, run);
    outcomes = planned.map((line) => outcomeOf(line, secrets, new Set(opened), options));
    return {
      customers: await readNumbers(numbers.customerNos, (range) => readCustomers(tx, range)),
      vehicles: await readNumbers(numbers.vehicleNos, (range) => readVehicles(tx, range)),
      devices: await readNumbers([...numbers.deviceNos, ...opened], (range) => readDevices(tx, range)),
    };
  });
  return outcomes;
};

const outcomeOf = (
  planned: PlannedLine,
  secrets: ReadonlyMap<string, string>,
  opened: ReadonlySet<number>,
  { windowUntilMs }: EnrolLinesOptions,
): LineOutcome => {
  if (planned.kind === 'wrong') return wrongOutcome(planned);
  const window = windowUntilMs === undefined ? {} : { windowUntilMs };
  if (planned.kind === 'found')
    return opened.has(planned.device.deviceNo) ? { ...foundOutcome(planned), ...window } : foundOutcome(planned);
  const secret = secrets.get(planned.deviceId);
  return { ...madeOutcome(planned), ...(secret === undefined ? window : { secret }) };
};

/** What would become of the lines: ids that would be given are not told. */
const imagineLines = async (lines: readonly CheckedLine[], run: Run): Promise<LineOutcome[]> => {
  const planned = await run.read((tx) => plan(tx, lines, run));
  for (const line of planned) if (isMade(line) && line.makesVehicle) run.imagined.set(line.vehicle.vin, line.vehicle);
  return planned.map((line) => {
    if (line.kind === 'wrong') return wrongOutcome(line);
    if (line.kind === 'found') return foundOutcome(line);
    const { vehicleNo, id } = line.vehicle;
    return { ...madeOutcome(line), vehicleId: vehicleNo === undefined ? null : id, deviceId: null };
  });
};

/** All at once; when somebody else interferes, one after the other, and each of them again. */
const storeApart = async (lines: readonly CheckedLine[], run: Run, triesLeft = triesMax): Promise<LineOutcome[]> => {
  try {
    return await storeLines(lines, run);
  } catch (error) {
    if (!isCollision(error) || triesLeft === 0) throw error;
  }
  if (lines.length === 1) return storeApart(lines, run, triesLeft - 1);
  const outcomes: LineOutcome[] = [];
  for (const line of lines) outcomes.push(...(await storeApart([line], run)));
  return outcomes;
};

/** Lines that are fine by themselves, and what is said of the others. An IMEI counts for the first of them that names it. */
const checkLines = (
  lines: readonly EnrolLine[],
  firstLines: Map<string, number>,
): { fine: CheckedLine[]; wrong: LineOutcome[] } => {
  const fine: CheckedLine[] = [];
  const wrong: LineOutcome[] = [];
  for (const given of lines) {
    const check = checkLine(given);
    if (!check.isFine) {
      wrong.push(wrongOutcome({ line: given.line, imei: check.imei, problems: check.problems }));
      continue;
    }
    const { imei } = check.checked.device;
    const firstLine = firstLines.get(imei);
    if (firstLine === undefined) {
      firstLines.set(imei, given.line);
      fine.push(check.checked);
    } else {
      const expected = `an IMEI that is not on line ${firstLine} already`;
      wrong.push(wrongOutcome({ line: given.line, imei, problems: [{ field: 'imei', value: imei, expected }] }));
    }
  }
  return { fine, wrong };
};

/** Makes or finds what each line asks for, some hundred lines a transaction. One outcome a line, in their order. */
export const enrolLines = async (
  lines: readonly EnrolLine[],
  options: EnrolLinesOptions,
  context: LinesContext,
): Promise<readonly LineOutcome[]> => {
  const run: Run = { ...context, options, imagined: new Map() };
  const firstLines = new Map<string, number>();
  const outcomes: LineOutcome[] = [];
  for (let start = 0; start < lines.length; start += linesPerTransaction) {
    const { fine, wrong } = checkLines(lines.slice(start, start + linesPerTransaction), firstLines);
    const decided = fine.length === 0 ? [] : await (options.isDryRun ? imagineLines(fine, run) : storeApart(fine, run));
    outcomes.push(...[...decided, ...wrong].sort((a, b) => a.line - b.line));
  }
  return outcomes;
};
