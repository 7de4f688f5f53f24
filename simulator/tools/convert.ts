/**
 * Makes the data of the simulator from the published recordings:
 * `node simulator/tools/convert.ts --from FOLDER`, where FOLDER holds `twizy-ev/` and `capmetro-bus/`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';

const kmhPerMph = 1.609344;
const gridDegrees = 0.0009; // about 100 m of latitude
const busPointsMax = 4000;
const simplifyMetres = 6;
/** A longer step between two fixes is no street. */
const gapMetres = 1000;
const metresPerDegree = 111_195;

type Point = readonly [lon: number, lat: number];
type Row = Readonly<Record<string, string>>;

const { values } = parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } });
if (!values.from) throw new Error('--from is missing, expected the folder with twizy-ev/ and capmetro-bus/');
const from = values.from;
const to = values.to ?? resolve(import.meta.dirname, '../data');

const readRows = (path: string): Row[] => {
  const [head = '', ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
};
const writeRows = (path: string, lines: readonly string[]): void =>
  writeFileSync(path, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
const copyTerms = (name: string): void => {
  mkdirSync(join(to, name), { recursive: true });
  for (const file of ['SOURCE.md', 'LICENSE.txt']) writeFileSync(join(to, name, file), readFileSync(join(from, name, file)));
};
const round5 = (text: string | undefined): number => Math.round(Number(text) * 1e5) / 1e5;

/** Metres east and north of another point, on the plane that touches there. */
const offset = (a: Point, b: Point): Point => [
  (b[0] - a[0]) * metresPerDegree * Math.cos((a[1] * Math.PI) / 180),
  (b[1] - a[1]) * metresPerDegree,
];
const metresTo = (a: Point, b: Point): number => Math.hypot(...offset(a, b));

/** Distance of a point from the segment a–b, m. */
const fromSegment = (point: Point, a: Point, b: Point): number => {
  const [px, py] = offset(a, point);
  const [bx, by] = offset(a, b);
  const length2 = bx * bx + by * by;
  const part = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * bx + py * by) / length2));
  return Math.hypot(px - part * bx, py - part * by);
};

/** Ramer, Douglas and Peucker: leaves out points that are nearer than `simplifyMetres` to the line without them. */
const simplify = (line: readonly Point[]): readonly Point[] => {
  const [first, last] = [line[0] as Point, line.at(-1) as Point];
  let far = 0;
  let farMetres = 0;
  for (let i = 1; i < line.length - 1; i++) {
    const metres = fromSegment(line[i] as Point, first, last);
    if (metres > farMetres) [far, farMetres] = [i, metres];
  }
  if (farMetres <= simplifyMetres) return [first, last];
  return [...simplify(line.slice(0, far + 1)).slice(0, -1), ...simplify(line.slice(far))];
};

const splitAtGaps = (fixes: readonly Point[]): Point[][] => {
  const lines: Point[][] = [[]];
  for (const fix of fixes) {
    const previous = lines.at(-1)?.at(-1);
    if (previous && metresTo(previous, fix) === 0) continue;
    if (previous && metresTo(previous, fix) > gapMetres) lines.push([]);
    lines.at(-1)?.push(fix);
  }
  return lines.filter((line) => line.length > 1);
};

const convertTwizy = (): void => {
  copyTerms('twizy-ev');
  const rows = readRows(join(from, 'twizy-ev', 'telemetry.csv.gz'));
  const kept = ['trip', 'ts_local', 'soc_pct', 'speed_kmh', 'gear', 'lat', 'lon', 'alt_m', 'ambient_c', 'humidity_pct'] as const;
  writeRows(join(to, 'twizy-ev', 'telemetry.csv.gz'), [
    kept.join(','),
    ...rows.map((row) => kept.map((name) => row[name]).join(',')),
  ]);
  const trips = Map.groupBy(rows, (row) => row['trip']);
  const streets = [...trips.values()].flatMap((trip) =>
    splitAtGaps(trip.map((row): Point => [round5(row['lon']), round5(row['lat'])])).map(simplify),
  );
  writeFileSync(join(to, 'streets.json'), `${JSON.stringify(streets)}\n`);
};

/** The wall clock of Austin as the file has it: seconds since midnight. */
const secondOfDay = (time: string): number =>
  Number(time.slice(11, 13)) * 3600 + Number(time.slice(14, 16)) * 60 + Number(time.slice(17, 19));

const convertBusDay = (file: string): Row[] => {
  const rows = readRows(join(from, 'capmetro-bus', file));
  const unique = new Map(rows.map((row) => [`${row['vehicle_id']} ${row['ts']}`, row]));
  const lines = [...unique.values()]
    .map((row) => ({ row, bus: row['vehicle_id'] ?? '', second: secondOfDay(row['ts'] ?? '') }))
    .sort((a, b) => (a.bus < b.bus ? -1 : a.bus > b.bus ? 1 : a.second - b.second))
    .map(({ row, bus, second }) => {
      const speedKmh = Math.round(Number(row['speed']) * kmhPerMph * 10) / 10;
      return [bus, second, speedKmh, round5(row['lat']), round5(row['lon']), row['route_id']].join(',');
    });
  writeRows(join(to, 'capmetro-bus', file), ['bus,second,speed_kmh,lat,lon,route', ...lines]);
  return [...unique.values()];
};

/** One fix for each cell of the grid, those with most fixes. */
const thin = (points: readonly Point[]): Point[] => {
  const cells = new Map<string, { point: Point; count: number }>();
  for (const point of points) {
    const cell = `${Math.round(point[1] / gridDegrees)} ${Math.round((point[0] * Math.cos((point[1] * Math.PI) / 180)) / gridDegrees)}`;
    const present = cells.get(cell);
    if (present) present.count++;
    else cells.set(cell, { point, count: 1 });
  }
  return [...cells.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, busPointsMax)
    .map(({ point }) => point);
};

const convertBuses = (): void => {
  copyTerms('capmetro-bus');
  const days = readdirSync(join(from, 'capmetro-bus')).filter((file) => /^2015-.*\.csv\.gz$/.test(file));
  const rows = days.sort().flatMap(convertBusDay);
  const points = thin(rows.map((row): Point => [round5(row['lon']), round5(row['lat'])]));
  writeFileSync(join(to, 'bus-points.json'), `${JSON.stringify(points)}\n`);
};

mkdirSync(to, { recursive: true });
convertTwizy();
convertBuses();
