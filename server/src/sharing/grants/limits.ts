/** Named limits of grants in memory and of who asks. docs/limits.md says what happens at each. */
export const grantLimits = {
  /** Ended grants are kept in memory so long, to say `revoked` or `expired`; then it is `not_granted`. */
  endedKeptDays: 90,
  /** Changes that are remembered: who asks for older ones looks at everything anew. */
  changesKept: 1000,
  /** Ids of vehicles, of all apps, that are remembered in memory. */
  vehicleIdsKept: 200_000,
  /** Numbers that one message names; more, and everybody reads everything. */
  toldAtOnceMax: 500,
  /** How often it is asked whether changes are still heard, how long an answer is waited for, and how old one counts. */
  heardEveryMs: 500,
  heardWaitMs: 1500,
  heardWithinMs: 5000,
  /** A timer looks for what has expired at least so often. */
  expiryLookMs: 60_000,
  /** Holders are told that a grant ends so long before, but not before three quarters of its time are over. */
  remindDays: 7,
  remindAfterShare: 0.75,
  remindLookMs: 3_600_000,
  /** Grants that one look tells of, and that one mail names. */
  remindersAtOnceMax: 500,
  reminderLinesMax: 20,
  /** A grant by which nothing was read for so long may be one that nobody needs. */
  unusedDays: 90,
  listMax: 1000,
} as const;
