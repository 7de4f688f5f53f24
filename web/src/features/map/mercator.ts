/** Spherical Mercator as the map library uses it: x and y from 0 to 1, y downwards. */
export const mercatorX = (longitude: number): number => (longitude + 180) / 360;

export const mercatorY = (latitude: number): number => {
  const bounded = Math.max(-85.051129, Math.min(85.051129, latitude));
  return (1 - Math.log(Math.tan(Math.PI / 4 + (bounded * Math.PI) / 360)) / Math.PI) / 2;
};

export const longitudeOf = (x: number): number => x * 360 - 180;

export const latitudeOf = (y: number): number => (Math.atan(Math.exp((1 - 2 * y) * Math.PI)) * 360) / Math.PI - 90;

/** Side of the whole world in CSS pixels at a zoom (tiles of 512). */
export const worldSizePx = (zoom: number): number => 512 * 2 ** zoom;
