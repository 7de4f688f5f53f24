import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Says whose folder it is, as long as it is built. */
const noteName = 'builder';

/**
 * The folder in which a model is built. One whose server ended may be emptied by the next start and be used by another rebuild, while this one
 * does not know yet that nobody waits for it: it removes only what is its own.
 */
export class BuildFolder {
  readonly folder: string;
  readonly #id = randomBytes(12).toString('hex');

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Empties it, and makes it this one's own. */
  async begin(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    await writeFile(path.join(this.folder, noteName), this.#id);
  }

  /** From here on somebody else decides about it. */
  handOver(): Promise<void> {
    return rm(path.join(this.folder, noteName), { force: true });
  }

  async remove(): Promise<void> {
    const owner = await readFile(path.join(this.folder, noteName), 'utf8').catch(() => undefined);
    if (owner === this.#id) await rm(this.folder, { recursive: true, force: true });
  }
}
