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
  /** Events of that time that a cursor names as told. */
  toldEventsMax: 500,
} as const;
