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
import { type Network, openNetwork, relayTo } from './network.ts';
import { startEmbeddedPostgres } from '../../../server/src/storage/adapters/embedded-postgres/index.ts';

/** Everything that the processes of a cluster share, each a real one. */
export interface Engines {
  readonly kafka: Engine;
  readonly cassandra: CassandraEngine;
  readonly valkey: Engine;
  readonly postgres: Postgres;
  /** Undefined: processes speak to the engines themselves. */
  readonly network: Network | undefined;
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

export interface Postgres {
  readonly folder: string;
  /** Where it listens. */
  readonly socket: string;
  readonly url: string;
  /** The same by way of host:port. */
  urlAt(address: string): string;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own. */
export const startPostgres = async (): Promise<Postgres> => {
  const folder = await mkdtemp(join(tmpdir(), 'milepost-cluster-pg-'));
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, clock: systemClock, logger: silentLogger });
  const { user, password, host, port, database } = postgres.config;
  const who = `${user}:${encodeURIComponent(password)}`;
  return {
    folder,
    socket: join(host, `.s.PGSQL.${port}`),
    url: `postgres://${who}@localhost/${database}?host=${encodeURIComponent(host)}`,
    urlAt: (address) => `postgres://${who}@${address}/${database}`,
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
  /** Processes reach the engines by proxies, which can be told to be slow or to break. */
  readonly hasNetwork?: boolean;
}

/** Where processes find the engines: themselves, or proxies before them. */
interface Addresses {
  readonly kafka: string;
  readonly cassandra: string;
  readonly valkey: string;
  readonly postgresUrl: string;
  close(): Promise<void>;
}

type Started = Pick<Engines, 'kafka' | 'cassandra' | 'valkey' | 'postgres'>;

const direct = ({ kafka, cassandra, valkey, postgres }: Started): Addresses => ({
  kafka: kafka.address,
  cassandra: cassandra.address,
  valkey: valkey.address,
  postgresUrl: postgres.url,
  close: async () => {},
});

const behind = async (
  network: Network,
  kafkaProxy: string,
  { kafka, cassandra, valkey, postgres }: Started,
): Promise<Addresses> => {
  await network.setUpstream('kafka', kafka.address);
  const relay = await relayTo(postgres.socket);
  return {
    kafka: kafkaProxy,
    cassandra: await network.proxy('cassandra', cassandra.address),
    valkey: await network.proxy('valkey', valkey.address),
    postgresUrl: postgres.urlAt(await network.proxy('postgres', relay.address)),
    close: async () => {
      await relay.close();
      await network.close();
    },
  };
};

export interface StoresWanted {
  /** Of Kafka, Cassandra and Valkey: host:port. */
  readonly addresses: Readonly<Record<'kafka' | 'cassandra' | 'valkey', string>>;
  /** Where PostgreSQL is; one of its own when it is not given. */
  readonly postgresUrl?: string;
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
export const openStores = async (wanted: StoresWanted): Promise<Stores> => {
  const { addresses, postgresUrl, partitions, name = 'milepost' } = wanted;
  const topic = `${name}.records`;
  const once = { replicas: 1, inSyncMin: 1, retentionMs: -1, retentionBytes: -1 };
  const [own] = await Promise.all([
    postgresUrl === undefined ? startPostgres() : undefined,
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
      DATABASE_URL: postgresUrl ?? (own as Postgres).url,
      MILEPOST_KAFKA: addresses.kafka,
      MILEPOST_KAFKA_TOPIC: topic,
      MILEPOST_CASSANDRA: addresses.cassandra,
      MILEPOST_CASSANDRA_KEYSPACE: name,
      MILEPOST_VALKEY: `redis://${addresses.valkey}`,
      MILEPOST_PEPPER: 'a pepper of tests that every process has'.replaceAll(' ', '-'),
    },
    stop: async () => own?.stop(),
  };
};

/** One that cannot be started takes the others with it: nobody else would end them. */
const startAll = async (isQuick: boolean, advertised: string | undefined): Promise<Started> => {
  const kafka = startKafka(pathOf(ensureKafka()), advertised === undefined ? {} : { advertised });
  const cassandra = startCassandra(pathOf(ensureCassandra()), { isQuick });
  const valkey = startValkey(pathOf(ensureValkey()));
  const postgres = startPostgres();
  try {
    return { kafka: await kafka, cassandra: await cassandra, valkey: await valkey, postgres: await postgres };
  } catch (error) {
    const ends = [kafka, cassandra, valkey].map(async (engine) => (await engine).remove());
    await Promise.allSettled([...ends, postgres.then((one) => one.stop())]);
    throw error;
  }
};

/** Starts one of each, with the topic and the tables. */
export const startEngines = async ({ partitions, isQuick = true, hasNetwork = false }: EnginesWanted): Promise<Engines> => {
  const network = hasNetwork ? await openNetwork() : undefined;
  // Kafka tells its clients where it is: it has to know of the proxy before there is anything behind it.
  const kafkaProxy = await network?.proxy('kafka');
  const started = await startAll(isQuick, kafkaProxy);
  const addresses = network && kafkaProxy !== undefined ? await behind(network, kafkaProxy, started) : direct(started);
  const { postgresUrl } = addresses;
  const { settings } = await openStores({ addresses, postgresUrl, partitions });
  return {
    ...started,
    network,
    partitions,
    settings,
    stop: async () => {
      const { kafka, cassandra, valkey, postgres } = started;
      await Promise.all([addresses.close(), kafka.remove(), cassandra.remove(), valkey.remove(), postgres.stop()]);
    },
  };
};
