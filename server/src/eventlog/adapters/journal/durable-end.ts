import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from './files.ts';

/**
 * Notes when the journal is closed up to which offset everything is on disk. A crash leaves an older note. What is missing below it at the next
 * start was lost, and is no write that was cut off.
 */
const fileOf = (folder: string): string => path.join(folder, 'durable-end.json');

export const saveDurableEnd = (folder: string, endOffset: number): Promise<void> =>
  replaceFile(fileOf(folder), [Buffer.from(`${JSON.stringify({ endOffset })}\n`)]);

/** 0 when there is no readable note: it only ever adds a check. */
export const readDurableEnd = async (folder: string): Promise<number> => {
  try {
    const { endOffset } = JSON.parse(await readFile(fileOf(folder), 'utf8')) as { endOffset: unknown };
    return Number.isSafeInteger(endOffset) ? (endOffset as number) : 0;
  } catch {
    return 0;
  }
};
