import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 5;
const waitMsMax = 30_000;

/** Waits for a condition; fails with its name when it does not come true. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const untilMs = performance.now() + waitMsMax;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`${what}: not within ${waitMsMax} ms`);
    await delay(pollMs);
  }
};
