import { sessionLimits } from './session-limits.ts';

/** How long letting go of so many sessions takes, ms. */
export const drainMs = (sessions: number): number =>
  Math.min(sessionLimits.drainMsMax, sessions * sessionLimits.drainPerSessionMs);

/**
 * After how many seconds one of so many devices is asked to come back: after all others have gone and the next start had its time, spread so
 * that no more come in a second than are wanted.
 *
 * @param leftMs how long the drain still takes
 * @param random 0 ≤ random < 1
 */
export const comeBackSeconds = (sessions: number, leftMs: number, random: number): number =>
  Math.ceil((leftMs + sessionLimits.comeBackAfterMs) / 1000 + (random * sessions) / sessionLimits.comeBackPerSecond);

/** In a random order, so that those who came together do not go together. */
export const shuffled = <T>(items: readonly T[], random: () => number): T[] => {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
  }
  return mixed;
};
