/**
 * What a report costs projectors when there are two of them instead of one, up to a million reports a minute: real processes, which take what a producer
 * of the log writes as gateways do. `node bench/src/projectors.ts [reports a second …]`, default 3000 16667; prints one JSON object a line.
 *
 * Two installations on the same Kafka and Cassandra, one with one projector and one with two, get the same records at the same time: the machine is as
 * fast for both. The compiler has its time first. The CPU is that of all projectors of an installation from then until they have ended: with what they
 * flush meanwhile and at last.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Engines, openStores, startEngines, type Stores } from '../../e2e/src/cluster/engines.ts';
import { type Cluster, type ClusterNode, startCluster } from '../../e2e/src/cluster/start-cluster.ts';
import { openKafkaLog } from '../../server/src/eventlog/adapters/kafka/index.ts';
import type { EventLog } from '../../server/src/eventlog/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { makeLoggedReport } from './log-records.ts';
import { cpuSecondsUntilEnd } from './process-costs.ts';
import { cpuSecondsOf } from './server.ts';

const given = process.argv.slice(2).map(Number);
const rates = given.length > 0 ? given : [3000, 16_667];
const counts = [1, 2] as const;
const warmUpSeconds = 25;
const seconds = 180;
const partitions = 16;
const turnMs = 2;
const readyEveryMs = 200;
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));

interface Installation {
  readonly projectors: number;
  readonly cluster: Cluster;
  readonly log: EventLog;
  readonly stores: Stores;
}

const untilReady = async (nodes: readonly ClusterNode[]): Promise<void> => {
  for (const { origin } of nodes) while (!(await fetch(`${origin}/readyz`)).ok) await wait(readyEveryMs);
};

const install = async ({ kafka, cassandra, valkey }: Engines, projectors: number, rate: number): Promise<Installation> => {
  const addresses = { kafka: kafka.address, cassandra: cassandra.address, valkey: valkey.address };
  const stores = await openStores({ addresses, partitions, name: `at_${rate}_with_${projectors}` });
  const cluster = await startCluster({ engines: stores, gateways: 0, apis: 0, projectors });
  await untilReady(cluster.projectors);
  const topic = stores.settings['MILEPOST_KAFKA_TOPIC'] ?? '';
  const log = await openKafkaLog({ brokers: [kafka.address], topic, clock: systemClock, logger: makeLogger('warn') });
  return { projectors, cluster, log, stores };
};

const uninstall = async ({ cluster, log, stores }: Installation): Promise<void> => {
  await log.close();
  await cluster.close();
  await stores.stop();
};

/** The same records to all logs, at a steady pace; resolves when all of them are acknowledged. */
const append = async (logs: readonly EventLog[], firstSeq: number, count: number, perSecond: number): Promise<void> => {
  let acknowledged = 0;
  const listener = {
    appended: () => void acknowledged++,
    appendFailed: (_token: number, error: Error) => {
      throw error;
    },
  };
  const startedAt = performance.now();
  for (let made = 0; made < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) / 1000) * perSecond));
    for (; made < due && logs.every((log) => log.refusal() === undefined); made++) {
      const record = makeLoggedReport(firstSeq + made, Date.now());
      for (const log of logs) log.append(record, listener, 0);
    }
    await wait(turnMs);
  }
  while (acknowledged < count * logs.length) await wait(turnMs);
};

const cpuSecondsOfNodes = async ({ cluster }: Installation): Promise<number> => {
  const each = await Promise.all(cluster.projectors.map(({ pid }) => cpuSecondsOf(pid)));
  return each.reduce((sum, one) => sum + one, 0);
};

const cpuSecondsOfTheirEnd = async ({ cluster }: Installation): Promise<number> => {
  const each = await Promise.all(cluster.projectors.map((node) => cpuSecondsUntilEnd(node.pid, () => node.stop())));
  return each.reduce((sum, one) => sum + one, 0);
};

const measure = async (installations: readonly Installation[], rate: number): Promise<void> => {
  const logs = installations.map(({ log }) => log);
  const warmUp = warmUpSeconds * rate;
  await append(logs, 0, warmUp, rate);
  const before = await Promise.all(installations.map(cpuSecondsOfNodes));
  const records = seconds * rate;
  const startedAt = performance.now();
  await append(logs, warmUp, records, rate);
  const reached = Math.round(records / ((performance.now() - startedAt) / 1000));
  const after = await Promise.all(installations.map(cpuSecondsOfNodes));
  const atEnd = await Promise.all(installations.map(cpuSecondsOfTheirEnd));
  const micros = installations.map(({ projectors }, i) => {
    const last = atEnd[i] as number;
    const cpuSeconds = (after[i] as number) - (before[i] as number) + last;
    const cpuMicrosAReport = round((cpuSeconds * 1e6) / records);
    print({ projectors, reportsPerSecond: reached, cpuMicrosAReport, ofItAtTheirEnd: round((last * 1e6) / records) });
    return cpuMicrosAReport;
  });
  const [one, two] = micros as [number, number];
  print({ what: 'a second projector', reportsPerSecond: reached, timesCpuAReportOfOne: round(two / one) });
};

const engines = await startEngines({ partitions, isQuick: false });
try {
  for (const rate of rates) {
    const installations: Installation[] = [];
    try {
      for (const projectors of counts) installations.push(await install(engines, projectors, rate));
      await measure(installations, rate);
    } finally {
      for (const one of installations) await uninstall(one);
    }
  }
} finally {
  await engines.stop();
}
