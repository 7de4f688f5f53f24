import { coreSignal, coreVocabulary, type SignalDefinition, wheels } from '@milepost/contract';
import type { ReadScope } from '../../events/index.ts';
import type { DeviceFilter, History, HistoryResult } from '../../history/index.ts';
import { OperationalError } from '../../kernel/index.ts';
import type { Device, Directory } from '../../registry/index.ts';
import { mergeDevices, type SignalRows } from './merge-devices.ts';
import { tripStoreLimits } from './store-limits.ts';
import type { TripSamples } from '../types.ts';

const battery = 'Vehicle.Powertrain.TractionBattery';
const plain = {
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  speedKmh: 'Vehicle.Speed',
  odometerM: 'Vehicle.TraveledDistance',
  energyPercent: `${battery}.StateOfCharge.Displayed`,
  energyKwh: `${battery}.StateOfCharge.CurrentEnergy`,
  rangeM: `${battery}.Range`,
  rangeAtFullM: `${battery}.RangeAtFullCharge`,
  isCharging: `${battery}.Charging.IsCharging`,
  chargingPowerKw: `${battery}.Charging.AveragePower`,
  ignition: 'Vehicle.LowVoltageSystemState',
  longitudinal: 'Vehicle.Acceleration.Longitudinal',
  lateral: 'Vehicle.Acceleration.Lateral',
  headingDegrees: 'Vehicle.CurrentLocation.Heading',
} as const;
const plainNames = Object.keys(plain) as (keyof typeof plain)[];
const wheelPath = ({ row, side }: (typeof wheels)[number], leaf: string): string =>
  `Vehicle.Chassis.Axle.Row${row}.Wheel.${side}.Tire.${leaf}`;

/** In the order of the columns that are read: the plain ones, pressures, temperatures, and the battery's size. */
const signals: readonly SignalDefinition[] = [
  ...plainNames.map((name) => coreSignal(plain[name])),
  ...wheels.map((wheel) => coreSignal(wheelPath(wheel, 'Pressure'))),
  ...wheels.map((wheel) => coreSignal(wheelPath(wheel, 'AirTemperature'))),
  coreSignal(`${battery}.NetCapacity`),
];
export const tripSignals: readonly number[] = signals.map(({ number }) => number);
const capacityColumn = signals.length - 1;

export interface SampleSource {
  readonly history: Pick<History, 'query'>;
  readonly directory: Pick<Directory, 'devicesOfVehicle'>;
  readonly scope: ReadScope;
}

/** What a derivation has read, and of what time. */
export class SampleReading {
  readonly #source: SampleSource;
  readonly #vehicleNo: number;
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  readonly #kept = new Map<string, Promise<TripSamples>>();
  /** receivedAt, ms: everything before is contained in all that was read. */
  completeTo = Number.POSITIVE_INFINITY;
  /** Usable energy that the vehicle reported last before a time, kWh; null: it did not. */
  #capacities: { readonly atMs: number; readonly kwh: number }[] = [];

  constructor(source: SampleSource, vehicleNo: number) {
    this.#source = source;
    this.#vehicleNo = vehicleNo;
  }

  /** Sample times on which the result depends; `toMs` exclusive. */
  get fromMs(): number {
    return this.#fromMs;
  }
  get toMs(): number {
    return this.#toMs;
  }

  /** The size that was reported last in what was read, up to a time; null: none was. */
  capacityKwh(untilMs: number): number | null {
    return this.#capacities
      .filter(({ atMs }) => atMs < untilMs)
      .reduce((last, one) => (one.atMs >= last.atMs ? one : last), noCapacity).kwh;
  }

  /** What was read once is kept, for a second derivation. */
  read(fromMs: number, toMs: number): Promise<TripSamples> {
    const key = `${fromMs} ${toMs}`;
    const known = this.#kept.get(key);
    if (known) return known;
    const read = this.#read(fromMs, toMs);
    this.#kept.set(key, read);
    return read;
  }

  async #read(fromMs: number, toMs: number): Promise<TripSamples> {
    this.#fromMs = Math.min(this.#fromMs, fromMs);
    this.#toMs = Math.max(this.#toMs, toMs);
    if (fromMs >= toMs) return toSamples({ times: new Float64Array(), columns: signals.map(() => new Float64Array()) });
    const rows = await this.#readDevices(fromMs, toMs);
    this.#noteCapacity(rows);
    return toSamples(rows);
  }

  async #readDevices(fromMs: number, toMs: number): Promise<SignalRows> {
    const devices = this.#source.directory
      .devicesOfVehicle(this.#vehicleNo)
      .filter((device) => wasOn(device, this.#vehicleNo, fromMs, toMs));
    if (devices.length < 2) return this.#readRows(fromMs, toMs, undefined);
    const sources = devices.map(({ deviceNo, kind }) => ({ kind, filter: { only: deviceNo } as DeviceFilter }));
    const others = { kind: undefined, filter: { except: devices.map(({ deviceNo }) => deviceNo) } };
    const read = [];
    for (const { kind, filter } of [...sources, others]) read.push({ kind, rows: await this.#readRows(fromMs, toMs, filter) });
    return mergeDevices(signals, read);
  }

  async #readRows(fromMs: number, toMs: number, devices: DeviceFilter | undefined): Promise<SignalRows> {
    const { history, scope } = this.#source;
    const pages: HistoryResult[] = [];
    for (let at: number | undefined = fromMs; at !== undefined; ) {
      const page: HistoryResult = await history.query(scope, {
        vehicleNo: this.#vehicleNo,
        signals: tripSignals,
        fromMs: at,
        toMs,
        ...(devices ? { devices } : {}),
        rowsMax: tripStoreLimits.rowsPerReadMax,
      });
      this.completeTo = Math.min(this.completeTo, page.completeTo);
      this.#rows += page.times.length;
      if (this.#rows > tripStoreLimits.samplesPerReadMax)
        throw new OperationalError('overloaded', `a vehicle has more than ${tripStoreLimits.samplesPerReadMax} samples a day`);
      pages.push(page);
      at = page.nextFromMs;
    }
    return joinPages(pages);
  }

  #noteCapacity({ times, columns }: SignalRows): void {
    const column = columns[capacityColumn] as Float64Array;
    for (let i = times.length - 1; i >= 0; i--) {
      if (Number.isNaN(column[i] as number)) continue;
      this.#capacities.push({ atMs: times[i] as number, kwh: column[i] as number });
      return;
    }
  }
}

const noCapacity: { readonly atMs: number; readonly kwh: number | null } = { atMs: Number.NEGATIVE_INFINITY, kwh: null };

const wasOn = ({ assignments }: Device, vehicleNo: number, fromMs: number, toMs: number): boolean =>
  assignments.some((period) => period.vehicleNo === vehicleNo && period.fromMs < toMs && period.toMs > fromMs);

/** In units: what is stored is a multiple of a signal's step. */
const joinPages = (pages: readonly HistoryResult[]): SignalRows => {
  const length = pages.reduce((sum, { times }) => sum + times.length, 0);
  const times = new Float64Array(length);
  const columns = signals.map(() => new Float64Array(length));
  let at = 0;
  for (const page of pages) {
    times.set(page.times, at);
    for (const [s, { perUnit }] of signals.entries()) {
      const into = columns[s] as Float64Array;
      const numbers = page.raw?.[s]?.numbers;
      // One that holds texts is none of ours: it says nothing.
      if (!numbers) into.fill(Number.NaN, at, at + page.times.length);
      else for (let i = 0; i < numbers.length; i++) into[at + i] = (numbers[i] as number) / perUnit;
    }
    at += page.times.length;
  }
  return { times, columns };
};

const toSamples = ({ times, columns }: SignalRows): TripSamples => {
  const named = Object.fromEntries(plainNames.map((name, i) => [name, columns[i]])) as Record<
    (typeof plainNames)[number],
    Float64Array
  >;
  const from = plainNames.length;
  return {
    times,
    ...named,
    tireKpa: columns.slice(from, from + wheels.length),
    tireCelsius: columns.slice(from + wheels.length, capacityColumn),
  };
};

/** How a history query names days: by the width of a step. */
export const dayStepSignals: readonly number[] = tripSignals.filter(
  (number) => coreVocabulary.byNumber(number)?.kind === 'number',
);
