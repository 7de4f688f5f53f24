import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, appendRange, makeRecord, range, readAll, testEpochMs } from '../test-support.ts';
import { type LogHarness, hear, nextTurn, untilAtEnd } from './log-harness.ts';

const dayMs = 86_400_000;

export const testRetention = (opened: () => LogHarness): void => {
  test('records older than the retention go, younger ones stay, and a follower begins at the oldest left', async () => {
    const harness = opened();
    const log = await harness.open({ nowMs: testEpochMs, retentionMs: 14 * dayMs });
    for (let day = 0; day < 20; day++) {
      const receivedAt = testEpochMs - (20 - day) * dayMs;
      await Promise.all(range(0, 60).map((i) => append(log, makeRecord({ seq: day * 60 + i, receivedAt }))));
    }
    await log.enforceRetention();
    const left = await readAll(log, 0);
    assert.ok(log.startOffset(0) > 0);
    assert.equal(left.at(-1), 1199);
    assert.deepEqual(left, range(left[0] as number, 1200));
    assert.ok((left[0] as number) > 0 && (left[0] as number) <= 6 * 60, `begins at record ${left[0]}`);
    assert.ok((log.statistics().oldestReceivedAt as number) > testEpochMs - 16 * dayMs);
    await log.close();
    const again = await harness.open({ nowMs: testEpochMs, retentionMs: 14 * dayMs });
    assert.deepEqual(await readAll(again, 0), left);
    await again.close();
  });

  test('the oldest records go while the log is larger than it may be', async () => {
    const log = await opened().open({ bytesMax: 30_000 });
    for (let from = 0; from < 2000; from += 50) await appendRange(log, from, from + 50);
    await log.enforceRetention();
    assert.ok(log.statistics().bytes <= 30_000 && log.statistics().bytes > 10_000, `${log.statistics().bytes} bytes`);
    const left = await readAll(log, 0);
    assert.deepEqual(left, range(left[0] as number, 2000));
    await log.close();
  });

  test('a follower that reads while its records are removed goes on with the oldest left', async () => {
    const log = await opened().open({ bytesMax: 20_000 });
    for (let from = 0; from < 2000; from += 50) await appendRange(log, from, from + 50);
    const slow = hear(log, 0, nextTurn);
    // As several processes of a cluster would: one finds gone what the other has just removed.
    await Promise.all(range(0, 4).map(() => log.enforceRetention()));
    await untilAtEnd(log, slow.follower);
    await slow.follower.stop();
    assert.deepEqual(slow.failures, []);
    assert.equal(slow.seqs.at(-1), 1999);
    assert.deepEqual(
      slow.seqs,
      [...new Set(slow.seqs)].toSorted((a, b) => a - b),
    );
    await log.close();
  });
};
