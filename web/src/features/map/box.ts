/** A part of the earth in degrees, as the filter `bbox` has it; west greater than east crosses the date line. */
export type Box = readonly [west: number, south: number, east: number, north: number];

const digits = 5;

/** As it stands in the address: `west,south,east,north`. */
export const writeBox = (box: Box): string => box.map((degrees) => Number(degrees.toFixed(digits))).join(',');

/** Undefined when the text is no box on the earth. */
export const readBox = (text: string): Box | undefined => {
  if (!/^-?\d{1,3}(\.\d{1,12})?(,-?\d{1,3}(\.\d{1,12})?){3}$/.test(text)) return undefined;
  const [west, south, east, north] = text.split(',').map(Number) as [number, number, number, number];
  const isOnEarth = Math.abs(west) <= 180 && Math.abs(east) <= 180 && south >= -90 && north <= 90 && south <= north;
  return isOnEarth ? [west, south, east, north] : undefined;
};

export const isInBox = (
  [west, south, east, north]: Box,
  { latitude, longitude }: { readonly latitude: number | null; readonly longitude: number | null },
): boolean => {
  if (latitude === null || longitude === null || latitude < south || latitude > north) return false;
  return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
};
