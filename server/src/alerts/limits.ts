/** Named limits of warnings. docs/limits.md says what happens at each. */
export const warningLimits = {
  /** How often what changed is written. */
  writeEveryMs: 1000,
  /** A warning that is gone for less is not over. */
  clearHoldMs: 10_000,
  /** One that comes again so soon after its end goes on, and does not ring. */
  returnWithinMs: 1_800_000,
  /** A warning whose values are older when it is found is noted and does not ring. */
  ringWithinMs: 3_600_000,
  /** Changes in one transaction. */
  changesPerWriteMax: 500,
  /** Changes that one message to other processes names; PostgreSQL takes 8,000 bytes. */
  changesPerNoticeMax: 200,
  /** Rows looked at for one page; it then ends early, with a cursor. */
  scannedPerPageMax: 5000,
  /** How long the rows that are counted may be remembered. */
  countsAgeMs: 1000,
} as const;
