import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { openKafkaLog } from '../../eventlog/adapters/kafka/index.ts';
import type { EventLog } from '../../eventlog/index.ts';
import type { HistoryOptions } from '../../history/index.ts';
import { assert } from '../../kernel/index.ts';
import { keepSecretFile, type SnapshotStore } from '../../storage/index.ts';
import { type Base, type Closers, dayMs, historyOptionsOf, openLiveIn, type Stored } from '../open-parts.ts';
import type { Live } from '../../live/index.ts';
import { kafkaReach, readPem } from './reach.ts';

/** What every process of a cluster has, whatever it does. */
export interface ClusterParts {
  readonly base: Base;
  readonly stored: Stored;
  readonly log: EventLog;
  /** Which of all processes this one is; the same after a restart with the same data folder. */
  readonly node: string;
}

/** Random, and kept in the data folder. */
export const nodeName = ({ folder }: Base): Promise<string> =>
  keepSecretFile(path.join(folder.secrets, 'node'), () => randomBytes(6).toString('hex'));

/** Of processes for which nobody waits: fewer, larger answers of the brokers, as many for two of them as for one. */
const unhurried = { tailWaitMs: 500, tailBytesMin: 512 * 1024, tailSpacingMs: 100 };

export const openSharedLog = async ({ configuration, clock, logger }: Base, closers: Closers): Promise<EventLog> => {
  const { kafkaTopic, logRetentionDays, roles } = configuration;
  // Views and gateways have what they wait for at once; what projectors and exporters do nobody waits for.
  const isHurried = roles.includes('api') || roles.includes('gateway');
  const limits = { retentionMs: logRetentionDays * dayMs, ...(isHurried ? {} : unhurried) };
  const log = await openKafkaLog({ ...kafkaReach(configuration), topic: kafkaTopic, clock, logger, limits });
  closers.add('log', () => log.close());
  return log;
};

const adapterModule = new URL('../../history/adapters/cassandra/index.ts', import.meta.url);

/** How Cassandra is reached. Texts alone: threads get them, too. */
const cassandraReach = ({ configuration }: Base) => {
  const { cassandraHosts, cassandraDatacenter, cassandraKeyspace } = configuration;
  const { cassandraUser: username, cassandraPassword: password, cassandraCa } = configuration;
  assert(cassandraHosts, 'a cluster has its history on Cassandra');
  return {
    contactPoints: cassandraHosts,
    localDatacenter: cassandraDatacenter,
    keyspace: cassandraKeyspace,
    ...(username !== undefined && password !== undefined ? { credentials: { username, password } } : {}),
    ...(cassandraCa === undefined ? {} : { tls: { ca: readPem('cassandraCa', cassandraCa) } }),
  };
};

/** History on Cassandra: what is written lives as long as the longest rule of now asks for. */
export const sharedHistoryOptions = ({ base, stored, log }: ClusterParts): HistoryOptions => {
  const { carLogs } = base.configuration;
  const partitions = log.partitions().length;
  const options = historyOptionsOf(base, stored);
  return {
    ...options,
    // Keyframes are made where chunks are written and lie in files there: no other process could read them.
    fleet: { signals: options.fleet?.signals ?? [], keyframeRetentionMs: 0 },
    partitions,
    store: {
      adapterModule,
      adapterOptions: {
        ...cassandraReach(base),
        groups: partitions,
        carLogs: carLogs === 'yes',
        retentionDays: Math.ceil(stored.retention.longestMs() / dayMs),
      },
    },
  };
};

export const openSharedLive = ({ base, stored, log, node }: ClusterParts, role: string, snapshots: SnapshotStore): Live =>
  openLiveIn(base, stored, snapshots, { partitions: log.partitions().length, snapshotOwner: `${role}-${node}` });
