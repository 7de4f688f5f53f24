import { type Analysis, endOf, startOf } from './analysis.ts';
import type { Way } from './distance.ts';
import { type EnergyUse, findPercents } from './energy.ts';
import { findGaps } from './gaps.ts';
import { findHarshEvents } from './harsh.ts';
import { tripLimits } from './limits.ts';
import { type Idling, sumIdling } from './idle.ts';
import { stepKinds } from './movement.ts';
import { firstPlace, standingPlace } from './places.ts';
import { rowAt } from './samples.ts';
import type { Segment } from './segments.ts';
import { findTopSpeed } from './top-speed.ts';
import type { Stop, Trip } from './types.ts';

interface Measured {
  readonly way: Way;
  readonly energy: EnergyUse | null;
  readonly idling: readonly Idling[];
}

export const describeTrip = (analysis: Analysis, segment: Segment, { way, energy, idling }: Measured): Trip => ({
  fromMs: startOf(analysis, segment),
  toMs: endOf(analysis, segment),
  isOpen: segment.isLast,
  start: firstPlace(analysis, segment.from, segment.to),
  end: firstPlace(analysis, segment.to, segment.from),
  distanceM: way.meters,
  distanceSource: way.source,
  idleMs: sumIdling(idling),
  topSpeedKmh: isApart(analysis, segment) ? null : findTopSpeed(analysis, segment),
  energyKwh: energy?.kwh ?? null,
  energySource: energy?.source ?? null,
  ...findPercents(analysis, segment),
  gaps: isApart(analysis, segment)
    ? [
        {
          fromMs: startOf(analysis, segment),
          toMs: endOf(analysis, segment),
          distanceM: way.source === 'odometer' ? way.meters : null,
        },
      ]
    : findGaps(analysis, segment, way),
  harshEvents: findHarshEvents(analysis, segment),
});

/** Nothing of it was observed but where it led. */
const isApart = ({ kinds }: Analysis, { from }: Segment): boolean => kinds[from] === stepKinds.apart;

export const describeStop = (analysis: Analysis, segment: Segment, idling: readonly Idling[]): Stop => {
  const [fromMs, toMs] = [startOf(analysis, segment), endOf(analysis, segment)];
  const { times } = analysis.samples;
  const isObserved =
    toMs - fromMs <= tripLimits.silenceMs || rowAt(times, fromMs + 1) < rowAt(times, segment.isLast ? toMs + 1 : toMs);
  return {
    fromMs,
    toMs,
    isOpen: segment.isLast,
    kind: isObserved ? 'parked' : 'unobserved',
    position: standingPlace(analysis, segment),
    idleMs: sumIdling(idling),
  };
};
