import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { OperationalError, silentLogger } from '../kernel/index.ts';
import { openDuckdbLake } from './adapters/duckdb/index.ts';
import { type Lake, type LakeColumn, lakeLimits, type LakePage } from './index.ts';

let root: string;
let folder: string;
let lake: Lake;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'milepost-lake-'));
  folder = join(root, 'exports');
  lake = await openDuckdbLake({ folder, logger: silentLogger });
});
after(async () => {
  await lake.close();
  await rm(root, { recursive: true });
});

const columns: readonly LakeColumn[] = [
  { name: 'Vehicle.Speed', kind: 'number' },
  { name: 'a "name"', kind: 'boolean' },
  { name: 'text', kind: 'text' },
  { name: 'list', kind: 'textList' },
];
const rowsPerPage = 5000;
const pageOf = (page: number): LakePage => {
  const rows = Array.from({ length: rowsPerPage }, (_, row) => page * rowsPerPage + row);
  return {
    times: Float64Array.from(rows, (n) => 1_795_000_000_000 + n),
    columns: [
      rows.map((n) => (n % 3 === 0 ? null : n / 100)),
      rows.map((n) => (n % 2 === 0 ? n % 4 === 0 : null)),
      rows.map((n) => (n % 5 === 0 ? `it's ${n}` : null)),
      rows.map((n) => (n % 7 === 0 ? ['P0420', String(n)] : null)),
    ],
  };
};
const pages = async function* (count: number): AsyncGenerator<LakePage> {
  for (let page = 0; page < count; page++) yield pageOf(page);
};

test('what was written is read back, row by row, and the file goes', async () => {
  const file = await lake.writeParquet(columns, pages(5), new AbortController().signal);
  const reader = await (await DuckDBInstance.create(':memory:')).connect();
  const read = await reader.runAndReadAll(
    `SELECT epoch_ms("time")::DOUBLE, "Vehicle.Speed", "a ""name""", "text", "list" FROM '${file.path}'`,
  );
  const rows = read.getRowsJS();
  const expected = Array.from({ length: 5 }, (_, page) => {
    const { times, columns: values } = pageOf(page);
    return Array.from(times, (time, row) => [time, ...values.map((column) => column[row])]);
  }).flat();
  assert.equal(rows.length, expected.length);
  assert.deepEqual(rows, expected);
  const types = await reader.runAndReadAll(`SELECT column_type FROM (DESCRIBE SELECT * FROM '${file.path}')`);
  const kinds = ['TIMESTAMP WITH TIME ZONE', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'VARCHAR[]'];
  assert.deepEqual(types.getRowsJS().flat(), kinds);
  await file.remove();
  await file.remove();
  assert.deepEqual(await readdir(folder), []);
});

test('a file without rows is a file', async () => {
  const file = await lake.writeParquet(columns, pages(0), new AbortController().signal);
  assert.ok(file.bytes > 0);
  await file.remove();
});

test('nobody waits: it ends, and nothing is left', async () => {
  const aborter = new AbortController();
  let isEnded = false;
  const endless = async function* (): AsyncGenerator<LakePage> {
    try {
      for (let page = 0; ; page++) {
        if (page === 3) aborter.abort();
        yield pageOf(page);
      }
    } finally {
      isEnded = true;
    }
  };
  await assert.rejects(lake.writeParquet(columns, endless(), aborter.signal));
  assert.ok(isEnded, 'the source was told');
  assert.deepEqual(await readdir(folder), []);
});

test('more files than allowed are refused', async () => {
  const aborter = new AbortController();
  const gate = Promise.withResolvers<void>();
  const held = async function* (): AsyncGenerator<LakePage> {
    await gate.promise;
    yield pageOf(0);
  };
  const writes = Array.from({ length: lakeLimits.parquetFilesAtOnceMax }, () =>
    lake.writeParquet(columns, held(), aborter.signal),
  );
  const isOverloaded = (error: unknown): boolean => error instanceof OperationalError && error.code === 'overloaded';
  await assert.rejects(lake.writeParquet(columns, pages(1), aborter.signal), isOverloaded);
  gate.resolve();
  for (const write of writes) await (await write).remove();
});

test('a source that fails leaves nothing', async () => {
  const failing = async function* (): AsyncGenerator<LakePage> {
    yield pageOf(0);
    throw new Error('no more');
  };
  await assert.rejects(lake.writeParquet(columns, failing(), new AbortController().signal), /no more/);
  assert.deepEqual(await readdir(folder), []);
});
