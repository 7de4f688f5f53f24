import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
before(async () => {
  server = await openTestServer('system');
});
after(() => server.close());

test('who runs the server is told how it stands, and nobody else', async () => {
  const { status, json } = await server.ask('readSystem');
  assert.equal(status, 200);
  const { disk, database, log, history, ingest, isCluster, roles } = json;
  assert.ok(disk.freeBytes > 0 && disk.totalBytes > disk.freeBytes);
  assert.ok(disk.folderBytes > 0);
  assert.equal(
    disk.parts.reduce((sum, { bytes }) => sum + bytes, 0),
    disk.folderBytes,
  );
  // It has been watched for a moment only.
  assert.deepEqual([disk.bytesPerDay, disk.daysLeft], [null, null]);
  assert.ok((database.bytes ?? 0) > 1_000_000);
  assert.deepEqual([log.isRefusing, log.offsetsCount, history?.lastFlushAt], [null, 'bytes', null]);
  assert.equal(ingest?.reports, 0);
  assert.deepEqual([isCluster, roles], [false, ['gateway', 'projector', 'api']]);
  assert.equal((await fetch(`${server.origin}/v1/system`)).status, 401);
});

test('what cannot be rebuilt here is not', async () => {
  const started = await server.ask('startRebuild', { body: { model: 'live' } });
  assert.deepEqual([started.status, started.problem?.code], [503, 'unavailable']);
  const wrong = await server.call('POST', '/v1/system/rebuild', { model: 'money' });
  assert.deepEqual([wrong.status, wrong.problem?.field], [400, 'model']);
});
