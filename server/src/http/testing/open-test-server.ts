import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { coreVocabulary } from '@milepost/contract';
import {
  type ApiRoute,
  type ApiRouteName,
  apiRoutes,
  type Problem,
  problemDetails,
  type RouteBody,
  type RouteQuery,
  type RouteResponse,
} from '@milepost/contract/api';
import { Registry as MetricsRegistry } from 'prom-client';
import { Value } from 'typebox/value';
import type { Warnings } from '../../alerts/index.ts';
import { hideErased } from '../../app/hide-erased.ts';
import { openReportsOf, type ReportParts } from '../../app/keep-reports.ts';
import type { Reports } from '../../reports/index.ts';
import { keepWarnings, openWarningLog } from '../../app/keep-warnings.ts';
import { invitationsIn } from '../../app/open-consents.ts';
import { priorValues } from '../../app/prior-values.ts';
import { type Devices, openDevices } from '../../devices/index.ts';
import { type Erasures, openErasures } from '../../erasure/index.ts';
import { openJournal } from '../../eventlog/adapters/journal/index.ts';
import type { JournalLimits } from '../../eventlog/adapters/journal/options.ts';
import type { EventLog } from '../../eventlog/index.ts';
import { type History, openHistory } from '../../history/index.ts';
import { type Gate, type Ingest, openGate, openIngest } from '../../ingest/index.ts';
import { type Clock, type Logger, makeClientDoor, silentLogger, systemClock } from '../../kernel/index.ts';
import { openDuckdbLake } from '../../lake/adapters/duckdb/index.ts';
import { fleetSignals, type Live, openLive } from '../../live/index.ts';
import { telemetryRoute } from '../../protocols/index.ts';
import { openTestConsents, type TestConsents } from './open-test-consents.ts';
import type { Mail, People } from '../../people/index.ts';
import { openTestPeople } from '../../people/testing/open-test-people.ts';
import { openRegistry, openRetention, type Registry, type Retention } from '../../registry/index.ts';
import type { Storage } from '../../storage/index.ts';
import { openTestStorage, type TestStorage } from '../../storage/testing/test-storage.ts';
import { openSnapshotFolder } from '../../storage/adapters/folder/index.ts';
import { type AssembledTrips, assembleTrips, DayThread, type MakeDay, TripMarks } from '../../trips/index.ts';
import { type OperatorAccess, makeOperatorAccess } from '../access/operator-access.ts';
import { createHttp } from '../create-http.ts';
import type { Http, HttpConfig, ServerFigures } from '../types.ts';
import { openTestPartners, type TestPartners, type TestPartnerSettings } from './open-test-partners.ts';
import { openTestSockets } from './open-test-sockets.ts';
import type { AttachTail } from '../../feeds/index.ts';
import { openTestFeed } from './open-test-feed.ts';
import { openTestSystem } from './test-system.ts';

export const operatorToken = 'operator-token-of-the-tests';

export interface TestServer extends TestPartners, Omit<TestConsents, 'answers'> {
  readonly http: Http;
  readonly access: OperatorAccess;
  readonly people: People;
  /** What was mailed, in its order. */
  readonly mails: readonly Mail[];
  readonly storage: Storage;
  readonly registry: Registry;
  readonly retention: Retention;
  readonly devices: Devices;
  readonly live: Live;
  readonly history: History;
  readonly marks: TripMarks;
  /** Nothing is derived in the background unless it is told to `tend`. */
  readonly days: AssembledTrips;
  /** Where Parquet files lie while they are under way. */
  readonly exportsFolder: string;
  readonly eventLog: EventLog;
  readonly erasures: Erasures;
  readonly warnings: Warnings;
  /** Nothing is made by schedule unless it is told to. */
  readonly reports: Reports;
  readonly reportParts: ReportParts;
  readonly ingest: Ingest;
  readonly gate: Gate;
  readonly port: number;
  readonly origin: string;
  /** Calls by address as the operator; `body` is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Calls a route of the contract as the operator. Every answer is checked against the schema that the contract gives it. */
  ask<Name extends ApiRouteName>(name: Name, parts?: Parts<Name>): Promise<Answer & { readonly json: RouteResponse<Name> }>;
  close(): Promise<void>;
}

/** A browser in which the first operator of the platform was made: its cookie. */
export const cookieOfOperator = async ({ people, access }: TestServer): Promise<string> => {
  const account = { name: 'Root', password: 'correct horse battery', language: null };
  const from = { address: '127.0.0.1', userAgent: 'a test' };
  const { value } = await people.accounts.makeFirstOperator('root@example.com', account, () => Promise.resolve(), from);
  return `${access.cookieName}=${value}`;
};

export interface Parts<Name extends ApiRouteName> {
  readonly id?: string;
  readonly query?: RouteQuery<Name>;
  readonly body?: RouteBody<Name>;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of an answer that is an error. */
  readonly problem: Problem | undefined;
}

const configOf = (webRoot: string, changes: Partial<HttpConfig>): HttpConfig => ({
  version: '0.1.0',
  mapStyle: null,
  mapOrigins: [],
  mapTilesFile: undefined,
  isDemo: false,
  demoNotes: [],
  lateAfterSeconds: 75,
  offlineAfterSeconds: 180,
  allowedHosts: [],
  allowedOrigins: [],
  isHttps: false,
  tls: undefined,
  door: makeClientDoor(),
  webRoot,
  ...changes,
});

const writeWebApp = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Milepost web</title>');
  await writeFile(join(folder, 'assets', 'index-a1b2c3d4.js'), 'export {};');
};

const readProblem = (text: string, type: string | null): Problem | undefined => {
  if (type !== 'application/problem+json') return undefined;
  const problem: unknown = JSON.parse(text);
  assert.ok(Value.Check(problemDetails, problem), text);
  return problem;
};

/** History on SQLite. */
const openTestHistory = async (folder: string, clock: Clock): Promise<History> => {
  await mkdir(folder);
  return openHistory({
    logger: silentLogger,
    clock,
    store: {
      adapterModule: new URL('../../history/adapters/sqlite/index.ts', import.meta.url),
      adapterOptions: { folder },
    },
    consentGroupOf: (number) => coreVocabulary.byNumber(number)?.group,
    fleet: { signals: fleetSignals, keyframeRetentionMs: 86_400_000 },
    failed: (error) => {
      throw error;
    },
  });
};

/** The journal, with live, history and trips behind it, as in the server. */
const openTestLog = async (
  test: TestStorage,
  live: Live,
  history: History,
  clock: Clock,
  limits: Partial<JournalLimits> = {},
): Promise<{ readonly eventLog: EventLog; readonly marks: TripMarks; readonly attachTail: AttachTail }> => {
  const tails = new Set<Parameters<AttachTail>[0]>();
  const log = await openJournal({
    logger: silentLogger,
    clock,
    folder: join(test.folder, 'journal'),
    limits: { diskReserveBytes: 0, commitSpacingMs: 0, ...limits },
  });
  const { storage } = test;
  const marks = new TripMarks({ storage, log, partitions: [0], isWriter: true, clock, logger: silentLogger });
  await marks.open(() => log.startOffset(0));
  log.follow({
    partition: 0,
    fromOffset: log.startOffset(0),
    handle: (batch) => {
      live.apply(batch);
      history.applyStatus(live.takeStatusChanges());
      history.apply(batch);
      marks.apply(batch);
      for (const tail of tails) tail.apply(batch);
    },
    failed: (error) => {
      throw error;
    },
  });
  const attachTail: AttachTail = (model) => (tails.add(model), () => void tails.delete(model));
  return { eventLog: log, marks, attachTail };
};

const isUp = (test: TestStorage): Promise<boolean> =>
  test.storage.ping().then(
    () => true,
    () => false,
  );

export interface TestServerSettings extends TestPartnerSettings {
  /** The system's when it is left out. */
  readonly clock?: Clock;
  /** How long history is kept where nobody has a rule: a year when it is left out. */
  readonly retentionDays?: number;
  readonly logger?: Logger;
  readonly tokenLifetimeMs?: number;
  readonly logLimits?: Partial<JournalLimits>;
}

const timedOf = ({ clock = systemClock, logger = silentLogger }: TestServerSettings) => ({ clock, logger });

const openParts = async (test: TestStorage, settings: TestServerSettings) => {
  const { tokenLifetimeMs, logLimits, clock = systemClock, retentionDays = 365 } = settings;
  const timed = timedOf(settings);
  const pepper = Buffer.alloc(32, 7);
  const registry = await openRegistry({ storage: test.storage, pepper, ...timed });
  const lifetime = tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs };
  const retention = openRetention(registry.directory, retentionDays);
  const devices = await openDevices({ storage: test.storage, registry, pepper, ...timed, ...lifetime });
  const { directory } = registry;
  const live = openLive({
    directory,
    vocabulary: () => coreVocabulary,
    snapshots: openSnapshotFolder(join(test.folder, 'live')),
    ...timed,
  });
  const history = await openTestHistory(join(test.folder, 'history'), clock);
  const exportsFolder = join(test.folder, 'exports');
  const lake = await openDuckdbLake({ folder: exportsFolder, ...timed });
  const { eventLog, marks, attachTail } = await openTestLog(test, live, history, clock, logLimits);
  const ingest = openIngest({
    log: eventLog,
    directory,
    vocabulary: coreVocabulary,
    prior: priorValues({ live, history }),
    clock,
    retention,
  });
  const erasures = await openErasures({ storage: test.storage, registry, file: join(test.folder, 'erasures.ndjson'), ...timed });
  const stopHiding = await hideErased({ erasures, retention, live, history, vocabulary: coreVocabulary, ...timed });
  const warningParts = { storage: test.storage, retention, vocabulary: coreVocabulary, erasures, ...timed };
  const warnings = await openWarningLog(warningParts);
  const stopWarnings = keepWarnings({ ...warningParts, live, owns: () => true, caughtUp: Promise.resolve() });
  const { storage } = test;
  const dayThread = new DayThread(timed.logger);
  const makeDay: MakeDay = (wanted, read) => dayThread.make(wanted, read);
  const days = assembleTrips({ storage, history, directory, retention, erasures, marks, makeDay, ...timed });
  const reportParts = { storage, registry, trips: days.trips, warnings, folder: join(test.folder, 'reports'), ...timed };
  const reports = openReportsOf(reportParts);
  const gate = openGate({ ingest, devices, log: eventLog, ...timed });
  const close = async (): Promise<void> => {
    gate.close();
    await reports.close();
    await stopWarnings();
    await warnings.close();
    stopHiding();
    await dayThread.close();
    await days.close();
    await marks.close(false);
    await erasures.close();
    retention.close();
    await eventLog.close();
    await lake.close();
    await history.close();
    await live.close();
    await devices.close();
    await registry.close();
    await test.close();
  };
  const models = { live, history, marks, attachTail, days, lake, warnings, reports, reportParts };
  return { storage, registry, retention, devices, ...models, exportsFolder, eventLog, erasures, ingest, gate, close };
};

/** An empty header is one that is not sent. */
const withoutEmpty = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));

const callAt =
  (origin: string): TestServer['call'] =>
  async (method, path, body, headers = {}) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${origin}${path}`, {
      method,
      redirect: 'manual',
      ...sent,
      headers: withoutEmpty({ authorization: `Bearer ${operatorToken}`, ...sent.headers, ...headers }),
    });
    const text = await response.text();
    const problem = readProblem(text, response.headers.get('content-type'));
    return { status: response.status, headers: response.headers, text, problem };
  };

const askWith =
  (call: TestServer['call']): TestServer['ask'] =>
  async (name, { id = '', query, body, headers } = {}) => {
    const route: ApiRoute = apiRoutes[name];
    const asked = Object.entries(query ?? {}).map(([key, value]) => [key, String(value)] as [string, string]);
    const address = `${route.path.replace('{id}', encodeURIComponent(id))}?${new URLSearchParams(asked).toString()}`;
    const answer = await call(route.method, address, body, headers);
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') && answer.text !== '';
    const json: unknown = isJson ? JSON.parse(answer.text) : undefined;
    if (isJson && route.response)
      assert.deepEqual(Value.Errors(route.response, json), [], `${name}: ${answer.text.slice(0, 500)}`);
    return { ...answer, json: json as never };
  };

const figuresOf = ({ live, history, ingest }: Pick<TestServer, 'live' | 'history' | 'ingest'>, gate: Gate): ServerFigures => ({
  gate: {
    ingest: () => ingest.statistics(),
    deviceConnections: () => gate.sessions(),
    busiestDevices: () => gate.busiest(),
    deviceThrottles: () => gate.throttles(),
  },
  models: () => ({
    live,
    history,
    lagMs: () => 0,
    deadLetters: () => 0,
    deadLettersUnwritten: () => 0,
    unknownVehicles: () => 0,
  }),
  rebuild: () => ({ isRunning: false, progress: undefined, differences: 0, finished: 0, swapped: 0 }),
  clockSteps: () => 0,
});

/** The HTTP server over real parts: PostgreSQL, live, history on SQLite, ingest. On a free port, in a folder of its own. */
export const openTestServer = async (
  name: string,
  changes: Partial<HttpConfig> = {},
  settings: TestServerSettings = {},
): Promise<TestServer> => {
  const test = await openTestStorage(name);
  const timed = timedOf(settings);
  const webRoot = join(test.folder, 'web');
  await writeWebApp(webRoot);
  const { close, gate, ...parts } = await openParts(test, settings);
  const useCode: Registry['useSignInCode'] = (digest, expiresAt) => parts.registry.useSignInCode(digest, expiresAt);
  const access = makeOperatorAccess({ token: operatorToken, clock: timed.clock, useCode });
  const { people, mails } = await openTestPeople(parts.storage, timed.clock);
  let origin = '';
  const known = { storage: parts.storage, people, cookieName: access.cookieName, publicUrl: () => origin };
  const { answers, ...shared } = await openTestConsents(parts, people, timed);
  const ofPartners = { ...(await openTestPartners({ ...known, settings, answers, ...timed })), ...shared };
  const fed = openTestFeed(timed, parts, ofPartners, { ...known, mayReachPrivate: settings.mayPingPrivate });
  const figures = { ...figuresOf(parts, gate), trips: () => parts.days.statistics() };
  const readiness = async () => [{ name: 'postgres', isReady: await isUp(test) }];
  const system = await openTestSystem({ test, eventLog: parts.eventLog, figures, readiness, ...timed });
  const http = await createHttp({
    ...timed,
    ...parts,
    trips: parts.days.trips,
    vocabulary: () => coreVocabulary,
    access,
    people,
    ...ofPartners,
    invitations: invitationsIn(timed, parts, { people, consents: shared.consents }),
    ...fed,
    config: configOf(webRoot, changes),
    metrics: new MetricsRegistry(),
    figures,
    system,
    readiness,
    telemetryRoute: telemetryRoute(gate),
  });
  const sockets = openTestSockets(http, gate, timed);
  const port = await http.listen('127.0.0.1', 0);
  origin = `http://127.0.0.1:${port}`;
  const call = callAt(origin);
  return {
    ...parts,
    gate,
    http,
    access,
    people,
    ...ofPartners,
    mails,
    port,
    origin,
    call,
    ask: askWith(call),
    close: async () => {
      await fed.close();
      await shared.consents.close();
      await ofPartners.oauth.close();
      await ofPartners.partners.close();
      await people.close();
      await sockets.close();
      await http.close();
      await Promise.all([shared.receipts.close(), shared.personalExports.close(), shared.personErasures.close()]);
      system.close();
      await close();
    },
  };
};
