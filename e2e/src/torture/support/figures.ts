/** Rounded to a number of digits behind the point. */
export const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** The value that a part (0 … 1) of all values does not exceed; NaN of none. */
export const quantile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
};

export const secondsSince = (startMs: number): number => rounded((performance.now() - startMs) / 1000);
