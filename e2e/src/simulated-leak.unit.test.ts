import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFleet, type Signals } from '@milepost/simulator';
import {
  deriveDay,
  emptySamples,
  findTireTrend,
  type TireDayPressure,
  type TireTrend,
  type TripSamples,
} from '../../server/src/trips/index.ts';
import { readFrom } from '../../server/src/trips/testing/recorded-samples.ts';

const dayMs = 86_400_000;
/** The leaking wheel was filled up on a day whose number since 1970 is a multiple of 14. */
const filledMs = Math.ceil(Date.UTC(2026, 10, 1) / dayMs / 14) * 14 * dayMs;
const wheels = ['Row1.Wheel.Left', 'Row1.Wheel.Right', 'Row2.Wheel.Left', 'Row2.Wheel.Right'];

const numberOf = (signals: Signals, path: string): number => {
  const value = signals[path];
  return typeof value === 'number' ? value : Number.NaN;
};

/** Half an hour of each day, as its device says it. */
const samplesOf = (replay: (timeMs: number) => unknown, days: number): TripSamples => {
  const rows: { timeMs: number; signals: Signals }[] = [];
  for (let day = 0; day < days; day++)
    for (let second = 0; second < 1800; second++) {
      const timeMs = filledMs + day * dayMs + 36_000_000 + second * 1000;
      const signals = replay(timeMs);
      if (typeof signals === 'object') rows.push({ timeMs, signals: signals as Signals });
    }
  const samples = emptySamples(Float64Array.from(rows, ({ timeMs }) => timeMs));
  for (const [i, { signals }] of rows.entries()) {
    samples.speedKmh[i] = numberOf(signals, 'Vehicle.Speed');
    for (const [wheel, place] of wheels.entries()) {
      const tire = `Vehicle.Chassis.Axle.${place}.Tire`;
      (samples.tireKpa[wheel] as Float64Array)[i] = numberOf(signals, `${tire}.Pressure`);
      (samples.tireCelsius[wheel] as Float64Array)[i] = numberOf(signals, `${tire}.AirTemperature`);
    }
  }
  return samples;
};

test('the leak of the simulated Twizy is seen within days, and no other wheel leaks', async () => {
  const fleet = makeFleet(1, 12, 0);
  const trendsOf = async (index: number): Promise<TireTrend[]> => {
    const read = readFrom(samplesOf((timeMs) => fleet[index]?.replay(timeMs), 7));
    const days = await Promise.all(
      Array.from({ length: 7 }, (_, day) => deriveDay(filledMs + day * dayMs, read, { packKwh: null }, filledMs + 20 * dayMs)),
    );
    return wheels.map((_, wheel) =>
      findTireTrend(days.map((day): TireDayPressure => ({ dayMs: day.dayMs, kpa: day.coldTireKpa[wheel] as number }))),
    );
  };
  const leaking = await trendsOf(2);
  assert.deepEqual(
    leaking.map(({ isLeaking }) => isLeaking),
    [false, false, false, true],
  );
  assert.ok(Math.abs((leaking[3]?.slopeKpaPerDay as number) + 2.2) < 0.3, `${leaking[3]?.slopeKpaPerDay}`);
  assert.ok((await trendsOf(5)).every(({ isLeaking }) => !isLeaking));
});
