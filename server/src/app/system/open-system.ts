import process from 'node:process';
import type { ReadModelView, RebuiltModelName, SystemView } from '@milepost/contract/api';
import type { EventLog } from '../../eventlog/index.ts';
import type { History } from '../../history/index.ts';
import type { GateFigures, ModelFigures, PartReadiness, ServerFigures, SystemAccess } from '../../http/index.ts';
import { OperationalError } from '../../kernel/index.ts';
import type { TripsStatistics } from '../../trips/index.ts';
import type { Storage } from '../../storage/index.ts';
import type { Base } from '../open-parts.ts';
import type { Projection } from '../projection.ts';
import type { RebuildProcess } from '../rebuild/rebuild-process.ts';
import { readVersion } from '../version.ts';
import { type DiskFigures, watchDisk } from './disk-watch.ts';
import { daysLeft } from './folder-growth.ts';
import { rebuildView } from './rebuild-view.ts';

/** Read models of this process and how far they are. */
export interface FollowedModels {
  readonly partitions: readonly number[];
  readonly projection: Pick<Projection, 'state' | 'appliedOffset' | 'lagMs'>;
  readonly history: Pick<History, 'appliedOffset'>;
}

export interface SystemParts {
  readonly base: Pick<Base, 'configuration' | 'folder' | 'clock' | 'logger'>;
  readonly storage: Storage;
  readonly log: EventLog;
  readonly figures: ServerFigures;
  readonly readiness: () => Promise<PartReadiness[]>;
  /** Undefined while it has none. */
  readonly followed: () => FollowedModels | undefined;
  /** Undefined: read models of this process cannot be rebuilt. */
  readonly rebuild: RebuildProcess | undefined;
  /** Of a cluster: which process this is. */
  readonly node: string | undefined;
}

export interface OpenedSystem extends SystemAccess {
  close(): void;
}

const mebibyte = 1024 * 1024;
const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

const readModelsOf = ({ base, log, followed, rebuild }: SystemParts): ReadModelView[] => {
  const models = followed();
  if (!models) return [];
  const { partitions, projection, history } = models;
  const lagMs = projection.lagMs(base.clock.now());
  // Both are given each record in the same turn, so they stand at one place; on disk they are not.
  const model = (name: RebuiltModelName, storedOffset: (partition: number) => number | null) => ({
    name,
    positions: partitions.map((partition) => ({
      partition,
      offset: projection.appliedOffset(partition),
      storedOffset: storedOffset(partition),
      endOffset: log.endOffset(partition),
    })),
    lagMs,
    isCaughtUp: projection.state.isCaughtUp,
    canBeRebuilt: rebuild !== undefined,
  });
  return [model('live', () => null), model('history', (partition) => history.appliedOffset(partition) ?? 0)];
};

const logOf = ({ base, log, followed, node }: SystemParts): SystemView['log'] => {
  const { segments, bytes, oldestReceivedAt, appendedRecords, pendingRecords } = log.statistics();
  const newest = followed()?.projection.state.newestReceivedAt ?? 0;
  const { logRetentionDays, logBytesMax } = base.configuration;
  const isJournal = node === undefined;
  return {
    isRefusing: log.refusal() ?? null,
    offsetsCount: isJournal ? 'bytes' : 'records',
    segments,
    bytes,
    oldestReceivedAt: isoOrNull(oldestReceivedAt),
    newestReceivedAt: isoOrNull(newest === 0 ? null : newest),
    retentionDays: logRetentionDays,
    // Kafka has rules of its own.
    retentionBytes: isJournal ? logBytesMax * mebibyte : null,
    appendedRecords,
    pendingRecords,
  };
};

const historyOf = ({ configuration }: SystemParts['base'], { history }: ModelFigures): SystemView['history'] => {
  const figures = history.statistics();
  return {
    memtableBytes: figures.memtableBytes,
    memtableReports: figures.memtableReports,
    sealAfterSeconds: configuration.historySealSeconds,
    storedBytes: figures.storedBytes,
    storedChunks: figures.storedChunks,
    storedRows: figures.storedRows,
    retentionDays: configuration.historyRetentionDays,
    flushes: figures.flushes,
    flushFailures: figures.flushFailures,
    lastFlushAt: isoOrNull(figures.lastFlushAt),
    lastFlushMs: figures.lastFlushMs,
    sealedTables: figures.sealedTables,
    merges: figures.merges,
    mergeBytesBefore: figures.mergeBytesBefore,
    mergeBytesAfter: figures.mergeBytesAfter,
    conflicts: figures.conflictsAtMerge,
    keyframes: figures.keyframesMade,
    lastKeyframeMs: figures.lastKeyframeMs,
  };
};

const liveOf = ({ live }: ModelFigures): SystemView['live'] => {
  const { vehicles, values, bytes } = live.statistics();
  return { vehicles, values, bytes };
};

const tripsOf = (figures: TripsStatistics): SystemView['trips'] => {
  const { daysDue, daysMarked, oldestDueMs, derived, derivedMs, failed } = figures;
  return { daysDue, daysMarked, oldestDueAt: isoOrNull(oldestDueMs), derived, derivedMs, failed };
};

const ingestOf = (gate: GateFigures): SystemView['ingest'] => {
  const { reports, samples, values, heartbeats, rejected } = gate.ingest();
  return {
    reports,
    samples,
    values,
    heartbeats,
    rejected: Object.values(rejected).reduce((sum, count) => sum + count, 0),
    deviceConnections: gate.deviceConnections(),
    throttles: gate.deviceThrottles(),
  };
};

const diskOf = ({ configuration }: SystemParts['base'], figures: DiskFigures): SystemView['disk'] => {
  const { freeBytes, totalBytes, measuredAtMs, parts, growth } = figures;
  const reserveBytes = configuration.diskReserveMib * mebibyte;
  return {
    freeBytes,
    totalBytes,
    reserveBytes,
    measuredAt: iso(measuredAtMs),
    folderBytes: [...parts.values()].reduce((sum, bytes) => sum + bytes, 0),
    parts: [...parts].map(([name, bytes]) => ({ name, bytes })),
    bytesPerDay: growth.bytesPerDay ?? null,
    measuredForMs: growth.measuredForMs,
    daysLeft: daysLeft(freeBytes, reserveBytes, growth) ?? null,
  };
};

const databaseOf = async ({ base, storage }: SystemParts): Promise<SystemView['database']> => {
  const bytes = await storage.databaseBytes().catch((error: unknown) => {
    if (error instanceof OperationalError) return null;
    throw error;
  });
  return { isEmbedded: base.configuration.databaseUrl === undefined, bytes };
};

/** What the process knows of itself, for who runs it. */
export const openSystem = async (parts: SystemParts): Promise<OpenedSystem> => {
  const { base, figures, readiness, rebuild, node } = parts;
  const { clock, logger, configuration, folder } = base;
  const [version, startedAt] = [await readVersion(), iso(clock.now())];
  const watch = watchDisk({ root: folder.root, clock, logger });
  return {
    read: async () => {
      const [disk, database, ready] = await Promise.all([watch.read(), databaseOf(parts), readiness()]);
      const models = figures.models?.();
      const trips = figures.trips?.();
      const last = rebuild?.state();
      return {
        version,
        serverTime: iso(clock.now()),
        startedAt,
        isCluster: node !== undefined,
        node: node ?? null,
        roles: [...configuration.roles],
        memoryBytes: process.memoryUsage.rss(),
        parts: ready.map((part) => ({ ...part })),
        readModels: readModelsOf(parts),
        rebuild: last ? rebuildView(last) : null,
        log: logOf(parts),
        live: models ? liveOf(models) : null,
        history: models ? historyOf(base, models) : null,
        trips: trips ? tripsOf(trips) : null,
        ingest: figures.gate ? ingestOf(figures.gate) : null,
        disk: diskOf(base, disk),
        database,
        deadLetters: { count: models?.deadLetters() ?? 0, unwritten: models?.deadLettersUnwritten() ?? 0 },
        unknownVehicles: models?.unknownVehicles() ?? 0,
        clockSteps: figures.clockSteps(),
      };
    },
    startRebuild: (wanted) => {
      if (!rebuild) throw notHere();
      return rebuildView({ ...rebuild.start(wanted), isByCommand: false });
    },
    cancelRebuild: () => {
      if (!rebuild) throw notHere();
      rebuild.cancel();
    },
    close: () => watch.close(),
  };
};

const notHere = (): OperationalError =>
  new OperationalError('unavailable', 'processes of a cluster share their read models: none is rebuilt by one of them');
