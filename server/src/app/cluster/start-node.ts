import path from 'node:path';
import { Registry as MetricsRegistry } from 'prom-client';
import { createNodeHttp, type Http, type PartReadiness, type ServerFigures } from '../../http/index.ts';
import type { Gate } from '../../ingest/index.ts';
import { listenDeviceWebSockets, telemetryRoute } from '../../protocols/index.ts';
import { lockDataFolder } from '../../storage/adapters/folder-lock.ts';
import { openValkeyFanOut, type Valkey } from '../../storage/adapters/valkey/index.ts';
import { openDataFolder } from '../data-folder.ts';
import { type DeadLetters, openDeadLetters } from '../dead-letters.ts';
import { gateFigures, listen, openDoor, openMqtt, originOf, routeUpgrades, storesReadiness } from '../listeners.ts';
import { openDeviceTls } from '../open-device-tls.ts';
import { type Base, Closers, openLedger, openStored } from '../open-parts.ts';
import type { RunningServer, ServerOptions } from '../start-server.ts';
import { readVersion } from '../version.ts';
import { modelFigures } from './assignment.ts';
import { type ClusterParts, nodeName, openSharedLog } from './cluster-parts.ts';
import { openSnapshots, type Snapshots } from './open-snapshots.ts';
import { type Api, openReplica, type Replica, runApi } from './run-api.ts';
import { type Exporter, runExporter } from './run-exporter.ts';
import { runGateway } from './run-gateway.ts';
import { tellRevocations } from './tell-revocations.ts';
import { type HistoryWatch, watchHistory } from './watch-history.ts';
import { type Projector, runProjector } from './run-projector.ts';

/** What of a process there is, by its roles. */
interface Running {
  readonly replica: Replica | undefined;
  readonly gate: Gate | undefined;
  readonly projector: Projector | undefined;
  readonly exporter: Exporter | undefined;
  readonly snapshots: Snapshots;
  readonly historyWatch: HistoryWatch | undefined;
  readonly deadLetters: DeadLetters;
}

const readinessOf =
  ({ stored, log }: ClusterParts, { replica, gate, projector, exporter, snapshots, historyWatch }: Running) =>
  async (): Promise<PartReadiness[]> => {
    return [
      ...(await storesReadiness(stored, log)),
      ...(replica ? [replica.readiness()] : []),
      ...(projector ? [projector.readiness()] : []),
      ...(exporter ? [exporter.readiness()] : []),
      ...(gate ? [{ name: 'devices', isReady: !gate.isDraining }] : []),
      ...snapshots.readiness(),
      ...(historyWatch?.readiness() ?? []),
    ];
  };

const figuresOf = ({ replica, gate, projector, deadLetters }: Running): ServerFigures => {
  const models = (): ReturnType<NonNullable<ServerFigures['models']>> => {
    if (replica) return modelFigures(replica.models, deadLetters, replica.unknownVehicles);
    const owned = projector?.models();
    return owned && modelFigures(owned, deadLetters);
  };
  const trips = (): ReturnType<NonNullable<ServerFigures['trips']>> =>
    (projector?.models() ?? replica?.models)?.trips.statistics();
  return {
    ...(gate ? { gate: gateFigures(gate) } : {}),
    ...(replica || projector ? { models, trips } : {}),
    clockSteps: () => 0,
  };
};

interface Listening {
  readonly http: Pick<Http, 'server' | 'listen' | 'close'>;
  readonly api: Api | undefined;
}

const openListener = async (
  parts: ClusterParts,
  running: Running,
  erasures: Awaited<ReturnType<typeof openLedger>>,
  listensAt: () => string,
  closers: Closers,
): Promise<Listening> => {
  const { base, stored, log } = parts;
  const { replica, gate } = running;
  const readiness = readinessOf(parts, running);
  const figures = figuresOf(running);
  if (replica) {
    const api = await runApi(parts, { replica, erasures, figures, readiness, gate, listensAt, closers });
    return { http: api.http, api };
  }
  const { devices, registry } = stored;
  const door = gate && { devices, registry, telemetryRoute: telemetryRoute(gate) };
  const http = await createNodeHttp({
    ...base,
    eventLog: log,
    clientDoor: openDoor(base.configuration),
    metrics: new MetricsRegistry(),
    figures,
    readiness,
    version: await readVersion(),
    ...(door ? { door } : {}),
  });
  return { http, api: undefined };
};

const openRevocations = async ({ base, stored }: ClusterParts, valkey: Valkey, closers: Closers): Promise<void> => {
  const fanOut = await openValkeyFanOut(valkey);
  closers.add('fan-out', () => fanOut.close());
  const isTelling = base.configuration.roles.includes('api');
  closers.add('revocations', await tellRevocations({ ...stored, fanOut, isTelling, logger: base.logger }));
};

const openRoles = async (parts: ClusterParts, deadLetters: DeadLetters, closers: Closers) => {
  const { base, stored } = parts;
  const { roles } = base.configuration;
  const snapshots = await openSnapshots(base, closers);
  if (snapshots.valkey) await openRevocations(parts, snapshots.valkey, closers);
  const erasures = await openLedger(base, stored, closers);
  const projector = roles.includes('projector')
    ? runProjector(parts, { snapshots: snapshots.shared, erasures, closers })
    : undefined;
  const replica = roles.includes('api') ? await openReplica(parts, { snapshots: snapshots.own, erasures, closers }) : undefined;
  const gate = roles.includes('gateway') ? await runGateway(parts, replica?.models, closers) : undefined;
  const exporter = roles.includes('exporter') ? await runExporter(parts, { erasures, closers }) : undefined;
  const hasHistory = replica !== undefined || projector !== undefined;
  const historyWatch = hasHistory ? watchHistory(() => (replica?.models ?? projector?.models())?.history, base) : undefined;
  if (historyWatch) closers.add('history watch', () => historyWatch.stop());
  return { erasures, running: { replica, gate, projector, exporter, snapshots, historyWatch, deadLetters } };
};

const open = async (options: ServerOptions, closers: Closers): Promise<Omit<RunningServer, 'stop'>> => {
  const { configuration, clock, logger, failed } = options;
  const lock = lockDataFolder(path.resolve(configuration.data));
  closers.add('lock', () => lock.release());
  const folder = await openDataFolder(configuration.data);
  const deadLetters = openDeadLetters(folder.deadLetters, clock, logger);
  const base: Base = { configuration, folder, clock, logger, failed, deadLetter: (letter) => deadLetters.put(letter) };
  const [stored, log, node] = await Promise.all([openStored(base, closers), openSharedLog(base, closers), nodeName(base)]);
  const parts: ClusterParts = { base, stored, log, node };
  const { erasures, running } = await openRoles(parts, deadLetters, closers);
  const { gate } = running;
  let origin = '';
  const { http, api } = await openListener(parts, running, erasures, () => origin, closers);
  const door = openDoor(configuration);
  const sockets = gate && listenDeviceWebSockets({ gate, clock, logger, door });
  routeUpgrades(http.server, door, sockets, api?.http.streams);
  closers.add('http', () => http.close());
  if (sockets) closers.add('device sockets', () => sockets.close());
  const mqttOrigin = gate && (await openMqtt(base, gate, closers));
  const noTls = { deviceTlsOrigin: undefined, mqttTlsOrigin: undefined };
  const tlsOrigins = gate && sockets ? await openDeviceTls(base, { stored, gate, sockets }, closers) : noTls;
  if (gate) closers.add('drain', () => gate.drain());
  const port = await listen(http, configuration);
  origin = originOf('http', configuration.host, port);
  const way = api && {
    operatorToken: api.token,
    signInLink: () => `${configuration.publicUrl ?? origin}/signin?code=${api.access.createSignInCode()}`,
  };
  return { origin, mqttOrigin, ...tlsOrigins, ...way };
};

/** Starts one process of a cluster: the roles that its settings name, on Kafka, Cassandra and PostgreSQL. */
export const startNode = async (options: ServerOptions): Promise<RunningServer> => {
  const closers = new Closers();
  try {
    const running = await open(options, closers);
    return { ...running, stop: () => closers.closeAll(options.logger) };
  } catch (error) {
    await closers.closeAll(options.logger);
    throw error;
  }
};
