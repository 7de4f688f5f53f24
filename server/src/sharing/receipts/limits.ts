/** Named limits of receipts. docs/limits.md says what happens at each. */
export const receiptLimits = {
  /** What was counted is written so often; a process that dies loses at most what it counted since. */
  flushEveryMs: 1000,
  /** Counts (of a day, holder, vehicle, reader, item and way) of one write. */
  countsPerWriteMax: 2000,
  /** Counts that wait while PostgreSQL is away. */
  countsWaitingMax: 50_000,
  /** Months are made ahead and dropped so often. */
  tendEveryMs: 3_600_000,
  /** One entry of the audit log stands for what somebody of the staff reads of a vehicle within so long. */
  staffReadMs: 3_600_000,
  /** … and so many are remembered; of others the database is asked. */
  staffReadsRememberedMax: 10_000,
  daysDefault: 400,
} as const;
