/** Modelled vehicles and their log records, for the benches of history. */
import { coreSignal, coreSignals, quantise } from '../../contract/src/index.ts';
import { ByteWriter, encodeRecord, type RecordBatch, ReportBuilder, recordKinds } from '../../server/src/events/index.ts';

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

export const recordOf = (vehicleNo: number, receivedAt: number): Uint8Array => {
  out.at = 0;
  builder.encode(out);
  return encodeRecord(
    {
      kind: recordKinds.telemetry,
      vehicleNo,
      deviceNo: vehicleNo,
      boot: 1,
      seq: 1,
      hasSequence: true,
      receivedAt,
      vocabularyVersion: 1,
    },
    out.toBytes(),
  );
};

let offset = 0;
/** A store that is new begins at 0. */
export const startLog = (): void => {
  offset = 0;
};
const batchOf = (records: readonly Uint8Array[]): RecordBatch => {
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  const starts = new Int32Array(records.length);
  const ends = new Int32Array(records.length);
  const offsets = new Float64Array(records.length);
  let at = 0;
  records.forEach((record, i) => {
    bytes.set(record, at);
    starts[i] = at;
    at += record.length;
    ends[i] = at;
    offsets[i] = offset++;
  });
  return {
    partition: 0,
    count: records.length,
    bytes,
    view: new DataView(bytes.buffer),
    starts,
    ends,
    offsets,
    nextOffset: offset,
  };
};

export const batchesOf = (records: readonly Uint8Array[]): RecordBatch[] => {
  const batches: RecordBatch[] = [];
  for (let from = 0; from < records.length; from += batchRecords) batches.push(batchOf(records.slice(from, from + batchRecords)));
  return batches;
};
