import assert from 'node:assert/strict';
import type { History } from '../../history/index.ts';
import { type Clock, systemClock } from '../../kernel/index.ts';

/** A clock that says what it is told, while what waits for it waits in real time. */
export const makeSettableClock = (startMs: number): Clock & { set(nowMs: number): void } => {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    steady: () => systemClock.steady(),
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
    set: (toMs) => {
      nowMs = toMs;
    },
  };
};

const longerThanAnyMergeWaitsMs = 26 * 3_600_000;

/** Writes what is in memory and merges all of it, as a day later. Fails when nothing was merged. */
export const mergeEverything = async (history: History, clock: ReturnType<typeof makeSettableClock>): Promise<void> => {
  await history.flush();
  const nowMs = clock.now();
  const { merges } = history.statistics();
  clock.set(nowMs + longerThanAnyMergeWaitsMs);
  await history.merge();
  clock.set(nowMs);
  assert.ok(history.statistics().merges > merges, 'something was merged');
};
