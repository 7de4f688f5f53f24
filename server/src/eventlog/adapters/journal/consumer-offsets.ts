import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { LogPosition } from '../../ports.ts';
import { syncFolder } from './segment.ts';

/** Positions of consumers that keep none of their own: one small file, replaced whole. */
export class ConsumerOffsets {
  readonly #folder: string;
  readonly #offsets: Map<string, number>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, offsets: Map<string, number>) {
    this.#folder = folder;
    this.#offsets = offsets;
  }

  static async open(folder: string): Promise<ConsumerOffsets> {
    const text = await readFile(path.join(folder, 'consumers.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    return new ConsumerOffsets(folder, new Map(Object.entries(JSON.parse(text) as Record<string, number>)));
  }

  get(consumer: string): number | undefined {
    return this.#offsets.get(consumer);
  }

  commit(consumer: string, position: LogPosition): Promise<void> {
    this.#offsets.set(consumer, position.offset);
    const text = JSON.stringify(Object.fromEntries(this.#offsets));
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write(text));
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    const file = path.join(this.#folder, 'consumers.json');
    const handle = await open(`${file}.new`, 'w');
    await handle.writeFile(text);
    await handle.datasync();
    await handle.close();
    await rename(`${file}.new`, file);
    await syncFolder(this.#folder);
  }
}
