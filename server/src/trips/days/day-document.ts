import { type FigureSource, figureSources, harshKinds } from '@milepost/contract/api';
import { ByteReader, ByteWriter } from '../../events/index.ts';
import { dayMs } from './store-limits.ts';
import {
  type Charging,
  type Gap,
  type HarshEvent,
  type PlaceAt,
  quartersPerDay,
  type Stop,
  type Trip,
  type VehicleDay,
} from '../types.ts';

/**
 * A derived day as bytes: whole numbers in steps of `steps`, one after the other, times from the start of the day. What belongs together is
 * written by one function and read by the one below it. A document of another form is not read: the day is derived again.
 */
const steps = {
  degrees: 1e7,
  meters: 10,
  kmh: 100,
  kwh: 1000,
  percent: 100,
  kilowatts: 100,
  metersPerSecond2: 100,
  kpa: 10,
} as const;
type Step = keyof typeof steps;

/** Writes numbers; null is 0, others are their zigzag code and one. */
class DayWriter {
  readonly out = new ByteWriter(1024);

  whole(value: number): void {
    this.out.zigzag(Math.round(value));
  }

  optional(value: number | null, step: Step): void {
    if (value === null || Number.isNaN(value)) this.out.varint(0);
    else {
      const stored = Math.round(value * steps[step]);
      this.out.varint((stored >= 0 ? stored * 2 : -stored * 2 - 1) + 1);
    }
  }

  time(value: number | null, fromMs: number): void {
    this.out.varint(value === null ? 0 : Math.round(value - fromMs) * (value >= fromMs ? 2 : -2) + (value >= fromMs ? 1 : 0));
  }

  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.out.varint(items.length);
    for (const item of items) write(item);
  }
}

class DayReader {
  readonly #input: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#input = new ByteReader(bytes);
  }

  byte(): number {
    return this.#input.byte();
  }

  count(): number {
    return this.#input.varint();
  }

  whole(): number {
    return this.#input.zigzag();
  }

  optional(step: Step): number | null {
    const code = this.#input.varint();
    if (code === 0) return null;
    const stored = (code - 1) % 2 === 0 ? (code - 1) / 2 : -code / 2;
    return stored / steps[step];
  }

  time(fromMs: number): number | null {
    const code = this.#input.varint();
    if (code === 0) return null;
    return code % 2 === 1 ? fromMs + (code - 1) / 2 : fromMs - code / 2;
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.count() }, read);
  }
}

const sourceCode = (source: FigureSource | null): number => (source === null ? 0 : figureSources.indexOf(source) + 1);
const sourceOf = (code: number): FigureSource | null => figureSources[code - 1] ?? null;

const distanceSources = ['odometer', 'positions', 'speed'] as const;
const stopKinds = ['parked', 'unobserved'] as const;

const writePlace = (to: DayWriter, place: PlaceAt | null): void => {
  to.optional(place && place.latitude, 'degrees');
  if (place) to.optional(place.longitude, 'degrees');
};

const readPlace = (from: DayReader): PlaceAt | null => {
  const latitude = from.optional('degrees');
  return latitude === null ? null : { latitude, longitude: from.optional('degrees') ?? 0 };
};

const writeGap = (to: DayWriter, gap: Gap, startMs: number): void => {
  to.whole(gap.fromMs - startMs);
  to.whole(gap.toMs - gap.fromMs);
  to.optional(gap.distanceM, 'meters');
};

const readGap = (from: DayReader, startMs: number): Gap => {
  const fromMs = startMs + from.whole();
  return { fromMs, toMs: fromMs + from.whole(), distanceM: from.optional('meters') };
};

const writeHarsh = (to: DayWriter, event: HarshEvent, startMs: number): void => {
  to.out.byte(harshKinds.indexOf(event.kind) * 4 + sourceCode(event.source));
  to.whole(event.atMs - startMs);
  to.optional(event.metersPerSecond2, 'metersPerSecond2');
  writePlace(to, event.position);
};

const readHarsh = (from: DayReader, startMs: number): HarshEvent => {
  const head = from.byte();
  return {
    kind: harshKinds[head >> 2] ?? 'braking',
    source: sourceOf(head & 3) ?? 'modelled',
    atMs: startMs + from.whole(),
    metersPerSecond2: from.optional('metersPerSecond2') ?? 0,
    position: readPlace(from),
  };
};

const writeTrip = (to: DayWriter, trip: Trip, startMs: number): void => {
  to.out.byte((trip.isOpen ? 1 : 0) + distanceSources.indexOf(trip.distanceSource) * 2 + sourceCode(trip.energySource) * 8);
  to.whole(trip.fromMs - startMs);
  to.whole(trip.toMs - trip.fromMs);
  writePlace(to, trip.start);
  writePlace(to, trip.end);
  to.optional(trip.distanceM, 'meters');
  to.whole(trip.idleMs);
  to.optional(trip.topSpeedKmh, 'kmh');
  to.optional(trip.energyKwh, 'kwh');
  to.optional(trip.fromPercent, 'percent');
  to.optional(trip.toPercent, 'percent');
  to.list(trip.gaps, (gap) => writeGap(to, gap, startMs));
  to.list(trip.harshEvents, (event) => writeHarsh(to, event, startMs));
};

const readTrip = (from: DayReader, startMs: number): Trip => {
  const head = from.byte();
  const fromMs = startMs + from.whole();
  return {
    fromMs,
    toMs: fromMs + from.whole(),
    isOpen: (head & 1) === 1,
    start: readPlace(from),
    end: readPlace(from),
    distanceM: from.optional('meters') ?? 0,
    distanceSource: distanceSources[(head >> 1) & 3] ?? 'speed',
    idleMs: from.whole(),
    topSpeedKmh: from.optional('kmh'),
    energyKwh: from.optional('kwh'),
    energySource: sourceOf(head >> 3),
    fromPercent: from.optional('percent'),
    toPercent: from.optional('percent'),
    gaps: from.list(() => readGap(from, startMs)),
    harshEvents: from.list(() => readHarsh(from, startMs)),
  };
};

const writeStop = (to: DayWriter, stop: Stop, startMs: number): void => {
  to.out.byte((stop.isOpen ? 1 : 0) + stopKinds.indexOf(stop.kind) * 2);
  to.whole(stop.fromMs - startMs);
  to.whole(stop.toMs - stop.fromMs);
  writePlace(to, stop.position);
  to.whole(stop.idleMs);
};

const readStop = (from: DayReader, startMs: number): Stop => {
  const head = from.byte();
  const fromMs = startMs + from.whole();
  const toMs = fromMs + from.whole();
  const kind = stopKinds[head >> 1] ?? 'parked';
  return { fromMs, toMs, isOpen: (head & 1) === 1, kind, position: readPlace(from), idleMs: from.whole() };
};

const writeCharging = (to: DayWriter, one: Charging, startMs: number): void => {
  to.out.byte((one.isOpen ? 1 : 0) + sourceCode(one.energySource) * 2 + sourceCode(one.powerSource) * 8);
  to.whole(one.fromMs - startMs);
  to.whole(one.toMs - one.fromMs);
  writePlace(to, one.position);
  to.optional(one.fromPercent, 'percent');
  to.optional(one.toPercent, 'percent');
  to.optional(one.addedKwh, 'kwh');
  to.optional(one.peakPowerKw, 'kilowatts');
  to.whole(one.stopFromMs - startMs);
  to.whole(one.stopToMs - startMs);
};

const readCharging = (from: DayReader, startMs: number): Charging => {
  const head = from.byte();
  const fromMs = startMs + from.whole();
  return {
    fromMs,
    toMs: fromMs + from.whole(),
    isOpen: (head & 1) === 1,
    position: readPlace(from),
    fromPercent: from.optional('percent'),
    toPercent: from.optional('percent'),
    addedKwh: from.optional('kwh'),
    energySource: sourceOf((head >> 1) & 3),
    peakPowerKw: from.optional('kilowatts'),
    powerSource: sourceOf(head >> 3),
    stopFromMs: startMs + from.whole(),
    stopToMs: startMs + from.whole(),
  };
};

type Quarters = Pick<VehicleDay, 'distanceM' | 'drivingMs' | 'idleMs' | 'energyKwh'>;

/** Only those in which there is something. */
const writeQuarters = (to: DayWriter, { distanceM, drivingMs, idleMs, energyKwh }: Quarters): void => {
  const used: number[] = [];
  for (let i = 0; i < quartersPerDay; i++) if (distanceM[i] || drivingMs[i] || idleMs[i] || energyKwh[i]) used.push(i);
  to.list(used, (i) => {
    to.out.byte(i);
    to.whole((distanceM[i] ?? 0) * steps.meters);
    to.whole(drivingMs[i] ?? 0);
    to.whole(idleMs[i] ?? 0);
    to.whole((energyKwh[i] ?? 0) * steps.kwh);
  });
};

const readQuarters = (from: DayReader): Quarters => {
  const used = from.count();
  if (used === 0) return { distanceM: [], drivingMs: [], idleMs: [], energyKwh: [] };
  const zeros = (): number[] => Array.from({ length: quartersPerDay }, () => 0);
  const quarters = { distanceM: zeros(), drivingMs: zeros(), idleMs: zeros(), energyKwh: zeros() };
  for (let n = 0; n < used; n++) {
    const i = from.byte();
    quarters.distanceM[i] = from.whole() / steps.meters;
    quarters.drivingMs[i] = from.whole();
    quarters.idleMs[i] = from.whole();
    quarters.energyKwh[i] = from.whole() / steps.kwh;
  }
  return quarters;
};

export const encodeDay = (day: VehicleDay): Uint8Array => {
  const to = new DayWriter();
  const startMs = day.dayMs;
  to.out.byte(sourceCode(day.energySource) + sourceCode(day.rangeSource) * 4);
  to.list(day.trips, (trip) => writeTrip(to, trip, startMs));
  to.list(day.stops, (stop) => writeStop(to, stop, startMs));
  to.list(day.charging, (one) => writeCharging(to, one, startMs));
  writeQuarters(to, day);
  to.optional(day.odometerM, 'meters');
  to.time(day.odometerAtMs, startMs);
  to.optional(day.rangeAtFullM, 'meters');
  to.list(day.coldTireKpa, (kpa) => to.optional(kpa, 'kpa'));
  to.whole(day.samples);
  return to.out.toBytes();
};

export const decodeDay = (day: number, bytes: Uint8Array): VehicleDay => {
  const from = new DayReader(bytes);
  const startMs = day * dayMs;
  const head = from.byte();
  const trips = from.list(() => readTrip(from, startMs));
  const stops = from.list(() => readStop(from, startMs));
  const charging = from.list(() => readCharging(from, startMs));
  const quarters = readQuarters(from);
  return {
    dayMs: startMs,
    trips,
    stops,
    charging,
    ...quarters,
    energySource: sourceOf(head & 3),
    odometerM: from.optional('meters'),
    odometerAtMs: from.time(startMs),
    rangeAtFullM: from.optional('meters'),
    rangeSource: sourceOf(head >> 2),
    coldTireKpa: from.list(() => from.optional('kpa')),
    samples: from.whole(),
  };
};
