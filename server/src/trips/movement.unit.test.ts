import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { deriveDay } from './derive-day.ts';
import { movementFeatures } from './movement-features.ts';
import { detectorWeights } from './movement-weights.ts';
import { measureDetector, tableOf } from './testing/detector-accuracy.ts';
import { dayMs, every, hourMs, type Row, samplesOf } from './testing/generated-samples.ts';
import { readFrom } from './testing/recorded-samples.ts';
import type { VehicleDay } from './types.ts';

const report = measureDetector();

test('driving and stops are found better than by any speed threshold, where nothing was tuned', () => {
  const { detector, tunedThreshold, bestThreshold, trajectories } = report;
  assert.equal(trajectories, 101);
  for (const threshold of [tunedThreshold, bestThreshold])
    for (const one of ['driving', 'stop'] as const)
      assert.ok(
        detector[one].f1 > threshold[one].f1 + 0.005,
        `${one}: ${detector[one].f1}, ${threshold.variant} ${threshold[one].f1}`,
      );
});

test('docs/trips.md says what is measured', () => {
  const lines = readFileSync(path.resolve(import.meta.dirname, '../../../docs/trips.md'), 'utf8').split('\n');
  for (const row of tableOf(report)) assert.ok(lines.includes(row), `${row} is not there`);
});

const today = Date.UTC(2026, 9, 5);

/** Ten minutes north at a speed. */
const creep = async (kmh: number, more: Omit<Row, 'timeMs'>): Promise<VehicleDay> => {
  const fromMs = today + 10 * hourMs;
  const rows = every(1000, fromMs, fromMs + 600_000, (timeMs) => ({
    speedKmh: kmh,
    latitude: 34 + ((timeMs - fromMs) * kmh) / 3.6e6 / 111.195,
    longitude: -6.8,
    ...more,
  }));
  return deriveDay(today, readFrom(samplesOf(rows)), { packKwh: null }, today + 3 * dayMs);
};

test('at walking pace it is walked with, unless the ignition is on', async () => {
  const [ignitionOff, ignitionOn] = [2, 5];
  const tripsOf = async (kmh: number, more: Omit<Row, 'timeMs'>) => (await creep(kmh, more)).trips.length;
  assert.equal(await tripsOf(5, {}), 0);
  assert.equal(await tripsOf(5, { ignition: ignitionOn }), 1);
  assert.equal(await tripsOf(20, {}), 1);
  assert.equal(await tripsOf(20, { ignition: ignitionOff }), 0);
  assert.equal(await tripsOf(20, { isCharging: 1 }), 0);
});

test('there is a weight for each feature', () => {
  assert.equal(detectorWeights.features.length, movementFeatures.length);
});
