/** A vehicle's way from the position shown last to the one known now, in Mercator units. */
export interface Glide {
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
  startMs: number;
}

/** A vehicle glides for at most this long; the next frame comes after about as much. */
export const glideMs = 1000;
/** About 2 km at the equator: who jumps farther was not driving there, and is put there at once. */
const jumpMax = 5e-5;

const clamp = (value: number): number => Math.max(0, Math.min(1, value));

export const progressAt = (glide: Glide, nowMs: number): number => clamp((nowMs - glide.startMs) / glideMs);

export const xAt = (glide: Glide, nowMs: number): number => glide.fromX + (glide.toX - glide.fromX) * progressAt(glide, nowMs);
export const yAt = (glide: Glide, nowMs: number): number => glide.fromY + (glide.toY - glide.fromY) * progressAt(glide, nowMs);

export const standingAt = (x: number, y: number): Glide => ({ fromX: x, fromY: y, toX: x, toY: y, startMs: 0 });

/** Sets out for a new position from where the vehicle is drawn now. Answers whether it moves at all. */
export const headFor = (glide: Glide, x: number, y: number, nowMs: number, isMotionWanted: boolean): boolean => {
  if (x === glide.toX && y === glide.toY) return false;
  const isJump = Math.abs(x - glide.toX) > jumpMax || Math.abs(y - glide.toY) > jumpMax;
  const instant = isJump || !isMotionWanted;
  const startX = xAt(glide, nowMs);
  const startY = yAt(glide, nowMs);
  glide.fromX = instant ? x : startX;
  glide.fromY = instant ? y : startY;
  glide.toX = x;
  glide.toY = y;
  glide.startMs = instant ? 0 : nowMs;
  return !instant;
};
