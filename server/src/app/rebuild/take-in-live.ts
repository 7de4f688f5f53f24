import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OperationalError } from '../../kernel/index.ts';
import { adoptLive } from '../../live/index.ts';
import { asideName } from '../swap-folder.ts';
import { buildFolderOf, type TakeInContext } from './types.ts';

const name = 'live';
const partition = 0;

/** Saves a snapshot of the running live state as it is now, after any that is being saved. Answers its offset. */
export const saveLiveNow = async ({ models: { live }, when, offsetOfModels }: TakeInContext): Promise<number> => {
  let saved: Promise<void> | undefined;
  let offset = 0;
  await when(
    () => !live.statistics().isSaving,
    () => {
      offset = offsetOfModels();
      saved = live.saveSnapshot([{ partition, offset }]);
    },
  );
  await saved;
  return offset;
};

/** Snapshots of the old state are moved aside, so that none of them is loaded again. */
const moveAside = async (root: string, beforeOffset: number, nowMs: number): Promise<string> => {
  const [folder, aside] = [path.join(root, name), path.join(root, asideName(name, nowMs))];
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const file of await readdir(folder)) {
    const offset = Number(/^live-\d+-(\d{16})\.snapshot$/.exec(file)?.[1] ?? Number.NaN);
    if (offset < beforeOffset) await rename(path.join(folder, file), path.join(aside, file));
  }
  return aside;
};

/**
 * Loads the new state beside the running one, lets it follow the log to where that stands, and puts it in its place in one turn: streams and
 * whoever holds `Live` go on with the same object. Then a snapshot of it is saved, and history written to disk past it: from then on a start
 * finds the new one.
 */
export const takeInLive = async (context: TakeInContext): Promise<string> => {
  const { models, root, offset, follow, when, offsetOfModels, openLive, check, clock } = context;
  const folder = path.join(root, buildFolderOf(name));
  const next = openLive(folder);
  try {
    if ((await next.loadSnapshot([{ partition, offset }]))[0]?.offset !== offset)
      throw new OperationalError('unavailable', `the state that was built at the offset ${offset} cannot be read`);
    let nextOffset = offset;
    const stopFollowing = await follow(offset, {
      apply: (batch) => {
        next.apply(batch);
        nextOffset = Math.max(nextOffset, batch.nextOffset);
      },
    });
    try {
      check();
      let told: Promise<void> | undefined;
      await when(
        () => nextOffset === offsetOfModels() && !models.live.statistics().isSaving,
        () => {
          for (const { vehicleNo, fromMs, toMs } of models.history.rules.erased) next.erase(vehicleNo, fromMs, toMs);
          told = adoptLive(models.live, next);
        },
      );
      await told;
    } finally {
      stopFollowing();
    }
  } finally {
    await next.close();
  }
  const savedAt = await saveLiveNow(context);
  await models.history.flush();
  const old = await moveAside(root, savedAt, clock.now());
  await rm(folder, { recursive: true, force: true });
  return old;
};
