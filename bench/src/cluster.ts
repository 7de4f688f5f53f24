/**
 * What a report costs each role of a cluster, beside the embedded server under the same load in the same run; how long a report takes from the device to
 * a browser; bytes of a record in Kafka. `node bench/src/cluster.ts [reports a second] [seconds]`; prints one JSON object a line.
 *
 * One Kafka, Cassandra, Valkey and PostgreSQL, started here, each keeping everything once; first with one projector, then with two. Half of the
 * vehicles report binary, half JSON, straight to the gateway; a viewer watches some of them through the API. History is flushed each 5 min or 64 MiB:
 * not while it is measured, but when the projectors stop, which is counted apart. What flushes and merges cost in the long run tells `npm run bench cassandra`.
 */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Engines, startEngines } from '../../e2e/src/cluster/engines.ts';
import { type Cluster, type ClusterNode, startCluster } from '../../e2e/src/cluster/start-cluster.ts';
import { type Enrolled, enrolVehicles } from './load/enrol.ts';
import { makePayload } from './load/payloads.ts';
import { type Program, cpuSecondsOfAll, cpuSecondsUntilEnd, memoryMbOfAll, pidsBelow } from './process-costs.ts';
import { operatorToken, startLoad, startServer } from './server.ts';
import { probesMax, startProbe } from './stream-probe.ts';

const reportsPerSecond = Number(process.argv[2] ?? 4000);
const seconds = Number(process.argv[3] ?? 30);
const warmUpSeconds = 15;
/** A second, lower rate tells what of the cost is there at any rate, and what each further report adds. */
const lowPart = 1 / 4;
const connections = 1000;
const partitions = 16;
const readyEveryMs = 200;
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));

/** Where a load goes, and the programs whose costs are counted. */
interface Place {
  readonly deviceOrigin: string;
  readonly apiOrigin: string;
  readonly operatorToken: string;
  readonly programs: Readonly<Record<string, Program>>;
}

/** Vehicles of the two loads and of the probe. */
interface Fleet {
  readonly halves: readonly (readonly Enrolled[])[];
  readonly probes: readonly Enrolled[];
}

const enrolFleet = async (origin: string, token: string): Promise<Fleet> => {
  const all = await enrolVehicles(origin, token, connections + probesMax);
  const half = connections / 2;
  return { halves: [all.slice(0, half), all.slice(half, connections)], probes: all.slice(connections) };
};

const startHalves = ({ halves }: Fleet, { deviceOrigin }: Place, rate: number, folder: string) =>
  halves.map((half, i) => {
    const tokensFile = path.join(folder, `tokens-${i}.json`);
    writeFileSync(tokensFile, JSON.stringify(half.map(({ token }) => token)));
    const form = i === 0 ? 'binary' : 'json';
    const pace = { inFlight: 0, reportsPerSecond: rate / halves.length, samples: 1, connections: half.length };
    return startLoad({ way: 'websocket', form, tokensFile, ...pace }, { origin: deviceOrigin, mqttOrigin: '' });
  });

const eachOf = async (
  programs: Place['programs'],
  read: (program: Program) => Promise<number>,
): Promise<Record<string, number>> => {
  const entries = Object.entries(programs).map(async ([name, program]) => [name, await read(program)] as const);
  return Object.fromEntries(await Promise.all(entries));
};

interface Measured {
  readonly reports: number;
  readonly cpuMicrosAReport: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** The load for a while, and what each program took of it. */
const measure = async (place: Place, fleet: Fleet, rate = reportsPerSecond): Promise<Measured> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-cluster-'));
  const loads = startHalves(fleet, place, rate, folder);
  const probe = await startProbe({ ...place, probes: fleet.probes });
  try {
    const next = () => Promise.all(loads.map((load) => load.next()));
    for (let second = 0; second < warmUpSeconds; second++) await next();
    for (const load of loads) load.begin();
    probe.begin();
    const before = await next();
    const cpuBefore = await eachOf(place.programs, cpuSecondsOfAll);
    const startedAt = performance.now();
    let last = before;
    for (let second = 0; second < seconds; second++) last = await next();
    const cpuAfter = await eachOf(place.programs, cpuSecondsOfAll);
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const { streamSent, ...stream } = probe.figures();
    const acknowledged = last.reduce((sum, { reports }, i) => sum + reports - (before[i]?.reports ?? 0), 0);
    // Those of the probe cost as much.
    const reports = acknowledged + streamSent;
    const names = Object.keys(place.programs);
    const cpuMicrosAReport = Object.fromEntries(
      names.map((name) => [name, round((((cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0)) * 1e6) / reports)]),
    );
    const [binary, json] = last;
    return {
      reports,
      cpuMicrosAReport,
      figures: {
        reportsPerSecond: Math.round(reports / wallSeconds),
        binaryAckP50Ms: binary?.ackP50Ms,
        binaryAckP99Ms: binary?.ackP99Ms,
        jsonAckP50Ms: json?.ackP50Ms,
        jsonAckP99Ms: json?.ackP99Ms,
        ...stream,
        streamSent,
        memoryMb: await eachOf(place.programs, memoryMbOfAll),
        // How many others wanted the cores.
        loadAverage: round(loadavg()[0] as number),
      },
    };
  } finally {
    probe.close();
    for (const { child } of loads) child.kill('SIGTERM');
    await Promise.all(loads.map(({ child }) => once(child, 'exit')));
    rmSync(folder, { recursive: true });
  }
};

const of =
  (...pids: number[]): Program =>
  async () =>
    pids;

const sumOf = (costs: Readonly<Record<string, number>>, names: readonly string[]): number =>
  round(names.reduce((sum, name) => sum + (costs[name] ?? 0), 0));

const measureEmbedded = async (): Promise<number> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'milepost-bench-'));
  const { child, origin } = await startServer(folder);
  try {
    const pid = child.pid as number;
    const programs = { server: of(pid), postgresql: () => pidsBelow(pid, 'postgres') };
    const place = { deviceOrigin: origin, apiOrigin: origin, operatorToken, programs };
    const { cpuMicrosAReport, figures } = await measure(place, await enrolFleet(origin, operatorToken));
    print({ what: 'embedded', cpuMicrosAReport, ...figures });
    return cpuMicrosAReport['server'] ?? Number.NaN;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
};

/** A projector takes some seconds until it has its partitions and has caught up. */
const untilReady = async (nodes: readonly ClusterNode[]): Promise<void> => {
  for (const { origin } of nodes) while (!(await fetch(`${origin}/readyz`)).ok) await wait(readyEveryMs);
};

const ofAll = (nodes: readonly ClusterNode[]): Program => of(...nodes.map(({ pid }) => pid));

const placeOf = (cluster: Cluster, engines: Engines): Place => ({
  deviceOrigin: cluster.gateways[0]?.origin ?? '',
  apiOrigin: cluster.apis[0]?.origin ?? '',
  operatorToken: cluster.operatorToken,
  programs: {
    gateway: ofAll(cluster.gateways),
    projectors: ofAll(cluster.projectors),
    api: ofAll(cluster.apis),
    kafka: of(engines.kafka.pid),
    cassandra: of(engines.cassandra.pid),
    valkey: of(engines.valkey.pid),
    postgresql: () => pidsBelow(process.pid, 'postgres'),
  },
});

/** Of the log's topic in the broker's files. */
const kafkaBytes = ({ kafka, settings }: Engines): number =>
  readdirSync(kafka.folder, { withFileTypes: true, recursive: true })
    .filter(
      (entry) =>
        entry.isFile() &&
        entry.name.endsWith('.log') &&
        path.basename(entry.parentPath).startsWith(`${settings['MILEPOST_KAFKA_TOPIC']}-`),
    )
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);

/** Stops the projectors, which write what they have: what that took, by them and Cassandra. */
const measureLastFlush = async ({ projectors }: Cluster, { cassandra }: Engines, records: number) => {
  const before = await cpuSecondsOfAll(of(cassandra.pid));
  const took = await Promise.all(projectors.map((node) => cpuSecondsUntilEnd(node.pid, () => node.stop())));
  const micros = (cpuSeconds: number): number => round((cpuSeconds * 1e6) / records);
  return {
    projectors: micros(took.reduce((sum, one) => sum + one, 0)),
    cassandra: micros((await cpuSecondsOfAll(of(cassandra.pid))) - before),
  };
};

const roles = ['gateway', 'projectors', 'api'];
const stores = ['kafka', 'cassandra', 'valkey', 'postgresql'];

/** One deployment, from its start to its end; answers microseconds of CPU a report of its projectors. */
const measureCluster = async (engines: Engines, projectors: number, embeddedMicros: number, known?: Fleet) => {
  // One secret for all deployments: devices keep their tokens.
  const settings = { MILEPOST_OPERATOR_TOKEN: operatorToken };
  const cluster = await startCluster({ engines, gateways: 1, projectors, apis: 1, settings });
  try {
    await untilReady(cluster.nodes());
    const fleet = known ?? (await enrolFleet(cluster.front.origin, operatorToken));
    const place = { ...placeOf(cluster, engines), operatorToken };
    const bytesBefore = kafkaBytes(engines);
    const { cpuMicrosAReport, figures, reports } = await measure(place, fleet);
    const kafkaBytesARecord = round((kafkaBytes(engines) - bytesBefore) / ((reports * (seconds + warmUpSeconds)) / seconds));
    const low = projectors === 1 ? await measure(place, fleet, reportsPerSecond * lowPart) : undefined;
    // Those of the first seconds are in the files, too.
    const records = Math.round(((reports + (low?.reports ?? 0)) * (seconds + warmUpSeconds)) / seconds);
    const lastFlush = await measureLastFlush(cluster, engines, records);
    const ours = sumOf(cpuMicrosAReport, roles);
    print({
      what: 'cluster',
      gateways: 1,
      projectors,
      apis: 1,
      cpuMicrosAReport,
      rolesCpuMicrosAReport: ours,
      storesCpuMicrosAReport: sumOf(cpuMicrosAReport, stores),
      timesEmbedded: round(ours / embeddedMicros),
      lastFlushCpuMicrosAReport: lastFlush,
      kafkaBytesARecord,
      ...figures,
    });
    if (low) print({ what: 'the same at a quarter of the rate', cpuMicrosAReport: low.cpuMicrosAReport, ...low.figures });
    return { fleet, projectorMicros: (cpuMicrosAReport['projectors'] ?? 0) + lastFlush.projectors };
  } finally {
    await cluster.close();
  }
};

const bytesOf = (form: 'binary' | 'json'): number => makePayload(form, 1)(1).length;
print({ what: 'a report', jsonBytes: bytesOf('json'), binaryBytes: bytesOf('binary') });
const embeddedMicros = await measureEmbedded();
const engines = await startEngines({ partitions, isQuick: false });
try {
  const one = await measureCluster(engines, 1, embeddedMicros);
  const two = await measureCluster(engines, 2, embeddedMicros, one.fleet);
  print({ what: 'a second projector', timesCpuAReportOfOne: round(two.projectorMicros / one.projectorMicros) });
} finally {
  await engines.stop();
}
