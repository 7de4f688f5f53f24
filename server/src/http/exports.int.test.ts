import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ExportFormat } from '@milepost/contract/api';
import { DuckDBInstance } from '@duckdb/node-api';
import { httpLimits } from './limits.ts';
import { addVehicle, type Sample, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

const location = 'Vehicle.CurrentLocation';
const signals = `Vehicle.Speed,Vehicle.Diagnostics.DTCList,Vehicle.IsBrokenDown,${location}.Latitude`;
const rowCount = 60_000;
const fromMs = Date.now() - (rowCount + 100) * 1000;
const period = { from: String(fromMs), to: String(Date.now()) };

let server: TestServer;
let van: TestVehicle;
let folder: string;

/** A row a second, so that CSV of four signals has three pages; one silence; a row without a place. */
const sampleAt = (n: number): Sample => ({
  time: fromMs + n * 1000 + (n >= 1000 ? 90_000 : 0),
  signals: {
    'Vehicle.Speed': n % 100,
    ...(n === 7 ? { 'Vehicle.Diagnostics.DTCList': ['P0420', 'P1'] } : {}),
    ...(n === 8 ? { 'Vehicle.IsBrokenDown': true } : {}),
    ...(n === 9 ? {} : { [`${location}.Latitude`]: 52 + n / 100_000, [`${location}.Longitude`]: 13.4 }),
  },
});

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milepost-exports-'));
  server = await openTestServer('exports');
  van = await addVehicle(server, 1, { plate: 'VAN 17' });
  for (let n = 0; n < rowCount; n += 4000) await van.report(Array.from({ length: 4000 }, (_, i) => sampleAt(n + i)));
});
after(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

const download = async (format: ExportFormat, more: Record<string, string> = {}) => {
  const query = new URLSearchParams({ format, ...period, ...more }).toString();
  const answer = await fetch(`${server.origin}/v1/vehicles/${van.id}/export?${query}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
};

const queryCsv = async (): Promise<string> =>
  (await server.ask('readHistory', { id: van.id, query: { signals, ...period, format: 'csv' } })).text;

test('CSV joins the pages to what one answer of history holds', async () => {
  const { status, headers, body } = await download('csv', { signals });
  assert.equal(status, 200);
  assert.match(headers.get('content-disposition') ?? '', /^attachment; filename="van-17_\d{8}T\d{4}_\d{8}T\d{4}\.csv"$/);
  assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8');
  assert.ok(rowCount > (httpLimits.exportCellsPerPage / 4) * 2, 'more than two pages');
  assert.equal(body.toString(), await queryCsv());
  assert.equal(body.toString().split('\r\n').length, rowCount + 2);
});

test('GPX and GeoJSON hold every place, with the silence between two pieces', async () => {
  const gpx = (await download('gpx')).body.toString();
  assert.equal(gpx.match(/<trkpt /g)?.length, rowCount - 1);
  assert.equal(gpx.match(/<trkseg>/g)?.length, 2);
  assert.ok(gpx.endsWith('</trkseg>\n</trk>\n</gpx>\n'));
  assert.match(gpx, new RegExp(`<time>${new Date(fromMs + 36_000).toISOString()}</time><extensions>.*<gpxtpx:speed>10.000<`));
  const { body, headers } = await download('geojson');
  assert.equal(headers.get('content-type'), 'application/geo+json');
  const { features } = JSON.parse(body.toString()) as { features: { properties: { times: string[] } }[] };
  const times = new Set(features.flatMap((feature) => feature.properties.times));
  assert.equal(times.size, rowCount - 1);
  assert.equal(features[0]?.properties.times.length, 999);
});

test('Parquet read by DuckDB is what the query answers', async () => {
  const { status, headers, body } = await download('parquet', { signals });
  assert.equal(status, 200, body.toString().slice(0, 500));
  assert.equal(headers.get('content-length'), String(body.length));
  const file = join(folder, 'read.parquet');
  await writeFile(file, body);
  const reader = await (await DuckDBInstance.create(':memory:')).connect();
  const names = signals.split(',').map((path) => `"${path}"`);
  const rows = (await reader.runAndReadAll(`SELECT epoch_ms("time")::DOUBLE, ${names.join(', ')} FROM '${file}'`)).getRowsJS();
  const { json } = await server.ask('readHistory', { id: van.id, query: { signals, ...period } });
  const columns = signals.split(',').map((path) => (json.columns as Record<string, unknown[]>)[path] as unknown[]);
  assert.deepEqual(
    rows,
    json.times.map((time, row) => [time, ...columns.map((column) => column[row])]),
  );
  assert.deepEqual(await readdir(server.exportsFolder), [], 'the file is gone');
});

test('what cannot be answered is a problem, not half a file', async () => {
  const ask = (query: Record<string, string>, id = van.id) =>
    server.call('GET', `/v1/vehicles/${id}/export?${new URLSearchParams(query).toString()}`);
  assert.equal((await ask({ format: 'csv' }, 'veh_none')).problem?.code, 'not_found');
  assert.equal((await ask({ format: 'xlsx' })).problem?.field, 'format');
  assert.equal((await ask({ format: 'gpx', signals: 'Vehicle.Speed' })).problem?.field, 'signals');
  assert.equal((await ask({ format: 'gpx' }, van.id)).headers.get('content-type'), 'application/gpx+xml');
  const nobody = await fetch(`${server.origin}/v1/vehicles/${van.id}/export?format=gpx`);
  assert.equal(nobody.status, 401);
});

/** Opens an export and reads no more than its headers. */
const openOnly = (): Promise<{ status: number; end: () => Promise<void> }> =>
  new Promise((resolve, reject) => {
    const path = `/v1/vehicles/${van.id}/export?${new URLSearchParams({ format: 'gpx', ...period }).toString()}`;
    const headers = { authorization: `Bearer ${operatorToken}` };
    const sent = get({ host: '127.0.0.1', port: server.port, path, headers, agent: false }, (response) => {
      response.on('error', () => {});
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      response.once('close', closed);
      const end = (): Promise<void> => {
        response.destroy();
        return promise;
      };
      resolve({ status: response.statusCode ?? 0, end });
    });
    sent.on('error', reject);
  });

test('clients that went away leave their places to others', { timeout: 300_000 }, async () => {
  const open = await Promise.all(Array.from({ length: httpLimits.exportsAtOnceMax }, openOnly));
  assert.deepEqual(new Set(open.map(({ status }) => status)), new Set([200]));
  const refused = await download('csv');
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '5');
  for (const { end } of open) await end();
  // The server hears of it a moment later.
  let status = 503;
  while (status === 503) status = (await download('csv', { signals })).status;
  assert.equal(status, 200);
});
