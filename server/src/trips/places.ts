import type { Analysis } from './analysis.ts';
import type { Segment } from './segments.ts';
import type { PlaceAt } from './types.ts';

export const placeAt = ({ steps }: Analysis, node: number): PlaceAt | null => {
  const [latitude, longitude] = [steps.latitude[node] as number, steps.longitude[node] as number];
  return latitude === latitude ? { latitude, longitude } : null;
};

/** The first known place from a node on, in either direction, up to another. */
export const firstPlace = (analysis: Analysis, from: number, to: number): PlaceAt | null => {
  const by = from <= to ? 1 : -1;
  for (let at = from; at !== to + by; at += by) {
    const place = placeAt(analysis, at);
    if (place) return place;
  }
  return null;
};

const middleOf = (values: Float64Array): number => values.sort()[values.length >> 1] as number;

/** The middle of all fixes of a stop: fixes scatter, and who walks away with the device comes back. */
export const standingPlace = (analysis: Analysis, { from, to }: Segment): PlaceAt | null => {
  const known = analysis.track.latitude.subarray(from, to + 1).filter((value) => value === value);
  if (known.length === 0) return firstPlace(analysis, from, to);
  const longitudes = analysis.track.longitude.subarray(from, to + 1).filter((value) => value === value);
  return { latitude: middleOf(known), longitude: middleOf(longitudes) };
};
