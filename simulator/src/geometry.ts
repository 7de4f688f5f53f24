const metresPerDegree = 111_195;
const radians = Math.PI / 180;

/** Distance of two near points, m: on the plane, good to 0.1 % within some kilometres. */
export const metresBetween = (lat1: number, lon1: number, lat2: number, lon2: number): number =>
  Math.hypot((lat2 - lat1) * metresPerDegree, (lon2 - lon1) * metresPerDegree * Math.cos(lat1 * radians));

/** Degrees clockwise from north, 0 ≤ heading < 360. */
export const headingBetween = (lat1: number, lon1: number, lat2: number, lon2: number): number => {
  const east = (lon2 - lon1) * Math.cos(lat1 * radians);
  return (Math.atan2(east, lat2 - lat1) / radians + 360) % 360;
};

/** Nearer fixes are noise of a vehicle that stands: they give no direction. */
export const headingMetresMin = 8;
