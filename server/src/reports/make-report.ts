import type { FleetReport, ReportGrouping, ReportRow } from '@milepost/contract/api';
import type { ReadScope } from '../events/index.ts';
import type { Directory, DriverDirectory, Vehicle } from '../registry/index.ts';
import { reportLimits } from './limits.ts';
import { dayAt, dayText, reportTime, type ReportTime } from './periods.ts';
import { findDriverNo, pickVehicles } from './pick-vehicles.ts';
import { portionsOf } from './portions.ts';
import { type Portion, Sums } from './sums.ts';
import type { ReportQuestion, ReportSources } from './types.ts';

/** What a row is of: a number, a group, a day; null: none. */
type Key = number | string | null;

/** The rows that something of a vehicle belongs to. */
const keysOf = (by: ReportGrouping, vehicle: Vehicle, day: string, driverNo: number | null | undefined): readonly Key[] => {
  if (by === 'vehicle') return [vehicle.vehicleNo];
  if (by === 'customer') return [vehicle.customerNo];
  if (by === 'group') return vehicle.groups.length > 0 ? vehicle.groups : [null];
  return by === 'day' ? [day] : [driverNo ?? null];
};

type Who = Pick<ReportRow, 'id' | 'name' | 'customer'>;

interface Known {
  readonly directory: Directory;
  readonly drivers: DriverDirectory;
  /** Those of the report, as the reader may know them. */
  readonly vehicles: ReadonlyMap<number, Vehicle>;
}

const describe = (by: ReportGrouping, key: Key, { directory, drivers, vehicles }: Known): Who => {
  const nobody = { id: null, name: null, customer: null };
  if (key === null) return nobody;
  if (typeof key === 'string') return { ...nobody, name: key };
  const customerName = (customerNo: number): string | null => directory.customerByNo(customerNo)?.name ?? null;
  if (by === 'customer')
    return { id: directory.customerByNo(key)?.id ?? null, name: customerName(key), customer: customerName(key) };
  if (by === 'driver') {
    const driver = drivers.driverByNo(key);
    return driver ? { id: driver.id, name: driver.name, customer: customerName(driver.customerNo) } : nobody;
  }
  const vehicle = vehicles.get(key);
  return vehicle ? { id: vehicle.id, name: vehicle.plate ?? vehicle.vin, customer: customerName(vehicle.customerNo) } : nobody;
};

/** All that is counted of one report. */
class Tally {
  readonly total = new Sums();
  readonly #by: ReportGrouping;
  readonly #vehicles: ReadonlyMap<number, Vehicle>;
  readonly #rows = new Map<Key, Sums>();

  constructor(by: ReportGrouping, vehicles: readonly Vehicle[]) {
    this.#by = by;
    this.#vehicles = new Map(vehicles.map((vehicle) => [vehicle.vehicleNo, vehicle]));
    this.total.vehicles = vehicles.length;
    // Also those of which nothing is known have their row.
    if (by === 'vehicle' || by === 'customer' || by === 'group')
      for (const vehicle of vehicles) for (const key of keysOf(by, vehicle, '', null)) this.#row(key).vehicles++;
  }

  #row(key: Key): Sums {
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = new Sums()));
    return row;
  }

  add(portion: Portion): void {
    const vehicle = this.#vehicles.get(portion.vehicleNo);
    if (!vehicle) return;
    this.total.add(portion);
    for (const key of keysOf(this.#by, vehicle, portion.day, portion.driverNo)) this.#row(key).add(portion);
  }

  warn(vehicleNo: number, day: string, driverNo: number | null): void {
    const vehicle = this.#vehicles.get(vehicleNo);
    if (!vehicle) return;
    this.total.warnings++;
    for (const key of keysOf(this.#by, vehicle, day, driverNo)) this.#row(key).warnings++;
  }

  rows(describeKey: (key: Key) => Who, days: number): ReportRow[] {
    const isByDriver = this.#by === 'driver';
    const over = this.#by === 'day' ? 1 : days;
    return [...this.#rows].map(([key, sums]) => ({ ...describeKey(key), ...sums.figures(over, isByDriver) }));
  }
}

const collator = new Intl.Collator('en', { numeric: true });
/** By name; those without one last. */
const byName = (a: ReportRow, b: ReportRow): number => {
  if (a.name === null || b.name === null) return Number(a.name === null) - Number(b.name === null);
  return collator.compare(a.name, b.name);
};

const countWarnings = async (
  { warnings, drivers }: ReportSources,
  scope: ReadScope,
  time: ReportTime,
  driverNo: number | undefined,
  tally: Tally,
): Promise<void> => {
  let count = 0;
  for await (const { vehicleNo, raisedMs } of warnings(scope, time)) {
    if (++count > reportLimits.warningsMax) return;
    const driver = drivers.driverAt(vehicleNo, raisedMs)?.driverNo ?? null;
    if (driverNo === undefined || driver === driverNo) tally.warn(vehicleNo, dayText(dayAt(time.zone, raisedMs)), driver);
  }
};

export interface MakeOptions {
  /** What the words of the period are of: now, or when a schedule was due. */
  readonly atMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once before anything is told, with the vehicles that the report is of. */
  readonly picked?: (vehicleNos: readonly number[]) => void;
}

/** Adds a report up over the days, or where it matters who drove the trips, of the vehicles that are asked for. Throws `invalid_field`. */
export const makeReport = async (
  sources: ReportSources,
  scope: ReadScope,
  question: ReportQuestion,
  { atMs, signal, picked }: MakeOptions,
): Promise<FleetReport> => {
  const { by, period, timeZone, filters } = question;
  const { directory, drivers, clock } = sources;
  const time = reportTime(question, atMs);
  const driverNo = findDriverNo(drivers, scope, filters);
  const vehicles = pickVehicles(directory, scope, filters, time);
  const tally = new Tally(by, vehicles);
  const madeAtMs = clock.now();
  const isByDriver = by === 'driver' || driverNo !== undefined;
  const numbers = vehicles.map(({ vehicleNo }) => vehicleNo);
  picked?.(numbers);
  let completeTo = Number.POSITIVE_INFINITY;
  for await (const portion of portionsOf(sources, scope, time, numbers, isByDriver)) {
    signal?.throwIfAborted();
    completeTo = Math.min(completeTo, portion.completeTo ?? Number.POSITIVE_INFINITY);
    if (driverNo === undefined || portion.driverNo === driverNo) tally.add(portion);
  }
  await countWarnings(sources, scope, time, driverNo, tally);
  const days = Math.max(1, time.daysBegun);
  const known: Known = { directory, drivers, vehicles: new Map(vehicles.map((vehicle) => [vehicle.vehicleNo, vehicle])) };
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    by,
    period,
    timeZone,
    from: iso(time.fromMs),
    to: iso(time.toMs),
    days: time.daysBegun,
    madeAt: iso(madeAtMs),
    completeTo: Number.isFinite(completeTo) ? iso(completeTo) : null,
    rows: tally.rows((key) => describe(by, key, known), days).sort(byName),
    total: tally.total.figures(days, false),
  };
};
