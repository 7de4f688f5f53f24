import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { coreSignals, type SignalValue } from '@milepost/contract';
import { Admin, Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import { readTrips, type TripRow } from '../../../simulator/src/twizy-recording.ts';
import { ensureTopic, openKafkaLog } from '../eventlog/adapters/kafka/index.ts';
import { testTopic } from '../eventlog/adapters/kafka/test-kafka.ts';
import type { EventLog } from '../eventlog/index.ts';
import { silentLogger, systemClock } from '../kernel/index.ts';
import { openKafkaExportSink } from './adapters/kafka/index.ts';
import { connection, telemetry, type TestSample } from './testing/make-batch.ts';
import { readPublished, type ReadReport, type ReadValue } from './testing/read-published.ts';
import { exportGroup } from './start-export-topic.ts';

const broker = process.env['TEST_KAFKA'];
const options = { skip: broker ? false : 'no Kafka', timeout: 300_000 };
const brokers = [broker ?? ''];
const [logPartitions, exportPartitions] = [8, 6];
const program = fileURLToPath(new URL('./testing/exporter-program.ts', import.meta.url));
const startMs = Date.UTC(2026, 10, 20, 12);

/** A record with what a reader must get for it. */
interface Said {
  readonly record: Uint8Array;
  readonly vehicleNo: number;
  readonly kind: string;
  readonly samples: readonly { readonly timeMs: number; readonly signals: Readonly<Record<string, SignalValue>> }[];
}

const rounded = (value: number, path: string): number => {
  const perUnit = coreSignals.find((signal) => signal.path === path)?.perUnit ?? 1;
  return Math.round(value * perUnit) / perUnit;
};

const signalsOf = ({ speedKmh, lat, lon, socPercent }: TripRow): Record<string, SignalValue> => {
  const read = {
    'Vehicle.Speed': speedKmh,
    'Vehicle.CurrentLocation.Latitude': lat,
    'Vehicle.CurrentLocation.Longitude': lon,
    'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': socPercent,
  };
  return Object.fromEntries(Object.entries(read).map(([path, value]) => [path, rounded(value, path)]));
};

const samplesPerReport = 20;

/** Recorded trips, each driven by a vehicle: reports of twenty seconds, between a connection that opens and a heartbeat. */
const sayTrips = (vehicles: number, reportsEach: number): Said[] => {
  const trips = [...readTrips(new URL('../../../simulator/data/', import.meta.url)).values()];
  return Array.from({ length: reportsEach }, (_, i) => i).flatMap((i) =>
    Array.from({ length: vehicles }, (_, v): Said => {
      const head = { vehicleNo: v + 1, deviceNo: 100 + v, receivedAt: startMs + i * 20_000, seq: i };
      const known = { vehicleNo: head.vehicleNo };
      if (i === 0) return { ...known, record: connection('opened', head), kind: 'KIND_CONNECTION', samples: [] };
      if (i === reportsEach - 1) return { ...known, record: telemetry([], head), kind: 'KIND_HEARTBEAT', samples: [] };
      const rows = trips[v % trips.length]?.rows ?? [];
      const samples: TestSample[] = Array.from({ length: samplesPerReport }, (_row, second) => ({
        timeMs: startMs + (i * samplesPerReport + second) * 1000,
        signals: signalsOf(rows[(i * samplesPerReport + second) % rows.length] as TripRow),
      }));
      return { ...known, record: telemetry(samples, head), kind: 'KIND_TELEMETRY', samples };
    }),
  );
};

const appendOne = (log: EventLog, record: Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    const listener = {
      appended: (_token: number, partition: number, offset: number) => resolve(`${partition}:${offset}`),
      appendFailed: (_token: number, error: Error) => reject(error),
    };
    const refused = log.append(record, listener, 0);
    if (refused) reject(new Error(refused));
  });

/** Appends all of it, in many requests: a batch of the log is what is read at once. Answers it by where it lies. */
const appendAll = async (log: EventLog, said: readonly Said[]): Promise<Map<string, Said>> => {
  const placed = new Map<string, Said>();
  for (let from = 0; from < said.length; from += 200) {
    const some = said.slice(from, from + 200);
    const places = await Promise.all(some.map(({ record }) => appendOne(log, record)));
    for (const [i, place] of places.entries()) placed.set(place, some[i] as Said);
  }
  return placed;
};

const endsOf = async (consumer: Consumer, topic: string): Promise<number> => {
  const ends = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST });
  return [...ends.values()].flat().reduce((sum, offset) => sum + Number(offset), 0);
};

interface Read {
  readonly key: string;
  readonly timestampMs: number;
  readonly report: ReadReport;
  readonly bytes: Buffer;
}

const readTopic = async (consumer: Consumer, topic: string): Promise<Read[]> => {
  const count = await endsOf(consumer, topic);
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 100 });
  const read: Read[] = [];
  for await (const { key, value, timestamp } of stream) {
    read.push({ key: String(key), timestampMs: Number(timestamp), report: readPublished(value), bytes: value });
    if (read.length === count) break;
  }
  await stream.close();
  return read;
};

const placeOf = ({ sourcePartition = 0, sourceOffset = 0, part = 0 }: ReadReport): string =>
  `${sourcePartition}:${sourceOffset}${part > 0 ? `/${part}` : ''}`;

const valueOf = ({ number, text, flag }: ReadValue): SignalValue | undefined => number ?? text ?? flag;

const checkReport = ({ key, timestampMs, report }: Read, said: Said): void => {
  assert.deepEqual([report.vehicleId, key], [`veh_${said.vehicleNo}`, `veh_${said.vehicleNo}`]);
  assert.equal(report.deviceId, `dev_${99 + said.vehicleNo}`);
  assert.equal(report.kind, said.kind);
  assert.deepEqual([report.receivedAtMs, timestampMs], [startMs + (report.seq ?? 0) * 20_000, report.receivedAtMs]);
  const samples = (report.samples ?? []).map(({ timeMs, values = [] }) => ({
    timeMs,
    signals: Object.fromEntries(values.map((value) => [value.signal, valueOf(value)])),
  }));
  assert.deepEqual(samples, said.samples);
};

/** Each once by its place, with what came twice checked to be the same and counted. */
const withoutDuplicates = (read: readonly Read[]): { once: Map<string, Read>; twice: number } => {
  const once = new Map<string, Read>();
  for (const one of read) {
    const place = placeOf(one.report);
    const known = once.get(place);
    if (known) assert.ok(known.bytes.equals(one.bytes), `${place} came twice, and differs`);
    else once.set(place, one);
  }
  return { once, twice: read.length - once.size };
};

const startExporter = (topic: string, exportTopic: string): ChildProcess =>
  spawn(process.execPath, [program, broker ?? '', topic, exportTopic], { stdio: ['ignore', 'inherit', 'inherit'] });

/** A log and the topic that is exported to, each its own. */
const openTopics = async (context: TestContext) => {
  const [topic, exportTopic] = [`records-${randomUUID()}`, `export-${randomUUID()}`];
  await ensureTopic(testTopic(brokers, topic, logPartitions));
  await ensureTopic({ ...testTopic(brokers, exportTopic, 1), partitions: exportPartitions, isKeyed: true });
  const log = await openKafkaLog({ brokers, topic, clock: systemClock, logger: silentLogger });
  const consumer = new Consumer({ clientId: 'test', bootstrapBrokers: brokers, groupId: `reader-${exportTopic}` });
  const exporters: ChildProcess[] = [];
  context.after(async () => {
    for (const exporter of exporters) exporter.kill('SIGKILL');
    await consumer.close(true);
    await log.close();
  });
  const start = (): ChildProcess => {
    const exporter = startExporter(topic, exportTopic);
    exporters.push(exporter);
    return exporter;
  };
  /** Messages that are in the topic. */
  const count = (): Promise<number> => endsOf(consumer, exportTopic);
  const isCommitted = async (): Promise<boolean> => {
    for (const partition of log.partitions())
      if (((await log.consumerPosition(exportGroup, partition)) ?? 0) !== log.endOffset(partition)) return false;
    return true;
  };
  const readAll = async (): Promise<Read[]> => {
    while (!(await isCommitted())) await delay(20);
    return readTopic(consumer, exportTopic);
  };
  return { topic, log, start, count, readAll };
};

/** Each report as it was said, at least once, those of a vehicle in order; answers how many came twice. */
const checkAll = (read: readonly Read[], placed: ReadonlyMap<string, Said>): number => {
  const { once, twice } = withoutDuplicates(read);
  assert.deepEqual([...once.keys()].toSorted(), [...placed.keys()].toSorted());
  for (const [place, one] of once) checkReport(one, placed.get(place) as Said);
  const lastSeq = new Map<string, number>();
  for (const { key, report } of once.values()) {
    assert.ok((report.seq ?? 0) > (lastSeq.get(key) ?? -1), `${key} is in order`);
    lastSeq.set(key, report.seq ?? 0);
  }
  return twice;
};

test(
  'every value of every report is in the topic, in order, also when the exporter is killed in the middle',
  options,
  async (context) => {
    const { log, start, count, readAll } = await openTopics(context);
    const placed = await appendAll(log, sayTrips(20, 150));
    const exporter = start();
    while ((await count()) < placed.size / 4) await delay(5);
    exporter.kill('SIGKILL');
    const atKill = await count();
    assert.ok(atKill < placed.size, 'it was killed in the middle');
    start();
    const twice = checkAll(await readAll(), placed);
    context.diagnostic(`${placed.size} reports, killed after ${atKill}, ${twice} came twice`);
  },
);

/** How many partitions each exporter has, as Kafka tells. */
const sharesOf = async (admin: Admin, topic: string): Promise<number[]> => {
  const groupId = `${topic}.${exportGroup}`;
  const group = (await admin.describeGroups({ groups: [groupId] })).get(groupId);
  return [...(group?.members.values() ?? [])].map(({ assignments }) => assignments?.get(topic)?.partitions.length ?? 0);
};

test(
  'two exporters share the partitions, and one goes on with those of the other when that is killed',
  options,
  async (context) => {
    const { topic, log, start, count, readAll } = await openTopics(context);
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers });
    context.after(() => admin.close());
    const [killed] = [start(), start()];
    while ((await sharesOf(admin, topic)).join() !== '4,4') await delay(20);
    const placed = await appendAll(log, sayTrips(20, 150));
    while ((await count()) < placed.size / 4) await delay(5);
    killed.kill('SIGKILL');
    const atKill = await count();
    assert.ok(atKill < placed.size, 'it was killed in the middle');
    const twice = checkAll(await readAll(), placed);
    assert.deepEqual(await sharesOf(admin, topic), [logPartitions]);
    context.diagnostic(`${placed.size} reports, one of two killed after ${atKill}, ${twice} came twice`);
  },
);

test('a topic that is not there, and the topic of the log itself, are refused with their names', options, async () => {
  const common = { brokers, logger: silentLogger };
  await assert.rejects(openKafkaExportSink({ ...common, topic: 'no-such-export' }), /there is no topic no-such-export/);
  await assert.rejects(openKafkaExportSink({ ...common, topic: 'records', logTopic: 'records' }), /the topic of the event log/);
});
