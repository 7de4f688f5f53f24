/** Named limits of invitations. docs/limits.md says what happens at each. */
export const invitationLimits = {
  /** How long one can be answered. */
  lifetimeDays: 14,
  /** Those of one holder that wait for an answer. */
  waitingMax: 50,
  /** Mails of one holder within a day. */
  perDayMax: 20,
  listMax: 500,
} as const;
