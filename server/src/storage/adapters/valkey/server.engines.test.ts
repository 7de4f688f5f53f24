import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { silentLogger } from '../../../kernel/index.ts';
import { makeTestCa } from '../../../protocols/testing/certificates.ts';
import { until } from '../../testing/wait.ts';
import { openValkey } from './index.ts';
import { openTestValkey, quick, startTestValkey } from './testing/own-server.ts';

test('name and password by the address; a wrong one is said, and asked for again', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const admin = await openTestValkey(context, `redis://${engine.address}`);
  await admin.request(['ACL', 'SETUSER', 'milepost', 'on', '>right%', '~*', '&*', '+@all']);
  await admin.request(['ACL', 'SETUSER', 'default', 'off']);
  const right = await openTestValkey(context, `redis://milepost:right%25@${engine.address}/3`);
  assert.match(String(await right.request(['CLIENT', 'INFO'])), / db=3 .*user=milepost/);
  const wrong = await openTestValkey(context, `redis://milepost:wrong@${engine.address}`, { openTimeoutMs: 100 });
  await until('the reason is known', () => /WRONGPASS/.test(wrong.awayReason ?? ''));
  await assert.rejects(wrong.request(['PING']), (error: Error) => !JSON.stringify([error, error.message]).includes('wrong@'));
  await right.request(['ACL', 'SETUSER', 'milepost', '>wrong']);
  await until('it is let in', () => !wrong.isAway);
});

test('what the server refuses is unavailable, and the connection stays', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`);
  await valkey.request(['CONFIG', 'SET', 'maxmemory', '1']);
  await assert.rejects(valkey.request(['SET', 'key', 'value']), { code: 'unavailable' });
  await valkey.request(['CONFIG', 'SET', 'maxmemory', '0']);
  await valkey.request(['SET', 'key', 'value']);
  assert.equal(valkey.statistics.reconnections, 0);
});

test('a server that has become a replica is left for whoever has its name next', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`);
  await valkey.request(['REPLICAOF', '127.0.0.1', '1']);
  await assert.rejects(valkey.request(['SET', 'key', 'value']), { code: 'unavailable' });
  await until('it has connected anew', () => valkey.statistics.reconnections === 1 && !valkey.isAway);
  await valkey.request(['REPLICAOF', 'NO', 'ONE']);
  await valkey.request(['SET', 'key', 'value']);
});

test('rediss:// is TLS, and believes only the authority that it was given', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const ca = await makeTestCa('CN=Valkey of the tests');
  const { certificate, key } = await ca.issue({ subject: 'CN=valkey', ip: ['127.0.0.1'], usage: 'server' });
  const [host, port] = engine.address.split(':') as [string, string];
  // The server of the tests is built without TLS: this ends it for it, as a proxy would.
  const proxy = createServer({ cert: certificate, key }, (outside) => {
    const inside = connect(Number(port), host);
    outside.pipe(inside).pipe(outside);
    for (const socket of [outside, inside]) socket.on('error', () => void [outside, inside].map((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  context.after(() => proxy.close());
  const url = `rediss://127.0.0.1:${(proxy.address() as { port: number }).port}`;
  const trusting = await openValkey({ url, tlsCa: ca.certificate, logger: silentLogger, limits: quick });
  assert.equal(await trusting.request(['PING']), 'PONG');
  await trusting.close();
  const doubting = await openValkey({ url, logger: silentLogger, limits: { ...quick, openTimeoutMs: 300 } });
  assert.match(doubting.awayReason ?? '', /certificate/);
  await doubting.close();
});

test('an address that is none is refused without telling it', async () => {
  for (const url of ['', 'localhost:6379', 'http://:secret@localhost'])
    await assert.rejects(openValkey({ url, logger: silentLogger }), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'invalid_field');
      return !JSON.stringify([error, error.message]).includes('secret');
    });
});
