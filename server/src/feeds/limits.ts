/** Named limits of what apps are told of changes. docs/limits.md says what happens at each. */
export const feedLimits = {
  /** How far back a cursor reaches. */
  backMs: 7 * 86_400_000,
  /** How long a page looks through the log before it ends where it is. */
  scanMs: 250,
  /** Events of grants on one page. */
  grantEventsPerPage: 200,
  /** An event of a grant may be written so late after others were read: it is looked for so far back. */
  writtenLateMs: 30_000,
  /** Runs of numbers of events of that time that a cursor names as told. */
  toldRunsMax: 500,
} as const;

/** Named limits of the streams of apps. docs/limits.md says what happens at each. */
export const feedStreamLimits = {
  /** Open streams of one app, and of all, on one process. */
  streamsPerAppMax: 20,
  streamsMax: 1000,
  /** What one that takes nothing leaves unsent. */
  unsentBytesMax: 1024 * 1024,
  /** Messages that wait while a stream reads what it missed. */
  waitingMax: 1000,
  /** Changes that are read at once by who has missed some. */
  missedPerPage: 200,
  /** How often it is looked whether tokens and grants are still heard of. */
  checkEveryMs: 500,
  beatEveryMs: 15_000,
  /** After the end of a minute, until what came in it is applied. */
  periodGraceMs: 500,
} as const;

/** Named limits of webhooks. docs/limits.md says what happens at each. */
export const webhookLimits = {
  perAppMax: 5,
  /** Live secrets of one webhook: of more the oldest ends. */
  secretsMax: 2,
  /** Deliveries that wait: further changes stay in the log meanwhile. */
  waitingMax: 1000,
  /** Changes that become deliveries at once, deliveries of one webhook that are sent at once. */
  changesPerLook: 100,
  sentAtOnceMax: 5,
  /** How long the whole of one attempt may take, and what is read of its answer. */
  attemptMs: 10_000,
  answerBytesMax: 64 * 1024,
  /** Between the attempts of a delivery: doubled from the first to the second, less up to a half at random. */
  firstRetryMs: 5000,
  retryMsMax: 3_600_000,
  /** What could not be delivered for so long is given up, and can be replayed. */
  deadAfterMs: 86_400_000,
  /** Deliveries are kept, and can be replayed, so long. */
  keptMs: 7 * 86_400_000,
  /** How often each process looks for work, and for how long one webhook is its own. */
  lookEveryMs: 250,
  leaseMs: 30_000,
  tendEveryMs: 3_600_000,
  listedMax: 200,
} as const;
