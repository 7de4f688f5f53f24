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

/** A PostgreSQL of its own. */
export const startPostgres = async (): Promise<{ readonly url: string; stop(): Promise<void> }> => {
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

export interface StoresWanted {
  /** Of Kafka, Cassandra and Valkey: host:port. */
  readonly addresses: Readonly<Record<'kafka' | 'cassandra' | 'valkey', string>>;
  /** Physical partitions of the log. */
  readonly partitions: number;
  /** Keeps what is stored apart from others on the same engines: small letters, digits and _. */
  readonly name?: string;
}

/** A topic, tables and a PostgreSQL for one installation. */
export interface Stores {
  /** Settings by which processes find them. */
  readonly settings: Readonly<Record<string, string>>;
  /** The engines stay, with what was stored in them. */
  stop(): Promise<void>;
}

/** Makes what an installation needs on engines that run. */
export const openStores = async ({ addresses, partitions, name = 'milepost' }: StoresWanted): Promise<Stores> => {
  const topic = `${name}.records`;
  const once = { replicas: 1, inSyncMin: 1, retentionMs: -1, retentionBytes: -1 };
  const [postgres] = await Promise.all([
    startPostgres(),
    ensureTopic({ brokers: [addresses.kafka], topic, partitions, ...once }),
    ensureSchema({
      contactPoints: [addresses.cassandra],
      localDatacenter: 'datacenter1',
      keyspace: name,
      groups: partitions,
      replication: { datacenter1: 1 },
      carLogs: false,
    }),
  ]);
  return {
    settings: {
      DATABASE_URL: postgres.url,
      MILEPOST_KAFKA: addresses.kafka,
      MILEPOST_KAFKA_TOPIC: topic,
      MILEPOST_CASSANDRA: addresses.cassandra,
      MILEPOST_CASSANDRA_KEYSPACE: name,
      MILEPOST_VALKEY: `redis://${addresses.valkey}`,
      MILEPOST_PEPPER: 'a pepper of tests that every process has'.replaceAll(' ', '-'),
    },
    stop: () => postgres.stop(),
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
  try {
    return await Promise.all([kafka, cassandra, valkey]);
  } catch (error) {
    const ends = [kafka, cassandra, valkey].map(async (engine) => (await engine).remove());
    await Promise.allSettled(ends);
    throw error;
  }
};

/** Starts one of each, with the topic and the tables. */
export const startEngines = async ({ partitions, isQuick = true }: EnginesWanted): Promise<Engines> => {
  const [kafka, cassandra, valkey] = await startAll(isQuick);
  const addresses = { kafka: kafka.address, cassandra: cassandra.address, valkey: valkey.address };
  const stores = await openStores({ addresses, partitions });
  return {
    kafka,
    cassandra,
    valkey,
    partitions,
    settings: stores.settings,
    stop: async () => {
      await Promise.all([kafka.remove(), cassandra.remove(), valkey.remove(), stores.stop()]);
    },
  };
};
