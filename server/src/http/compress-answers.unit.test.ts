import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fastifyFactory from 'fastify';
import { addCompression } from './compress-answers.ts';
import { httpLimits } from './limits.ts';

const long = { items: Array.from({ length: 200 }, (_, i) => ({ plate: `VAN ${i}` })) };

const ask = async (path: string, accepted: string | undefined) => {
  const fastify = fastifyFactory();
  addCompression(fastify);
  fastify.get('/long', () => long);
  fastify.get('/short', () => ({ ok: true }));
  fastify.get('/text', (_request, reply) => reply.type('text/csv').send('a,b\n'.repeat(1000)));
  const answer = await fastify.inject({ url: path, headers: accepted === undefined ? {} : { 'accept-encoding': accepted } });
  await fastify.close();
  return answer;
};

test('JSON is sent compressed to whoever takes it, and says that it depends on that', async () => {
  for (const accepted of ['gzip', 'gzip, deflate, br', 'br, gzip;q=0.5']) {
    const answer = await ask('/long', accepted);
    assert.equal(answer.headers['content-encoding'], 'gzip', accepted);
    assert.equal(answer.headers['vary'], 'Accept-Encoding');
    assert.equal(Number(answer.headers['content-length']), answer.rawPayload.length);
    assert.ok(answer.rawPayload.length < JSON.stringify(long).length / 4);
    assert.deepEqual(JSON.parse(gunzipSync(answer.rawPayload).toString()), long);
  }
});

test('JSON is sent as it is to whoever does not take it', async () => {
  for (const accepted of [undefined, 'identity', 'br', 'gzip;q=0', 'x-gzip-like']) {
    const answer = await ask('/long', accepted);
    assert.equal(answer.headers['content-encoding'], undefined, accepted);
    assert.equal(answer.headers['vary'], 'Accept-Encoding');
    assert.deepEqual(answer.json(), long);
  }
});

test('what is short, or no JSON, is sent as it is', async () => {
  assert.ok(JSON.stringify({ ok: true }).length < httpLimits.compressedBytesMin);
  assert.equal((await ask('/short', 'gzip')).headers['content-encoding'], undefined);
  assert.equal((await ask('/text', 'gzip')).headers['content-encoding'], undefined);
});
