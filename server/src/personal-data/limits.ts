const mebibyte = 1024 * 1024;

/** Named limits of exports of one person. docs/limits.md says what happens at each. */
export const personalDataLimits = {
  /** How long a file can be had. */
  exportDays: 7,
  /** Exports of one person that are there, with those that failed; one at a time is made. */
  exportsPerPersonMax: 3,
  /** Exports that one process makes at once. */
  exportsAtOnceMax: 2,
  exportBytesMax: 1024 * mebibyte,
  partBytes: mebibyte,
  /** Without a sign of life for so long, who made it has died. */
  silentMs: 120_000,
  tendEveryMs: 600_000,
} as const;
