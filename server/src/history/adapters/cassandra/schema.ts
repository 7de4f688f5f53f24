import type { Client } from 'cassandra-driver';
import { virtualPartitionCount } from '../../../events/index.ts';
import { assert, OperationalError } from '../../../kernel/index.ts';
import { cassandraFailure, isFinalFailure } from './failures.ts';
import type { CassandraOptions, CassandraStoreOptions } from './options.ts';
import { makeClient, type Session } from './session.ts';

/** Of what lies in the tables. */
export const schemaVersion = 1;

/** 37 of them hold three years and the month that is written. */
const windowDays = 30;
const timeWindows = `{'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': '${windowDays}'}`;
const rewritten = `{'class': 'LeveledCompactionStrategy'}`;
/** What is written once and dies with its month. Chunks are compressed in themselves: what shrinks are keys and numbers of rows. */
const dies = `compaction = ${timeWindows} AND compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': '16'}`;
/** Few rows that change often; a row that was removed is forgotten after a day. */
const small = `compaction = ${rewritten} AND gc_grace_seconds = 86400`;

interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly key: string;
  readonly options: string;
}

/** docs/formats/cassandra.md says what each is for. */
const storeTables: Readonly<Record<string, Table>> = {
  setting: { columns: { name: 'text', value: 'int' }, key: 'name', options: small },
  applied: {
    columns: { log_partition: 'int', applied_offset: 'bigint', complete_to: 'bigint', epoch: 'bigint' },
    key: 'log_partition',
    options: small,
  },
  unit: {
    columns: {
      one: 'int',
      bucket: 'int',
      grp: 'int',
      merged_chunks: 'bigint',
      merged_rows: 'bigint',
      merged_bytes: 'bigint',
      flushed_chunks: 'bigint',
      flushed_rows: 'bigint',
      flushed_bytes: 'bigint',
      from_ms: 'bigint',
      vehicle_no_max: 'int',
      swept: 'text',
    },
    key: 'one, bucket, grp',
    options: small,
  },
  flush: {
    columns: {
      grp: 'int',
      bucket: 'int',
      log_partition: 'int',
      from_offset: 'bigint',
      end_offset: 'bigint',
      complete_to: 'bigint',
      chunks: 'bigint',
      row_count: 'bigint',
      bytes: 'bigint',
    },
    key: '(grp, bucket), log_partition, from_offset',
    options: small,
  },
  chunk: {
    columns: {
      vehicle_no: 'int',
      bucket: 'int',
      first_offset: 'bigint',
      level: 'int',
      end_offset: 'bigint',
      merge_no: 'int static',
      from_ms: 'bigint',
      to_ms: 'bigint',
      row_count: 'int',
      size: 'int',
      start_size: 'int',
      has_moved: 'boolean',
      start: 'blob',
      bytes: 'blob',
    },
    key: '(vehicle_no, bucket), first_offset, level, end_offset',
    options: dies,
  },
  status: {
    columns: { vehicle_no: 'int', bucket: 'int', at: 'bigint', to_status: 'int', from_status: 'int', reason: 'int' },
    key: '(vehicle_no, bucket), at, to_status',
    options: `CLUSTERING ORDER BY (at DESC, to_status ASC) AND ${dies}`,
  },
  status_by_time: {
    columns: { slot: 'int', at: 'bigint', vehicle_no: 'int', to_status: 'int', from_status: 'int', reason: 'int' },
    key: 'slot, at, vehicle_no, to_status',
    options: `CLUSTERING ORDER BY (at DESC, vehicle_no ASC, to_status ASC) AND ${dies}`,
  },
  status_slot: {
    columns: { bucket: 'int', slot: 'int' },
    key: 'bucket, slot',
    options: `CLUSTERING ORDER BY (slot DESC) AND ${dies}`,
  },
};

const carLogTable: Readonly<Record<string, Table>> = {
  car_logs: {
    columns: {
      car_id: 'int',
      day: 'date',
      timestamp: 'timestamp',
      device_no: 'int',
      latitude: 'double',
      longitude: 'double',
      speed: 'double',
      charge_percent: 'double',
      mileage: 'double',
      numbers: 'map<int, double>',
      texts: 'map<int, text>',
    },
    key: '(car_id, day), timestamp, device_no',
    options: dies,
  },
};

export interface SchemaWanted extends CassandraOptions {
  /** Physical partitions of the log. Chosen once. */
  readonly groups: number;
  /** Copies of each row, by datacenter. */
  readonly replication: Readonly<Record<string, number>>;
  /** The table `car_logs`, too. */
  readonly carLogs: boolean;
}

export interface SchemaCheck {
  readonly isMade: boolean;
  /** What is not as it has to be: each a sentence. Empty: all is well. */
  readonly problems: readonly string[];
}

const tablesOf = (carLogs: boolean): Readonly<Record<string, Table>> =>
  carLogs ? { ...storeTables, ...carLogTable } : storeTables;

const namePattern = /^[a-z][a-z0-9_]{0,47}$/;

const createTable = (keyspace: string, name: string, { columns, key, options }: Table): string => {
  const list = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  return `CREATE TABLE IF NOT EXISTS ${keyspace}.${name} (${list.join(', ')}, PRIMARY KEY (${key})) WITH ${options}`;
};

const createKeyspace = (keyspace: string, replication: SchemaWanted['replication']): string => {
  const copies = Object.entries(replication).map(([datacenter, count]) => `'${datacenter}': ${count}`);
  return `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', ${copies.join(', ')}}`;
};

const withClient = async <Result>(wanted: CassandraOptions, run: (client: Client) => Promise<Result>): Promise<Result> => {
  const { contactPoints, keyspace } = wanted;
  assert(namePattern.test(keyspace), `keyspace is ${keyspace}, expected a lower-case name of at most 48 letters`);
  const client = makeClient(wanted);
  try {
    await client.connect();
    return await run(client);
  } catch (error) {
    if (error instanceof OperationalError) throw error;
    const what = isFinalFailure(error) ? 'the schema' : `${contactPoints.join(', ')} cannot be used`;
    throw cassandraFailure(what, error);
  } finally {
    await client.shutdown();
  }
};

/** Of the parts of the schema that a table has to have: what of it is not so. */
const tableProblems = async (client: Client, keyspace: string, name: string, { columns, options }: Table): Promise<string[]> => {
  const table = `SELECT compaction FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?`;
  const found = (await client.execute(table, [keyspace, name], { prepare: true })).first();
  if (!found) return [`there is no table ${keyspace}.${name}`];
  const problems: string[] = [];
  const compaction = String((found['compaction'] as Record<string, string>)['class'])
    .split('.')
    .at(-1) as string;
  const expected = /'class': '(\w+)'/.exec(options)?.[1];
  if (compaction !== expected) problems.push(`compaction of ${keyspace}.${name} is ${compaction}, expected ${expected}`);
  const list = 'SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?';
  const { rows } = await client.execute(list, [keyspace, name], { prepare: true });
  const types = new Map(
    rows.map((row) => [String(row['column_name']), `${String(row['type'])}${row['kind'] === 'static' ? ' static' : ''}`]),
  );
  for (const [column, type] of Object.entries(columns)) {
    const is = types.get(column);
    if (is !== type) problems.push(`${keyspace}.${name}.${column} is ${is ?? 'missing'}, expected ${type}`);
  }
  return problems;
};

const replicationProblems = ({ keyspace, replication }: SchemaWanted, found: Readonly<Record<string, string>>): string[] =>
  Object.entries(replication)
    .filter(([datacenter, count]) => Number(found[datacenter] ?? 0) !== count)
    .map(([datacenter, count]) => `${keyspace} keeps ${found[datacenter] ?? 'no'} copies in ${datacenter}, expected ${count}`);

const readSetting = async (client: Client, keyspace: string, name: string): Promise<number | undefined> => {
  const query = `SELECT value FROM ${keyspace}.setting WHERE name = ?`;
  const row = (await client.execute(query, [name], { prepare: true })).first();
  return row ? Number(row['value']) : undefined;
};

const problemsOf = async (client: Client, wanted: SchemaWanted): Promise<string[]> => {
  const { keyspace, groups, carLogs } = wanted;
  const query = 'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?';
  const found = (await client.execute(query, [keyspace], { prepare: true })).first();
  if (!found) return [`there is no keyspace ${keyspace}`];
  const problems = replicationProblems(wanted, found['replication'] as Readonly<Record<string, string>>);
  for (const [name, table] of Object.entries(tablesOf(carLogs)))
    problems.push(...(await tableProblems(client, keyspace, name, table)));
  if (problems.some((problem) => problem.includes('no table'))) return problems;
  for (const [name, expected] of [
    ['version', schemaVersion],
    ['groups', groups],
  ] as const) {
    const is = await readSetting(client, keyspace, name);
    if (is !== expected)
      problems.push(`${name} of ${keyspace} is ${is ?? 'missing'}, expected ${expected}: it cannot be changed`);
  }
  return problems;
};

/** What is not as it has to be. Changes nothing. */
export const checkSchema = (wanted: SchemaWanted): Promise<readonly string[]> =>
  withClient(wanted, (client) => problemsOf(client, wanted));

/** Makes keyspace and tables that are not there, and says what is not as it has to be. */
export const ensureSchema = (wanted: SchemaWanted): Promise<SchemaCheck> => {
  const { keyspace, groups, replication, carLogs } = wanted;
  assert(groups >= 1 && groups <= virtualPartitionCount, `groups is ${groups}, expected 1 to ${virtualPartitionCount}`);
  return withClient(wanted, async (client) => {
    const before = await problemsOf(client, wanted);
    const isMissing = before.some((problem) => problem.startsWith('there is no'));
    if (!isMissing) return { isMade: false, problems: before };
    await client.execute(createKeyspace(keyspace, replication));
    for (const [name, table] of Object.entries(tablesOf(carLogs))) await client.execute(createTable(keyspace, name, table));
    const set = `INSERT INTO ${keyspace}.setting (name, value) VALUES (?, ?) IF NOT EXISTS`;
    for (const setting of [
      ['version', schemaVersion],
      ['groups', groups],
    ])
      await client.execute(set, setting, { prepare: true });
    return { isMade: true, problems: await problemsOf(client, wanted) };
  });
};

/** Removes everything that is stored, and keeps the tables. For tests and benches. */
export const emptyStore = (options: CassandraOptions): Promise<void> =>
  withClient(options, async (client) => {
    for (const name of Object.keys(storeTables).filter((one) => one !== 'setting'))
      await client.execute(`TRUNCATE ${options.keyspace}.${name}`);
  });

/** The number of groups that the store was made with. */
export const readGroups = async (session: Session, { keyspace, groups }: CassandraStoreOptions): Promise<number> => {
  const rows = await session.rows('SELECT name, value FROM setting', []).catch((error: unknown) => {
    throw new OperationalError('unavailable', `${keyspace} is no store of history: npm run cassandra-schema makes it`, {
      cause: error,
    });
  });
  const setting = new Map(rows.map((row) => [String(row['name']), Number(row['value'])]));
  const version = setting.get('version');
  if (version !== schemaVersion)
    throw new OperationalError('unavailable', `${keyspace} has version ${version}; this server reads version ${schemaVersion}`);
  const made = setting.get('groups');
  assert(made !== undefined, `${keyspace} does not say how many groups it has`);
  if (groups !== undefined && groups !== made)
    throw new OperationalError('unavailable', `the history was made with ${made} groups, it cannot be opened with ${groups}`);
  return made;
};
