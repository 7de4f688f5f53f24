import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveDay } from './derive-day.ts';
import { metersBetween } from './geometry.ts';
import { readBuses, readDisorderedBuses, readFrom } from './testing/recorded-samples.ts';
import { samplesOf } from './testing/generated-samples.ts';
import type { TripSamples, VehicleDay } from './types.ts';

const dayMs = 86_400_000;

const deriveDays = async (samples: TripSamples): Promise<VehicleDay[]> => {
  const { times } = samples;
  const first = Math.floor(times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) / dayMs) * dayMs;
  const last = times.reduce((a, b) => Math.max(a, b), 0);
  const days: VehicleDay[] = [];
  for (let day = first; day <= last; day += dayMs)
    days.push(await deriveDay(day, readFrom(samples), { packKwh: null }, last + 5 * dayMs));
  return days;
};

/** From fix to fix, leaving out what a parked bus wanders. m. */
const chordsOf = ({ latitude, longitude }: TripSamples): number => {
  let meters = 0;
  for (let row = 1; row < latitude.length; row++) {
    const way = metersBetween(
      latitude[row - 1] as number,
      longitude[row - 1] as number,
      latitude[row] as number,
      longitude[row] as number,
    );
    if (way > 100) meters += way;
  }
  return meters;
};

test('buses with a fix each two minutes: a day of trips that could be, as long as the way between their fixes', async () => {
  const buses = readBuses('2015-06-07');
  assert.equal(buses.size, 146);
  let [trips, meters, chords, odd] = [0, 0, 0, 0];
  for (const [bus, samples] of buses) {
    const days = await deriveDays(samples);
    for (const day of days) {
      const all = [...day.trips, ...day.stops].sort((a, b) => a.fromMs - b.fromMs);
      for (const [i, { fromMs }] of all.entries())
        if (i > 0) assert.ok(fromMs >= (all[i - 1]?.toMs as number), `${bus}: they overlap`);
      for (const { fromMs, toMs, distanceM } of day.trips) {
        const kmh = (distanceM * 3600) / (toMs - fromMs);
        assert.ok(distanceM >= 100 && distanceM < 200_000, `${bus}: ${distanceM} m`);
        // Some fixes jump, and some buses wander in their yard.
        if (kmh < 4 || kmh > 110) odd++;
        meters += distanceM;
        trips++;
      }
    }
    chords += chordsOf(samples);
  }
  assert.ok(trips > 1000 && trips < 1600, `${trips} trips`);
  assert.ok(odd / trips < 0.05, `${odd} of ${trips} trips at speeds that no bus has`);
  assert.ok(Math.abs(meters / chords - 1) < 0.02, `${meters} m of trips, ${chords} m between fixes`);
});

test('rows as they were published, with their repeats and their disorder, give the days of sorted ones', async () => {
  let late = 0;
  for (const rows of readDisorderedBuses().values()) {
    let newestMs = 0;
    for (const { timeMs } of rows) {
      if (timeMs <= newestMs) late++;
      newestMs = Math.max(newestMs, timeMs);
    }
    const sorted = [...rows].sort((a, b) => a.timeMs - b.timeMs);
    assert.deepEqual(await deriveDays(samplesOf(rows)), await deriveDays(samplesOf(sorted)));
  }
  assert.ok(late > 1000, `${late} rows are late or repeated`);
});
