import pg from 'pg';
import { OperationalError } from '../kernel/index.ts';
import { translateError } from './errors.ts';
import type { DatabaseBackup, DatabaseBackupEnd, DatabasePoint } from './types.ts';

/** Write-ahead log is cut into files of this size (the default of initdb). */
const walFileBytes = 16 * 1024 * 1024;
const walFilesPerLog = 0x1_0000_0000 / walFileBytes;
/** More would be no backup but a database that is written faster than it is copied. */
const walFilesMax = 1024;

const walFilePattern = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** Names of all files of the write-ahead log from the first to the last, which lie on one timeline. */
export const walFilesBetween = (first: string, last: string): string[] => {
  const [from, to] = [walFilePattern.exec(first), walFilePattern.exec(last)];
  if (!from || !to || from[1] !== to[1]) throw new OperationalError('unavailable', `no files of one timeline: ${first}, ${last}`);
  const numberOf = (match: RegExpExecArray): number =>
    Number.parseInt(match[2] as string, 16) * walFilesPerLog + Number.parseInt(match[3] as string, 16);
  const count = numberOf(to) - numberOf(from) + 1;
  if (count < 1 || count > walFilesMax)
    throw new OperationalError(
      'unavailable',
      `the copy needs ${count} files of the write-ahead log, expected 1 to ${walFilesMax}`,
    );
  return Array.from({ length: count }, (_, i) => {
    const n = numberOf(from) + i;
    return `${from[1]}${hex(Math.floor(n / walFilesPerLog))}${hex(n % walFilesPerLog)}`;
  });
};

const one = async <Row extends pg.QueryResultRow>(client: pg.Client, text: string): Promise<Row> => {
  const { rows } = await client.query<Row>(text);
  return rows[0] as Row;
};

/** `pg_backup_stop` ends the file that it wrote last, so all of them are whole. */
const stopBackup = async (client: pg.Client): Promise<DatabaseBackupEnd> => {
  const stopped = await one<{ lsn: string; label: string; map: string }>(
    client,
    'select lsn::text, labelfile as label, spcmapfile as map from pg_backup_stop(false)',
  );
  if (stopped.map.trim() !== '')
    throw new OperationalError('unavailable', 'the database has tablespaces outside of its folder: they cannot be copied');
  const { name } = await one<{ name: string }>(client, `select pg_walfile_name('${stopped.lsn}') as name`);
  const first = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$/m.exec(stopped.label)?.[1];
  if (first === undefined) throw new OperationalError('unavailable', 'the label of the backup names no file');
  return { stopLsn: stopped.lsn, label: stopped.label, walFiles: walFilesBetween(first, name) };
};

/**
 * Tells PostgreSQL that its folder is being copied. All of it happens in one session: when that ends, the database forgets the backup,
 * and the temporary slot, which keeps the write-ahead log, is gone too. So nothing is left of a backup that was cut off.
 */
export const startBackup = async (config: pg.ClientConfig): Promise<DatabaseBackup> => {
  const client = new pg.Client({ ...config, application_name: 'milepost backup', keepAlive: true });
  client.on('error', () => {});
  let ending: Promise<void> | undefined;
  const release = (): Promise<void> => (ending ??= client.end().catch(() => {}));
  try {
    await client.connect();
    await client.query(`select pg_create_physical_replication_slot('milepost_backup_${process.pid}', true, true)`);
    const { lsn } = await one<{ lsn: string }>(client, `select pg_backup_start('milepost', true)::text as lsn`);
    const stop = (): Promise<DatabaseBackupEnd> =>
      stopBackup(client).catch((error: unknown) => {
        throw translateError(error);
      });
    return { startLsn: lsn, stop, release };
  } catch (error) {
    await release();
    throw translateError(error);
  }
};

export const currentPoint = async (config: pg.ClientConfig): Promise<DatabasePoint> => {
  const client = new pg.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
    return await one<{ lsn: string; at: string }>(
      client,
      `select pg_current_wal_lsn()::text as lsn, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`,
    );
  } catch (error) {
    throw translateError(error);
  } finally {
    await client.end().catch(() => {});
  }
};
