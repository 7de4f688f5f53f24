import { metersBetween } from './geometry.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import type { Steps } from './steps.ts';
import type { Track } from './track.ts';

/** A trip or what lies between two, by nodes of the track, both inclusive. */
export interface Segment {
  readonly kind: 'trip' | 'stop';
  readonly from: number;
  readonly to: number;
  /** From here on later samples cannot take it back, ms; infinite: they can. */
  readonly sureMs: number;
  /** Nothing follows that ends it. */
  readonly isLast: boolean;
}

/** What movement is made of before it is known whether it is a trip. */
interface Drive {
  readonly from: number;
  readonly to: number;
  readonly sureMs: number;
}

/** From which node of a run of standing on it is a stop; −1: it is none. */
const findStop = (track: Track, from: number, to: number): number => {
  const { times, isAtRest } = track;
  let restMs = 0;
  for (let at = from; at < to; at++) {
    if (isAtRest[at] === 1 && isAtRest[at + 1] === 1) restMs += (times[at + 1] as number) - (times[at] as number);
    const standsMs = (times[at + 1] as number) - (times[from] as number);
    if (standsMs >= tripLimits.stopMs || restMs >= tripLimits.stopIgnitionOffMs) return at + 1;
  }
  return -1;
};

/** When a drive has gone far enough to be a trip, ms; infinite: it has not. */
const findSure = (track: Track, steps: Steps, kinds: Uint8Array, from: number, to: number): number => {
  const { latitude, longitude, isBySpeed } = steps;
  let way = 0;
  let reach = 0;
  let hasSpeed = false;
  for (let at = from; at < to; at++) {
    if (kinds[at] === stepKinds.standing) continue;
    const meters = steps.meters[at] as number;
    if (meters === meters) way += meters;
    hasSpeed ||= isBySpeed[at] === 1;
    if (way < tripLimits.tripMetersMin) continue;
    const away = metersBetween(
      latitude[from] as number,
      longitude[from] as number,
      latitude[at + 1] as number,
      longitude[at + 1] as number,
    );
    // Without a position at one end there is nothing to say against it.
    reach = Math.max(reach, away === away ? away : tripLimits.tripReachMetersMin);
    if (hasSpeed || reach >= tripLimits.tripReachMetersMin) return track.times[at + 1] as number;
  }
  return Number.POSITIVE_INFINITY;
};

/** Movement with all pauses in it that are no stops. */
const findDrives = (track: Track, kinds: Uint8Array, from: number, to: number): { from: number; to: number }[] => {
  const drives: { from: number; to: number }[] = [];
  let start = -1;
  let end = -1;
  const close = (): void => {
    if (start >= 0) drives.push({ from: start, to: end });
    start = -1;
  };
  for (let at = from; at < to; at++) {
    const kind = kinds[at] as number;
    if (kind === stepKinds.standing) {
      let last = at;
      while (last < to && kinds[last] === stepKinds.standing) last++;
      if (findStop(track, at, last) >= 0) close();
      at = last - 1;
      continue;
    }
    if (kind === stepKinds.apart) {
      close();
      drives.push({ from: at, to: at + 1 });
      continue;
    }
    if (start < 0) start = at;
    end = at + 1;
  }
  close();
  return drives;
};

/** Trips and stops between two holes. */
const findBetween = (track: Track, steps: Steps, kinds: Uint8Array, from: number, to: number, mayGoOn: boolean): Segment[] => {
  const drives: Drive[] = findDrives(track, kinds, from, to)
    .map((drive) => ({ ...drive, sureMs: findSure(track, steps, kinds, drive.from, drive.to) }))
    .filter(({ sureMs }) => sureMs < Number.POSITIVE_INFINITY);
  const segments: Segment[] = [];
  const addStop = (first: number, last: number, isLast: boolean): void => {
    const sure = findStop(track, first, last);
    // How long it had stood before the first sample, and how long it will after the last one, is not known.
    if (!isLast && sure < 0 && first === from) return;
    if (isLast && sure < 0 && mayGoOn && segments.length > 0) return;
    // Silence alone says nothing: what follows may have been driven to.
    const unsureMs = isLast ? Number.POSITIVE_INFINITY : (track.times[last] as number);
    segments.push({ kind: 'stop', from: first, to: last, sureMs: sure < 0 ? unsureMs : (track.times[sure] as number), isLast });
  };
  let at = from;
  for (const drive of drives) {
    if (drive.from > at) addStop(at, drive.from, false);
    segments.push({ kind: 'trip', ...drive, isLast: false });
    at = drive.to;
  }
  addStop(at, to, true);
  const last = segments.at(-1);
  if (last?.kind === 'trip') segments[segments.length - 1] = { ...last, isLast: true };
  return segments;
};

/**
 * Everything that a track shows, in order. Silences of a day and more part it. After the last node a trip may go on unless it `isSilent`.
 */
export const findSegments = (track: Track, steps: Steps, kinds: Uint8Array, isSilent: boolean): Segment[] => {
  const segments: Segment[] = [];
  let from = 0;
  for (let at = 0; at <= steps.count && track.count > 0; at++) {
    if (at < steps.count && kinds[at] !== stepKinds.hole) continue;
    segments.push(...findBetween(track, steps, kinds, from, at, at === steps.count && !isSilent));
    from = at + 1;
  }
  return segments;
};
