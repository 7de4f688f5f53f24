import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyStepMs, readMoment, readSpan, ticksOf, windowOf, writeMoment } from './time-window.ts';

const hourMs = 3_600_000;
const now = Date.UTC(2026, 10, 22, 14, 30);
const startOfDay = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const windowHours = (word: string, atMs: number | null): [number, number] => {
  const { fromMs, toMs } = windowOf(word, atMs, now, startOfDay);
  return [(fromMs - now) / hourMs, (toMs - now) / hourMs];
};

test('the slider reaches back from now', () => {
  assert.deepEqual(windowHours('6h', null), [-6, 0]);
  assert.deepEqual(windowHours('6h', now - hourMs), [-6, 0]);
  assert.deepEqual(windowHours('nonsense', null), [-24, 0]);
});

test('a moment further back than the slider reaches is in its middle', () => {
  assert.deepEqual(windowHours('6h', now - 100 * hourMs), [-103, -97]);
  assert.deepEqual(windowHours('6h', now - 6.5 * hourMs), [-9.5, -3.5]);
});

test('a day is a whole one, today as far as it has come; a moment of another day shows its surroundings', () => {
  assert.deepEqual(windowHours('2026-11-21', null), [-38.5, -14.5]);
  assert.deepEqual(windowHours('2026-11-22', null), [-14.5, 0]);
  assert.deepEqual(windowHours('2026-11-21', now - 100 * hourMs), [-112, -88]);
  assert.deepEqual(windowHours('2027-01-01', null), [-24, 0]);
});

test('words of the address that mean nothing are the default', () => {
  assert.deepEqual(['24h', '2026-11-21', '2026-13-01', '', '8h'].map(readSpan), ['24h', '2026-11-21', '6h', '6h', '6h']);
});

test('a moment is a whole second of UTC', () => {
  assert.equal(writeMoment(now + 999), '2026-11-22T14:30:00Z');
  assert.equal(readMoment('2026-11-22T14:30:00Z'), now);
  for (const text of ['', 'yesterday', '2026-11-22', '2026-11-22T14:30:00+01:00', '2026-02-30T25:00:00Z'])
    assert.equal(readMoment(text), undefined, text);
});

test('ticks are round times of the day', () => {
  const texts = ticksOf(windowOf('6h', null, now, startOfDay), 8, startOfDay('2026-11-22')).map((ms) =>
    new Date(ms).toISOString().slice(11, 16),
  );
  assert.deepEqual(texts, ['09:00', '10:00', '11:00', '12:00', '13:00', '14:00']);
  assert.equal(ticksOf(windowOf('7d', null, now, startOfDay), 8, startOfDay('2026-11-15')).length, 7);
});

test('arrows go a second, ten or a minute', () => {
  const press = (key: string, shiftKey = false, ctrlKey = false): number => keyStepMs({ key, shiftKey, ctrlKey }) / 1000;
  assert.deepEqual(
    [press('ArrowLeft'), press('ArrowRight'), press('ArrowUp', true), press('ArrowDown', false, true)],
    [-1, 1, 10, -60],
  );
  assert.deepEqual([press('PageUp'), press('PageDown'), press('a')], [60, -60, 0]);
});
