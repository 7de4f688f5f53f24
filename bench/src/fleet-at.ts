/**
 * What the state of the whole fleet at a past second costs, and keyframes: `node bench/src/fleet-at.ts [minute|second …] [vehicles]`; both
 * rates and 10,000 vehicles without an argument. Prints one JSON object a line. Most of the data are merged, the last ten minutes are as they
 * were flushed, the last seconds in memory. CPU is user + system of this process with its threads. Files are warm: they were just written.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { coreSignal } from '../../contract/src/index.ts';
import { type History, openHistory } from '../../server/src/history/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { fleetSignals } from '../../server/src/live/index.ts';
import { nothingPrivate, operatorScope } from '../../server/src/sharing/index.ts';
import { addSample, builder, dayStart, groups, makeVehicle, move, RecordArena, startLog } from './history-vehicles.ts';

interface Rate {
  readonly stepSeconds: number;
  readonly samplesPerReport: number;
  /** Seconds of data that are merged, and that are not. */
  readonly mergedSeconds: number;
  readonly freshSeconds: number;
}

const rates: Readonly<Record<string, Rate>> = {
  minute: { stepSeconds: 60, samplesPerReport: 1, mergedSeconds: 17.5 * 3600, freshSeconds: 600 },
  second: { stepSeconds: 1, samplesPerReport: 10, mergedSeconds: 1200, freshSeconds: 600 },
};
const flushEverySeconds = 300;
const recordsAtOnce = 100_000;
const keyframeMs = 300_000;
const repeats = 9;

const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const round = (value: number): number => Math.round(value * 10) / 10;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );

let nowMs = dayStart;
const open = (folder: string, keyframeRetentionMs: number): Promise<History> =>
  openHistory({
    store: {
      adapterModule: new URL('../../server/src/history/adapters/sqlite/index.ts', import.meta.url),
      adapterOptions: { folder },
    },
    clock: { ...systemClock, now: () => nowMs },
    logger: makeLogger('warn'),
    consentGroupOf: (signalNumber) => groups.get(signalNumber),
    failed: (error) => {
      throw error;
    },
    fleet: { signals: fleetSignals, keyframeRetentionMs },
  });

const records = new RecordArena();
const applyAll = async (history: History): Promise<void> => {
  for (const batch of records.batches()) {
    history.apply(batch);
    await history.ready();
  }
  records.reset();
};

/** Reports of all vehicles of the seconds [from, to). Each vehicle has its own second of the minute. */
const drive = async (
  history: History,
  vehicles: readonly ReturnType<typeof makeVehicle>[],
  { stepSeconds, samplesPerReport }: Rate,
  fromSecond: number,
  toSecond: number,
): Promise<void> => {
  const reportSeconds = stepSeconds * samplesPerReport;
  for (let second = fromSecond; second < toSecond; second += reportSeconds) {
    for (const [i, vehicle] of vehicles.entries()) {
      builder.reset();
      const shiftMs = Math.floor((i * 997) % 1000) + (stepSeconds === 60 ? (i % 60) * 1000 : 0);
      for (let sample = 0; sample < samplesPerReport; sample++) {
        move(vehicle, stepSeconds);
        addSample(vehicle, dayStart + (second + sample * stepSeconds) * 1000 + shiftMs);
      }
      records.add(i + 1, dayStart + (second + reportSeconds) * 1000);
      if (records.count >= recordsAtOnce) await applyAll(history);
    }
  }
  await applyAll(history);
};

const ask = async (history: History, what: string, vehicleCount: number, moments: readonly number[]): Promise<void> => {
  const vehicleNos = Array.from({ length: vehicleCount }, (_, i) => i + 1);
  const speed = coreSignal('Vehicle.Speed').number;
  const wallMs: number[] = [];
  const cpuMs: number[] = [];
  let source = '';
  for (const second of moments) {
    const atMs = dayStart + Math.round(second * 1000);
    const since = process.cpuUsage();
    const startedMs = performance.now();
    const moment = await history.fleetAt(operatorScope(nothingPrivate), { vehicleNos, atMs, rankOf: () => 0 });
    wallMs.push(performance.now() - startedMs);
    const { user, system } = process.cpuUsage(since);
    cpuMs.push((user + system) / 1000);
    source = moment.keyframeMs === null ? 'chunks' : 'keyframes';
    if (moment.value(vehicleCount - 1, speed) === undefined) throw new Error(`${what}: nothing is known at ${second} s`);
  }
  print({
    query: what,
    source,
    medianMs: round(median(wallMs)),
    maxMs: round(Math.max(...wallMs)),
    cpuMs: round(median(cpuMs)),
    // How many others wanted the cores: wall time is worth little above their number.
    loadAverage: round(loadavg()[0] as number),
  });
};

const measure = async (name: string, rate: Rate, vehicleCount: number): Promise<void> => {
  startLog();
  const folder = mkdtempSync(join(tmpdir(), 'bench-fleet-at-'));
  const vehicles = Array.from({ length: vehicleCount }, (_, i) => makeVehicle(i + 1));
  const { mergedSeconds, freshSeconds } = rate;
  const endSecond = mergedSeconds + freshSeconds;
  const spread = (from: number, to: number): number[] =>
    Array.from({ length: repeats }, (_, i) => from + ((to - from) * (i + 0.37)) / repeats);
  let history = await open(folder, 1800_000);
  try {
    nowMs = dayStart + mergedSeconds * 1000;
    await drive(history, vehicles, rate, 0, mergedSeconds);
    await history.flush();
    await history.merge();
    for (let second = mergedSeconds; second < endSecond; second += flushEverySeconds) {
      nowMs = dayStart + (second + flushEverySeconds) * 1000;
      // The last minute stays in memory.
      const storedTo = Math.min(second + flushEverySeconds, endSecond - 60);
      await drive(history, vehicles, rate, second, storedTo);
      await history.flush();
      await drive(history, vehicles, rate, storedTo, second + flushEverySeconds);
    }
    print({
      scenario: `${vehicleCount} vehicles, a sample of 13 signals once a ${name}`,
      storedMiB: Math.round(bytesIn(folder) / 2 ** 20),
    });
    const since = process.cpuUsage();
    const startedMs = performance.now();
    await history.makeKeyframes();
    const { user, system } = process.cpuUsage(since);
    const made = history.statistics().keyframesMade;
    print({
      keyframes: made,
      msEach: round((performance.now() - startedMs) / made),
      cpuMsEach: round((user + system) / 1000 / made),
    });
    const lastKeyframe = (Math.floor((dayStart + (mergedSeconds - 60) * 1000) / keyframeMs) * keyframeMs - dayStart) / 1000;
    await ask(history, 'the first, threads are started', vehicleCount, [lastKeyframe - 200]);
    await ask(history, 'merged, at a keyframe', vehicleCount, spread(lastKeyframe, lastKeyframe + 0.001));
    await ask(history, 'merged, within the five minutes after it', vehicleCount, spread(lastKeyframe - 300, lastKeyframe));
    await ask(history, 'flushed, not merged', vehicleCount, spread(mergedSeconds + 60, endSecond - 120));
    await ask(history, 'now: partly in memory', vehicleCount, spread(endSecond - 50, endSecond - 1));
    await ask(history, 'merged, a page of 500 vehicles', 500, spread(lastKeyframe - 300, lastKeyframe));
    await history.close();
    print({ keyframeFileBytesAVehicle: round(bytesIn(join(folder, 'keyframes')) / made / vehicleCount) });
    history = await open(folder, 0);
    await ask(history, 'merged, without keyframes', vehicleCount, [lastKeyframe - 100, lastKeyframe - 200, lastKeyframe - 250]);
  } finally {
    await history.close();
    rmSync(folder, { recursive: true });
  }
};

const asked = process.argv.slice(2);
const names = asked.filter((argument) => argument in rates);
const vehicleCount = Number(asked.find((argument) => /^\d+$/.test(argument)) ?? 10_000);
for (const name of names.length > 0 ? names : Object.keys(rates)) await measure(name, rates[name] as Rate, vehicleCount);
