import { coreSignal, type SignalDefinition } from '@milepost/contract';
import type { HistoryResult } from '../../history/index.ts';

/** A place of a vehicle at a time. What was not reported in the same sample is undefined. */
export interface TrackPoint {
  readonly timeMs: number;
  /** WGS 84, degrees. */
  readonly latitude: number;
  readonly longitude: number;
  readonly altitudeM?: number;
  readonly speedKmh?: number;
  readonly headingDegrees?: number;
}

/** The way of one device. */
export interface Track {
  /** Which device it was, where there is more than one. */
  readonly source: string | undefined;
  /** In order of time, page by page. */
  readonly pages: AsyncIterable<Iterable<TrackPoint>>;
}

/** What a track is made of, in the order in which `trackPoints` reads the columns. */
export const trackSignals: readonly SignalDefinition[] = [
  'Vehicle.CurrentLocation.Latitude',
  'Vehicle.CurrentLocation.Longitude',
  'Vehicle.CurrentLocation.Altitude',
  'Vehicle.Speed',
  'Vehicle.CurrentLocation.Heading',
].map(coreSignal);

/** The rows of a page that have a place. */
export const trackPoints = function* (page: HistoryResult): Generator<TrackPoint> {
  const read = (column: number, row: number): number | undefined => {
    const stored = page.raw?.[column]?.numbers?.[row] ?? Number.NaN;
    return Number.isNaN(stored) ? undefined : stored / (trackSignals[column] as SignalDefinition).perUnit;
  };
  for (let row = 0; row < page.times.length; row++) {
    const latitude = read(0, row);
    const longitude = read(1, row);
    if (latitude === undefined || longitude === undefined) continue;
    const [altitudeM, speedKmh, headingDegrees] = [read(2, row), read(3, row), read(4, row)];
    yield {
      timeMs: page.times[row] as number,
      latitude,
      longitude,
      ...(altitudeM === undefined ? {} : { altitudeM }),
      ...(speedKmh === undefined ? {} : { speedKmh }),
      ...(headingDegrees === undefined ? {} : { headingDegrees }),
    };
  }
};
