import { setTimeout as delay } from 'node:timers/promises';
import { Client, policies, type QueryOptions, types } from 'cassandra-driver';
import { cassandraFailure, isFinalFailure } from './failures.ts';
import { type CassandraLimits, cassandraLimits, type CassandraOptions } from './options.ts';

export type Row = types.Row;
export type Parameters = readonly unknown[];

export interface Statement {
  readonly query: string;
  readonly params: Parameters;
}

/** How a statement is sent. */
type Kind = 'read' | 'readSerial' | 'write';

/** Statements on one keyspace: prepared, sent to a node that has the rows, LOCAL_QUORUM. */
export interface Session {
  readonly limits: CassandraLimits;
  /** All rows, by pages. */
  rows(query: string, params: Parameters): Promise<Row[]>;
  /** As they are asked for, a page at a time. */
  each(query: string, params: Parameters, pageRows?: number): AsyncIterable<Row>;
  /** All rows, after what is being decided on their partition. */
  serialRows(query: string, params: Parameters): Promise<Row[]>;
  /** Done again it changes nothing: it is tried again. */
  write(query: string, params: Parameters): Promise<void>;
  /** The same for several rows of one partition. */
  writeTogether(statements: readonly Statement[]): Promise<void>;
  /**
   * A statement, or a batch of one partition, that is done only when its condition holds; answers whether it was. Not tried again: what became
   * of it is not known when it fails. All of it is seen, or nothing.
   */
  decide(statements: readonly Statement[]): Promise<boolean>;
  close(): Promise<void>;
}

const { localQuorum, localSerial } = types.consistencies;

const kinds: Readonly<Record<Kind, QueryOptions>> = {
  read: { prepare: true, consistency: localQuorum, isIdempotent: true },
  readSerial: { prepare: true, consistency: localSerial, isIdempotent: true },
  write: { prepare: true, consistency: localQuorum, isIdempotent: true },
};

const defaultPort = 9042;

/** All nodes of a cluster are asked at the port of those that are given. */
const portOf = ([first = '']: readonly string[]): number => Number(/^(?:[^:]+|\[.+\]):(\d+)$/.exec(first)?.[1] ?? defaultPort);

export const makeClient = (
  { contactPoints, localDatacenter, credentials, tls, limits: given }: Omit<CassandraOptions, 'keyspace'>,
  keyspace?: string,
): Client => {
  const limits = { ...cassandraLimits, ...given };
  const { loadBalancing, reconnection } = policies;
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter: localDatacenter,
    ...(keyspace === undefined ? {} : { keyspace }),
    ...(credentials ? { credentials: { ...credentials } } : {}),
    // The driver checks no certificate unless it is told to.
    ...(tls ? { sslOptions: { rejectUnauthorized: true, ...tls } } : {}),
    policies: {
      loadBalancing: new loadBalancing.TokenAwarePolicy(new loadBalancing.DCAwareRoundRobinPolicy(localDatacenter)),
      reconnection: new reconnection.ExponentialReconnectionPolicy(100, limits.reconnectMaxMs, false),
    },
    encoding: { useBigIntAsLong: true },
    // The driver asks other nodes than the given ones at this port alone.
    protocolOptions: { port: portOf(contactPoints) },
    // The schema is that of the command: nobody changes it under way.
    pooling: { maxRequestsPerConnection: 2048 },
    socketOptions: { connectTimeout: limits.connectTimeoutMs, readTimeout: limits.requestTimeoutMs },
    queryOptions: { consistency: localQuorum, serialConsistency: localSerial },
  });
};

/** Lets so many run at once; the others wait in order. */
const makeGate = (max: number): (<Result>(run: () => Promise<Result>) => Promise<Result>) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
};

/** Tries again what may be done twice, after a pause that doubles. */
const untilDone = async <Result>(query: string, limits: CassandraLimits, run: () => Promise<Result>): Promise<Result> => {
  for (let tries = 0; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (isFinalFailure(error) || tries >= limits.retriesMax) throw cassandraFailure(query, error);
      // Real time: it paces the network, it decides nothing.
      await delay(Math.min(limits.retryMaxMs, limits.retryMs * 2 ** tries));
    }
  }
};

export const openSession = async (options: CassandraOptions): Promise<Session> => {
  const limits = { ...cassandraLimits, ...options.limits };
  const client = makeClient(options, options.keyspace);
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw cassandraFailure(`${options.contactPoints.join(', ')} cannot be used`, error);
  }
  const gate = makeGate(limits.inFlightMax);
  const execute = (kind: Kind, query: string, params: Parameters, more: QueryOptions = {}): Promise<types.ResultSet> =>
    untilDone(query, limits, () => gate(() => client.execute(query, [...params], { ...kinds[kind], ...more })));
  const pages = async function* (kind: Kind, query: string, params: Parameters, fetchSize: number) {
    let pageState: string | undefined;
    do {
      const page = await execute(kind, query, params, { fetchSize, ...(pageState === undefined ? {} : { pageState }) });
      yield page.rows;
      pageState = page.pageState ?? undefined;
    } while (pageState !== undefined);
  };
  const allRows = async (kind: Kind, query: string, params: Parameters): Promise<Row[]> => {
    const all: Row[] = [];
    for await (const rows of pages(kind, query, params, limits.pageRows)) for (const row of rows) all.push(row);
    return all;
  };
  return {
    limits,
    rows: (query, params) => allRows('read', query, params),
    serialRows: (query, params) => allRows('readSerial', query, params),
    each: async function* (query, params, pageRows = limits.pageRows) {
      for await (const rows of pages('read', query, params, pageRows)) yield* rows;
    },
    write: async (query, params) => {
      await execute('write', query, params);
    },
    writeTogether: async (statements) => {
      const queries = statements.map(({ query, params }) => ({ query, params: [...params] }));
      await untilDone(queries[0]?.query ?? 'nothing', limits, () =>
        gate(() => client.batch(queries, { ...kinds.write, logged: false })),
      );
    },
    decide: async (statements) => {
      const queries = statements.map(({ query, params }) => ({ query, params: [...params] }));
      const more = { prepare: true, consistency: localQuorum, serialConsistency: localSerial, isIdempotent: false, logged: true };
      try {
        return (await gate(() => client.batch(queries, more))).wasApplied();
      } catch (error) {
        throw cassandraFailure(queries[0]?.query ?? 'nothing', error);
      }
    },
    close: () => client.shutdown(),
  };
};

/** Runs for each item, so many at once; an item is taken when there is room for it. The first error ends it, when all that run have ended. */
export const forEachOf = async <Item>(
  items: Iterable<Item>,
  atOnce: number,
  run: (item: Item) => Promise<void>,
): Promise<void> => {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (!failure) {
      try {
        const next = iterator.next();
        if (next.done) return;
        await run(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failure) throw (failure as { readonly error: unknown }).error;
};
