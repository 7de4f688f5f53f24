import path from 'node:path';
import { Registry as MetricsRegistry } from 'prom-client';
import type { Warnings } from '../alerts/index.ts';
import type { Erasures } from '../erasure/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import type { People } from '../people/index.ts';
import { createHttp, type Http, type OperatorAccess, type PartReadiness, type ServerFigures } from '../http/index.ts';
import type { Gate } from '../ingest/index.ts';
import { type Clock, type Logger, makeSteppingClock } from '../kernel/index.ts';
import type { Lake } from '../lake/index.ts';
import { openDuckdbLake } from '../lake/adapters/duckdb/index.ts';
import { listenDeviceWebSockets, telemetryRoute } from '../protocols/index.ts';
import { lockDataFolder } from '../storage/adapters/folder-lock.ts';
import { type ClockSteps, noteClockSteps } from './clock-steps.ts';
import { BackupHold } from './backup-hold.ts';
import { type ControlSession, listenControl } from './control-socket.ts';
import { type KeepOptions, keepRetention } from './keep-retention.ts';
import { openReportsOf } from './keep-reports.ts';
import { keepWarnings, openWarningLog, type WarningParts } from './keep-warnings.ts';
import { findUnknown, type UnknownVehicles } from './find-unknown.ts';
import { openDataFolder } from './data-folder.ts';
import { type DeadLetters, openDeadLetters } from './dead-letters.ts';
import { type DeviceTlsOrigins, openDeviceTls } from './open-device-tls.ts';
import {
  type Base,
  Closers,
  hideIn,
  openLedger,
  openLog,
  openReadModels,
  assembleTripsIn,
  openStored,
  openTripMarks,
  openWayIn,
  type ReadModels,
  type Stored,
} from './open-parts.ts';
import type { Reports } from '../reports/index.ts';
import type { AssembledTrips } from '../trips/index.ts';
import { type Projection, startProjection } from './projection.ts';
import { openTripSession, tripCommandPrefix } from './rebuild/rebuild-trips.ts';
import { RebuildHold, type RebuildParts } from './rebuild/rebuild-hold.ts';
import { RebuildProcess } from './rebuild/rebuild-process.ts';
import { removeOldModels } from './rebuild/remove-old-models.ts';
import { makeServerRecords, serverAliveEveryMs, type ServerRecords } from './server-records.ts';
import type { Configuration } from './settings.ts';
import {
  followTls,
  gateFigures,
  httpConfig,
  listen,
  openAccess,
  openDoor,
  openMqtt,
  originOf,
  routeUpgrades,
  schemeOf,
  storesReadiness,
} from './listeners.ts';
import { repeat } from './repeat.ts';
import { openOauthIn } from './open-oauth.ts';
import { invitationsIn, openConsentsIn, openReceiptsIn, startReminders } from './open-consents.ts';
import { openFeedIn, openWebhooksIn } from './open-feed.ts';
import { makeVehicleIds } from '../sharing/index.ts';
import { openPartnersIn } from './open-partners.ts';
import { openAccounts, openPersonalExportsIn, openPersonErasuresIn } from './open-people.ts';
import { openSandboxIn } from './open-sandbox.ts';
import { openSystem } from './system/open-system.ts';

export interface ServerOptions {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isDemo: boolean;
  readonly failed: (error: Error) => void;
}

export interface RunningServer extends DeviceTlsOrigins {
  readonly origin: string;
  /** Undefined: there is no MQTT listener. */
  readonly mqttOrigin: string | undefined;
  /** Undefined: this process has no API. */
  readonly operatorToken?: string;
  /** Signs a browser in once. */
  readonly signInLink?: () => string;
  stop(): Promise<void>;
}

/** How often timers of `live` move; tokens are swept. */
const tickEveryMs = 250;
const sweepEveryMs = 500;
/** A rebuild keeps nobody waiting: it is told, and the server is ready. */
const rebuildPart = (rebuild: RebuildHold): PartReadiness[] => {
  const { isRunning, model, progress } = rebuild.status();
  if (!isRunning) return [];
  const how = progress ? `${progress.phase}: ${Math.floor(progress.percent)} %` : 'begun';
  return [{ name: 'rebuild', isReady: true, detail: `${model}, ${how}` }];
};

const readinessOf =
  ({ stored, log, projection, rebuild, gate, deadLetters }: HttpParts) =>
  async () => {
    return [
      ...(await storesReadiness(stored, log)),
      { name: 'read models', isReady: projection.state.isCaughtUp },
      ...rebuildPart(rebuild),
      { name: 'devices', isReady: !gate.isDraining },
      { name: 'dead letters', isReady: true, detail: String(deadLetters.count) },
    ];
  };

interface HttpParts {
  readonly steps: ClockSteps;
  readonly deadLetters: DeadLetters;
  readonly lake: Lake;
  readonly stored: Stored;
  readonly log: EventLog;
  readonly models: ReadModels;
  readonly trips: AssembledTrips;
  readonly erasures: Erasures;
  readonly warnings: Warnings;
  readonly reports: Reports;
  readonly unknownVehicles: UnknownVehicles;
  readonly projection: Projection;
  readonly rebuild: RebuildHold;
  readonly rebuilder: RebuildProcess;
  readonly gate: Gate;
  readonly access: OperatorAccess;
  /** Where this process listens, once it does. */
  readonly listensAt: () => string;
  readonly people: People;
}

const figuresOf = (clock: Clock, parts: HttpParts): ServerFigures => {
  const { steps, deadLetters, models, trips, unknownVehicles, projection, rebuild, gate } = parts;
  return {
    gate: gateFigures(gate),
    models: () => ({
      ...models,
      lagMs: () => projection.lagMs(clock.now()),
      deadLetters: () => deadLetters.count,
      deadLettersUnwritten: () => deadLetters.unwritten,
      unknownVehicles,
    }),
    rebuild: () => rebuild.status(),
    trips: () => trips.statistics(),
    clockSteps: () => steps.count,
  };
};

const openHttp = async (base: Base, isDemo: boolean, parts: HttpParts, closers: Closers): Promise<Http> => {
  const { lake, stored, log, models, trips, erasures, projection, rebuilder, gate } = parts;
  const { clock, logger } = base;
  const figures = figuresOf(clock, parts);
  const readiness = readinessOf(parts);
  const followed = () => ({ partitions: log.partitions(), projection, history: models.history });
  const known = { storage: stored.storage, log, figures, readiness, followed };
  const system = await openSystem({ base, ...known, rebuild: rebuilder, node: undefined });
  closers.add('system', () => system.close());
  const partners = await openPartnersIn(base, stored, closers, isDemo);
  const consents = await openConsentsIn(base, stored, partners, closers);
  const receipts = await openReceiptsIn(base, stored, closers);
  startReminders(base, stored, { people: parts.people, consents, partners }, closers);
  const vehicleIds = makeVehicleIds(stored.pepper);
  const oauth = await openOauthIn(base, stored, { ...parts, partners, consents, vehicleIds, isDemo }, closers);
  const feed = openFeedIn(base, stored, { log, ...models, erasures, consents, receipts, vehicleIds });
  const { registry } = stored;
  const { listensAt } = parts;
  const webhooks = openWebhooksIn(base, feed, { registry, consents, partners, listensAt, mayReachPrivate: isDemo }, closers);
  const sandbox = openSandboxIn(base, stored, { log, ...models, consents }, closers);
  const config = await httpConfig({ ...base, isDemo });
  const http = await createHttp({
    registry: stored.registry,
    devices: stored.devices,
    ...models,
    trips: trips.trips,
    lake,
    eventLog: log,
    erasures,
    retention: stored.retention,
    warnings: parts.warnings,
    reports: parts.reports,
    vocabulary: () => stored.vocabulary,
    clock,
    logger,
    access: parts.access,
    people: parts.people,
    partners,
    oauth,
    consents,
    receipts,
    invitations: invitationsIn(base, stored, { people: parts.people, consents }),
    personalExports: await openPersonalExportsIn(base, stored, closers),
    personErasures: openPersonErasuresIn(base, stored, { people: parts.people, consents, erasures }, closers),
    vehicleIds,
    feed,
    webhooks,
    sandbox,
    attachTail: (model) => projection.attach(model),
    config,
    metrics: new MetricsRegistry(),
    figures,
    system,
    readiness,
    telemetryRoute: telemetryRoute(gate),
  });
  followTls(http, config, base, closers);
  return http;
};

/** Notes in the log that the server runs, since when it did not, and that it stopped. */
const keepServerRecords = async (
  base: Base,
  log: EventLog,
  stored: Stored,
  projection: Projection,
  closers: Closers,
): Promise<ServerRecords> => {
  const records = makeServerRecords(log, base.clock, stored.vocabulary.version);
  await records.write('serverStarted', projection.state.newestReceivedAt);
  const stopNotes = repeat(base.clock, serverAliveEveryMs, () => void records.write('serverAlive').catch(base.failed));
  closers.add('server records', async () => {
    stopNotes();
    await records.write('serverStopped');
  });
  return records;
};

interface Holds {
  readonly backup: BackupHold;
  readonly rebuild: RebuildHold;
  /** Begins rebuilds that are asked for over the API. */
  readonly rebuilder: RebuildProcess;
}

const retentionParts = (
  { folder, clock, logger }: Base,
  { retention, vocabulary }: Stored,
  log: EventLog,
  models: ReadModels,
  holds: Holds,
): KeepOptions => ({
  ...models,
  log,
  retention,
  vocabulary,
  isHeld: () => holds.backup.isHeld || holds.rebuild.isHeld,
  removeOthers: () => removeOldModels(folder.root, clock.now()),
  clock,
  logger,
});

/** Writes the log of warnings, and opens it for who reads. */
const openWarnings = async (
  parts: WarningParts,
  { live }: ReadModels,
  projection: Projection,
  closers: Closers,
): Promise<Warnings> => {
  const warnings = await openWarningLog(parts);
  closers.add('warnings', () => warnings.close());
  closers.add('writing of warnings', keepWarnings({ ...parts, live, owns: () => true, caughtUp: projection.caughtUp }));
  return warnings;
};

/** Answers programs beside the server on the socket of the data folder; at most one takes a backup, or rebuilds a read model. */
const openControl = async (parts: Omit<RebuildParts, 'isBusy'>, closers: Closers): Promise<Holds> => {
  const { base, stored, log, models } = parts;
  const { configuration, folder, clock, logger } = base;
  const isEmbedded = configuration.databaseUrl === undefined;
  const { storage } = stored;
  const { history } = models;
  const isBusy = (): boolean => rebuild.isHeld;
  const backup = new BackupHold({ log, history, storage, isEmbedded, isBusy, clock, logger });
  const rebuild = new RebuildHold({ ...parts, isBusy: () => backup.isHeld });
  closers.add('rebuild', () => rebuild.close());
  const open = (): ControlSession => {
    const sessions = { backup: backup.openSession(), rebuild: rebuild.openSession() };
    const ofTrips = openTripSession(storage);
    const sessionOf = (command: string): ControlSession => {
      if (command.startsWith(tripCommandPrefix)) return ofTrips;
      return command.startsWith('rebuild ') ? sessions.rebuild : sessions.backup;
    };
    return {
      handle: (command, body) => sessionOf(command).handle(command, body),
      ended: async () => {
        await sessions.backup.ended();
        await sessions.rebuild.ended();
      },
    };
  };
  const control = await listenControl(folder.root, open, logger);
  closers.add('control', () => control.close());
  const rebuilder = new RebuildProcess({ hold: rebuild, root: folder.root, clock, logger });
  closers.add('rebuilder', () => rebuilder.close());
  return { backup, rebuild, rebuilder };
};

interface Following {
  readonly models: ReadModels;
  readonly projection: Projection;
  readonly unknownVehicles: UnknownVehicles;
  readonly erasures: Erasures;
  readonly trips: AssembledTrips;
}

/** Everything that follows the log, caught up with it, with what was erased hidden. */
const openFollowing = async (base: Base, stored: Stored, log: EventLog, closers: Closers): Promise<Following> => {
  const { logger, failed } = base;
  const models = await openReadModels(base, stored, closers);
  const partitions = log.partitions();
  const marks = await openTripMarks(base, stored, log, models.history, { partitions, isWriter: true });
  closers.add('trip marks', () => marks.close(false));
  const warn = (message: string, error: unknown): void => logger.warn(message, { error });
  const projection = await startProjection({ log, ...models, attached: [marks], partitions, failed, warn });
  closers.add('projection', () => projection.stop());
  await projection.caughtUp;
  const { storage, registry } = stored;
  const unknownVehicles = await findUnknown({ live: models.live, directory: registry.directory, storage, logger });
  const erasures = await openLedger(base, stored, closers);
  closers.add('erasures', await hideIn(base, stored, erasures, models));
  const trips = assembleTripsIn(base, stored, { history: models.history, erasures, marks });
  closers.add('trips', () => trips.close());
  trips.tend();
  return { models, projection, unknownVehicles, erasures, trips };
};

const open = async (options: ServerOptions, closers: Closers): Promise<Omit<RunningServer, 'stop'>> => {
  const { configuration, logger, failed } = options;
  const clock = makeSteppingClock(options.clock);
  // First, so that nothing else finishes what a restore or a rebuild is just doing.
  const lock = lockDataFolder(path.resolve(configuration.data));
  closers.add('lock', () => lock.release());
  const folder = await openDataFolder(configuration.data);
  const deadLetters = openDeadLetters(folder.deadLetters, clock, logger);
  const base: Base = { configuration, folder, clock, logger, failed, deadLetter: (letter) => deadLetters.put(letter) };
  const [stored, log] = await Promise.all([openStored(base, closers), openLog(base, closers)]);
  const { models, projection, unknownVehicles, erasures, trips } = await openFollowing(base, stored, log, closers);
  const warnings = await openWarnings({ ...stored, erasures, clock, logger }, models, projection, closers);
  const records = await keepServerRecords(base, log, stored, projection, closers);
  const steps = noteClockSteps(clock, records, logger, failed);
  const holds = await openControl({ base, stored, log, models, projection, records }, closers);
  closers.add('retention of files', keepRetention(retentionParts(base, stored, log, models, holds)));
  closers.add(
    'ticks',
    repeat(clock, tickEveryMs, () => {
      const nowMs = clock.now();
      if (steps.isPending) steps.retry();
      else projection.tick(nowMs);
    }),
  );
  const { gate } = openWayIn(base, stored, log, models);
  closers.add('gate', () => gate.close());
  closers.add(
    'sweeps',
    repeat(clock, sweepEveryMs, () => gate.sweep()),
  );
  const { token, access } = await openAccess(base, stored);
  let origin = '';
  const listensAt = (): string => origin;
  const people = await openAccounts(base, stored, listensAt, closers);
  const lake = await openDuckdbLake({ folder: folder.exports, logger });
  closers.add('lake', () => lake.close());
  const reports = openReportsOf({ ...stored, trips: trips.trips, warnings, folder: folder.reports, clock, logger });
  closers.add('reports', () => reports.close());
  reports.start();
  const known = { stored, log, models, trips, erasures, warnings, reports, unknownVehicles };
  const parts = { steps, deadLetters, lake, projection, ...holds, gate, access, listensAt, people, ...known };
  const http = await openHttp(base, options.isDemo, parts, closers);
  const door = openDoor(configuration);
  const sockets = listenDeviceWebSockets({ gate, clock, logger, door });
  routeUpgrades(http.server, door, sockets, http.streams);
  closers.add('http', () => http.close());
  closers.add('device sockets', () => sockets.close());
  const mqttOrigin = await openMqtt(base, gate, closers);
  const tlsOrigins = await openDeviceTls(base, { stored, gate, sockets }, closers);
  closers.add('drain', () => gate.drain());
  const port = await listen(http, configuration);
  origin = originOf(schemeOf(configuration), configuration.host, port);
  const signInLink = (): string => `${configuration.publicUrl ?? origin}/signin?code=${access.createSignInCode()}`;
  return { origin, mqttOrigin, ...tlsOrigins, operatorToken: token, signInLink };
};

/** Opens everything in the order in which it needs each other, and answers when devices and browsers are taken. */
export const startServer = async (options: ServerOptions): Promise<RunningServer> => {
  const closers = new Closers();
  try {
    const running = await open(options, closers);
    return { ...running, stop: () => closers.closeAll(options.logger) };
  } catch (error) {
    await closers.closeAll(options.logger);
    throw error;
  }
};
