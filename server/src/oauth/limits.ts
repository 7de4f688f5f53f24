const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Named limits of the OAuth server. docs/limits.md says what happens at each. */
export const oauthLimits = {
  codeLifetimeMs: minuteMs,
  /** How long a person has to answer a page of consent. */
  interactionLifetimeMs: 60 * minuteMs,
  /** A request whose answer is being taken is nobody else's to answer for so long. */
  answerMs: minuteMs / 2,
  accessTokenLifetimeMs: 15 * minuteMs,
  /** Each use gives a new one, which lives as long again. */
  refreshTokenLifetimeMs: 180 * dayMs,
  /** A request that is answered later (CIBA) waits so long, or as long as it says, if that is less. */
  backchannelLifetimeMs: dayMs,
  idTokenLifetimeMs: 60 * minuteMs,
  /** An agreement lives as long as a refresh token that is never used may, or as a grant may last. */
  agreementLifetimeMs: 3660 * dayMs,
  /** A refresh token that comes again so soon was sent twice at once: refused, and its family goes on. Later it was stolen: the family ends. */
  reuseGraceMs: 5000,
  /** What has expired is told from what never was for so long. */
  expiredKeptMs: 10 * minuteMs,
  sweepEveryMs: 10 * minuteMs,
  sweptAtOnceMax: 5000,
  /** A key signs for so long; then the next is made. */
  keyLifetimeMs: 180 * dayMs,
  keyPublishedAfterMs: dayMs,
  /** Entries of `authorization_details` in one request. */
  detailsMax: 5,
  /** Requests that wait for one person and are listed. */
  waitingListedMax: 100,
  /** Tokens of partners that are remembered, so that a read need not ask the database. */
  rememberedMax: 100_000,
  rememberedMs: minuteMs,
} as const;

/** Requests of one app to one VIN or e-mail address (CIBA), and all of one app. */
export const asksByHint = { failuresMax: 5, windowMs: dayMs, keysMax: 100_000 } as const;
export const asksByApp = { failuresMax: 1000, windowMs: 60 * minuteMs, keysMax: 10_000 } as const;
/** Requests of one app to one person, by whatever hint: further ones look as if they were never answered. */
export const asksByPerson = { failuresMax: 8, windowMs: dayMs, keysMax: 100_000 } as const;
