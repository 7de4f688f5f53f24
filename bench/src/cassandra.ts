/**
 * History on Apache Cassandra, one node with one copy, started here: what a flush and a merge cost the writer and Cassandra, bytes of a sample in its
 * files, reads of a day at 1 Hz, and the same samples as rows of `car_logs`. `node bench/src/cassandra.ts [vehicles] [flushes]`; a flush is 5 min of a
 * report a minute. Prints one JSON object a line. Bytes are those of the table's files after `nodetool flush` and `compact`.
 */
import { randomUUID } from 'node:crypto';
import { ensureSchema } from '../../server/src/history/adapters/cassandra/index.ts';
import { type History, openHistory } from '../../server/src/history/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { nothingPrivate, operatorScope } from '../../server/src/sharing/index.ts';
import { type CassandraEngine, ensureCassandra, startCassandra } from '../../tools/lib/engines.mjs';
import {
  addSample,
  builder,
  dayStart,
  groups,
  makeVehicle,
  move,
  numberOf,
  RecordArena,
  startLog,
  type Vehicle,
} from './history-vehicles.ts';
import { cpuSecondsOf } from './server.ts';

const vehicles = Number(process.argv[2] ?? 1000);
const flushes = Number(process.argv[3] ?? 205);
/** Rows are many times the bytes and the work: fewer of them. */
const carLogFlushes = Math.min(flushes, 12);
const flushSeconds = 300;
const dayMs = 86_400_000;
const scope = operatorScope(nothingPrivate);
const arena = new RecordArena();
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const three = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'].map(numberOf);

interface Measured {
  readonly history: History;
  readonly cassandra: CassandraEngine;
  readonly keyspace: string;
}

/** Microseconds of CPU of this process with its threads, and of Cassandra, and how long it took. */
const costOf = async (cassandra: CassandraEngine, samples: number, run: () => Promise<void>) => {
  const [since, before, startedMs] = [process.cpuUsage(), await cpuSecondsOf(cassandra.pid), performance.now()];
  await run();
  const { user, system } = process.cpuUsage(since);
  return {
    cpuMicrosASample: round((user + system) / samples),
    cassandraCpuMicrosASample: round((((await cpuSecondsOf(cassandra.pid)) - before) * 1e6) / samples),
    seconds: round((performance.now() - startedMs) / 1000),
  };
};

/** Of a table, in the files that count. */
const bytesOf = ({ cassandra, keyspace }: Measured, table: string): number => {
  cassandra.nodetool('flush', keyspace);
  cassandra.nodetool('compact', keyspace, table);
  const figures = cassandra.nodetool('tablestats', `${keyspace}.${table}`);
  return Number(/Space used \(live\): (\d+)/.exec(figures)?.[1]);
};

const addReport = (vehicle: Vehicle, vehicleNo: number, timeMs: number): void => {
  builder.reset();
  addSample(vehicle, timeMs);
  arena.add(vehicleNo, timeMs);
};

const flush = async (history: History): Promise<void> => {
  for (const batch of arena.batches()) history.apply(batch);
  await history.flush();
};

/** Each vehicle once a minute. Making the reports is not counted. */
const driveFleet = async ({ history, cassandra }: Measured, count: number) => {
  const fleet = Array.from({ length: vehicles }, (_, i) => makeVehicle(i + 1));
  const samples = vehicles * 5;
  const total = { cpuMicrosASample: 0, cassandraCpuMicrosASample: 0, seconds: 0 };
  for (let number = 0; number < count; number++) {
    arena.reset();
    for (let second = 0; second < flushSeconds; second += 60) {
      for (const [i, vehicle] of fleet.entries()) {
        move(vehicle, 60);
        addReport(
          vehicle,
          i + 1,
          dayStart + (number * flushSeconds + second) * 1000 + (i % 1000) + Math.floor(vehicle.random() * 20),
        );
      }
    }
    const cost = await costOf(cassandra, samples, () => flush(history));
    for (const name of ['cpuMicrosASample', 'cassandraCpuMicrosASample', 'seconds'] as const) total[name] += cost[name];
  }
  return {
    samples: samples * count,
    cpuMicrosASample: round(total.cpuMicrosASample / count),
    cassandraCpuMicrosASample: round(total.cassandraCpuMicrosASample / count),
    samplesPerSecond: Math.round((samples * count) / total.seconds),
  };
};

const withHistory = async (
  cassandra: CassandraEngine,
  carLogs: boolean,
  run: (measured: Measured) => Promise<void>,
): Promise<void> => {
  startLog();
  const keyspace = `bench_${randomUUID().replaceAll('-', '')}`;
  const reach = { contactPoints: [cassandra.address], localDatacenter: 'datacenter1', keyspace };
  await ensureSchema({ ...reach, groups: 1, replication: { datacenter1: 1 }, carLogs });
  const history = await openHistory({
    store: {
      adapterModule: new URL('../../server/src/history/adapters/cassandra/index.ts', import.meta.url),
      adapterOptions: { ...reach, retentionDays: 1096, carLogs },
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
    await run({ history, cassandra, keyspace });
  } finally {
    await history.close();
  }
};

const measureFleet = async (measured: Measured): Promise<void> => {
  const { history, cassandra } = measured;
  const release = await history.holdMerging();
  const flushed = await driveFleet(measured, flushes);
  const { samples } = flushed;
  const payload = (): number => round(history.statistics().storedBytes / samples);
  print({
    chunks: 'flushed',
    vehicles,
    flushes,
    ...flushed,
    chunkBytesASample: payload(),
    bytesASample: round(bytesOf(measured, 'chunk') / samples),
  });
  release();
  const merged = await costOf(cassandra, samples, () => history.merge());
  print({ chunks: 'merged', ...merged, chunkBytesASample: payload(), bytesASample: round(bytesOf(measured, 'chunk') / samples) });
};

const measureCarLogs = async (measured: Measured): Promise<void> => {
  await measured.history.holdMerging();
  const flushed = await driveFleet(measured, carLogFlushes);
  const { samples } = flushed;
  print({
    table: 'car_logs and chunks',
    flushes: carLogFlushes,
    ...flushed,
    carLogBytesASample: round(bytesOf(measured, 'car_logs') / samples),
    flushedChunkBytesASample: round(bytesOf(measured, 'chunk') / samples),
  });
};

const measureQuery = async (history: History, what: string, stepMs: number | undefined): Promise<void> => {
  const query = { vehicleNo: 1, signals: three, fromMs: dayStart, toMs: dayStart + dayMs, rowsMax: 1_000_000 };
  const latencies: number[] = [];
  let rows = 0;
  const since = process.cpuUsage();
  for (let i = 0; i < 40; i++) {
    const startedMs = performance.now();
    rows = (await history.query(scope, { ...query, ...(stepMs === undefined ? {} : { stepMs }) })).times.length;
    latencies.push(performance.now() - startedMs);
  }
  const { user, system } = process.cpuUsage(since);
  latencies.sort((a, b) => a - b);
  print({
    query: `a day at 1 Hz, 3 signals, ${what}`,
    stepMs: stepMs ?? null,
    rows,
    medianMs: round(latencies[20] as number),
    maxMs: round(latencies[39] as number),
    cpuMs: round((user + system) / 1000 / 40),
  });
};

const measureDay = async (measured: Measured): Promise<void> => {
  const { history } = measured;
  const release = await history.holdMerging();
  const vehicle = makeVehicle(1);
  for (let second = 0; second < 86_400; second += flushSeconds) {
    arena.reset();
    for (let i = second; i < second + flushSeconds; i++) {
      move(vehicle, 1);
      addReport(vehicle, 1, dayStart + i * 1000);
    }
    await flush(history);
  }
  for (const stepMs of [undefined, 60_000]) await measureQuery(history, 'as flushed', stepMs);
  release();
  await history.merge();
  print({ chunks: 'merged', vehicles: 1, samples: 86_400, bytesASample: round(bytesOf(measured, 'chunk') / 86_400) });
  for (const stepMs of [undefined, 60_000]) await measureQuery(history, 'merged', stepMs);
};

const jars = ensureCassandra();
if ('problem' in jars) throw new Error(jars.problem);
const cassandra = await startCassandra(jars.path, { isQuick: false });
try {
  await withHistory(cassandra, false, measureFleet);
  await withHistory(cassandra, true, measureCarLogs);
  await withHistory(cassandra, false, measureDay);
} finally {
  await cassandra.remove();
}
