import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CassandraEngine,
  type Engine,
  ensureCassandra,
  ensureKafka,
  ensureValkey,
  startCassandra,
  startKafka,
  startValkey,
} from '../../../tools/lib/engines.mjs';
import { ensureTopic } from '../../../server/src/eventlog/adapters/kafka/topics.ts';
import { ensureSchema } from '../../../server/src/history/adapters/cassandra/index.ts';
import { silentLogger, systemClock } from '../../../server/src/kernel/index.ts';
import { startEmbeddedPostgres } from '../../../server/src/storage/adapters/embedded-postgres/index.ts';

/** Everything that the processes of a cluster share, each a real one. */
export interface Engines {
  readonly kafka: Engine;
  readonly cassandra: CassandraEngine;
  readonly valkey: Engine;
  readonly partitions: number;
  /** Settings by which processes find them. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

type Found = { readonly path: string } | { readonly problem: string };

/** Why engines cannot be had on this machine; undefined: they can. */
export const engineProblem = (): string | undefined => {
  for (const ensure of [ensureKafka, ensureCassandra, ensureValkey] as (() => Found)[]) {
    const found = ensure();
    if ('problem' in found) return found.problem;
  }
  return undefined;
};

const pathOf = (found: Found): string => {
  if ('problem' in found) throw new Error(found.problem);
  return found.path;
};

const startPostgres = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'milepost-cluster-pg-'));
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, clock: systemClock, logger: silentLogger });
  const { user, password, host, database } = postgres.config;
  return {
    url: `postgres://${user}:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(host)}`,
    stop: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export interface EnginesWanted {
  /** Physical partitions of the log. */
  readonly partitions: number;
  /** Compiled little: started sooner, slower later. */
  readonly isQuick?: boolean;
}

/** One that cannot be started takes the others with it: nobody else would end them. */
const startAll = async (isQuick: boolean) => {
  const kafka = startKafka(pathOf(ensureKafka()));
  const cassandra = startCassandra(pathOf(ensureCassandra()), { isQuick });
  const valkey = startValkey(pathOf(ensureValkey()));
  const postgres = startPostgres();
  try {
    return await Promise.all([kafka, cassandra, valkey, postgres]);
  } catch (error) {
    const ends = [kafka, cassandra, valkey].map(async (engine) => (await engine).remove());
    await Promise.allSettled([...ends, postgres.then(({ stop }) => stop())]);
    throw error;
  }
};

/** Starts one of each, with the topic and the tables. */
export const startEngines = async ({ partitions, isQuick = true }: EnginesWanted): Promise<Engines> => {
  const [kafka, cassandra, valkey, postgres] = await startAll(isQuick);
  const topic = 'milepost.records';
  const once = { replicas: 1, inSyncMin: 1, retentionMs: -1, retentionBytes: -1 };
  await ensureTopic({ brokers: [kafka.address], topic, partitions, ...once });
  await ensureSchema({
    contactPoints: [cassandra.address],
    localDatacenter: 'datacenter1',
    keyspace: 'milepost',
    groups: partitions,
    replication: { datacenter1: 1 },
    carLogs: false,
  });
  return {
    kafka,
    cassandra,
    valkey,
    partitions,
    settings: {
      DATABASE_URL: postgres.url,
      MILEPOST_KAFKA: kafka.address,
      MILEPOST_KAFKA_TOPIC: topic,
      MILEPOST_CASSANDRA: cassandra.address,
      MILEPOST_VALKEY: `redis://${valkey.address}`,
      MILEPOST_PEPPER: 'a pepper of tests that every process has'.replaceAll(' ', '-'),
    },
    stop: async () => {
      await Promise.all([kafka.remove(), cassandra.remove(), valkey.remove(), postgres.stop()]);
    },
  };
};
