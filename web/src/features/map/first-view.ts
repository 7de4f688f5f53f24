import { latitudeOf, longitudeOf, mercatorX, mercatorY } from './mercator.ts';

export interface Located {
  readonly latitude: number;
  readonly longitude: number;
}

/** West, south, east, north in degrees. */
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** Cities are looked for in cells of about 40 km at mid latitudes. */
const cellsPerSide = 768;
/** One lone vehicle is shown with this much around it, in degrees. */
const marginDegrees = 0.01;

/**
 * What the map shows first: the neighbourhood with most vehicles, so one city and never the ocean between two.
 * The fullest cell and its eight neighbours make up the city. Undefined when nothing has a position.
 */
export const densestArea = (places: Iterable<Located>): Bounds | undefined => {
  const all = [...places].filter((place) => place.latitude !== 0 || place.longitude !== 0);
  const cellOf = (place: Located): [number, number] => [
    Math.floor(mercatorX(place.longitude) * cellsPerSide),
    Math.floor(mercatorY(place.latitude) * cellsPerSide),
  ];
  const counts = new Map<string, number>();
  for (const place of all) {
    const key = cellOf(place).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const fullest = [...counts].reduce<[string, number] | undefined>(
    (best, cell) => (best && best[1] >= cell[1] ? best : cell),
    undefined,
  );
  if (!fullest) return undefined;
  const [column, row] = fullest[0].split(',').map(Number) as [number, number];
  const city = all.filter((place) => {
    const [x, y] = cellOf(place);
    return Math.abs(x - column) <= 1 && Math.abs(y - row) <= 1;
  });
  return boundsOf(city);
};

export const boundsOf = (places: readonly Located[]): Bounds => {
  const longitudes = places.map((place) => place.longitude);
  const latitudes = places.map((place) => place.latitude);
  return [
    Math.min(...longitudes) - marginDegrees,
    Math.min(...latitudes) - marginDegrees,
    Math.max(...longitudes) + marginDegrees,
    Math.max(...latitudes) + marginDegrees,
  ];
};

export const centreOf = (x: number, y: number): [longitude: number, latitude: number] => [longitudeOf(x), latitudeOf(y)];
