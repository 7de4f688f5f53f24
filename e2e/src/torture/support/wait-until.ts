import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 50;

/** Waits for a condition; answers how many seconds it took, throws when it takes longer than it may. */
export const waitUntil = async (holds: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<number> => {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > timeoutMs) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
    await delay(pollMs);
  }
  return (performance.now() - startMs) / 1000;
};
