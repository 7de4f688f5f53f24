/**
 * What the live state costs: applying reports, a fleet falling silent at once, memory, the list, map frames, snapshots.
 * `node bench/src/live.ts [vehicles …]`, default 100000 1000000. Prints one JSON object a line. CPU is user + system of this process.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coreSignal, coreVocabulary, quantise } from '../../contract/src/index.ts';
import {
  ByteWriter,
  encodeRecord,
  type RecordBatch,
  ReportBuilder,
  recordHeaderBytes,
  recordKinds,
  writeRecordHeader,
} from '../../server/src/events/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { openLive } from '../../server/src/live/index.ts';
import { aCustomer, aDevice, aVehicle, makeMemoryDirectory } from '../../server/src/live/memory-directory.ts';
import { openSnapshotFolder } from '../../server/src/storage/adapters/folder/index.ts';
import { nothingPrivate, operatorScope } from '../../server/src/sharing/index.ts';

const scope = operatorScope(nothingPrivate);
const batchRecords = 1024;
const start = Date.now() - 3_600_000;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const round = (value: number): number => Math.round(value * 1000) / 1000;

/** The report of the facts page: one sample of 13 signals. */
const values = (vehicleNo: number, turn: number): Record<string, unknown> => ({
  'Vehicle.TraveledDistance': 1_000_000 + turn * 15,
  'Vehicle.CurrentLocation.Latitude': 48 + (vehicleNo % 1000) / 5000 + turn / 10_000,
  'Vehicle.CurrentLocation.Longitude': 11 + ((vehicleNo * 7) % 1000) / 5000 + turn / 10_000,
  'Vehicle.CurrentLocation.Heading': (vehicleNo + turn * 3) % 360,
  'Vehicle.Speed': (vehicleNo + turn) % 120,
  'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 20 + ((vehicleNo + turn) % 80),
  'Vehicle.Powertrain.TractionBattery.Range': 84_000 - turn,
  'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure': 240 + (turn % 2),
  'Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure': 241,
  'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure': 239,
  'Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure': vehicleNo % 50 === 0 ? 150 : 242,
  'Vehicle.CurrentOverallWeight': 1640,
  'Vehicle.Diagnostics.DTCCount': vehicleNo % 97 === 0 ? 1 : 0,
});

const builder = new ReportBuilder();
const body = (vehicleNo: number, turn: number): Uint8Array => {
  builder.reset();
  builder.addSample(start + turn * 1000);
  for (const [path, value] of Object.entries(values(vehicleNo, turn))) {
    const signal = coreSignal(path);
    const quantised = quantise(signal, value);
    if (quantised.ok) builder.addValue(signal.number, quantised.stored);
  }
  const out = new ByteWriter();
  builder.encode(out);
  return out.toBytes();
};

let nextOffset = 0;
/** Spreads 1 … fleet over itself, so that records come in no order that a cache would like. */
const scatter = (i: number, fleet: number): number => 1 + ((i * 7919) % fleet);

/** Batches of reports, all received at the same moment. */
const batchesOf = (from: number, to: number, turn: number, fleet: number): RecordBatch[] => {
  const batches: RecordBatch[] = [];
  for (let first = from; first <= to; first += batchRecords) {
    const records: Uint8Array[] = [];
    for (let i = first; i <= Math.min(to, first + batchRecords - 1); i++) {
      const vehicleNo = scatter(i, fleet);
      const header = {
        kind: recordKinds.telemetry,
        vehicleNo,
        deviceNo: vehicleNo,
        boot: 1,
        seq: turn,
        hasSequence: true,
        receivedAt: start + turn * 1000,
        vocabularyVersion: 1,
      };
      records.push(encodeRecord(header, body(vehicleNo, turn)));
    }
    batches.push(batchOf(records));
  }
  return batches;
};

const batchOf = (records: readonly Uint8Array[]): RecordBatch => {
  const bytes = Buffer.concat(records);
  const starts = new Int32Array(records.length);
  const ends = new Int32Array(records.length);
  let at = 0;
  for (const [i, record] of records.entries()) {
    starts[i] = at;
    at += record.length;
    ends[i] = at;
  }
  const offsets = Float64Array.from(records, (_, i) => nextOffset + i);
  nextOffset += records.length;
  return {
    partition: 0,
    count: records.length,
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    starts,
    ends,
    offsets,
    nextOffset,
  };
};

const makeFleet = (vehicles: number) => {
  const directory = makeMemoryDirectory();
  for (let no = 1; no <= 100; no++) directory.put({ kind: 'customer', customer: aCustomer(no) });
  for (let no = 1; no <= vehicles; no++) {
    const fields = {
      plate: `M-${no.toString(36).toUpperCase()}`,
      customerNo: (no % 100) + 1,
      model: 'eTransit',
      tirePlacardKpa: [240, 240, 240, 240] as const,
    };
    directory.put({ kind: 'vehicle', vehicle: aVehicle(no, fields) });
    directory.put({ kind: 'device', device: aDevice(no, no) });
  }
  return directory;
};

const timesOf = (runs: number, run: () => void): { medianMs: number; maxMs: number } => {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const at = performance.now();
    run();
    times.push(performance.now() - at);
  }
  times.sort((a, b) => a - b);
  return { medianMs: round(times[runs >> 1] as number), maxMs: round(times[runs - 1] as number) };
};

const bench = async (vehicles: number, folder: string): Promise<void> => {
  nextOffset = 0;
  const live = openLive({
    directory: makeFleet(vehicles),
    vocabulary: () => coreVocabulary,
    clock: systemClock,
    logger: makeLogger('warn'),
    snapshots: openSnapshotFolder(folder),
  });
  const memoryBefore = process.memoryUsage();
  // The input is made a slice at a time, so that its memory is not mistaken for that of the live state.
  const slice = 65_536;
  const apply = (from: number, to: number, turn: number): { cpuMs: number; wallMs: number } => {
    let cpu = 0;
    let wall = 0;
    for (let first = from; first <= to; first += slice) {
      const batches = batchesOf(first, Math.min(to, first + slice - 1), turn, vehicles);
      const cpuAt = process.cpuUsage();
      const at = performance.now();
      for (const batch of batches) live.apply(batch);
      wall += performance.now() - at;
      cpu += cpuMs(cpuAt);
      live.takeStatusChanges();
    }
    return { cpuMs: cpu, wallMs: wall };
  };
  const first = apply(1, vehicles, 0);
  const memoryAfter = process.memoryUsage();
  const again = apply(1, vehicles, 1);
  const warm = apply(1, vehicles, 2);
  const { bytes, values: valueCount } = live.statistics();
  print({
    what: 'apply, one sample of 13 signals, decode included',
    vehicles,
    firstUs: round((first.cpuMs * 1000) / vehicles),
    againUs: round((again.cpuMs * 1000) / vehicles),
    warmUs: round((warm.cpuMs * 1000) / vehicles),
    warmWallUs: round((warm.wallMs * 1000) / vehicles),
  });
  print({
    what: 'memory',
    vehicles,
    values: valueCount,
    tableMb: round(bytes / 1e6),
    arrayBuffersMb: round((memoryAfter.arrayBuffers - memoryBefore.arrayBuffers) / 1e6),
  });

  live.closeMapTick();
  const source = live.mapSource(scope);
  const fullAt = performance.now();
  let tick = source.full().tick;
  const fullMs = performance.now() - fullAt;
  const againAt = performance.now();
  source.full();
  const fullAgainMs = performance.now() - againAt;
  let turn = 3;
  const deltas: number[] = [];
  let frameBytes = 0;
  for (let i = 0; i < 20; i++) {
    apply(1, 10_000, turn++);
    live.closeMapTick();
    const at = performance.now();
    const delivery = source.delta(tick);
    deltas.push(performance.now() - at);
    tick = delivery.tick;
    frameBytes = delivery.frame.length;
  }
  deltas.sort((a, b) => a - b);
  print({
    what: 'map frame',
    vehicles,
    fullMs: round(fullMs),
    fullAgainMs: round(fullAgainMs),
    movingVehicles: 10_000,
    deltaMedianMs: round(deltas[10] as number),
    deltaBytes: frameBytes,
  });

  const indexAt = performance.now();
  live.listVehicles(scope, {});
  print({ what: 'list, first query (builds the index)', vehicles, ms: round(performance.now() - indexAt) });
  const middle = live.listVehicles(scope, { sort: 'energy', limit: 500 }).next ?? '';
  const queries = {
    name: {},
    search: { q: 'm-zz 00012' },
    searchNothing: { q: 'no such vehicle' },
    energy: { sort: '-energy' },
    silence: { sort: '-silence' },
    warning: { warning: 'tire_pressure_low', sort: 'lastSeen' },
    box: { bbox: '11.05,48.05,11.1,48.1', energyBelow: 40 },
    nextPage: { sort: 'energy', limit: 500, cursor: middle },
  } as const;
  for (const [name, query] of Object.entries(queries)) {
    const found = live.listVehicles(scope, query).items.length;
    print({ what: `list: ${name}`, vehicles, found, ...timesOf(15, () => live.listVehicles(scope, query)) });
  }
  print({ what: 'fleet counts', vehicles, ...timesOf(15, () => live.fleetCounts(scope)) });

  let longestStallMs = 0;
  let isWatching = true;
  let seenAt = performance.now();
  const watch = (): void => {
    const now = performance.now();
    longestStallMs = Math.max(longestStallMs, now - seenAt);
    seenAt = now;
    if (isWatching) setImmediate(watch);
  };
  watch();
  const saveCpu = process.cpuUsage();
  const saveAt = performance.now();
  const saving = live.saveSnapshot([{ partition: 0, offset: nextOffset }]);
  const startMs = performance.now() - saveAt;
  await saving;
  const saveMs = performance.now() - saveAt;
  isWatching = false;
  const file = readdirSync(folder)[0] as string;
  print({
    what: 'snapshot, saved while idle',
    vehicles,
    wallMs: round(saveMs),
    cpuMs: round(cpuMs(saveCpu)),
    firstSliceMs: round(startMs),
    longestStallMs: round(longestStallMs),
    fileMb: round(statSync(join(folder, file)).size / 1e6),
  });
  const restored = openLive({
    directory: makeFleet(vehicles),
    vocabulary: () => coreVocabulary,
    clock: systemClock,
    logger: makeLogger('warn'),
    snapshots: openSnapshotFolder(folder),
  });
  const loadAt = performance.now();
  await restored.loadSnapshot([{ partition: 0, offset: nextOffset }]);
  print({ what: 'snapshot, loaded', vehicles, ms: round(performance.now() - loadAt) });
  await restored.close();

  await fallSilent(live, vehicles, turn);
  await live.close();
};

/** All vehicles are heard at one moment, and never again. The clock is the real one's pace: a tick each 250 ms, as the server does. */
const fallSilent = async (live: ReturnType<typeof openLive>, vehicles: number, turn: number): Promise<void> => {
  const record = new Uint8Array(recordHeaderBytes + 3);
  record[recordHeaderBytes] = 1;
  const heardAt = start + turn * 1000;
  for (let first = 1; first <= vehicles; first += batchRecords) {
    const records: Uint8Array[] = [];
    for (let vehicleNo = first; vehicleNo < Math.min(vehicles + 1, first + batchRecords); vehicleNo++) {
      writeRecordHeader(new DataView(record.buffer), 0, {
        kind: recordKinds.telemetry,
        vehicleNo,
        deviceNo: vehicleNo,
        boot: 1,
        seq: 9,
        hasSequence: true,
        receivedAt: heardAt,
        vocabularyVersion: 1,
      });
      records.push(record.slice());
    }
    live.apply(batchOf(records));
  }
  live.takeStatusChanges();
  for (const [to, afterMs] of [
    ['late', 75_000],
    ['offline', 180_000],
  ] as const) {
    const deadline = heardAt + afterMs;
    let changes = 0;
    let detectedMs = 0;
    const cpuAt = process.cpuUsage();
    // The worst place of the ticks: one falls just before the deadline can be settled.
    for (let tickAt = deadline - 10_000 + 249; changes < vehicles && tickAt < deadline + 10_000; tickAt += 250) {
      const at = performance.now();
      live.tick(tickAt);
      const tookMs = performance.now() - at;
      const found = live.takeStatusChanges().filter((change) => change.to === to && change.at === deadline).length;
      changes += found;
      if (found > 0) detectedMs = tickAt - deadline + tookMs;
    }
    print({ what: `falling silent: ${to}`, vehicles, changes, detectedMs: round(detectedMs), cpuMs: round(cpuMs(cpuAt)) });
  }
};

const folder = mkdtempSync(join(tmpdir(), 'milepost-bench-live-'));
const sizes = process.argv.slice(2).map(Number);
try {
  for (const vehicles of sizes.length > 0 ? sizes : [100_000, 1_000_000]) {
    await bench(vehicles, folder);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
