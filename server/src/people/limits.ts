const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Named limits of people who sign in. docs/limits.md says what happens at each. */
export const peopleLimits = {
  passwordCharactersMin: 12,
  passwordCharactersMax: 256,
  /** Passwords that are hashed at once, each in 19 MiB, and that wait for it; further ones are `overloaded`. */
  hashingsMax: 2,
  hashingsWaitingMax: 64,
  sessionIdleMs: 30 * dayMs,
  sessionLifetimeMs: 180 * dayMs,
  /** The last use of a session or token is written so often. */
  useNotedEveryMs: 5 * minuteMs,
  /** Acts on what lets somebody in ask for the password again when it was given longer ago. */
  confirmedForMs: 10 * minuteMs,
  sessionsMax: 50,
  accessTokensMax: 50,
  membersMax: 1000,
  accessTokenDaysMax: 365,
  /** Sessions and tokens that are remembered, so that a request need not ask the database. */
  rememberedMax: 20_000,
  rememberedMs: minuteMs,
  /** From the question to the answer of a passkey. */
  challengeLifetimeMs: 5 * minuteMs,
  outsideProvidersMax: 16,
  /** From the way to a provider of OpenID until the way back. */
  outsideErrandMs: 10 * minuteMs,
  linkLifetimeMs: dayMs,
  resetLifetimeMs: 60 * minuteMs,
  /** Mails of one purpose to one address that wait to be opened; the oldest link ends. */
  linksMax: 3,
  /** Codes of the second factor are taken this many steps of 30 s early or late. */
  totpWindow: 1,
  auditDaysDefault: 400,
} as const;

/** Wrong passwords for one account from one network. */
export const failuresByAccount = { failuresMax: 5, windowMs: 15 * minuteMs, keysMax: 50_000 } as const;
/** Wrong passwords from one network for whatever account. */
export const failuresByNetwork = { failuresMax: 50, windowMs: 15 * minuteMs, keysMax: 20_000 } as const;
/** Mails asked for from one network: sign-ups, resets, changed addresses. */
export const mailsByNetwork = { failuresMax: 20, windowMs: 60 * minuteMs, keysMax: 20_000 } as const;
/** Mails to one address, whoever asks. */
export const mailsByAddress = { failuresMax: 5, windowMs: 60 * minuteMs, keysMax: 50_000 } as const;
