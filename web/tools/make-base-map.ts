/**
 * Writes what the map draws when no style address is set: recorded tracks as streets and bus fixes as points, as
 * GeoJSON in `public/map/`, from `simulator/data/`. Without those files the map has country outlines only.
 * Usage: node tools/make-base-map.ts [--from <folder>]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

type Point = readonly [longitude: number, latitude: number];

const { values } = parseArgs({ options: { from: { type: 'string' } } });
const from = values.from ?? resolve(import.meta.dirname, '../../simulator/data');
const to = resolve(import.meta.dirname, '../public/map');

const read = (name: string): unknown => {
  const file = join(from, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
};

const isPoint = (value: unknown): value is Point =>
  Array.isArray(value) &&
  value.length >= 2 &&
  value.every((part) => typeof part === 'number') &&
  Math.abs(value[1] as number) <= 90;

const pointsOf = (value: unknown, name: string): Point[] => {
  if (!Array.isArray(value) || !value.every(isPoint)) throw new TypeError(`${name}: expected a list of [longitude, latitude]`);
  return value;
};

const round = ([longitude, latitude]: Point): Point => [Math.round(longitude * 1e5) / 1e5, Math.round(latitude * 1e5) / 1e5];

const feature = (type: 'MultiLineString' | 'MultiPoint', coordinates: unknown): unknown => ({
  type: 'FeatureCollection',
  features: [{ type: 'Feature', properties: {}, geometry: { type, coordinates } }],
});

const lines = (read('streets.json') as unknown[]).map((line) => pointsOf(line, 'streets.json').map(round));
const points = pointsOf(read('bus-points.json'), 'bus-points.json').map(round);
mkdirSync(to, { recursive: true });
writeFileSync(join(to, 'streets.json'), JSON.stringify(feature('MultiLineString', lines)));
writeFileSync(join(to, 'bus-points.json'), JSON.stringify(feature('MultiPoint', points)));
process.stdout.write(`Base map: ${lines.length} streets, ${points.length} bus fixes\n`);
