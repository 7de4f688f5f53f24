import { emptySamples, type TripSamples } from '../../server/src/trips/index.ts';
import { readTwizyTrips } from '../../server/src/trips/testing/recorded-samples.ts';

const parkedSeconds = 1800;

interface Moment {
  readonly trip: TripSamples;
  readonly row: number;
  readonly isParked: boolean;
}

/**
 * The recorded drives one after the other, with parking after each, over the day and two hours to both sides.
 *
 * @param isParkedAtNight it stands from 23 to 5 o'clock; else it drives over midnight, and more must be read
 */
export const makeDrivenSamples = (dayStartMs: number, everySeconds: number, isParkedAtNight: boolean): TripSamples => {
  const moments = [...readTwizyTrips().values()].flatMap((trip): Moment[] => {
    const count = trip.times.length;
    return Array.from({ length: count + parkedSeconds }, (_, i) => ({
      trip,
      row: Math.min(i, count - 1),
      isParked: i >= count,
    }));
  });
  const fromMs = dayStartMs - 7_200_000;
  const times = Float64Array.from({ length: (28 * 3600) / everySeconds }, (_, i) => fromMs + i * everySeconds * 1000);
  const samples = emptySamples(times);
  for (let i = 0; i < times.length; i++) {
    const hour = (((times[i] as number) - dayStartMs) / 3_600_000 + 24) % 24;
    const second = isParkedAtNight && (hour >= 23 || hour < 5) ? moments.length - 1 : (i * everySeconds) % moments.length;
    const { trip, row, isParked } = moments[second] as Moment;
    for (const name of ['speedKmh', 'latitude', 'longitude', 'energyPercent'] as const)
      samples[name][i] = trip[name][row] as number;
    if (isParked) samples.speedKmh[i] = 0;
    for (const column of samples.tireKpa) column[i] = 220;
    for (const column of samples.tireCelsius) column[i] = 25;
  }
  return samples;
};
