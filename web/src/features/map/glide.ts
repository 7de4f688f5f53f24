/** A vehicle's way between two positions, in Mercator units, by the clock that the map is drawn by. */
export interface Glide {
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
  startMs: number;
  /** Not before the start; at the start: it is put there at once. */
  endMs: number;
}

/** A live vehicle glides for at most this long; the next frame comes after about as much. */
export const glideMs = 1000;
/** About 2 km at the equator: who jumps farther was not driving there, and is put there at once. */
const jumpMax = 5e-5;

export const progressAt = ({ startMs, endMs }: Glide, nowMs: number): number => {
  if (nowMs >= endMs) return 1;
  return nowMs <= startMs ? 0 : (nowMs - startMs) / (endMs - startMs);
};

export const xAt = (glide: Glide, nowMs: number): number => glide.fromX + (glide.toX - glide.fromX) * progressAt(glide, nowMs);
export const yAt = (glide: Glide, nowMs: number): number => glide.fromY + (glide.toY - glide.fromY) * progressAt(glide, nowMs);

export const standingAt = (x: number, y: number): Glide => ({ fromX: x, fromY: y, toX: x, toY: y, startMs: 0, endMs: 0 });

const isJump = (fromX: number, fromY: number, toX: number, toY: number): boolean =>
  Math.abs(toX - fromX) > jumpMax || Math.abs(toY - fromY) > jumpMax;

/** Sets out for a new position from where the vehicle is drawn now. Answers whether it moves at all. */
export const headFor = (glide: Glide, x: number, y: number, nowMs: number, isMotionWanted: boolean): boolean => {
  if (x === glide.toX && y === glide.toY) return false;
  const instant = !isMotionWanted || isJump(glide.toX, glide.toY, x, y);
  const startX = xAt(glide, nowMs);
  const startY = yAt(glide, nowMs);
  glide.fromX = instant ? x : startX;
  glide.fromY = instant ? y : startY;
  glide.toX = x;
  glide.toY = y;
  glide.startMs = instant ? 0 : nowMs;
  glide.endMs = instant ? 0 : nowMs + glideMs;
  return !instant;
};
