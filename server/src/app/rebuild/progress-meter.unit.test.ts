import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressMeter } from './progress-meter.ts';
import type { Progress } from './types.ts';

test('a phase is told with what is left, not too often, and handed over', () => {
  const [lines, handed]: [string[], Progress[]] = [[], []];
  const meter = new ProgressMeter(
    (line) => lines.push(line),
    (progress) => handed.push(progress),
    () => false,
  );
  meter.tell('reading the log', 0);
  meter.records = 500;
  meter.tell('reading the log', 25);
  assert.equal(lines.length, 1, 'the second came at once');
  meter.tell('reading the log', 25, true);
  assert.match(lines[1] ?? '', /^reading the log: 25 %, \d+ records\/s, about \d+ s left$/);
  meter.tell('putting in place', 200, true);
  assert.match(lines[2] ?? '', /^putting in place: 100 %/);
  assert.deepEqual(
    handed.map(({ phase, percent, records }) => [phase, percent, records]),
    [
      ['reading the log', 0, 0],
      ['reading the log', 25, 500],
      ['putting in place', 100, 500],
    ],
  );
});

test('what is cancelled ends at the next step, also while it waits', async () => {
  let isCancelled = false;
  const meter = new ProgressMeter(
    () => {},
    () => {},
    () => isCancelled,
  );
  assert.equal(await meter.unlessCancelled(Promise.resolve(7)), 7);
  await assert.rejects(meter.unlessCancelled(Promise.reject(new Error('it broke'))), /it broke/);
  const never = meter.unlessCancelled(new Promise(() => {}));
  isCancelled = true;
  await assert.rejects(never, /was cancelled/);
  assert.throws(() => meter.tell('comparing', 50), /was cancelled/);
});
