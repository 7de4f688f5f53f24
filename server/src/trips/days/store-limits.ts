/** Named limits of what is kept of derived days. docs/limits.md says what happens at each. */
export const tripStoreLimits = {
  /** How often noted samples are written as marks, with the place in the log. */
  flushEveryMs: 5000,
  /** Ranges of sample times in memory; with more of them a flush begins at once, … */
  notedRangesMax: 50_000,
  /** … and with so many the log is read on only when they are written. */
  waitingRangesMax: 500_000,
  /** Ranges that one statement writes. */
  rangesPerStatementMax: 5000,
  /** A flush that failed is tried again after so long. */
  flushRetryMs: 2000,
  /** A day is derived in the background when it has been over for so long … */
  settleMs: 2 * 3_600_000,
  /** … or, when late samples came, so long after they were noted. */
  lateMs: 60_000,
  /** A day on which something goes on is looked at again so often. */
  openAgainMs: 6 * 3_600_000,
  /** How often the background looks for work, days that it takes at once, and vehicles whose history it looks through. */
  workEveryMs: 2000,
  workDaysMax: 200,
  scanVehiclesMax: 50,
  /** After each piece of work the background rests so many times as long as it took. */
  restFactor: 4,
  /** What could not be derived is tried again after so long. */
  failedAgainMs: 600_000,
  /** Days derived at the same time, for readers and in the background; readers that wait for it. */
  derivesAtOnceMax: 2,
  derivesWaitingMax: 256,
  /** Priority of the thread that derives (nice, 0 … 19): with all cores busy it gets a third of what the others get. */
  threadNice: 5,
  /** Days that are derived for one answer, and for how long: the page then ends early, with a cursor. */
  daysDerivedPerAnswerMax: 62,
  answerMsMax: 5000,
  /** Rows of history that are read at once, and samples of one vehicle that a derivation may hold. */
  rowsPerReadMax: 200_000,
  samplesPerReadMax: 2_000_000,
  /** A device that is preferred for a signal silences the others for so long. */
  sourceHoldMs: 300_000,
  /** Days of one vehicle that are read from the database at once. */
  daysPerReadMax: 64,
  /** Vehicles and days of a summary that are read at once. */
  summaryVehiclesMax: 50,
  /** Without new samples a day on which something goes on is derived again when it is so old: time may have ended it. */
  openAgeMsMax: 60_000,
  /** Longest period of an answer with a row a day, and over how many days averages reach. */
  mileageDaysMax: 3660,
  averageDaysMax: 365,
} as const;

export const dayMs = 86_400_000;
export const quarterMs = 900_000;
export const dayOf = (ms: number): number => Math.floor(ms / dayMs);
