import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Puts a rebuilt folder in the place of the old one, which is kept beside it. Two renames cannot be one step, so a note says what is
 * under way: whoever opens the data folder next finishes it, and no moment is left at which a start would find neither.
 */
const noteName = 'swap.json';

interface Swap {
  readonly name: string;
  readonly rebuilt: string;
  readonly old: string;
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Finishes a swap that was begun. Does nothing where none was. */
export const finishSwap = async (root: string): Promise<void> => {
  const note = path.join(root, noteName);
  const text = await readFile(note, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { name, rebuilt, old } = JSON.parse(text) as Swap;
  const [place, fresh, aside] = [name, rebuilt, old].map((one) => path.join(root, one)) as [string, string, string];
  // The rebuilt folder is in its place when it is no longer where it was made.
  if (existsSync(fresh)) {
    if (existsSync(place)) await rename(place, aside);
    await syncFolder(root);
    await rename(fresh, place);
    await syncFolder(root);
  } else if (!existsSync(place) && existsSync(aside)) {
    // The rebuilt folder was lost on the way: the old one comes back.
    await rename(aside, place);
    await syncFolder(root);
  }
  await rm(note);
  await syncFolder(root);
};

/** A swap was begun and not finished: neither folder may be touched. */
export const isSwapping = (root: string): boolean => existsSync(path.join(root, noteName));

/** What a folder that was moved aside is called. */
export const asideName = (name: string, nowMs: number): string =>
  `${name}.old-${new Date(nowMs).toISOString().replaceAll(':', '')}`;

const asidePattern = /^(?:history|live)\.old-(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3})Z$/;

/** When a folder was moved aside, ms; undefined: it is none of these. */
export const movedAsideAt = (folder: string): number | undefined => {
  const match = asidePattern.exec(folder);
  return match ? Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}Z`) : undefined;
};

/** The caller holds the lock of the data folder. Answers where the old one lies now. */
export const swapFolder = async (root: string, name: string, rebuilt: string, nowMs: number): Promise<string> => {
  const old = asideName(name, nowMs);
  const note = path.join(root, noteName);
  const handle = await open(`${note}.part`, 'w', 0o600);
  await handle.writeFile(JSON.stringify({ name, rebuilt, old } satisfies Swap));
  await handle.sync();
  await handle.close();
  await rename(`${note}.part`, note);
  await syncFolder(root);
  await finishSwap(root);
  return path.join(root, old);
};
