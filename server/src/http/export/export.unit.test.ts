import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiLimits } from '@milepost/contract/api';
import { coreVocabulary } from '@milepost/contract';
import fc from 'fast-check';
import { CallerError } from '../../kernel/index.ts';
import { httpLimits } from '../limits.ts';
import { exportFileName, readExportQuery } from './read-query.ts';
import type { Track, TrackPoint } from './track.ts';
import { writeGeojson } from './write-geojson.ts';
import { writeGpx } from './write-gpx.ts';

const gapMs = 75_000;
const startMs = Date.UTC(2026, 10, 20);

const scaled = (min: number, max: number, perUnit: number) =>
  fc.integer({ min: min * perUnit, max: max * perUnit }).map((stored) => stored / perUnit);
const place = fc.record({
  stepMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: gapMs - 1, max: gapMs * 3 })),
  latitude: scaled(-90, 90, 10_000_000),
  longitude: scaled(-180, 180, 10_000_000),
  altitudeM: fc.option(scaled(-500, 20_000, 10), { nil: undefined }),
  speedKmh: fc.option(scaled(-150, 450, 100), { nil: undefined }),
  headingDegrees: fc.option(scaled(0, 360, 10), { nil: undefined }),
});
const track = fc.array(place, { maxLength: 60 }).map((places) => {
  let timeMs = startMs;
  return places.map(({ stepMs, ...rest }): TrackPoint => {
    timeMs += stepMs;
    const known = Object.entries(rest).filter(([, value]) => value !== undefined);
    return { timeMs, ...(Object.fromEntries(known) as Omit<TrackPoint, 'timeMs'>) };
  });
});
const pagesOf = async function* (points: readonly TrackPoint[], rowsPerPage: number): AsyncGenerator<readonly TrackPoint[]> {
  for (let from = 0; from < points.length; from += rowsPerPage) yield points.slice(from, from + rowsPerPage);
};
/** The way of one device. */
const trackOf = async function* (points: readonly TrackPoint[], rowsPerPage: number, source?: string): AsyncGenerator<Track> {
  yield { source, pages: pagesOf(points, rowsPerPage) };
};
const join = async (pieces: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
};

/** What a reader must make of the points: a segment ends where the silence is longer than the gap. */
const segmentsOf = (points: readonly TrackPoint[]): TrackPoint[][] => {
  const segments: TrackPoint[][] = [];
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    if (!before || point.timeMs - before.timeMs > gapMs) segments.push([]);
    segments.at(-1)?.push(point);
  }
  return segments;
};

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const marks: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescape = (text: string): string => {
  assert.doesNotMatch(text, /[<>]|&(?!(amp|lt|gt|quot|apos);)/);
  return text.replaceAll(/&(\w+);/g, (_all, mark: string) => marks[mark] as string);
};

/** Reads XML of elements, attributes and text, and fails at whatever else there is, or is not closed in order. */
const parseXml = (xml: string): Element => {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n';
  assert.ok(xml.startsWith(prolog));
  const token = /<(\/?)([\w:]+)((?: [\w:]+="[^"<]*")*)>|([^<]+)/gy;
  token.lastIndex = prolog.length;
  for (let at = prolog.length; at < xml.length; at = token.lastIndex) {
    const found = token.exec(xml);
    assert.ok(found, `not XML at ${at}: ${xml.slice(at, at + 60)}`);
    const [, slash, name = '', attributes = '', text] = found;
    const parent = open.at(-1) as Element;
    if (text !== undefined) parent.text += unescape(text);
    else if (slash) assert.equal(open.pop()?.name, name);
    else {
      const pairs = [...attributes.matchAll(/ ([\w:]+)="([^"]*)"/g)].map(([, key, value]) => [key, unescape(value as string)]);
      const element: Element = { name, attributes: Object.fromEntries(pairs) as Record<string, string>, children: [], text: '' };
      parent.children.push(element);
      open.push(element);
    }
  }
  assert.deepEqual(open, [root], 'everything is closed');
  assert.equal(root.children.length, 1);
  return root.children[0] as Element;
};

const find = (element: Element, name: string): Element | undefined => {
  for (const child of element.children) {
    const found = child.name === name ? child : find(child, name);
    if (found) return found;
  }
  return undefined;
};
const numberIn = (element: Element, name: string): number | undefined => {
  const found = find(element, name);
  return found && Number(found.text);
};

const checkPoint = (element: Element, point: TrackPoint): void => {
  const order = element.children.map((child) => child.name);
  assert.deepEqual(
    order,
    ['ele', 'time', 'extensions'].filter((name) => order.includes(name)),
    'in the order of the schema',
  );
  const { lat, lon } = element.attributes;
  assert.match(`${lat} ${lon}`, /^-?\d+\.\d{7} -?\d+\.\d{7}$/);
  assert.deepEqual([Number(lat) + 0, Number(lon) + 0], [point.latitude + 0, point.longitude + 0]);
  assert.equal(Date.parse(find(element, 'time')?.text ?? ''), point.timeMs);
  assert.equal(numberIn(element, 'ele'), point.altitudeM);
  const speed = numberIn(element, 'gpxtpx:speed');
  if (point.speedKmh === undefined) assert.equal(speed, undefined);
  else assert.ok(Math.abs((speed as number) * 3.6 - Math.abs(point.speedKmh)) < 0.0019, `${speed} m/s of ${point.speedKmh} km/h`);
  const course = point.headingDegrees === undefined ? undefined : point.headingDegrees % 360;
  assert.equal(numberIn(element, 'gpxtpx:course'), course);
};

test('GPX of any points parses back to them, with a segment for each piece between gaps', async () => {
  await fc.assert(
    fc.asyncProperty(track, fc.integer({ min: 1, max: 20 }), fc.string({ unit: 'binary' }), async (points, rows, name) => {
      const gpx = parseXml(await join(writeGpx(trackOf(points, rows), name, gapMs)));
      assert.equal(gpx.name, 'gpx');
      assert.equal(gpx.attributes['version'], '1.1');
      const [trk] = gpx.children as [Element];
      const read = trk.children.filter((child) => child.name === 'trkseg');
      const expected = segmentsOf(points);
      assert.deepEqual(
        read.map((segment) => segment.children.length),
        expected.map((segment) => segment.length),
      );
      for (const [i, point] of expected.flat().entries())
        checkPoint(read.flatMap((segment) => segment.children)[i] as Element, point);
    }),
    { numRuns: 60 },
  );
});

test('a name keeps its marks in GPX', async () => {
  const gpx = parseXml(await join(writeGpx(trackOf([], 1), `<A & "B">'\u0000`, gapMs)));
  assert.equal(find(gpx, 'name')?.text, `<A & "B">'`);
});

interface Feature {
  readonly geometry: { readonly type: 'Point' | 'LineString'; readonly coordinates: number[] | number[][] };
  readonly properties: { readonly times: string[]; readonly speedsKmh: (number | null)[] };
}
const featuresOf = async (points: readonly TrackPoint[], rows: number): Promise<Feature[]> =>
  (JSON.parse(await join(writeGeojson(trackOf(points, rows), 'a "name"', gapMs))) as { features: Feature[] }).features;
const positionOf = ({ longitude, latitude, altitudeM }: TrackPoint): number[] => [
  longitude + 0,
  latitude + 0,
  ...(altitudeM === undefined ? [] : [altitudeM + 0]),
];

test('GeoJSON of any points parses back to them', async () => {
  await fc.assert(
    fc.asyncProperty(track, fc.integer({ min: 1, max: 20 }), async (points, rows) => {
      const features = await featuresOf(points, rows);
      const read = features.map(({ geometry, properties }) => {
        const isPoint = properties.times.length === 1;
        assert.equal(geometry.type, isPoint ? 'Point' : 'LineString');
        const places = (isPoint ? [geometry.coordinates] : geometry.coordinates) as number[][];
        return places.map((at, i) => [at, Date.parse(properties.times[i] as string), properties.speedsKmh[i]]);
      });
      const expected = segmentsOf(points).map((segment) =>
        segment.map((point) => [positionOf(point), point.timeMs, point.speedKmh === undefined ? null : point.speedKmh + 0]),
      );
      assert.deepEqual(read, expected);
    }),
    { numRuns: 100 },
  );
});

test('a long way is parted into lines that touch', async () => {
  const max = httpLimits.exportPointsPerLineMax;
  const points = Array.from({ length: max + 10 }, (_, i) => ({ timeMs: startMs + i * 1000, latitude: i / 1000, longitude: 0 }));
  const [first, second, ...more] = await featuresOf(points, 700);
  assert.deepEqual([first?.properties.times.length, second?.properties.times.length, more.length], [max, 11, 0]);
  assert.deepEqual(first?.geometry.coordinates.at(-1), second?.geometry.coordinates[0]);
});

test('the query says what is wrong, and names the file', () => {
  const read = (query: Parameters<typeof readExportQuery>[0]) => readExportQuery(query, coreVocabulary, startMs);
  const isField = (field: string) => (error: unknown) => error instanceof CallerError && error.details.field === field;
  assert.throws(() => read({ format: 'gpx', signals: 'Vehicle.Speed' }), isField('signals'));
  assert.throws(() => read({ format: 'csv', signals: 'Vehicle.None' }), isField('signals'));
  assert.throws(
    () => read({ format: 'csv', from: String(startMs - apiLimits.exportPeriodMsMax - 1), to: String(startMs) }),
    isField('from'),
  );
  const asked = read({ format: 'gpx', from: '2026-11-19', to: '2026-11-20T06:30Z' });
  assert.equal(exportFileName({ plate: 'Ä-VAN 17/"x"', vin: 'V' }, asked), 'a-van-17-x_20261119T0000_20261120T0630.gpx');
  assert.equal(exportFileName({ plate: '北京', vin: 'WVW1' }, asked), 'wvw1_20261119T0000_20261120T0630.gpx');
});
