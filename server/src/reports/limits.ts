/** Named limits of reports. docs/limits.md says what happens at each. */
export const reportLimits = {
  /** Reports that are made at once for readers in one process; further ones are told to come again. */
  readsAtOnceMax: 2,
  /** Of more vehicles than this, days that were derived not long ago are taken as they are. */
  exactVehiclesMax: 50,
  acceptAgeMs: 900_000,
  /** Warnings of a period that are counted. */
  warningsMax: 200_000,
  /** How often a process looks for reports that are due. */
  lookEveryMs: 15_000,
  /** A process that claimed a report and did not make it in this time has lost it to the others. */
  claimMs: 900_000,
  /** A run that failed is tried again after so long, until the next is due. */
  failedAgainMs: 300_000,
} as const;
