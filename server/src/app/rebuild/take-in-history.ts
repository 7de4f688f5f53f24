import path from 'node:path';
import { batchFrom } from '../../events/index.ts';
import { openHistory, type ThreadedHistory } from '../../history/index.ts';
import { swapFolder } from '../swap-folder.ts';
import { saveLiveNow } from './take-in-live.ts';
import { buildFolderOf, type TakeInContext } from './types.ts';

const adapterModule = new URL('../../history/adapters/sqlite/index.ts', import.meta.url);
const name = 'history';

/** Moves the new files to their name while nobody has them open, by a note that the next start would finish. */
const place = async ({ root, clock, failed }: TakeInContext, next: ThreadedHistory): Promise<string> => {
  let old = '';
  try {
    await next.moveStore({ folder: path.join(root, name) }, async () => {
      old = await swapFolder(root, name, buildFolderOf(name), clock.now());
    });
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  return old;
};

/**
 * Opens the new history beside the running one, lets it follow the log to where that stands, and switches in one turn: each query is answered by
 * the one or by the other, whole, and both hold everything that was acknowledged. Until the files have their name a start finds the old one,
 * which has everything up to the switch and reads the rest from the log.
 */
export const takeInHistory = async (context: TakeInContext): Promise<string> => {
  const { models, root, offset, historyOptions, follow, when, offsetOfModels, check } = context;
  const folder = path.join(root, buildFolderOf(name));
  const next = await openHistory({ ...historyOptions, store: { adapterModule, adapterOptions: { folder } } });
  let isSwitched = false;
  try {
    await next.setHiding(models.history.rules);
    let nextOffset = offset;
    const stopFollowing = await follow(offset, {
      apply: (batch) => {
        next.apply(batchFrom(batch, nextOffset));
        nextOffset = Math.max(nextOffset, batch.nextOffset);
      },
      applyStatus: (changes) => next.applyStatus(changes),
      ready: () => next.ready(),
    });
    try {
      // A snapshot of live from before what the new history has on disk: without one the next start would read the whole log.
      await saveLiveNow(context);
      await next.flush();
      check();
      let old: ReturnType<typeof models.history.switchTo> | undefined;
      await when(
        () => nextOffset === offsetOfModels(),
        () => {
          void next.setHiding(models.history.rules);
          stopFollowing();
          old = models.history.switchTo(next);
          isSwitched = true;
        },
      );
      await old?.close();
    } finally {
      stopFollowing();
    }
  } finally {
    if (!isSwitched) await next.abandon();
  }
  return place(context, next);
};
