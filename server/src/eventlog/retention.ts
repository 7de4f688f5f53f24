import { BugError } from '../kernel/index.ts';

/** The log is no archive: erasure relies on it ageing out. */
export const retentionMsMax = 30 * 86_400_000;

export const checkRetention = (retentionMs: number): void => {
  if (retentionMs > retentionMsMax) throw new BugError(`retentionMs is ${retentionMs}, at most ${retentionMsMax}`);
};
