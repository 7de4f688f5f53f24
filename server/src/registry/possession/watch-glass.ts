import type { Clock } from '../../kernel/index.ts';
import type { WritablePossessionDirectory } from './directory.ts';

/** Staff see again what they saw before as soon as the glass is whole, whether or not anything else happens. Answers how to stop. */
export const watchGlass = (directory: WritablePossessionDirectory, clock: Clock): (() => void) => {
  let cancel = (): void => {};
  const look = (): void => {
    cancel();
    const nowMs = clock.now();
    const nextMs = directory.forgetGlass(nowMs);
    if (nextMs !== undefined) cancel = clock.after(nextMs - nowMs, look);
  };
  const stop = directory.onChange(look);
  return () => {
    stop();
    cancel();
  };
};
