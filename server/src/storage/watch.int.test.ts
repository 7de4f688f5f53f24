import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { MilepostError, silentLogger } from '../kernel/index.ts';
import { watchDatabase, watchTimeoutMs } from './watch.ts';

const isUnavailable = (error: unknown): boolean =>
  error instanceof MilepostError && error.code === 'unavailable' && error.details.retryAfterSeconds !== undefined;

test('a database that takes connections and says nothing: who waits is told, and who comes later at once', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const watch = watchDatabase({ host: '127.0.0.1', port, user: 'x', database: 'x' }, silentLogger);
  let abandoned = 0;
  const never = (): Promise<never> => new Promise(() => {});
  const startedAt = performance.now();
  await assert.rejects(
    watch.guard(never, () => abandoned++),
    isUnavailable,
  );
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs > watchTimeoutMs / 2 && tookMs < watchTimeoutMs * 2, `${tookMs} ms`);
  assert.equal(abandoned, 1);
  assert.equal(watch.isAway, true);
  let asked = 0;
  await assert.rejects(
    watch.guard(
      () => Promise.resolve(asked++),
      () => {},
    ),
    isUnavailable,
  );
  assert.equal(asked, 0);
  for (const socket of sockets) socket.destroy();
  silent.close();
  await watch.close();
});
