/** Named limits of erasing people. docs/limits.md says what happens at each. */
export const personErasureLimits = {
  /** How long it can be taken back. */
  graceDays: 7,
  /** Who works on one has it for so long, from its last sign of life. */
  leaseMs: 120_000,
  /** After a failure it is tried again so much later. */
  retryMs: 60_000,
  /** How often it is looked for what is due, and one that cannot begin yet is looked at again. */
  lookEveryMs: 60_000,
  heldLookMs: 3_600_000,
  /** Those that one look takes up. */
  atOnceMax: 4,
  listMax: 200,
} as const;
