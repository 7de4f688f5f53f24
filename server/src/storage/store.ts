import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { type Clock, type Logger, OperationalError } from '../kernel/index.ts';
import { currentPoint, startBackup } from './backup-mode.ts';
import { codeOf, isAway, translateError } from './errors.ts';
import { Ear } from './ear.ts';
import { migrate, schemaName } from './migrate.ts';
import { appRole, prepareRoles, workerRole } from './roles.ts';
import { watchDatabase } from './watch.ts';
import type { Actor, PostgresConfig, Storage, Transaction } from './types.ts';

const defaultConnectionsMax = 12;
/** How long a caller waits for a free or new connection. */
const connectTimeoutMs = 5000;
const idleTimeoutMs = 60_000;
/** A statement that runs longer is ended: nothing here is meant to. */
const statementTimeoutMs = 30_000;
const startRetryMs = 250;

export interface StorageOptions {
  readonly config: PostgresConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connectionsMax?: number;
  /** How long a start waits for a PostgreSQL that is away; 30 s unless told. */
  readonly startTimeoutMs?: number;
}

const roleOf = (actor: Actor): string => (actor.kind === 'worker' ? workerRole : appRole);

/** One round trip: the settings are local to the transaction, so a pooled connection keeps nothing of them. */
const beginAs = (actor: Actor): string =>
  `begin; set local role ${roleOf(actor)}; select set_config('milepost.actor', ${pg.escapeLiteral(`${actor.kind}:${actor.id}`)}, true)`;

const clientConfig = (config: PostgresConfig): pg.ClientConfig => ({
  ...config,
  connectionTimeoutMillis: connectTimeoutMs,
  options: `-c search_path=${schemaName},public -c timezone=UTC`,
  application_name: 'milepost',
});

/** Runs once with a connection of its own, waiting within bounds for a PostgreSQL that is away. */
const prepare = async ({ config, logger, clock, startTimeoutMs = 30_000 }: StorageOptions): Promise<void> => {
  const until = clock.now() + startTimeoutMs;
  for (;;) {
    const client = new pg.Client(clientConfig(config));
    client.on('error', () => {});
    try {
      await client.connect();
      await prepareRoles(client, config.user, config.database);
      await migrate(client, logger);
      return;
    } catch (error) {
      if (!isAway(error) || clock.now() >= until) throw describeStart(error, config);
    } finally {
      await client.end().catch(() => {});
    }
    const { promise, resolve } = Promise.withResolvers<undefined>();
    setTimeout(resolve, startRetryMs, undefined);
    await promise;
  }
};

/** SQLSTATE 28: who logs in is refused; 3D000: no such database. */
const describeStart = (error: unknown, config: PostgresConfig): unknown => {
  const place = `${config.user}@${config.host}:${config.port}/${config.database}`;
  const code = codeOf(error) ?? '';
  if (isAway(error)) return new OperationalError('unavailable', `PostgreSQL does not answer at ${place}`, { cause: error });
  if (code.startsWith('28') || code === '3D000') {
    return new OperationalError('unavailable', `PostgreSQL refuses ${place}: ${(error as Error).message}`, { cause: error });
  }
  return error;
};

const makePool = (options: StorageOptions): pg.Pool => {
  const pool = new pg.Pool({
    ...clientConfig(options.config),
    max: options.connectionsMax ?? defaultConnectionsMax,
    idleTimeoutMillis: idleTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    allowExitOnIdle: true,
  });
  pool.on('error', (error) => options.logger.warn('a database connection was lost', { error }));
  return pool;
};

/** A caller that was told that the database is away gets nothing committed behind its back, as far as that can be helped. */
interface Attempt {
  isAbandoned: boolean;
}

const transact = async <T>(
  connection: Transaction,
  actor: Actor,
  attempt: Attempt,
  run: (tx: Transaction) => Promise<T>,
): Promise<T> => {
  if (attempt.isAbandoned) throw new OperationalError('unavailable', 'nobody waits for the answer any more');
  await sql.raw(beginAs(actor)).execute(connection);
  try {
    const answer = await run(connection);
    if (attempt.isAbandoned) throw new OperationalError('unavailable', 'nobody waits for the answer any more');
    await sql.raw('commit').execute(connection);
    return answer;
  } catch (error) {
    // When the connection is gone there is nothing to take back, and the first error is the one that matters.
    await sql
      .raw('rollback')
      .execute(connection)
      .catch(() => {});
    throw error;
  }
};

/** Prepares roles and tables, then opens the pool. Throws `unavailable` with what to do. */
export const openStorage = async (options: StorageOptions): Promise<Storage> => {
  await prepare(options);
  const pool = makePool(options);
  // biome-ignore lint/complexity/noBannedTypes: no table is known here.
  const database = new Kysely<{}>({ dialect: new PostgresDialect({ pool }) });
  const watch = watchDatabase(clientConfig(options.config), options.logger);
  const withActor = async <T>(actor: Actor, run: (tx: Transaction) => Promise<T>): Promise<T> => {
    const attempt: Attempt = { isAbandoned: false };
    const transaction = (): Promise<T> =>
      database.connection().execute((connection) => transact(connection, actor, attempt, run));
    try {
      return await watch.guard(transaction, () => {
        attempt.isAbandoned = true;
      });
    } catch (error) {
      throw translateError(error);
    }
  };
  const ear = new Ear({ ...options, clientConfig: clientConfig(options.config) });
  return {
    withActor,
    listen: (channel, notified, lost) => ear.listen(channel, notified, lost),
    startBackup: () => startBackup(clientConfig(options.config)),
    currentPoint: () => currentPoint(clientConfig(options.config)),
    databaseBytes: () =>
      withActor({ kind: 'system', id: 'size' }, async (tx) => {
        const { rows } = await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(tx);
        return Number(rows[0]?.bytes ?? 0);
      }),
    ping: () => withActor({ kind: 'system', id: 'ping' }, async (tx) => void (await sql`select 1`.execute(tx))),
    close: async () => {
      await watch.close();
      await ear.close();
      await database.destroy();
    },
  };
};
