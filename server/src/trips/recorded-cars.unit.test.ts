import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveDay } from './derive-day.ts';
import { readFrom, readTwizyTrips } from './testing/recorded-samples.ts';

const dayMs = 86_400_000;

test('each recorded drive of the Twizy is one trip, with held fixes no stop', async () => {
  for (const [name, samples] of readTwizyTrips()) {
    const day = Math.floor((samples.times[0] as number) / dayMs) * dayMs;
    const derived = await deriveDay(day, readFrom(samples), { packKwh: 6.1 }, day + 10 * dayMs);
    assert.equal(derived.trips.length, 1, name);
    const [trip] = derived.trips;
    const bySpeedM = samples.speedKmh.reduce((sum, kmh) => sum + kmh / 3.6, 0);
    // Chords between held fixes and a speed that was recorded in steps: they agree within 7 %.
    assert.ok(
      Math.abs((trip?.distanceM as number) / bySpeedM - 1) < 0.07,
      `${name}: ${trip?.distanceM} m, ${bySpeedM} m by speed`,
    );
  }
});
