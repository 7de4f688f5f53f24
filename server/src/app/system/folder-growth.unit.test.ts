import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysLeft, FolderGrowth, growthMsMin, growthWindowMs } from './folder-growth.ts';

const hourMs = 3_600_000;

test('growth is not said before it was watched for long enough', () => {
  const growth = new FolderGrowth();
  assert.deepEqual(growth.read(), { measuredForMs: 0, bytesPerDay: undefined });
  growth.add(1000, 50);
  growth.add(1000 + growthMsMin - 1, 90);
  assert.equal(growth.read().bytesPerDay, undefined);
  growth.add(1000 + growthMsMin, 100);
  assert.deepEqual(growth.read(), { measuredForMs: growthMsMin, bytesPerDay: (50 * 24 * hourMs) / growthMsMin });
});

test('only the last day counts', () => {
  const growth = new FolderGrowth();
  growth.add(0, 1_000_000);
  for (let hour = 1; hour <= 48; hour++) growth.add(hour * hourMs, hour * 10);
  const { measuredForMs, bytesPerDay } = growth.read();
  assert.equal(measuredForMs, growthWindowMs);
  assert.equal(bytesPerDay, 240);
});

test('what does not grow never fills the disk, and the reserve is not ours to fill', () => {
  const growing = { measuredForMs: growthWindowMs, bytesPerDay: 100 };
  assert.equal(daysLeft(1100, 100, growing), 10);
  assert.equal(daysLeft(50, 100, growing), 0);
  assert.equal(daysLeft(1100, 100, { ...growing, bytesPerDay: -3 }), undefined);
  assert.equal(daysLeft(1100, 100, { ...growing, bytesPerDay: undefined }), undefined);
});
