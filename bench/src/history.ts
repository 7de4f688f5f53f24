/**
 * What history costs: applying a report on the main thread, a flush (all threads), a merge, bytes of a sample, queries.
 * `node bench/src/history.ts [scenario …]`: day, month, second, minute, minute-flushed, twizy; all without an argument. Prints one JSON object a line.
 * CPU is user + system of this process with its threads. `minute` has 20,000 vehicles, not 1,000,000: as many rows of each in a flush and
 * as many vehicles between two flushes of one, but smaller files.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type History, openHistory } from '../../server/src/history/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { nothingPrivate, operatorScope } from '../../server/src/sharing/index.ts';
import { readTrips } from '../../simulator/src/twizy-recording.ts';
import {
  addSample,
  addValues,
  builder,
  dayStart,
  groups,
  makeVehicle,
  move,
  numberOf,
  RecordArena,
  startLog,
} from './history-vehicles.ts';

const scope = operatorScope(nothingPrivate);
const arena = new RecordArena();
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const round = (value: number): number => Math.round(value * 1000) / 1000;
const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const dayMs = 86_400_000;

interface Costs {
  applyMs: number;
  flushMs: number;
  flushCpuMs: number;
}

/** Applies all, then flushes once. */
const store = async (history: History, records: RecordArena, costs: Costs): Promise<void> => {
  const batches = records.batches();
  const applySince = process.cpuUsage();
  for (const batch of batches) history.apply(batch);
  costs.applyMs += cpuMs(applySince);
  const since = process.cpuUsage();
  const flushFrom = performance.now();
  await history.flush();
  costs.flushMs += performance.now() - flushFrom;
  costs.flushCpuMs += cpuMs(since);
};

/** `measure` answers how many samples it stored: the size of the files is taken when they are closed. */
const withHistory = async (measure: (history: History) => Promise<number>): Promise<void> => {
  startLog();
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
  const history = await openHistory({
    store: {
      adapterModule: new URL('../../server/src/history/adapters/sqlite/index.ts', import.meta.url),
      adapterOptions: { folder },
    },
    // After the month: all of it is merged when it is asked for.
    clock: { ...systemClock, now: () => dayStart + 60 * dayMs },
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

/** Seconds of one vehicle at 1 Hz, a flush every so many. */
const drive = async (history: History, seconds: number, secondsAFlush: number): Promise<Costs> => {
  const vehicle = makeVehicle(1);
  const costs: Costs = { applyMs: 0, flushMs: 0, flushCpuMs: 0 };
  for (let second = 0; second < seconds; second += secondsAFlush) {
    arena.reset();
    for (let i = second; i < second + secondsAFlush; i++) {
      move(vehicle, 1);
      builder.reset();
      addSample(vehicle, dayStart + i * 1000);
      arena.add(1, dayStart + i * 1000);
    }
    await store(history, arena, costs);
  }
  return costs;
};

/** A vehicle that drives a day at 1 Hz, flushed every 5 min: what a query of that day has to read. */
const measureDay = async (history: History): Promise<number> => {
  const { flushMs } = await drive(history, 86_400, 300);
  const { storedChunks } = history.statistics();
  print({ scenario: 'one vehicle, a day at 1 Hz, 288 flushes', chunks: storedChunks, flushMsEach: round(flushMs / 288) });
  await measureQueries(history, 1, dayStart, dayStart + dayMs, 'a day at 1 Hz, 3 signals, as flushed');
  await measureMerge(history);
  await measureQueries(history, 1, dayStart, dayStart + dayMs, 'a day at 1 Hz, 3 signals, merged');
  return 86_400;
};

const measureMonth = async (history: History): Promise<number> => {
  const seconds = 28 * 86_400;
  await drive(history, seconds, 3600);
  await measureMerge(history);
  await measureQueries(history, 1, dayStart, dayStart + seconds * 1000, '28 days at 1 Hz, 3 signals, merged', [60_000]);
  return seconds;
};

const measureMerge = async (history: History): Promise<void> => {
  const since = process.cpuUsage();
  const startedMs = performance.now();
  await history.merge();
  const { mergeRowsBefore, mergeBytesBefore, mergeBytesAfter, merges, storedChunks } = history.statistics();
  print({
    merges,
    mergeMs: round(performance.now() - startedMs),
    mergeCpuMicrosASample: round((cpuMs(since) * 1000) / mergeRowsBefore),
    chunkBytesASampleBefore: round(mergeBytesBefore / mergeRowsBefore),
    chunkBytesASampleAfter: round(mergeBytesAfter / mergeRowsBefore),
    chunks: storedChunks,
  });
};

const three = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'].map(numberOf);

const measureQueries = async (
  history: History,
  vehicleNo: number,
  fromMs: number,
  toMs: number,
  name: string,
  steps: readonly (number | undefined)[] = [undefined, 60_000],
): Promise<void> => {
  for (const stepMs of steps) {
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
  isMerged = true,
): Promise<number> => {
  const fleet = Array.from({ length: vehicles }, (_, i) => makeVehicle(i + 1));
  const costs: Costs = { applyMs: 0, flushMs: 0, flushCpuMs: 0 };
  let reports = 0;
  for (let flush = 0; flush < flushes; flush++) {
    arena.reset();
    for (let second = 0; second < flushSeconds; second += everySeconds) {
      for (let i = 0; i < vehicles; i++) {
        const vehicle = fleet[i] as ReturnType<typeof makeVehicle>;
        move(vehicle, everySeconds);
        builder.reset();
        // Each vehicle reports at a moment of its own, a few ms late or early.
        const timeMs = dayStart + (flush * flushSeconds + second) * 1000 + (i % 1000) + Math.floor(vehicle.random() * 20);
        addSample(vehicle, timeMs);
        arena.add(i + 1, timeMs);
      }
    }
    reports += arena.count;
    await store(history, arena, costs);
  }
  print({
    scenario: `${vehicles} vehicles every ${everySeconds} s, ${flushes} flushes of ${flushSeconds} s`,
    reports,
    applyMicrosAReport: round((costs.applyMs * 1000) / reports),
    flushCpuMicrosAReport: round((costs.flushCpuMs * 1000) / reports),
    flushMicrosAReport: round((costs.flushMs * 1000) / reports),
    samplesACpuSecond: Math.round(reports / ((costs.applyMs + costs.flushCpuMs) / 1000)),
    storedBytesASample: round(history.statistics().storedBytes / reports),
    chunks: history.statistics().storedChunks,
  });
  if (isMerged) await measureMerge(history);
  return reports;
};

/** The recorded trips, one after the other, a report each second. */
const measureTwizy = async (history: History): Promise<number> => {
  const costs: Costs = { applyMs: 0, flushMs: 0, flushCpuMs: 0 };
  let second = 0;
  for (const { rows, metres } of readTrips(new URL('../../simulator/data/', import.meta.url)).values()) {
    arena.reset();
    for (const [i, row] of rows.entries()) {
      const timeMs = dayStart + second++ * 1000;
      builder.reset();
      addValues(timeMs, {
        'Vehicle.TraveledDistance': Math.round(metres[i] as number),
        'Vehicle.CurrentLocation.Latitude': row.lat,
        'Vehicle.CurrentLocation.Longitude': row.lon,
        'Vehicle.CurrentLocation.Altitude': row.altitudeM,
        'Vehicle.Speed': row.speedKmh,
        'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': row.socPercent,
        'Vehicle.Exterior.AirTemperature': row.ambientC,
      });
      arena.add(1, timeMs);
    }
    await store(history, arena, costs);
  }
  await measureMerge(history);
  return second;
};

const scenarios: Record<string, (history: History) => Promise<number>> = {
  day: measureDay,
  month: measureMonth,
  second: (history) => measureFleet(history, 1000, 1, 12, 300),
  minute: (history) => measureFleet(history, 20_000, 60, 205, 300),
  // Bytes before anything is merged.
  'minute-flushed': (history) => measureFleet(history, 20_000, 60, 15, 300, false),
  twizy: measureTwizy,
};
const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(scenarios)) {
  if (wanted.length === 0 || wanted.includes(name)) await withHistory(measure);
}
