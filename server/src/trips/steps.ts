import { metersBetween } from './geometry.ts';
import { tripLimits } from './limits.ts';
import type { Track } from './track.ts';

/** The way from each node of a track to the next one. */
export interface Steps {
  readonly count: number;
  /** NaN: not known. */
  readonly meters: Float64Array;
  /** 1: by reported speed, which says nothing while the vehicle stands. */
  readonly isBySpeed: Uint8Array;
  /** Positions at the nodes, also between two fixes that are near in time; NaN: not known. */
  readonly latitude: Float64Array;
  readonly longitude: Float64Array;
}

/** Nodes without a fix have that of a neighbour near in time: the one before, else the one after. */
const holdPositions = (times: Float64Array, latitude: Float64Array, longitude: Float64Array): void => {
  const hold = (from: number, to: number, by: 1 | -1): void => {
    let last = -1;
    for (let at = from; at !== to; at += by) {
      if (latitude[at] === latitude[at]) last = at;
      else if (last >= 0 && Math.abs((times[at] as number) - (times[last] as number)) <= tripLimits.fixHoldMs) {
        latitude[at] = latitude[last] as number;
        longitude[at] = longitude[last] as number;
      }
    }
  };
  hold(0, latitude.length, 1);
  hold(latitude.length - 1, -1, -1);
};

/** Nodes between two fixes lie on the line between them. */
const fillPositions = (track: Track): { latitude: Float64Array; longitude: Float64Array } => {
  const { count, times } = track;
  const [latitude, longitude] = [track.latitude.slice(0, count), track.longitude.slice(0, count)];
  let last = -1;
  for (let at = 0; at < count; at++) {
    if (latitude[at] !== latitude[at]) continue;
    if (last >= 0 && at - last > 1 && (times[at] as number) - (times[last] as number) <= tripLimits.fixHoldMs) {
      const span = (times[at] as number) - (times[last] as number);
      const east = (longitude[at] as number) - (longitude[last] as number);
      const isPlain = Math.abs(east) < 180;
      for (let k = last + 1; k < at && isPlain; k++) {
        const part = ((times[k] as number) - (times[last] as number)) / span;
        latitude[k] = (latitude[last] as number) + ((latitude[at] as number) - (latitude[last] as number)) * part;
        longitude[k] = (longitude[last] as number) + east * part;
      }
    }
    last = at;
  }
  holdPositions(times, latitude, longitude);
  return { latitude, longitude };
};

/** m at a speed. */
const along = (kmh: number, ms: number): number => (kmh / 3600) * ms;

/**
 * Meters of each step: by reported speed where it is fresh, else by positions, a held speed, the odometer, or the speeds at both ends.
 */
export const makeSteps = (track: Track): Steps => {
  const { count, times, meanKmh, speedKmh, odometerM } = track;
  const { latitude, longitude } = fillPositions(track);
  const meters = new Float64Array(Math.max(0, count - 1));
  const isBySpeed = new Uint8Array(meters.length);
  const byPositions = (at: number, ms: number): number => {
    const way = metersBetween(
      latitude[at] as number,
      longitude[at] as number,
      latitude[at + 1] as number,
      longitude[at + 1] as number,
    );
    return way > along(tripLimits.speedKmhMax, ms) ? Number.NaN : way;
  };
  for (let at = 0; at < count - 1; at++) {
    const ms = (times[at + 1] as number) - (times[at] as number);
    const [before, mean] = [speedKmh[at] as number, meanKmh[at + 1] as number];
    const isNear = ms <= tripLimits.speedHoldMs;
    const kmh = ms > tripLimits.binMs * 2 && before === before ? (before + mean) / 2 : mean;
    let way = isNear ? along(kmh, ms) : Number.NaN;
    if (way === way) isBySpeed[at] = 1;
    else way = byPositions(at, ms);
    if (way !== way && isNear) way = along(speedKmh[at + 1] as number, ms);
    if (way !== way) way = (odometerM[at + 1] as number) - (odometerM[at] as number);
    if (way !== way && ms <= tripLimits.silenceMs) way = along(kmh, ms);
    meters[at] = way < 0 ? Number.NaN : way;
  }
  return { count: meters.length, meters, isBySpeed, latitude, longitude };
};
