const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Named limits of possession. docs/limits.md says what happens at each. */
export const possessionLimits = {
  /** A code that a holder or an operator gave, and one that a device shows. */
  claimCodeMs: 30 * dayMs,
  shownCodeMs: 10 * minuteMs,
  /** How long staff look behind the glass. */
  brokenGlassMs: 60 * minuteMs,
  reasonCharactersMin: 10,
  reasonCharactersMax: 1000,
  /** Changes that are remembered: who asks for older ones looks at everything anew. */
  changesKept: 1000,
} as const;

/** Codes that one device asks for; each process counts by itself. */
export const shownCodesByDevice = { failuresMax: 12, windowMs: 60 * minuteMs, keysMax: 50_000 } as const;

/** Wrong codes of one person. */
export const wrongCodesByPerson = { failuresMax: 10, windowMs: 60 * minuteMs, keysMax: 50_000 } as const;
