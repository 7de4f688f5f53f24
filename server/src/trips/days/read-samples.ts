import { coreSignal, coreVocabulary, type DeviceKind, type SignalDefinition, wheels } from '@milepost/contract';
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

/** What history answered: stored numbers, multiples of each signal's step, in the order of `tripSignals`. Undefined: texts, which are none of ours. */
export interface SamplePage {
  readonly times: Float64Array;
  readonly numbers: readonly (Float64Array | undefined)[];
}

/** All that one device, or all of them, said in a period. */
export interface DevicePages {
  readonly kind: DeviceKind | undefined;
  readonly pages: readonly SamplePage[];
}

/** Reads what was said of one vehicle, by device; `toMs` exclusive. */
export type ReadPages = (fromMs: number, toMs: number) => Promise<readonly DevicePages[]>;

/** What a derivation has read, and of what time. */
export class SampleReading {
  readonly #source: SampleSource;
  readonly #vehicleNo: number;
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  /** receivedAt, ms: everything before is contained in all that was read. */
  completeTo = Number.POSITIVE_INFINITY;

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

  async read(fromMs: number, toMs: number): Promise<readonly DevicePages[]> {
    this.#fromMs = Math.min(this.#fromMs, fromMs);
    this.#toMs = Math.max(this.#toMs, toMs);
    if (fromMs >= toMs) return [];
    const devices = this.#source.directory
      .devicesOfVehicle(this.#vehicleNo)
      .filter((device) => wasOn(device, this.#vehicleNo, fromMs, toMs));
    if (devices.length < 2) return [{ kind: undefined, pages: await this.#readPages(fromMs, toMs, undefined) }];
    const sources = devices.map(({ deviceNo, kind }) => ({ kind, filter: { only: deviceNo } as DeviceFilter }));
    const others = { kind: undefined, filter: { except: devices.map(({ deviceNo }) => deviceNo) } };
    const read: DevicePages[] = [];
    for (const { kind, filter } of [...sources, others]) read.push({ kind, pages: await this.#readPages(fromMs, toMs, filter) });
    return read;
  }

  async #readPages(fromMs: number, toMs: number, devices: DeviceFilter | undefined): Promise<SamplePage[]> {
    const { history, scope } = this.#source;
    const pages: SamplePage[] = [];
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
      pages.push({ times: page.times, numbers: signals.map((_, s) => page.raw?.[s]?.numbers) });
      at = page.nextFromMs;
    }
    return pages;
  }
}

const wasOn = ({ assignments }: Device, vehicleNo: number, fromMs: number, toMs: number): boolean =>
  assignments.some((period) => period.vehicleNo === vehicleNo && period.fromMs < toMs && period.toMs > fromMs);

/** In units: what is stored is a multiple of a signal's step. */
const joinPages = (pages: readonly SamplePage[]): SignalRows => {
  const length = pages.reduce((sum, { times }) => sum + times.length, 0);
  const times = new Float64Array(length);
  const columns = signals.map(() => new Float64Array(length));
  let at = 0;
  for (const page of pages) {
    times.set(page.times, at);
    for (const [s, { perUnit }] of signals.entries()) {
      const into = columns[s] as Float64Array;
      const numbers = page.numbers[s];
      if (!numbers) into.fill(Number.NaN, at, at + page.times.length);
      else for (let i = 0; i < numbers.length; i++) into[at + i] = (numbers[i] as number) / perUnit;
    }
    at += page.times.length;
  }
  return { times, columns };
};

/** What devices said, as if one had. */
export const rowsOf = (devices: readonly DevicePages[]): SignalRows => {
  if (devices.length === 0) return joinPages([]);
  return mergeDevices(
    signals,
    devices.map(({ kind, pages }) => ({ kind, rows: joinPages(pages) })),
  );
};

/** Usable energy of the full battery that the vehicle itself reported last before a time. */
export const lastCapacity = (
  { times, columns }: SignalRows,
  beforeMs: number,
): { readonly atMs: number; readonly kwh: number } | undefined => {
  const column = columns[capacityColumn] as Float64Array;
  for (let i = times.length - 1; i >= 0; i--) {
    const [atMs, kwh] = [times[i] as number, column[i] as number];
    if (atMs < beforeMs && !Number.isNaN(kwh)) return { atMs, kwh };
  }
  return undefined;
};

export const toSamples = ({ times, columns }: SignalRows): TripSamples => {
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
