/** Modelled vehicles and their log records, for the benches of history. */
import { coreSignal, coreSignals, quantise } from '../../contract/src/index.ts';
import {
  ByteWriter,
  type RecordBatch,
  type RecordHeader,
  ReportBuilder,
  recordHeaderBytes,
  recordKinds,
  writeRecordHeader,
} from '../../server/src/events/index.ts';

const batchRecords = 256;
export const groups = new Map(coreSignals.map(({ number, group }) => [number, group]));
export const dayStart = Date.UTC(2026, 10, 2);

/** Mulberry32: the same vehicles each time. */
const makeRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export interface Vehicle {
  readonly random: () => number;
  speed: number;
  heading: number;
  latitude: number;
  longitude: number;
  metres: number;
  charge: number;
}

export const makeVehicle = (vehicleNo: number): Vehicle => {
  const random = makeRandom(vehicleNo);
  const metres = Math.floor(random() * 2e8);
  return {
    random,
    speed: random() * 60,
    heading: random() * 360,
    latitude: 48 + random(),
    longitude: 11 + random(),
    metres,
    charge: 50 + random() * 50,
  };
};

/** Moves a vehicle on by some seconds. A fifth of the time it stands. */
export const move = (vehicle: Vehicle, seconds: number): void => {
  const { random } = vehicle;
  vehicle.speed = Math.max(0, Math.min(120, vehicle.speed + (random() - 0.5) * 6 * Math.sqrt(seconds)));
  if (random() < 0.02) vehicle.speed = 0;
  vehicle.heading = (vehicle.heading + (random() - 0.5) * 20 * Math.sqrt(seconds) + 360) % 360;
  const metres = (vehicle.speed / 3.6) * seconds;
  vehicle.metres += metres;
  vehicle.latitude += (metres * Math.cos((vehicle.heading * Math.PI) / 180)) / 111_320;
  vehicle.longitude += (metres * Math.sin((vehicle.heading * Math.PI) / 180)) / 74_500;
  vehicle.charge = Math.max(5, vehicle.charge - metres / 1500 / 10);
};

const digits = (value: number, count: number): number => Math.round(value * 10 ** count) / 10 ** count;
const valuesOf = (vehicle: Vehicle): Record<string, number> => ({
  'Vehicle.TraveledDistance': Math.round(vehicle.metres),
  'Vehicle.CurrentLocation.Latitude': digits(vehicle.latitude, 6),
  'Vehicle.CurrentLocation.Longitude': digits(vehicle.longitude, 6),
  'Vehicle.CurrentLocation.Heading': digits(vehicle.heading, 1),
  'Vehicle.Speed': digits(vehicle.speed, 1),
  'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': digits(vehicle.charge, 1),
  'Vehicle.Powertrain.TractionBattery.Range': Math.round(vehicle.charge * 3) * 1000,
  'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure': 240 + Math.floor(vehicle.random() * 1.1),
  'Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure': 241,
  'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure': 212,
  'Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure': 239 + Math.floor(vehicle.random() * 1.1),
  'Vehicle.CurrentOverallWeight': 612,
  'Vehicle.Diagnostics.DTCCount': 0,
});

export const builder = new ReportBuilder();
const out = new ByteWriter();
const header: RecordHeader = {
  kind: recordKinds.telemetry,
  vehicleNo: 0,
  deviceNo: 0,
  boot: 1,
  seq: 1,
  hasSequence: true,
  receivedAt: 0,
  vocabularyVersion: 1,
};
const definitions = Object.keys(valuesOf(makeVehicle(1))).map((path) => coreSignal(path));
export const numberOf = (path: string): number => coreSignal(path).number;

/** Adds a sample of these values to `builder`. */
export const addValues = (timeMs: number, values: Readonly<Record<string, number>>): void => {
  builder.addSample(timeMs);
  for (const [path, value] of Object.entries(values)) {
    const definition = coreSignal(path);
    const quantised = quantise(definition, value);
    if (quantised.ok) builder.addValue(definition.number, quantised.stored);
  }
};

export const addSample = (vehicle: Vehicle, timeMs: number): void => {
  builder.addSample(timeMs);
  const values = valuesOf(vehicle);
  for (const definition of definitions) {
    const quantised = quantise(definition, values[definition.path]);
    if (quantised.ok) builder.addValue(definition.number, quantised.stored);
  }
};

let offset = 0;
/** A store that is new begins at 0. */
export const startLog = (): void => {
  offset = 0;
};

/** Log records in one piece of memory that is used again, so that making them leaves nothing for the collector to do meanwhile. */
export class RecordArena {
  #bytes = new Uint8Array(64 * 1024 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #ends: number[] = [];
  #used = 0;

  get count(): number {
    return this.#ends.length;
  }

  reset(): void {
    this.#ends.length = 0;
    this.#used = 0;
  }

  /** Adds what `builder` holds as a record. */
  add(vehicleNo: number, receivedAt: number): void {
    out.at = 0;
    builder.encode(out);
    const from = this.#used;
    const bodyAt = from + recordHeaderBytes;
    if (bodyAt + out.at > this.#bytes.length) this.#grow();
    writeRecordHeader(this.#view, from, { ...header, vehicleNo, deviceNo: vehicleNo, receivedAt });
    this.#bytes.set(out.bytes.subarray(0, out.at), bodyAt);
    this.#used = bodyAt + out.at;
    this.#ends.push(this.#used);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  /** As the log hands them on: some records at a time. They lie in the arena. */
  batches(): RecordBatch[] {
    const batches: RecordBatch[] = [];
    for (let from = 0; from < this.#ends.length; from += batchRecords) {
      const ends = Int32Array.from(this.#ends.slice(from, from + batchRecords));
      const starts = Int32Array.from(ends, (_, i) => this.#ends[from + i - 1] ?? 0);
      const offsets = Float64Array.from(ends, () => offset++);
      const nextOffset = offset;
      batches.push({ partition: 0, count: ends.length, bytes: this.#bytes, view: this.#view, starts, ends, offsets, nextOffset });
    }
    return batches;
  }
}
