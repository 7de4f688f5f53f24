/** An age in the unit a person would say it in. */
export interface Age {
  readonly count: number;
  readonly unit: 'seconds' | 'minutes' | 'hours' | 'days';
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Clocks differ a little: what comes from the next seconds is new, not from the future. */
export const ageOf = (timeMs: number, nowMs: number): Age => {
  const ms = Math.max(0, nowMs - timeMs);
  if (ms < 2 * minuteMs) return { count: Math.floor(ms / 1000), unit: 'seconds' };
  if (ms < 2 * hourMs) return { count: Math.floor(ms / minuteMs), unit: 'minutes' };
  if (ms < 2 * dayMs) return { count: Math.floor(ms / hourMs), unit: 'hours' };
  return { count: Math.floor(ms / dayMs), unit: 'days' };
};

/** Old values fade by steps. */
export const freshnessOf = (timeMs: number, nowMs: number): 'fresh' | 'aging' | 'old' => {
  const ms = nowMs - timeMs;
  if (ms < 5 * minuteMs) return 'fresh';
  return ms < dayMs ? 'aging' : 'old';
};
