import { invalidField } from '../kernel/index.ts';

export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** `west,south,east,north`; west > east crosses the antimeridian. */
export const parseBox = (text: string): Box => {
  const expected = 'west,south,east,north in degrees (longitudes −180 to 180, latitudes −90 to 90, south ≤ north)';
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [west, south, east, north] = parts as [number, number, number, number];
  const isLongitude = (value: number): boolean => Math.abs(value) <= 180;
  const isLatitude = (value: number): boolean => Math.abs(value) <= 90;
  if (
    parts.length !== 4 ||
    !isLongitude(west) ||
    !isLongitude(east) ||
    !isLatitude(south) ||
    !isLatitude(north) ||
    south > north
  ) {
    throw invalidField('bbox', text, expected);
  }
  return { west, south, east, north };
};

export const isInBox = (box: Box, latitude: number, longitude: number): boolean => {
  if (latitude < box.south || latitude > box.north) return false;
  return box.west <= box.east ? longitude >= box.west && longitude <= box.east : longitude >= box.west || longitude <= box.east;
};
