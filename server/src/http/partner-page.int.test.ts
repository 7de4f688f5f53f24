import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { signUpIn, testPassword } from './testing/test-browser.ts';

// The commands of docs/partner.md, all of them in one shell, as they stand there: only its variables are given.

const page = new URL('../../../docs/partner.md', import.meta.url);
let server: TestServer;
let folder: string;
before(async () => {
  server = await openTestServer('http-partner-page');
  folder = await mkdtemp(join(tmpdir(), 'milepost-partner-page-'));
});
after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

test('who follows the page reads the first value by curl alone, and is told what changes', async () => {
  await signUpIn(server, 'dev@example.com', 'Dev Eloper');
  const text = await readFile(page, 'utf8');
  const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, commands]) => commands ?? '');
  assert.ok(blocks.length >= 8, `${blocks.length} blocks`);
  const env = { PATH: process.env['PATH'], MILEPOST: server.origin, EMAIL: 'dev@example.com', PASSWORD: testPassword };
  // What each block says stands apart from what the next one does.
  const script = blocks.map((commands, i) => `${commands}\nprintf '\\n== ${i}\\n'`).join('\n');
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-eu', '-o', 'pipefail', '-c', script], { env, cwd: folder });
  const said = stdout.split(/\n== \d+\n/);
  const [, , , read = '', narrowed = '', changes = '', stream = '', deliveries = ''] = said;
  const first = JSON.parse(read) as { signals: Record<string, { value: number }>; withheld: unknown[] };
  assert.ok((first.signals['Vehicle.TraveledDistance']?.value ?? 0) >= 12_000_000, read);
  assert.deepEqual(first.withheld, []);
  const last = narrowed.slice(narrowed.lastIndexOf('{"vehicle"'));
  const { signals, withheld } = JSON.parse(last) as typeof first;
  assert.deepEqual([Object.keys(signals), withheld], [['Vehicle.TraveledDistance'], [{ item: 'tires', reason: 'revoked' }]]);
  assert.match(changes, /"cursor":"/);
  assert.match(stream, /^event: stream\.opened/m);
  assert.match(deliveries, /"type":"ping","state":"waiting"/);
});
