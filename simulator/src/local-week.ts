/**
 * Rabat keeps UTC+1 nearly all year. Its vehicles live by weeks that begin on Monday at 4 in the morning, when all of them stand and are
 * charged: so no week depends on the one before.
 */
export const minuteMs = 60_000;
const hourMs = 3_600_000;
export const dayMs = 86_400_000;
export const weekMs = 7 * dayMs;

/** Monday 2026-09-28, 04:00 in Rabat. */
const originMs = Date.UTC(2026, 8, 28, 3);
/** Hour of the clock in Rabat at which a week and its days begin. */
export const weekBeginsHour = 4;

/** Number of the week of a moment; earlier than the first ones are negative. @param shiftMs by how much a vehicle lives later than others */
export const weekOf = (timeMs: number, shiftMs: number): number => Math.floor((timeMs - originMs - shiftMs) / weekMs);

export const weekStartMs = (week: number, shiftMs: number): number => originMs + shiftMs + week * weekMs;

/** Time of the clock in Rabat, hours 0 ≤ h < 24. */
export const localHour = (timeMs: number): number => (timeMs / hourMs + 1) % 24;

/** Beginning of the day in Rabat that a moment is in. */
export const localMidnightMs = (timeMs: number): number => Math.floor((timeMs + hourMs) / dayMs) * dayMs - hourMs;
