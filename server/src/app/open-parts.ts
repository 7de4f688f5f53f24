import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Vocabulary } from '@milepost/contract';
import { type Devices, openDevices } from '../devices/index.ts';
import { type Erasures, openErasures } from '../erasure/index.ts';
import { openJournal } from '../eventlog/adapters/journal/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import type { DeadLetter } from '../events/index.ts';
import { type History, type HistoryOptions, openHistory, SwitchableHistory } from '../history/index.ts';
import { type Gate, type Ingest, openGate, openIngest } from '../ingest/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import { fleetSignals, type Live, type LiveOptions, openLive, type StatusTimeouts } from '../live/index.ts';
import { loadPepper, loadVocabulary, openRegistry, openRetention, type Registry, type Retention } from '../registry/index.ts';
import { startEmbeddedPostgres } from '../storage/adapters/embedded-postgres/index.ts';
import { openSnapshotFolder } from '../storage/adapters/folder/index.ts';
import {
  keepSecretFile,
  openStorage,
  parseDatabaseUrl,
  type PostgresConfig,
  type SnapshotStore,
  type Storage,
} from '../storage/index.ts';
import { type AssembledTrips, assembleTrips, DayThread, type MakeDay, TripMarks, type TripsParts } from '../trips/index.ts';
import type { DataFolder } from './data-folder.ts';
import { hideErased } from './hide-erased.ts';
import { priorValues } from './prior-values.ts';
import type { Configuration } from './settings.ts';

export interface Base {
  readonly configuration: Configuration;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps a record that a read model cannot apply. */
  readonly deadLetter?: (letter: DeadLetter) => void;
  /** Something that everything needs has ended by itself: the process ends and is started anew. */
  readonly failed: (error: Error) => void;
}

/** What is closed when the server stops, in the opposite order of opening. */
export class Closers {
  readonly #closers: { readonly name: string; readonly close: () => void | Promise<void> }[] = [];

  add(name: string, close: () => void | Promise<void>): void {
    this.#closers.push({ name, close });
  }

  /** Closes everything, also when one of it fails. */
  async closeAll(logger: Logger): Promise<void> {
    for (const { name, close } of this.#closers.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        logger.error('closing failed', { part: name, error });
      }
    }
  }
}

const mebibyte = 1024 * 1024;
export const dayMs = 86_400_000;

export interface Registered {
  readonly storage: Storage;
  /** How the database is reached: for a program beside the server. */
  readonly database: PostgresConfig;
  readonly registry: Registry;
  readonly vocabulary: Vocabulary;
  readonly pepper: Uint8Array;
  readonly retention: Retention;
}

export interface Stored extends Registered {
  readonly devices: Devices;
}

interface Database {
  readonly storage: Storage;
  readonly config: PostgresConfig;
}

const openDatabase = async (
  { configuration, folder, clock, logger }: Base,
  closers: Closers,
  running?: PostgresConfig,
): Promise<Database> => {
  const outside = running ?? (configuration.databaseUrl ? parseDatabaseUrl(configuration.databaseUrl) : undefined);
  if (outside) {
    const storage = await openStorage({ config: outside, clock, logger });
    closers.add('storage', () => storage.close());
    return { storage, config: outside };
  }
  const postgres = await startEmbeddedPostgres({ dataFolder: folder.root, clock, logger });
  closers.add('postgres', () => postgres.stop());
  const storage = await openStorage({ config: postgres.config, clock, logger });
  closers.add('storage', () => storage.close());
  return { storage, config: postgres.config };
};

/** Who and what exists, and the signals. `running`: a database that another process keeps running, and whose overlay is already in it. */
export const openRegistered = async (base: Base, closers: Closers, running?: PostgresConfig): Promise<Registered> => {
  const { configuration, folder, clock, logger } = base;
  const { storage, config } = await openDatabase(base, closers, running);
  const overlayFile = running ? undefined : configuration.overlay;
  const overlay = overlayFile === undefined ? undefined : await readFile(overlayFile, 'utf8');
  const vocabulary = await loadVocabulary(storage, overlay);
  const pepper = await loadPepper({
    file: path.join(folder.secrets, 'pepper'),
    ...(configuration.pepper === undefined ? {} : { configured: configuration.pepper }),
  });
  const registry = await openRegistry({ storage, pepper, clock, logger });
  closers.add('registry', () => registry.close());
  const retention = openRetention(registry.directory, configuration.historyRetentionDays);
  closers.add('retention', () => retention.close());
  return { storage, database: config, registry, vocabulary, pepper, retention };
};

/** Everything that lies in PostgreSQL, and what hot paths keep of it in memory. */
export const openStored = async (base: Base, closers: Closers): Promise<Stored> => {
  const { configuration, clock, logger } = base;
  const registered = await openRegistered(base, closers);
  const { storage, registry, pepper } = registered;
  const tokenLifetimeMs = configuration.tokenLifetimeSeconds * 1000;
  const devices = await openDevices({ storage, registry, pepper, clock, logger, tokenLifetimeMs });
  closers.add('devices', () => devices.close());
  return { ...registered, devices };
};

export const openLog = async ({ configuration, folder, clock, logger }: Base, closers: Closers): Promise<EventLog> => {
  const log = await openJournal({
    folder: folder.journal,
    clock,
    logger,
    limits: {
      retentionMs: configuration.logRetentionDays * dayMs,
      bytesMax: configuration.logBytesMax * mebibyte,
      diskReserveBytes: configuration.diskReserveMib * mebibyte,
    },
  });
  closers.add('log', () => log.close());
  return log;
};

export interface ReadModels {
  readonly live: Live;
  readonly history: SwitchableHistory;
}

export const timeoutsOf = ({ lateAfterSeconds, offlineAfterSeconds }: Configuration): StatusTimeouts => ({
  lateAfterMs: lateAfterSeconds * 1000,
  offlineAfterMs: offlineAfterSeconds * 1000,
});

/** What every history of this server is opened with, wherever its files lie. */
export const historyOptionsOf = (
  { clock, logger, failed, configuration, deadLetter }: Base,
  { vocabulary }: Stored,
): Omit<HistoryOptions, 'store'> => ({
  clock,
  logger,
  consentGroupOf: (signalNumber) => vocabulary.byNumber(signalNumber)?.group,
  failed,
  sealAgeMs: configuration.historySealSeconds * 1000,
  ...(deadLetter ? { deadLetter } : {}),
  fleet: { signals: fleetSignals, keyframeRetentionMs: configuration.keyframeRetentionDays * dayMs },
});

/** `more`: what another place of its snapshots, or several partitions, ask for. */
export const openLiveIn = (
  base: Base,
  { vocabulary, registry }: Stored,
  snapshots: SnapshotStore,
  more: Pick<LiveOptions, 'partitions' | 'snapshotOwner'> = {},
): Live =>
  openLive({
    directory: registry.directory,
    vocabulary: () => vocabulary,
    clock: base.clock,
    logger: base.logger,
    snapshots,
    ...more,
    ...(base.deadLetter ? { deadLetter: base.deadLetter } : {}),
    defaults: timeoutsOf(base.configuration),
  });

export const openReadModels = async (base: Base, stored: Stored, closers: Closers): Promise<ReadModels> => {
  const { folder } = base;
  // Opened first, so closed last: history's last seal asks live for a snapshot.
  const live = openLiveIn(base, stored, openSnapshotFolder(folder.live));
  closers.add('live', () => live.close());
  const store = {
    adapterModule: new URL('../history/adapters/sqlite/index.ts', import.meta.url),
    adapterOptions: { folder: folder.history },
  };
  const history = new SwitchableHistory(await openHistory({ ...historyOptionsOf(base, stored), store }));
  closers.add('history', () => history.close());
  return { live, history };
};

/** Trips of the partitions that this process follows; their marks go on where they stood. */
export const openTripMarks = async (
  { clock, logger }: Base,
  { storage }: Stored,
  log: EventLog,
  history: Pick<History, 'appliedOffset'>,
  wanted: { readonly partitions: readonly number[]; readonly isWriter: boolean },
): Promise<TripMarks> => {
  const marks = new TripMarks({ storage, log, ...wanted, clock, logger });
  await marks.open((partition) => Math.max(history.appliedOffset(partition) ?? 0, log.startOffset(partition)));
  return marks;
};

/** Days are made in a thread of their own. */
export const assembleTripsIn = (
  { clock, logger }: Base,
  { storage, registry, retention }: Stored,
  parts: Pick<TripsParts, 'history' | 'erasures' | 'marks'>,
): AssembledTrips => {
  const thread = new DayThread(logger);
  const makeDay: MakeDay = (wanted, read) => thread.make(wanted, read);
  const days = assembleTrips({ storage, directory: registry.directory, retention, makeDay, ...parts, clock, logger });
  return {
    ...days,
    close: async () => {
      // What is being derived is given up: its mark is still there.
      await thread.close();
      await days.close();
    },
  };
};

/** The ledger of erasures. */
export const openLedger = async (base: Base, { storage, registry }: Stored, closers: Closers): Promise<Erasures> => {
  const { folder, clock, logger } = base;
  const erasures = await openErasures({ storage, registry, file: folder.ledger, clock, logger });
  closers.add('ledger', () => erasures.close());
  return erasures;
};

/** What was erased is hidden in read models, which have caught up with the log by now. Answers the end of it. */
export const hideIn = (
  { clock, logger }: Base,
  { retention, vocabulary }: Stored,
  erasures: Erasures,
  models: { readonly live: Live; readonly history: History },
): Promise<() => void> => hideErased({ erasures, ...models, retention, vocabulary, clock, logger });

/** Without read models beside it a value that contradicts one before is found when history is merged. */
export const openWayIn = (
  base: Base,
  stored: Stored,
  log: EventLog,
  models: { readonly live: Live; readonly history: History } | undefined,
): { ingest: Ingest; gate: Gate } => {
  const { clock, logger } = base;
  const ingest = openIngest({
    log,
    directory: stored.registry.directory,
    vocabulary: stored.vocabulary,
    prior: models ? priorValues(models) : { find: () => undefined },
    clock,
    retention: stored.retention,
  });
  return { ingest, gate: openGate({ ingest, devices: stored.devices, log, clock, logger }) };
};

/** The operator's token: as configured, or random and kept. */
export const operatorToken = async ({ configuration, folder }: Base): Promise<string> => {
  if (configuration.operatorToken !== undefined) return configuration.operatorToken;
  return keepSecretFile(path.join(folder.secrets, 'operator-token'), () => randomBytes(32).toString('base64url'));
};
