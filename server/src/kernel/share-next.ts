/**
 * Runs one at a time, for all who ask: who asks while it runs is answered by the one run after it, so each gets one that began after it asked.
 */
export const shareNext = (run: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    const current = run().finally(() => {
      if (running === current) running = undefined;
    });
    running = current;
    return current;
  };
  return () => {
    if (next) return next;
    if (!running) return start();
    // Whether the one before failed says nothing about the next.
    next = running.then(start, start);
    return next;
  };
};
