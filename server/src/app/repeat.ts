import type { Clock } from '../kernel/index.ts';

/** Calls back again and again until the answer is called; the next time is set when the callback has returned. */
export const repeat = (clock: Clock, everyMs: number, callback: () => void): (() => void) => {
  let cancel = (): void => {};
  const again = (): void => {
    cancel = clock.after(everyMs, () => {
      callback();
      again();
    });
  };
  again();
  return () => cancel();
};
