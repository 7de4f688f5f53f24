import { readdir } from 'node:fs/promises';
import type { ClientBase } from 'pg';
import { type Logger, OperationalError } from '../kernel/index.ts';
import { migratorRole } from './roles.ts';

const folder = new URL('./migrations/', import.meta.url).pathname;
export const schemaName = 'milepost';
const table = 'migrations';

const knownMigrations = async (): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort();

const appliedMigrations = async (client: ClientBase): Promise<string[]> => {
  const { rows } = await client.query<{ name: string }>(`select name from ${schemaName}.${table} order by id`);
  return rows.map((row) => row.name);
};

/** Newer code has been here: going on with older code could write what that code does not expect. */
const refuseNewer = (applied: readonly string[], known: readonly string[]): void => {
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new OperationalError(
    'unavailable',
    `the database was changed by a newer version (${unknown.join(', ')}): start that one, or restore a backup`,
  );
};

/** Arbitrary, fixed. */
const migrationLock = 7_101_968_002;

/**
 * Brings the tables up to date, as the migrator, each pending file in order and all in one transaction. The tool is loaded only when
 * something is pending, which keeps an ordinary start short.
 */
export const migrate = async (client: ClientBase, logger: Logger): Promise<void> => {
  // Of several processes that start at once one changes the tables; the others wait, and find it done. Let go with the connection.
  await client.query('select pg_advisory_lock($1)', [migrationLock]);
  await client.query(`set role ${migratorRole}`);
  await client.query(`create schema if not exists ${schemaName}`);
  await client.query(`set search_path to ${schemaName}, public`);
  const known = await knownMigrations();
  const exists = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    `${schemaName}.${table}`,
  ]);
  const applied = exists.rows[0]?.found === true ? await appliedMigrations(client) : [];
  refuseNewer(applied, known);
  if (known.some((name) => !applied.includes(name))) {
    const { runner } = await import('node-pg-migrate');
    const done = await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: table,
      migrationsSchema: schemaName,
      schema: [schemaName, 'public'],
      checkOrder: true,
      singleTransaction: true,
      logger: { debug: () => {}, info: () => {}, warn: (text) => logger.warn(text), error: (text) => logger.error(text) },
    });
    logger.info('the database is up to date', { migrations: done.map((migration) => migration.name) });
  }
};
