import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import {
  BOOLEAN,
  DOUBLE,
  type DuckDBAppender,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { lakeLimits } from '../../limits.ts';
import type { LakeColumnKind, LakePage, LakeValue } from '../../ports.ts';
import { parquetName, type ThreadAnswer, type ThreadData, type ThreadRequest } from './messages.ts';

// The thread of one Parquet file: rows go to a DuckDB file, which is then written as Parquet in the order of its rows.

/** Rows of a vector of DuckDB: the most that one chunk may hold. */
const rowsPerChunk = 2048;

const types: Readonly<Record<LakeColumnKind, DuckDBType>> = {
  number: DOUBLE,
  boolean: BOOLEAN,
  text: VARCHAR,
  textList: LIST(VARCHAR),
};

const quoted = (name: string, mark: string): string => mark + name.replaceAll(mark, mark + mark) + mark;
const valueOf = (value: LakeValue): DuckDBValue =>
  typeof value === 'object' && value !== null ? new DuckDBListValue([...value]) : value;

const { folder, columns } = workerData as ThreadData;
const columnTypes: readonly DuckDBType[] = [TIMESTAMPTZ, ...columns.map((column) => types[column.kind])];

const openTable = async () => {
  const instance = await DuckDBInstance.create(join(folder, 'rows.duckdb'), {
    threads: '1',
    memory_limit: `${lakeLimits.parquetMemoryMib}MiB`,
    temp_directory: join(folder, 'spill'),
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  const fields = columns.map((column, i) => `${quoted(column.name, '"')} ${String(columnTypes[i + 1])}`);
  await connection.run(`CREATE TABLE rows (${['"time" TIMESTAMPTZ', ...fields].join(', ')})`);
  // Without it each page is a transaction of its own, which waits for the disk.
  await connection.run('BEGIN');
  return { connection, appender: await connection.createAppender('rows') };
};

const append = (appender: DuckDBAppender, page: LakePage): void => {
  for (let from = 0; from < page.times.length; from += rowsPerChunk) {
    const to = Math.min(page.times.length, from + rowsPerChunk);
    const chunk = DuckDBDataChunk.create(columnTypes, to - from);
    const times = Array.from(page.times.subarray(from, to), (ms) => new DuckDBTimestampTZValue(BigInt(ms) * 1000n));
    chunk.setColumnValues(0, times);
    for (const [i, values] of page.columns.entries()) chunk.setColumnValues(i + 1, values.slice(from, to).map(valueOf));
    appender.appendDataChunk(chunk);
  }
  appender.flushSync();
};

const table = openTable();
const handle = async (request: ThreadRequest): Promise<void> => {
  const { connection, appender } = await table;
  if ('page' in request) return append(appender, request.page);
  appender.closeSync();
  await connection.run('COMMIT');
  const file = quoted(join(folder, parquetName), "'");
  const options = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${lakeLimits.parquetRowGroupRows}`;
  await connection.run(`COPY rows TO ${file} (${options})`);
};

const answer = (message: ThreadAnswer): void => parentPort?.postMessage(message);
parentPort?.on('message', (request: ThreadRequest) => {
  handle(request).then(
    () => answer({ done: true }),
    (error: unknown) => answer({ failed: String(error) }),
  );
});
