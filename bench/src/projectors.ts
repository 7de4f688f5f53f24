/**
 * What a report costs projectors when there are more of them, up to a million reports a minute: real processes on one Kafka and Cassandra, which take
 * what a producer of the log writes as gateways do. `node bench/src/projectors.ts [reports a second …]`, default 3000 16667; prints one JSON object a line.
 *
 * The compiler has its time first. The CPU is that of all projectors from then until they have ended: with what they flush meanwhile and at last.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Engines, startEngines } from '../../e2e/src/cluster/engines.ts';
import { type Cluster, type ClusterNode, startCluster } from '../../e2e/src/cluster/start-cluster.ts';
import { openKafkaLog } from '../../server/src/eventlog/adapters/kafka/index.ts';
import type { EventLog } from '../../server/src/eventlog/index.ts';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { makeLoggedReport } from './log-records.ts';
import { cpuSecondsUntilEnd } from './process-costs.ts';
import { cpuSecondsOf } from './server.ts';

const given = process.argv.slice(2).map(Number);
const rates = given.length > 0 ? given : [3000, 16_667];
const counts = [1, 2];
const warmUpSeconds = 20;
const seconds = 60;
const idleSeconds = 20;
const partitions = 16;
const turnMs = 2;
const readyEveryMs = 200;
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));

/** Appends at a steady pace; resolves when all of it is acknowledged. */
const append = async (log: EventLog, { count, perSecond, firstSeq }: { count: number; perSecond: number; firstSeq: number }) => {
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
    for (; made < due; made++) if (log.append(makeLoggedReport(firstSeq + made, Date.now()), listener, 0)) break;
    await wait(turnMs);
  }
  while (acknowledged < count) await wait(turnMs);
};

const startProjectors = (engines: Engines, projectors: number): Promise<Cluster> =>
  startCluster({ engines, gateways: 0, apis: 0, projectors });

const cpuSecondsOfNodes = async (nodes: readonly ClusterNode[]): Promise<number> => {
  const each = await Promise.all(nodes.map(({ pid }) => cpuSecondsOf(pid)));
  return each.reduce((sum, one) => sum + one, 0);
};

const untilReady = async (nodes: readonly ClusterNode[]): Promise<void> => {
  for (const { origin } of nodes) while (!(await fetch(`${origin}/readyz`)).ok) await wait(readyEveryMs);
};

const measure = async (engines: Engines, log: EventLog, count: number, perSecond: number, firstSeq: number): Promise<number> => {
  const cluster = await startProjectors(engines, count);
  try {
    await untilReady(cluster.projectors);
    const warmUp = warmUpSeconds * perSecond;
    await append(log, { count: warmUp, perSecond, firstSeq });
    const before = await cpuSecondsOfNodes(cluster.projectors);
    const records = seconds * perSecond;
    await append(log, { count: records, perSecond, firstSeq: firstSeq + warmUp });
    const during = (await cpuSecondsOfNodes(cluster.projectors)) - before;
    const ended = await Promise.all(cluster.projectors.map((node) => cpuSecondsUntilEnd(node.pid, () => node.stop())));
    const last = ended.reduce((sum, one) => sum + one, 0);
    const micros = (cpuSeconds: number): number => round((cpuSeconds * 1e6) / records);
    const cpuMicrosAReport = micros(during + last);
    print({ projectors: count, reportsPerSecond: perSecond, cpuMicrosAReport, ofItWhenTheyEndedMicros: micros(last) });
    return cpuMicrosAReport;
  } finally {
    await cluster.close();
  }
};

/** What a process takes when nothing comes. */
const measureIdle = async (engines: Engines): Promise<void> => {
  const cluster = await startProjectors(engines, 1);
  try {
    await untilReady(cluster.projectors);
    await wait(idleSeconds * 1000);
    const before = await cpuSecondsOfNodes(cluster.projectors);
    await wait(idleSeconds * 1000);
    const idle = (await cpuSecondsOfNodes(cluster.projectors)) - before;
    print({ what: 'an idle projector', percentOfACore: round((idle / idleSeconds) * 100) });
  } finally {
    await cluster.close();
  }
};

const engines = await startEngines({ partitions, isQuick: false });
const { MILEPOST_KAFKA: broker = '', MILEPOST_KAFKA_TOPIC: topic = '' } = engines.settings;
const log = await openKafkaLog({ brokers: [broker], topic, clock: systemClock, logger: makeLogger('warn') });
try {
  await measureIdle(engines);
  let firstSeq = 0;
  for (const perSecond of rates) {
    const costs: number[] = [];
    for (const count of counts) {
      costs.push(await measure(engines, log, count, perSecond, firstSeq));
      firstSeq += (warmUpSeconds + seconds) * perSecond;
    }
    const [one, two] = costs as [number, number];
    print({ what: 'a second projector', reportsPerSecond: perSecond, timesCpuAReportOfOne: round(two / one) });
  }
} finally {
  await log.close();
  await engines.stop();
}
