/**
 * What history costs: applying a report on the main thread, a flush (all threads), bytes of a sample, queries.
 * `node bench/src/history.ts`. Prints one JSON object a line. CPU is user + system of this process with its threads.
 * The vehicles are modelled: a random walk of speed and heading that positions, mileage and charge follow; 13 signals a sample.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coreSignal, coreSignals, quantise } from '../../contract/src/index.ts';
import { ByteWriter, encodeRecord, type RecordBatch, ReportBuilder, recordKinds } from '../../server/src/events/index.ts';
import { type History, openHistory } from '../../server/src/history/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { operatorScope } from '../../server/src/sharing/index.ts';

const scope = operatorScope();
const batchRecords = 256;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const round = (value: number): number => Math.round(value * 1000) / 1000;
const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const groups = new Map(coreSignals.map(({ number, group }) => [number, group]));
const dayStart = Date.UTC(2026, 10, 2);

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

interface Vehicle {
  readonly random: () => number;
  speed: number;
  heading: number;
  latitude: number;
  longitude: number;
  metres: number;
  charge: number;
}

const makeVehicle = (vehicleNo: number): Vehicle => {
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
const move = (vehicle: Vehicle, seconds: number): void => {
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

const builder = new ReportBuilder();
const out = new ByteWriter();
const definitions = Object.keys(valuesOf(makeVehicle(1))).map((path) => coreSignal(path));
const numberOf = (path: string): number => coreSignal(path).number;

const addSample = (vehicle: Vehicle, timeMs: number): void => {
  builder.addSample(timeMs);
  const values = valuesOf(vehicle);
  for (const definition of definitions) {
    const quantised = quantise(definition, values[definition.path]);
    if (quantised.ok) builder.addValue(definition.number, quantised.stored);
  }
};

const recordOf = (vehicleNo: number, receivedAt: number): Uint8Array => {
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

const batchesOf = (records: readonly Uint8Array[]): RecordBatch[] => {
  const batches: RecordBatch[] = [];
  for (let from = 0; from < records.length; from += batchRecords) batches.push(batchOf(records.slice(from, from + batchRecords)));
  return batches;
};

interface Costs {
  applyMs: number;
  flushMs: number;
  flushCpuMs: number;
}

/** Applies all, then flushes once. */
const store = async (history: History, records: readonly Uint8Array[], costs: Costs): Promise<void> => {
  const batches = batchesOf(records);
  const startedMs = performance.now();
  for (const batch of batches) history.apply(batch);
  costs.applyMs += performance.now() - startedMs;
  const since = process.cpuUsage();
  const flushFrom = performance.now();
  await history.flush();
  costs.flushMs += performance.now() - flushFrom;
  costs.flushCpuMs += cpuMs(since);
};

/** `measure` answers how many samples it stored: the size of the files is taken when they are closed. */
const withHistory = async (measure: (history: History) => Promise<number>): Promise<void> => {
  offset = 0;
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
  const history = await openHistory({
    store: {
      adapterModule: new URL('../../server/src/history/adapters/sqlite/index.ts', import.meta.url),
      adapterOptions: { folder },
    },
    clock: systemClock,
    logger: makeLogger('warn'),
    consentGroupOf: (signalNumber) => groups.get(signalNumber),
    failed: (error) => {
      throw error;
    },
    sealBytes: 512 * 1024 * 1024,
  });
  try {
    const samples = await measure(history);
    await history.close();
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    print({ samples, fileBytesASample: round(bytes / samples) });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** One vehicle that drives a day at 1 Hz, flushed every 5 min: what a query of that day has to read. */
const measureDay = async (history: History): Promise<number> => {
  const vehicle = makeVehicle(1);
  const costs: Costs = { applyMs: 0, flushMs: 0, flushCpuMs: 0 };
  for (let second = 0; second < 86_400; second += 300) {
    const records: Uint8Array[] = [];
    for (let i = second; i < second + 300; i++) {
      move(vehicle, 1);
      builder.reset();
      addSample(vehicle, dayStart + i * 1000);
      records.push(recordOf(1, dayStart + i * 1000));
    }
    await store(history, records, costs);
  }
  print({
    scenario: 'one vehicle, a day at 1 Hz, 288 flushes',
    chunks: history.statistics().storedChunks,
    flushMsEach: round(costs.flushMs / 288),
  });
  await measureQueries(history, 1, dayStart, dayStart + 86_400_000, 'a day at 1 Hz, 3 signals');
  return 86_400;
};

const three = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'].map(numberOf);

const measureQueries = async (history: History, vehicleNo: number, fromMs: number, toMs: number, name: string): Promise<void> => {
  for (const stepMs of [undefined, 60_000]) {
    const latencies: number[] = [];
    const since = process.cpuUsage();
    const query = { vehicleNo, signals: three, fromMs, toMs, rowsMax: 1_000_000, ...(stepMs === undefined ? {} : { stepMs }) };
    let rows = 0;
    for (let i = 0; i < 60; i++) {
      const startedMs = performance.now();
      rows = (await history.query(scope, query)).times.length;
      latencies.push(performance.now() - startedMs);
    }
    latencies.sort((a, b) => a - b);
    print({
      query: name,
      stepMs: stepMs ?? null,
      rows,
      medianMs: round(latencies[30] as number),
      maxMs: round(latencies[59] as number),
      cpuMs: round(cpuMs(since) / 60),
    });
  }
};

/** Many vehicles, one memtable of 5 minutes each flush. */
const measureFleet = async (
  history: History,
  vehicles: number,
  everySeconds: number,
  flushes: number,
  flushSeconds: number,
): Promise<number> => {
  const fleet = Array.from({ length: vehicles }, (_, i) => makeVehicle(i + 1));
  const costs: Costs = { applyMs: 0, flushMs: 0, flushCpuMs: 0 };
  let reports = 0;
  for (let flush = 0; flush < flushes; flush++) {
    const records: Uint8Array[] = [];
    for (let second = 0; second < flushSeconds; second += everySeconds) {
      for (let i = 0; i < vehicles; i++) {
        const vehicle = fleet[i] as Vehicle;
        move(vehicle, everySeconds);
        builder.reset();
        // Each vehicle reports at a moment of its own, a few ms late or early.
        const timeMs = dayStart + (flush * flushSeconds + second) * 1000 + (i % 1000) + Math.floor(vehicle.random() * 20);
        addSample(vehicle, timeMs);
        records.push(recordOf(i + 1, timeMs));
      }
    }
    reports += records.length;
    await store(history, records, costs);
  }
  print({
    scenario: `${vehicles} vehicles every ${everySeconds} s, ${flushes} flushes of ${flushSeconds} s`,
    reports,
    applyMicrosAReport: round((costs.applyMs * 1000) / reports),
    flushCpuMicrosAReport: round((costs.flushCpuMs * 1000) / reports),
    flushMicrosAReport: round((costs.flushMs * 1000) / reports),
    chunks: history.statistics().storedChunks,
  });
  return reports;
};

await withHistory(measureDay);
await withHistory((history) => measureFleet(history, 1000, 1, 2, 300));
await withHistory((history) => measureFleet(history, 100_000, 60, 3, 300));
