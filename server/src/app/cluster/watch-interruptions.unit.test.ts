import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeManualClock } from '../../kernel/index.ts';
import { watchInterruptions } from './watch-interruptions.ts';

const t0 = 1_000_000;

const watch = () => {
  const clock = makeManualClock(t0);
  const notes: number[] = [];
  const log: { oldestMs: number | null } = { oldestMs: null };
  const end = watchInterruptions({ clock, oldestPendingAt: () => log.oldestMs, noted: (sinceMs) => notes.push(sinceMs) });
  return { clock, notes, log, end };
};

test('a log that is slow is no interruption', () => {
  const { clock, notes, log, end } = watch();
  for (let i = 0; i < 100; i++) {
    log.oldestMs = clock.now() - 3000;
    clock.advance(500);
  }
  assert.deepEqual(notes, []);
  end();
});

test('what waited for the log is noted once, when it is there again, from its beginning on', () => {
  const { clock, notes, log, end } = watch();
  clock.advance(10_000);
  log.oldestMs = clock.now();
  clock.advance(60_000);
  assert.deepEqual(notes, []);
  // Records that came later still wait, for a moment.
  log.oldestMs = clock.now() - 100;
  clock.advance(500);
  assert.deepEqual(notes, [t0 + 10_000]);
  log.oldestMs = null;
  clock.advance(60_000);
  assert.deepEqual(notes, [t0 + 10_000]);
  end();
});
