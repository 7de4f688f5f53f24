import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Files of reports in one folder: each is there as a whole, or not at all. */
export class ReportFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Answers its size in bytes, when it is on the disk. One of the same name is replaced. `part` tells two writers of it apart. */
  async write(name: string, part: string, pieces: Iterable<string>): Promise<number> {
    await mkdir(this.#folder, { recursive: true });
    const partial = path.join(this.#folder, `${name}.${part}.partial`);
    const file = await open(partial, 'w');
    try {
      for (const piece of pieces) {
        await file.write(piece);
        await nextTurn();
      }
      await file.datasync();
      const { size } = await file.stat();
      await file.close();
      await rename(partial, path.join(this.#folder, name));
      return size;
    } catch (error) {
      await file.close();
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** Undefined: it is not in this folder. */
  async read(name: string): Promise<{ readonly stream: ReadStream; readonly bytes: number } | undefined> {
    const file = path.join(this.#folder, name);
    const found = await stat(file).catch(() => undefined);
    return found ? { stream: createReadStream(file), bytes: found.size } : undefined;
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.#folder, name), { force: true });
  }
}
