import fc from 'fast-check';
import { metersPerDegree } from '../geometry.ts';
import type { Row } from './generated-samples.ts';

/** What a generated vehicle does for a while. */
interface Activity {
  readonly kind: 'drive' | 'jam' | 'stand' | 'silence' | 'charge';
  readonly minutes: number;
  readonly kmh: number;
}

/** What its device says, and how often. */
interface Device {
  readonly everySeconds: number;
  readonly parkedEverySeconds: number;
  readonly hasSpeed: boolean;
  readonly hasOdometer: boolean;
  readonly hasPercent: boolean;
  readonly hasIgnition: boolean;
  readonly hasCharging: boolean;
}

const activity: fc.Arbitrary<Activity> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('drive' as const),
      minutes: fc.integer({ min: 1, max: 150 }),
      kmh: fc.integer({ min: 12, max: 110 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('jam' as const),
      minutes: fc.integer({ min: 1, max: 20 }),
      kmh: fc.integer({ min: 0, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('stand' as const),
      minutes: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 700 })),
      kmh: fc.constant(0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('silence' as const),
      minutes: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 10, max: 900 })),
      kmh: fc.integer({ min: 0, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('charge' as const),
      minutes: fc.integer({ min: 5, max: 500 }),
      kmh: fc.constant(0),
    }),
  },
);

const device: fc.Arbitrary<Device> = fc.record({
  everySeconds: fc.constantFrom(10, 30, 60, 120),
  parkedEverySeconds: fc.constantFrom(60, 300, 3600),
  hasSpeed: fc.boolean(),
  hasOdometer: fc.boolean(),
  hasPercent: fc.boolean(),
  hasIgnition: fc.boolean(),
  hasCharging: fc.boolean(),
});

const [ignitionOff, ignitionOn] = [2, 4];

/** Follows the activities; what is not said is not in a row. */
class Vehicle {
  readonly rows: Row[] = [];
  readonly #device: Device;
  #timeMs: number;
  #meters = 0;
  #percent = 70;

  constructor(device_: Device, fromMs: number) {
    this.#device = device_;
    this.#timeMs = fromMs;
  }

  live({ kind, minutes, kmh }: Activity): void {
    const moves = kind === 'drive' || kind === 'jam';
    const stepMs = (moves ? this.#device.everySeconds : this.#device.parkedEverySeconds) * 1000;
    const untilMs = this.#timeMs + minutes * 60_000;
    for (; this.#timeMs < untilMs; this.#timeMs += stepMs) {
      // Not as even as a clock, not as steady as a rail.
      const wave = 1 + 0.3 * Math.sin(this.#timeMs / 47_000);
      const goesMs = Math.min(stepMs, untilMs - this.#timeMs);
      const speedKmh = kind === 'silence' ? 0 : kmh * wave;
      if (kind !== 'silence') this.#say(kind, speedKmh);
      this.#meters += ((kind === 'silence' ? kmh : speedKmh) * goesMs) / 3600;
      this.#percent += kind === 'charge' ? goesMs / 360_000 : -(speedKmh * goesMs) / 3.6e6 / 3;
      this.#percent = Math.min(100, Math.max(5, this.#percent));
    }
    this.#timeMs = Math.max(this.#timeMs, untilMs);
  }

  #say(kind: Activity['kind'], speedKmh: number): void {
    const { hasSpeed, hasOdometer, hasPercent, hasIgnition, hasCharging } = this.#device;
    this.rows.push({
      timeMs: this.#timeMs,
      latitude: 34 + (this.#meters / metersPerDegree) * 0.8,
      longitude: -6.8 + (this.#meters / metersPerDegree) * 0.6,
      ...(hasSpeed ? { speedKmh } : {}),
      ...(hasOdometer ? { odometerM: Math.round(this.#meters) } : {}),
      ...(hasPercent ? { energyPercent: Math.round(this.#percent * 10) / 10 } : {}),
      ...(hasIgnition ? { ignition: kind === 'drive' || kind === 'jam' ? ignitionOn : ignitionOff } : {}),
      ...(hasCharging ? { isCharging: kind === 'charge' ? 1 : 0 } : {}),
    });
  }
}

/** Rows of a vehicle that lives for some days from a time on, in order. */
export const drives = (fromMs: number): fc.Arbitrary<readonly Row[]> =>
  fc
    .record({
      device,
      activities: fc.array(activity, { minLength: 1, maxLength: 30, size: 'max' }),
      startMinutes: fc.integer({ min: 0, max: 1440 }),
    })
    .map(({ device: one, activities, startMinutes }) => {
      const vehicle = new Vehicle(one, fromMs + startMinutes * 60_000);
      for (const next of activities) vehicle.live(next);
      return vehicle.rows;
    })
    .filter((rows) => rows.length > 0);
