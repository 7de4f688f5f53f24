import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { OperationalError } from '../../../kernel/index.ts';
import type { LogPosition } from '../../ports.ts';
import { replaceFile } from './files.ts';

const readOffsets = async (file: string): Promise<Map<string, number>> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    if (entries.every((entry): entry is [string, number] => Number.isSafeInteger(entry[1]))) return new Map(entries);
  } catch (cause) {
    throw new OperationalError('unavailable', `${file} is not JSON`, { cause });
  }
  throw new OperationalError('unavailable', `${file} holds other things than offsets by name of consumer`);
};

/** Positions of consumers that keep none of their own: one small file, replaced whole. */
export class ConsumerOffsets {
  readonly #file: string;
  readonly #durable: Map<string, number>;
  readonly #wanted: Map<string, number>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: string, offsets: Map<string, number>) {
    this.#file = file;
    this.#durable = offsets;
    this.#wanted = new Map(offsets);
  }

  static async open(folder: string): Promise<ConsumerOffsets> {
    const file = path.join(folder, 'consumers.json');
    return new ConsumerOffsets(file, await readOffsets(file));
  }

  /** The durable one. */
  get(consumer: string): number | undefined {
    return this.#durable.get(consumer);
  }

  commit(consumer: string, position: LogPosition): Promise<void> {
    this.#wanted.set(consumer, position.offset);
    const writing = this.#writing.then(() => this.#write());
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #write(): Promise<void> {
    const offsets = new Map(this.#wanted);
    await replaceFile(this.#file, [Buffer.from(JSON.stringify(Object.fromEntries(offsets)))]);
    for (const [consumer, offset] of offsets) this.#durable.set(consumer, offset);
  }
}
