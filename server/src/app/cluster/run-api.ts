import { Registry as MetricsRegistry } from 'prom-client';
import type { Erasures } from '../../erasure/index.ts';
import { createHttp, type Http, type OperatorAccess, type PartReadiness, type ServerFigures } from '../../http/index.ts';
import type { Gate } from '../../ingest/index.ts';
import { openDuckdbLake } from '../../lake/adapters/duckdb/index.ts';
import { telemetryRoute } from '../../protocols/index.ts';
import type { SnapshotStore } from '../../storage/index.ts';
import { findUnknown, type UnknownVehicles } from '../find-unknown.ts';
import { forgetOld } from '../forget-old.ts';
import { openReportsOf } from '../keep-reports.ts';
import { openOauthIn } from '../open-oauth.ts';
import { invitationsIn, openConsentsIn, openReceiptsIn, startReminders } from '../open-consents.ts';
import { openFeedIn, openWebhooksIn } from '../open-feed.ts';
import { makeVehicleIds } from '../../sharing/index.ts';
import { openPartnersIn } from '../open-partners.ts';
import { openAccounts, openPersonalExportsIn, openPersonErasuresIn } from '../open-people.ts';
import { openSandboxIn } from '../open-sandbox.ts';
import { openWarningLog } from '../keep-warnings.ts';
import { httpConfig, openAccess } from '../listeners.ts';
import type { Closers } from '../open-parts.ts';
import { repeat } from '../repeat.ts';
import { type FollowingModels, openModels } from './assignment.ts';
import { makeCatchUp } from './catch-up.ts';
import { openSystem } from '../system/open-system.ts';
import type { ClusterParts } from './cluster-parts.ts';

const forgetEveryMs = 3_600_000;

/** Read models of the whole log, which this process reads only. */
export interface Replica {
  readonly models: FollowingModels;
  readonly unknownVehicles: UnknownVehicles;
  readiness(): PartReadiness;
}

/** Resolves when the read models have caught up with the log. */
export const openReplica = async (
  parts: ClusterParts,
  { snapshots, erasures, closers }: { readonly snapshots: SnapshotStore; readonly erasures: Erasures; readonly closers: Closers },
): Promise<Replica> => {
  const { base, stored, log } = parts;
  const { clock, logger, failed } = base;
  const partitions = log.partitions();
  const models = await openModels(parts, { role: 'api', partitions, isWriter: false, snapshots, erasures, failed });
  closers.add('read models', () => models.close(false));
  const { live, projection } = models;
  await projection.caughtUp;
  const { storage, registry, retention, vocabulary } = stored;
  const unknownVehicles = await findUnknown({ live, directory: registry.directory, storage, logger });
  closers.add(
    'forgetting',
    repeat(clock, forgetEveryMs, () => {
      forgetOld({ live, retention, vocabulary, clock }, live.knownVehicles()).catch((error: unknown) =>
        logger.error('latest values could not be forgotten', { error }),
      );
    }),
  );
  return {
    models,
    unknownVehicles,
    readiness: () => ({ name: 'read models', isReady: projection.state.isCaughtUp }),
  };
};

export interface ApiParts {
  readonly replica: Replica;
  readonly erasures: Erasures;
  readonly figures: ServerFigures;
  readonly readiness: () => Promise<PartReadiness[]>;
  /** Of a process that is a gateway, too. */
  readonly gate: Gate | undefined;
  /** Where this process listens, once it does. */
  readonly listensAt: () => string;
  readonly closers: Closers;
}

export interface Api {
  readonly http: Http;
  readonly access: OperatorAccess;
  readonly token: string;
}

/** The API, the pages and their streams, from the replica. */
export const runApi = async (parts: ClusterParts, options: ApiParts): Promise<Api> => {
  const { base, stored, log, node } = parts;
  const { replica, erasures, figures, readiness, gate, closers } = options;
  const { clock, logger, configuration, folder } = base;
  const { token, access } = await openAccess(base, stored);
  const people = await openAccounts(base, stored, options.listensAt, closers);
  const partners = await openPartnersIn(base, stored, closers);
  const { listensAt } = options;
  const consents = await openConsentsIn(base, stored, partners, closers);
  const receipts = await openReceiptsIn(base, stored, closers);
  startReminders(base, stored, { people, consents, partners }, closers);
  const vehicleIds = makeVehicleIds(stored.pepper);
  const oauthParts = { people, partners, consents, vehicleIds, access, listensAt, isDemo: false };
  const oauth = await openOauthIn(base, stored, oauthParts, closers);
  const lake = await openDuckdbLake({ folder: folder.exports, logger });
  closers.add('lake', () => lake.close());
  const warnings = await openWarningLog({ ...stored, erasures, clock, logger });
  closers.add('warnings', () => warnings.close());
  const { models } = replica;
  const followed = () => ({ ...models, partitions: log.partitions() });
  const known = { storage: stored.storage, log, figures, readiness, followed };
  const system = await openSystem({ base, ...known, rebuild: undefined, node });
  closers.add('system', () => system.close());
  const { trips } = replica.models.trips;
  const reports = openReportsOf({ ...stored, trips, warnings, folder: folder.reports, clock, logger });
  closers.add('reports', () => reports.close());
  reports.start();
  const feed = openFeedIn(base, stored, { log, ...replica.models, erasures, consents, receipts, vehicleIds });
  const { registry } = stored;
  const webhooks = openWebhooksIn(base, feed, { registry, consents, partners, listensAt, mayReachPrivate: false }, closers);
  const sandbox = openSandboxIn(base, stored, { log, ...replica.models, consents }, closers);
  const http = await createHttp({
    registry: stored.registry,
    devices: stored.devices,
    live: replica.models.live,
    history: replica.models.history,
    trips,
    lake,
    eventLog: log,
    erasures,
    retention: stored.retention,
    warnings,
    reports,
    vocabulary: () => stored.vocabulary,
    catchUp: makeCatchUp({ log, projection: replica.models.projection, registry: stored.registry, erasures, clock }),
    clock,
    logger,
    access,
    people,
    partners,
    oauth,
    consents,
    receipts,
    invitations: invitationsIn(base, stored, { people, consents }),
    personalExports: await openPersonalExportsIn(base, stored, closers),
    personErasures: openPersonErasuresIn(base, stored, { people, consents, erasures }, closers),
    vehicleIds,
    feed,
    webhooks,
    sandbox,
    attachTail: (model) => replica.models.projection.attach(model),
    config: await httpConfig({ configuration, isDemo: false }),
    metrics: new MetricsRegistry(),
    figures,
    system,
    readiness,
    ...(gate ? { telemetryRoute: telemetryRoute(gate) } : {}),
  });
  return { http, access, token };
};
