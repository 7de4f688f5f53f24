/** What part of the earth the map shows. */
export interface Camera {
  readonly latitude: number;
  readonly longitude: number;
  readonly zoom: number;
}

/** From here on the coarse coast would be drawn through a harbour. */
export const fineOutlinesZoom = 6;

/** A number so small that it is written as zero has no sign. */
const fixed = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(0\.0+)$/, '$1');

/** As it stands in the address: `34.02050,-6.84160,12.50`. */
export const writeCamera = ({ latitude, longitude, zoom }: Camera): string =>
  `${fixed(latitude, 5)},${fixed(longitude, 5)},${fixed(zoom, 2)}`;

/** Undefined when the text is not a place on the earth. */
export const readCamera = (text: string): Camera | undefined => {
  if (!/^-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+(\.\d+)?$/.test(text)) return undefined;
  const [latitude, longitude, zoom] = text.split(',').map(Number) as [number, number, number];
  const isOnEarth = Math.abs(latitude) <= 85 && Math.abs(longitude) <= 180 && zoom <= 22;
  return isOnEarth ? { latitude, longitude, zoom } : undefined;
};

export const isSameCamera = (a: Camera, b: Camera): boolean => writeCamera(a) === writeCamera(b);
