import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveDay } from './derive-day.ts';
import { metersPerDegree } from './geometry.ts';
import { dayMs, hourMs, type Row, samplesOf } from './testing/generated-samples.ts';
import { readFrom, readTwizyTrips } from './testing/recorded-samples.ts';
import type { HarshEvent, TripSamples } from './types.ts';

const today = Date.UTC(2026, 9, 5);
const startMs = today + 10 * hourMs;

const eventsOf = async (samples: TripSamples, day = today): Promise<readonly HarshEvent[]> =>
  (await deriveDay(day, readFrom(samples), { packKwh: null }, day + 10 * dayMs)).trips.flatMap(({ harshEvents }) => harshEvents);

/** Drives north with these speeds, one a step. */
const drive = (speeds: readonly number[], stepMs = 1000): Row[] => {
  let meters = 0;
  return speeds.map((speedKmh, i) => {
    meters += (speedKmh / 3600) * stepMs;
    return { timeMs: startMs + i * stepMs, speedKmh, latitude: 34 + meters / metersPerDegree, longitude: -6.8 };
  });
};

/** 50 km/h for minutes, then a braking of so many m/s² to a stop, then on. */
const braking = (metersPerSecond2: number, stepMs = 1000): number[] => {
  const cruise = Array.from({ length: 240_000 / stepMs }, (_, i) => 50 + (i % 2) / 10);
  const down = [];
  for (let kmh = 50; kmh > 0; kmh -= (metersPerSecond2 * 3.6 * stepMs) / 1000) down.push(kmh);
  const up = Array.from({ length: 25_000 / stepMs }, (_, i) => (i * 2 * stepMs) / 1000);
  return [...cruise, ...down, 0, 0, ...up, ...cruise];
};

test('braking harder than 0.45 g at 1 Hz and quicker is one modelled event, a softer one none', async () => {
  for (const stepMs of [1000, 200]) {
    const [event, ...others] = await eventsOf(samplesOf(drive(braking(5.5, stepMs), stepMs)));
    assert.equal(others.length, 0);
    assert.equal(event?.kind, 'braking');
    assert.equal(event?.source, 'modelled');
    assert.ok(event && event.metersPerSecond2 > 5 && event.metersPerSecond2 < 5.6, `${event?.metersPerSecond2}`);
    assert.ok(event?.position && event.position.latitude > 34);
    assert.deepEqual(await eventsOf(samplesOf(drive(braking(3.5, stepMs), stepMs))), []);
  }
});

test('sparse speeds, held ones and lost ones make no events', async () => {
  const speeds = braking(8);
  assert.deepEqual(await eventsOf(samplesOf(drive(speeds).filter((_, i) => i % 2 === 0))), []);
  const held = speeds.map((_, i) => speeds[i - (i % 3)] as number);
  assert.deepEqual(await eventsOf(samplesOf(drive(held))), []);
  const cruise = Array.from({ length: 300 }, (_, i) => 50 + (i % 2) / 10);
  assert.deepEqual(await eventsOf(samplesOf(drive(cruise.map((kmh, i) => (i === 150 ? 20 : kmh))))), []);
});

test('an accelerometer is believed instead of speed, and it alone tells cornering', async () => {
  const rows = drive(braking(6)).map((row, i) => ({
    ...row,
    longitudinal: i === 100 ? 3.6 : 0.2,
    lateral: i > 120 && i < 124 ? -5.1 - i / 1000 : 0.5,
  }));
  const events = await eventsOf(samplesOf(rows));
  assert.deepEqual(
    events.map(({ kind, atMs, source }) => [kind, (atMs - startMs) / 1000, source]),
    [
      ['acceleration', 100, 'measured'],
      ['cornering', 123, 'measured'],
    ],
  );
  const knocked = samplesOf(drive(Array.from({ length: 600 }, () => 0)).map((row) => ({ ...row, longitudinal: 20 })));
  assert.deepEqual(await eventsOf(knocked), []);
});

test('the recorded drives, whose speed is held and jumps, have none that could not be', async () => {
  for (const [name, samples] of readTwizyTrips()) {
    const day = Math.floor((samples.times[0] as number) / dayMs) * dayMs;
    const events = await eventsOf(samples, day);
    // Differences of one second alone would make 10 to 90 of them.
    assert.ok(events.length <= 2, `${name}: ${events.length}`);
    for (const { metersPerSecond2 } of events) assert.ok(metersPerSecond2 < 9);
  }
});
