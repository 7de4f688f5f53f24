import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { addFleet, type Sample, signal, type TestVehicle } from './fleet.ts';
import type { Milepost } from './milepost.ts';

interface RecordedRow {
  readonly energyPercent: number;
  readonly speedKmh: number;
  readonly latitude: number;
  readonly longitude: number;
}

/** A recorded trip of a Renault Twizy, a row a second: simulator/data/twizy-ev. */
const readTrip = (name: string): RecordedRow[] =>
  gunzipSync(readFileSync(new URL('../../../simulator/data/twizy-ev/telemetry.csv.gz', import.meta.url)))
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(','))
    .filter(([trip]) => trip === name)
    .map(([, , level, speed, , latitude, longitude]) => ({
      energyPercent: Number(level),
      speedKmh: Number(speed),
      latitude: Number(latitude),
      longitude: Number(longitude),
    }));

export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const tire = (wheel: string, name: string): string => `Vehicle.Chassis.Axle.${wheel}.Tire.${name}`;
const wheels = ['Row1.Wheel.Left', 'Row1.Wheel.Right', 'Row2.Wheel.Left', 'Row2.Wheel.Right'];
export const batteryKwh = 6.1;
/** Rows of the second trip that never arrived, by second. */
export const lostRows = { from: 300, to: 720 } as const;
const samplesPerReport = 500;

/** Times of what was reported, ms. */
export interface DrivenTimes {
  readonly firstStartMs: number;
  /** With a gap. */
  readonly secondStartMs: number;
  readonly secondEndMs: number;
  readonly chargeStartMs: number;
  readonly chargeEndMs: number;
}

const drive = (rows: readonly RecordedRow[], startMs: number, mileageM: number, everyS = 1): Sample[] => {
  let driven = mileageM;
  return rows.flatMap((row, second) => {
    driven += row.speedKmh / 3.6;
    if (second % everyS !== 0 && second !== rows.length - 1) return [];
    const signals = {
      [signal.speed]: row.speedKmh,
      [signal.energy]: row.energyPercent,
      [signal.latitude]: row.latitude,
      [signal.longitude]: row.longitude,
      [signal.mileage]: Math.round(driven),
    };
    return [{ time: startMs + second * 1000, signals }];
  });
};

const metresOf = (rows: readonly RecordedRow[]): number => rows.reduce((sum, { speedKmh }) => sum + speedKmh / 3.6, 0);

/** A day on which it drove there and back, then stood: its tires, one of which leaks, and its range. */
const quietDay = (
  there: readonly RecordedRow[],
  back: readonly RecordedRow[],
  day: { startMs: number; daysAgo: number; mileageM: number },
): Sample[] => {
  const { startMs, daysAgo, mileageM } = day;
  const backMs = startMs + there.length * 1000 + 10 * minuteMs;
  const trips = [...drive(there, startMs, mileageM, 10), ...drive(back, backMs, mileageM + metresOf(there), 10)];
  const endMs = backMs + back.length * 1000;
  const last = back.at(-1) as RecordedRow;
  const standing = Array.from({ length: 12 }, (_, n) => ({
    time: endMs + (n + 1) * 5 * minuteMs,
    signals: {
      [signal.speed]: 0,
      [signal.energy]: last.energyPercent,
      [signal.range]: last.energyPercent * 1000,
      [signal.latitude]: last.latitude,
      [signal.longitude]: last.longitude,
      ...Object.fromEntries(
        wheels.flatMap((wheel, index) => [
          [tire(wheel, 'Pressure'), index === 2 ? 205 + 3 * daysAgo : 235],
          [tire(wheel, 'AirTemperature'), 20],
        ]),
      ),
    },
  }));
  return [...trips, ...standing];
};

/**
 * A vehicle with a past: a week of recorded drives while a tire leaks; today two recorded drives, in the second of which seven minutes were
 * lost, and a charge.
 */
export const addDrivenVehicle = async (
  milepost: Milepost,
  nowMs: number,
): Promise<{ readonly van: TestVehicle; readonly times: DrivenTimes }> => {
  const [van] = await addFleet(milepost, [
    { plate: 'VAN 17', customer: 'Demo', model: 'Twizy', batteryKwh, tirePlacardKpa: [210, 210, 220, 220] },
  ]);
  if (!van) throw new Error('no vehicle was made');
  const [first, second] = [readTrip('T3_04_22_2021_1'), readTrip('T3_04_22_2021_2')];
  const midnight = Math.floor(nowMs / dayMs) * dayMs;
  const samples: Sample[] = [];
  let mileageM = 18_000_000;
  for (let daysAgo = 8; daysAgo >= 1; daysAgo--) {
    if (daysAgo === 4) continue;
    samples.push(...quietDay(first, second, { startMs: midnight - daysAgo * dayMs + 9 * hourMs, daysAgo, mileageM }));
    mileageM += metresOf(first) + metresOf(second);
  }
  const firstStartMs = nowMs - 4 * hourMs;
  const secondStartMs = firstStartMs + first.length * 1000 + 25 * minuteMs;
  samples.push(...drive(first, firstStartMs, mileageM));
  mileageM += metresOf(first);
  const whole = drive(second, secondStartMs, mileageM);
  samples.push(...whole.filter((_, n) => n < lostRows.from || n >= lostRows.to));
  const secondEndMs = secondStartMs + (second.length - 1) * 1000;
  const last = second.at(-1) as RecordedRow;
  const chargeStartMs = secondEndMs + 10 * minuteMs;
  const chargeMinutes = 60;
  const standing = Array.from({ length: 90 }, (_, minute) => ({
    time: secondEndMs + (minute + 1) * minuteMs,
    signals: {
      [signal.speed]: 0,
      [signal.latitude]: last.latitude,
      [signal.longitude]: last.longitude,
      [signal.isCharging]: minute >= 9 && minute < 9 + chargeMinutes,
      [signal.energy]: last.energyPercent + 0.5 * Math.min(chargeMinutes, Math.max(0, minute - 9)),
    },
  }));
  samples.push(...standing.filter(({ time }) => time < nowMs));
  for (let at = 0; at < samples.length; at += samplesPerReport) await van.report(...samples.slice(at, at + samplesPerReport));
  const times = {
    firstStartMs,
    secondStartMs,
    secondEndMs,
    chargeStartMs,
    chargeEndMs: chargeStartMs + chargeMinutes * minuteMs,
  };
  return { van, times };
};
