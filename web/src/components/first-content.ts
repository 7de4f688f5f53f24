import { afterPaint } from './after-paint.ts';

/** What does not say when it is there is not waited for any longer. */
const waitMaxMs = 3000;
const idleWaitMaxMs = 400;

let note: () => void = () => {};
/** Only the map and the list of vehicles, which people begin with, say so. */
const isAwaited = /^\/(vehicles)?$/.test(location.pathname);
const isThere = isAwaited
  ? new Promise<void>((done) => {
      note = done;
      setTimeout(done, waitMaxMs);
    })
  : Promise.resolve();

/** Not before the page answers to who wants to use it. Safari does not say when it is idle. */
const whenIdle = (act: () => void): void => {
  if ('requestIdleCallback' in window) requestIdleCallback(act, { timeout: idleWaitMaxMs });
  else setTimeout(act, idleWaitMaxMs / 4);
};

/** To be called by a page when what it is for is there, so that what is only at hand may come. */
export const noteFirstContent = (): void => afterPaint(() => whenIdle(note));

/** Resolves when the first page has shown what somebody came for: its line and its processor are free for the rest. */
export const afterFirstContent = (): Promise<void> => isThere;
