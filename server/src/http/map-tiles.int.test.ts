import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFastify } from './make-fastify.ts';
import { addMapTiles, mapTilesPath } from './map-tiles.ts';

test('an archive is served by parts, with a tag that changes with the file, and nothing else of its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'milepost-tiles-'));
  const file = join(folder, 'town.pmtiles');
  await writeFile(file, '0123456789');
  await writeFile(join(folder, 'secret'), 'secret');
  const fastify = makeFastify();
  addMapTiles(fastify, file);
  const origin = await fastify.listen({ host: '127.0.0.1', port: 0 });
  const ask = (headers: Record<string, string> = {}, path = mapTilesPath): Promise<Response> => fetch(origin + path, { headers });
  try {
    const part = await ask({ range: 'bytes=2-4' });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), 'bytes 2-4/10');
    assert.equal(part.headers.get('content-length'), '3');
    assert.equal(await part.text(), '234');
    const whole = await ask();
    assert.deepEqual([whole.status, await whole.text()], [200, '0123456789']);
    assert.equal(whole.headers.get('accept-ranges'), 'bytes');
    const behind = await ask({ range: 'bytes=10-' });
    assert.deepEqual([behind.status, behind.headers.get('content-range')], [416, 'bytes */10']);
    const etag = part.headers.get('etag') ?? '';
    assert.equal((await ask({ range: 'bytes=0-0', 'if-range': etag })).status, 206);
    await writeFile(file, '0123456789 and more');
    assert.equal((await ask({ range: 'bytes=0-0', 'if-range': etag })).status, 200);
    for (const path of ['/map/secret', '/map/../secret', `${mapTilesPath}/../secret`, `${mapTilesPath}%2f..%2fsecret`])
      assert.equal((await ask({}, path)).status, 404, path);
    await rm(file);
    assert.equal((await ask()).status, 404);
  } finally {
    await fastify.close();
    await rm(folder, { recursive: true });
  }
});
