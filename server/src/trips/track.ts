import { metersBetween } from './geometry.ts';
import { tripLimits } from './limits.ts';
import type { TripSamples } from './types.ts';

/**
 * Where a vehicle was and how fast, in steps of at least `binMs` on the clock: one node is the last row of its step that says anything
 * about movement. NaN: not known.
 */
export interface Track {
  readonly count: number;
  /** Of each node's last row. */
  readonly times: Float64Array;
  readonly rows: Int32Array;
  /** New fixes only: what was held or jumped is left out. */
  readonly latitude: Float64Array;
  readonly longitude: Float64Array;
  /** Mean of the speeds reported after the node before, its last one included. */
  readonly meanKmh: Float64Array;
  /** Reported last, at most `speedHoldMs` ago. */
  readonly speedKmh: Float64Array;
  readonly odometerM: Float64Array;
  /** 1: it cannot have been driving up to here: ignition off or charging. */
  readonly isAtRest: Uint8Array;
  /** 1: the ignition is known to be on. Only the vehicle itself says so, and nobody walks with it. */
  readonly isOn: Uint8Array;
}

/** Values of `Vehicle.LowVoltageSystemState`: LOCK and OFF. ACC is no driving either. */
const ignitionOffMax = 3;
const ignitionKnownMin = 1;

export const isIgnitionOff = (state: number): boolean => state >= ignitionKnownMin && state <= ignitionOffMax;
export const isIgnitionOn = (state: number): boolean => state > ignitionOffMax;

type Filling = { -readonly [K in keyof Track]: Track[K] };

const allocate = (rows: number): Filling => ({
  count: 0,
  times: new Float64Array(rows),
  rows: new Int32Array(rows),
  latitude: new Float64Array(rows),
  longitude: new Float64Array(rows),
  meanKmh: new Float64Array(rows),
  speedKmh: new Float64Array(rows),
  odometerM: new Float64Array(rows),
  isAtRest: new Uint8Array(rows),
  isOn: new Uint8Array(rows),
});

/** Walks over the rows and fills nodes. Kept apart from `Track`: it remembers what was said last. */
class TrackMaker {
  readonly #samples: TripSamples;
  readonly #track: Filling;
  #bin = Number.NaN;
  #speed = Number.NaN;
  #speedAtMs = Number.NEGATIVE_INFINITY;
  #sum = Number.NaN;
  #speeds = 0;
  #latitude = Number.NaN;
  #longitude = Number.NaN;
  #isOff = false;
  #isOn = false;
  #ignitionAtMs = Number.NEGATIVE_INFINITY;
  #isCharging = false;
  #chargingAtMs = Number.NEGATIVE_INFINITY;

  constructor(samples: TripSamples) {
    this.#samples = samples;
    const { times } = samples;
    const spanMs = times.length === 0 ? 0 : (times[times.length - 1] as number) - (times[0] as number);
    this.#track = allocate(Math.min(times.length, Math.floor(spanMs / tripLimits.binMs) + 2));
  }

  make(): Track {
    const { times, speedKmh, latitude, longitude, odometerM, ignition, isCharging } = this.#samples;
    for (let row = 0; row < times.length; row++) {
      const says =
        speedKmh[row] === speedKmh[row] ||
        (latitude[row] === latitude[row] && longitude[row] === longitude[row]) ||
        odometerM[row] === odometerM[row] ||
        ignition[row] === ignition[row] ||
        isCharging[row] === isCharging[row];
      if (says) this.#addRow(row, times[row] as number);
    }
    return this.#track;
  }

  #addRow(row: number, timeMs: number): void {
    const { speedKmh, odometerM, ignition, isCharging } = this.#samples;
    const track = this.#track;
    const bin = Math.floor(timeMs / tripLimits.binMs);
    if (bin !== this.#bin) this.#begin(bin);
    const at = track.count - 1;
    track.times[at] = timeMs;
    track.rows[at] = row;
    const speed = Math.abs(speedKmh[row] as number);
    if (speed === speed) this.#addSpeed(at, speed, timeMs);
    track.speedKmh[at] = timeMs - this.#speedAtMs <= tripLimits.speedHoldMs ? this.#speed : Number.NaN;
    const odometer = odometerM[row] as number;
    if (odometer === odometer) track.odometerM[at] = odometer;
    this.#addFix(at, row);
    this.#addState(ignition[row] as number, isCharging[row] as number, timeMs);
    if (!this.#restsAt(timeMs)) track.isAtRest[at] = 0;
    track.isOn[at] = this.#isOn && timeMs - this.#ignitionAtMs <= tripLimits.stateHoldMs ? 1 : 0;
  }

  #addState(ignition: number, charging: number, timeMs: number): void {
    if (ignition === ignition) {
      this.#isOff = isIgnitionOff(ignition);
      this.#isOn = isIgnitionOn(ignition);
      this.#ignitionAtMs = timeMs;
    }
    if (charging === charging) {
      this.#isCharging = charging === 1;
      this.#chargingAtMs = timeMs;
    }
  }

  #restsAt(timeMs: number): boolean {
    const oldest = timeMs - tripLimits.stateHoldMs;
    return (this.#isOff && this.#ignitionAtMs >= oldest) || (this.#isCharging && this.#chargingAtMs >= oldest);
  }

  #begin(bin: number): void {
    const track = this.#track;
    const at = track.count++;
    this.#bin = bin;
    track.latitude[at] = Number.NaN;
    track.longitude[at] = Number.NaN;
    track.meanKmh[at] = Number.NaN;
    track.odometerM[at] = Number.NaN;
    track.isAtRest[at] = 1;
    this.#sum = 0;
    this.#speeds = 0;
  }

  #addSpeed(at: number, speed: number, timeMs: number): void {
    this.#sum += speed;
    this.#speeds++;
    this.#track.meanKmh[at] = this.#sum / this.#speeds;
    this.#speed = speed;
    this.#speedAtMs = timeMs;
  }

  /** A device that repeats its last position while it drives has no new one. */
  #addFix(at: number, row: number): void {
    const { latitude, longitude } = this.#samples;
    const [lat, lon] = [latitude[row] as number, longitude[row] as number];
    if (lat !== lat || lon !== lon) return;
    const track = this.#track;
    const isHeld = lat === this.#latitude && lon === this.#longitude && (track.speedKmh[at] as number) > tripLimits.heldSpeedKmh;
    this.#latitude = lat;
    this.#longitude = lon;
    if (isHeld) return;
    track.latitude[at] = lat;
    track.longitude[at] = lon;
  }
}

/** A step that leads away and back at impossible speeds is no fix. */
const dropJumps = (track: Track): void => {
  const { count, times, latitude, longitude } = track;
  let [before, middle] = [-1, -1];
  const speedBetween = (a: number, b: number): number =>
    (metersBetween(latitude[a] as number, longitude[a] as number, latitude[b] as number, longitude[b] as number) * 3600) /
    ((times[b] as number) - (times[a] as number));
  for (let at = 0; at < count; at++) {
    if (latitude[at] !== latitude[at]) continue;
    if (
      before >= 0 &&
      speedBetween(before, middle) > tripLimits.speedKmhMax &&
      speedBetween(middle, at) > tripLimits.speedKmhMax
    ) {
      latitude[middle] = Number.NaN;
      longitude[middle] = Number.NaN;
      middle = at;
      continue;
    }
    before = middle;
    middle = at;
  }
};

export const makeTrack = (samples: TripSamples): Track => {
  const track = new TrackMaker(samples).make();
  dropJumps(track);
  return track;
};
