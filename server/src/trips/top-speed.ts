import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import type { Segment } from './segments.ts';

/** The highest speed that was reported, else between fixes that are near; null: neither is there. km/h. */
export const findTopSpeed = ({ samples, track, steps, kinds }: Analysis, { from, to }: Segment): number | null => {
  let top = Number.NaN;
  for (let row = track.rows[from] as number; row <= (track.rows[to] as number); row++) {
    const kmh = Math.abs(samples.speedKmh[row] as number);
    if (kmh <= tripLimits.speedKmhMax && !(kmh <= top)) top = kmh;
  }
  if (top === top) return top;
  for (let at = from; at < to; at++) {
    const ms = (track.times[at + 1] as number) - (track.times[at] as number);
    if (kinds[at] !== stepKinds.driving || ms > tripLimits.nearFixMs) continue;
    const kmh = ((steps.meters[at] as number) * 3600) / ms;
    if (kmh <= tripLimits.speedKmhMax && !(kmh <= top)) top = kmh;
  }
  return top === top ? top : null;
};
