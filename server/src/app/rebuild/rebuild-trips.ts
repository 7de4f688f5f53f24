import type { FolderLock } from '../../storage/adapters/folder-lock.ts';
import type { Storage } from '../../storage/index.ts';
import { type ForgottenDays, forgetDays } from '../../trips/index.ts';
import { connectControl, type ControlSession } from '../control-socket.ts';
import { type Base, Closers, openRegistered } from '../open-parts.ts';

/** Commands of the control socket that begin with it are for trips. */
export const tripCommandPrefix = 'trips ';
const command = `${tripCommandPrefix}rebuild`;

/**
 * Days of trips are rows of the database, made from history one by one: they are made anew in their place, each shown as it was until then, and no
 * second model is built beside them.
 */
export const openTripSession = (storage: Storage): ControlSession => ({
  handle: (asked) => {
    if (asked !== command) return Promise.reject(new Error(`there is no command ${asked}`));
    return forgetDays(storage);
  },
  ended: () => Promise.resolve(),
});

/** By the running server, or in the database of a stopped one, which does the work when it is started. */
export const rebuildTrips = async (base: Base, lock: FolderLock | undefined): Promise<ForgottenDays> => {
  if (!lock) {
    const control = await connectControl(base.folder.root);
    try {
      return (await control.ask(command)) as ForgottenDays;
    } finally {
      control.close();
    }
  }
  const closers = new Closers();
  try {
    const { storage } = await openRegistered(base, closers);
    return await forgetDays(storage);
  } finally {
    await closers.closeAll(base.logger);
  }
};
