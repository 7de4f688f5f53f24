/** Length of a degree of latitude on a sphere of the mean radius of the earth (6,371,008.8 m), m. */
export const metersPerDegree = 111_195.08;
const radians = Math.PI / 180;

export const cosineOf = (latitude: number): number => Math.cos(latitude * radians);

/** The shorter way around, degrees. */
export const eastOf = (from: number, to: number): number => {
  const east = to - from;
  return east > 180 ? east - 360 : east < -180 ? east + 360 : east;
};

/**
 * Distance of two points, m, on a plane at their middle latitude: wrong by less than 0.5 % up to some 100 km, which is the flattening
 * of the earth and not the plane.
 */
export const metersBetween = (lat1: number, lon1: number, lat2: number, lon2: number): number => {
  const x = eastOf(lon1, lon2) * cosineOf((lat1 + lat2) * 0.5);
  const y = lat2 - lat1;
  return Math.sqrt(x * x + y * y) * metersPerDegree;
};
