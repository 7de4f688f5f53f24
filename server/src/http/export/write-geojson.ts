import { httpLimits } from '../limits.ts';
import { toIso } from '../times.ts';
import type { Track, TrackPoint } from './track.ts';

const positionOf = ({ longitude, latitude, altitudeM }: TrackPoint): readonly number[] =>
  altitudeM === undefined ? [longitude, latitude] : [longitude, latitude, altitudeM];

const featureOf = (points: readonly TrackPoint[], source: string | undefined): unknown => {
  const [first] = points;
  const geometry =
    points.length === 1 && first
      ? { type: 'Point', coordinates: positionOf(first) }
      : { type: 'LineString', coordinates: points.map(positionOf) };
  const times = points.map((point) => toIso(point.timeMs));
  const speedsKmh = points.map((point) => point.speedKmh ?? null);
  return { type: 'Feature', geometry, properties: { ...(source === undefined ? {} : { device: source }), times, speedsKmh } };
};

/** Cuts points into lines: at a silence longer than `gapMs`, and at the most points of a line, which the next one then begins with. */
const linesOf = async function* (
  pages: AsyncIterable<Iterable<TrackPoint>>,
  gapMs: number,
): AsyncGenerator<readonly TrackPoint[]> {
  let line: TrackPoint[] = [];
  for await (const points of pages) {
    for (const point of points) {
      const last = line.at(-1);
      if (last && point.timeMs - last.timeMs > gapMs) {
        yield line;
        line = [];
      } else if (last && line.length >= httpLimits.exportPointsPerLineMax) {
        yield line;
        line = [last];
      }
      line.push(point);
    }
  }
  if (line.length > 0) yield line;
};

/** GeoJSON by RFC 7946: a FeatureCollection of lines with their times, a feature a line of text. */
export const writeGeojson = async function* (tracks: AsyncIterable<Track>, name: string, gapMs: number): AsyncGenerator<string> {
  yield `{"type":"FeatureCollection","name":${JSON.stringify(name)},"features":[\n`;
  let before = '';
  for await (const { source, pages } of tracks) {
    for await (const line of linesOf(pages, gapMs)) {
      yield `${before}${JSON.stringify(featureOf(line, source))}`;
      before = ',\n';
    }
  }
  yield '\n]}\n';
};
