import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveDay } from './derive-day.ts';
import { dayMs, every, hourMs, minuteMs, parked, type Row, samplesOf } from './testing/generated-samples.ts';
import { readFrom } from './testing/recorded-samples.ts';
import type { Charging } from './types.ts';

/** Values are generated: these tests say that the model does what it should, not how true it is of a vehicle. */
const today = Date.UTC(2026, 9, 5);
const at = (hours: number): number => today + hours * hourMs;

const chargingOf = async (rows: readonly Row[], day = today, packKwh: number | null = 50): Promise<readonly Charging[]> =>
  (await deriveDay(day, readFrom(samplesOf(rows)), { packKwh }, today + 3 * dayMs)).charging;

const near = (actual: number | null | undefined, expected: number, by: number): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= by, `${actual} is not ${expected}`);

/** From 40 % at 10:00 to 80 % at 14:00, as it is displayed. */
const percentAt = (timeMs: number): number => Math.round(40 + Math.min(40, Math.max(0, (timeMs - at(10)) / hourMs) * 10));

test('a session that the vehicle states, with energy and power measured', async () => {
  const rows = every(minuteMs, at(9), at(16), (timeMs) => ({
    ...parked,
    isCharging: timeMs >= at(10) && timeMs < at(14) ? 1 : 0,
    energyPercent: percentAt(timeMs),
    energyKwh: 20 + Math.min(20, Math.max(0, (timeMs - at(10)) / hourMs) * 5),
    chargingPowerKw: timeMs >= at(10) && timeMs < at(14) ? 5.5 : 0,
  }));
  const [session, ...others] = await chargingOf(rows, today, null);
  assert.equal(others.length, 0);
  assert.deepEqual(session, {
    fromMs: at(10),
    toMs: at(14),
    isOpen: false,
    position: { latitude: 34, longitude: -6.8 },
    fromPercent: 40,
    toPercent: 80,
    addedKwh: 20,
    energySource: 'measured',
    peakPowerKw: 5.5,
    powerSource: 'measured',
    stopFromMs: at(9),
    stopToMs: at(16) - minuteMs,
  });
});

test('without kWh and kW both are modelled from percent and the pack, and unknown without one', async () => {
  const rows = every(minuteMs, at(9), at(16), (timeMs) => ({
    ...parked,
    isCharging: timeMs >= at(10) && timeMs < at(14) ? 1 : 0,
    energyPercent: percentAt(timeMs),
  }));
  const [session] = await chargingOf(rows);
  assert.equal(session?.addedKwh, 20);
  assert.equal(session?.energySource, 'modelled');
  // 10 % an hour of 50 kWh, read in whole percents.
  near(session?.peakPowerKw, 5, 1.1);
  assert.equal(session?.powerSource, 'modelled');
  const [unknown] = await chargingOf(rows, today, null);
  assert.deepEqual([unknown?.addedKwh, unknown?.energySource, unknown?.peakPowerKw], [null, null, null]);
});

test('a level that rises while it stands was charged; one that wavers was not', async () => {
  const rows = every(minuteMs, at(9), at(16), (timeMs) => ({ ...parked, energyPercent: percentAt(timeMs) }));
  const [session, ...others] = await chargingOf(rows);
  assert.equal(others.length, 0);
  near(session?.fromMs, at(10), 10 * minuteMs);
  near(session?.toMs, at(14), 10 * minuteMs);
  assert.equal(session?.addedKwh, 20);
  const wavering = every(minuteMs, at(9), at(20), (timeMs) => ({ ...parked, energyPercent: 60 + ((timeMs / minuteMs) % 2) }));
  assert.deepEqual(await chargingOf(wavering), []);
  const denied = rows.map((row) => ({ ...row, isCharging: 0 }));
  assert.deepEqual(await chargingOf(denied), []);
});

test('charged while it was silent: found by the level after it, without a power', async () => {
  const rows = [
    ...every(minuteMs, at(8), at(9), () => ({ ...parked, energyPercent: 40, isCharging: 0 })),
    ...every(minuteMs, at(15), at(16), () => ({ ...parked, energyPercent: 75, isCharging: 0 })),
  ];
  const [session, ...others] = await chargingOf(rows);
  assert.equal(others.length, 0);
  assert.deepEqual([session?.fromMs, session?.toMs], [at(9) - minuteMs, at(15)]);
  assert.deepEqual([session?.fromPercent, session?.toPercent, session?.addedKwh], [40, 75, 17.5]);
  assert.equal(session?.peakPowerKw, null);
});

test('a session over midnight belongs to the day on which it began, however it is reported', async () => {
  const levelAt = (timeMs: number): number => Math.round(30 + Math.min(50, Math.max(0, (timeMs - at(22)) / hourMs) * 5));
  const states = [
    every(minuteMs, at(20), at(34), (timeMs) => ({ ...parked, energyPercent: levelAt(timeMs) })),
    every(50 * minuteMs, at(20), at(34), (timeMs) => ({
      ...parked,
      energyPercent: levelAt(timeMs),
      isCharging: timeMs >= at(22) && timeMs < at(32) ? 1 : 0,
    })),
    every(3 * hourMs, at(19), at(34), (timeMs) => ({ ...parked, energyPercent: levelAt(timeMs) })),
    // Asleep over midnight, plugged in and timed to charge from 3 o'clock.
    [
      ...every(minuteMs, at(20), at(21), () => ({ ...parked, energyPercent: 30 })),
      ...every(minuteMs, at(27), at(34), (timeMs) => ({ ...parked, energyPercent: levelAt(timeMs - 5 * hourMs) })),
    ],
  ];
  const days = await Promise.all(states.map(async (rows) => [await chargingOf(rows), await chargingOf(rows, today + dayMs)]));
  assert.deepEqual(
    days.map(([first, second]) => [first?.length, second?.length]),
    [
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
    ],
  );
  for (const sessions of days) near(sessions.flat()[0]?.fromPercent, 30, 1);
});

test('it still charges as far as is known', async () => {
  const rows = every(minuteMs, at(9), at(12), (timeMs) => ({
    ...parked,
    isCharging: timeMs >= at(10) ? 1 : 0,
    energyPercent: percentAt(timeMs),
  }));
  assert.deepEqual(
    (await chargingOf(rows)).map(({ isOpen }) => isOpen),
    [true],
  );
});
