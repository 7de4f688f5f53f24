import assert from 'node:assert/strict';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { everythingScope as everything } from './fleet/test-scope.ts';
import { openHistory, type ThreadedHistory } from './open-history.ts';
import { SwitchableHistory } from './switchable-history.ts';
import { encodeTestReport, makeBatch } from './test-support.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const speed = 5;
const place = await mkdtemp(path.join(tmpdir(), 'history-'));
after(() => rm(place, { recursive: true, force: true }));

const failed = (error: Error): void => {
  throw error;
};
const start = (folder: string): Promise<ThreadedHistory> =>
  openHistory({
    store: { adapterModule: new URL('./adapters/sqlite/index.ts', import.meta.url), adapterOptions: { folder } },
    clock: makeManualClock(startMs),
    logger: silentLogger,
    consentGroupOf: () => 'motion',
    failed,
  });

const all = Array.from({ length: 400 }, (_, i) =>
  encodeTestReport({
    vehicleNo: 1,
    deviceNo: 1,
    receivedAt: startMs + i,
    samples: [{ time: startMs + i * 1000, values: [[speed, i]] }],
  }),
);

const query = { vehicleNo: 1, signals: [speed], fromMs: startMs, toMs: startMs + 86_400_000, rowsMax: 10_000 };

test('queries without pause while another history takes over and its files get their name: each sees everything, none fails', async () => {
  const at = (name: string): string => path.join(place, name);
  const [old, next] = [await start(at('history')), await start(at('history.rebuild'))];
  const history = new SwitchableHistory(old);
  let applied = 200;
  const sealed: number[] = [];
  history.onSeal(() => sealed.push(applied));
  for (const one of [old, next]) one.apply(makeBatch(all, 0, applied));
  await old.flush();
  assert.deepEqual(sealed, [200]);

  let [isOver, queries] = [false, 0];
  const asking = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const atLeast = applied;
        const { times, completeTo } = await history.query(everything, query);
        assert.ok(times.length >= atLeast, `${times.length} rows, ${atLeast} were acknowledged`);
        assert.ok(completeTo >= startMs + atLeast - 1);
        assert.deepEqual(await history.status(everything, { vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 }), []);
        queries++;
      }
    }),
  );
  const go = (): void => {
    for (const one of new Set([history.current, next])) one.apply(makeBatch(all, applied, applied + 20));
    applied += 20;
  };
  go();
  await next.flush();
  go();
  assert.equal(history.switchTo(next), old);
  go();
  await old.close();
  await next.moveStore({ folder: at('history') }, async () => {
    await rename(at('history'), at('history.old'));
    await rename(at('history.rebuild'), at('history'));
    go();
  });
  go();
  await history.flush();
  assert.deepEqual(sealed, [200, applied], 'only the one that is used is heard');
  await history.merge();
  isOver = true;
  await asking;
  assert.ok(queries > 10);
  assert.equal(history.findRecent(1, 1, speed, startMs), undefined);
  await history.close();
  const again = await start(at('history'));
  assert.equal((await again.query(everything, query)).times.length, applied);
  await again.close();
});

test('chunks stay as they are while merging is held', async () => {
  const history = await start(path.join(place, 'held'));
  for (let i = 0; i < 5; i++) {
    history.apply(makeBatch(all, i * 10, i * 10 + 10));
    await history.flush();
  }
  const [release, releaseOther] = [await history.holdMerging(), await history.holdMerging()];
  release();
  release();
  assert.equal(history.statistics().merges, 0);
  releaseOther();
  await history.close();
});
