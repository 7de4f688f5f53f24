import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, OperationalError } from '../../../kernel/index.ts';
import { lakeLimits } from '../../limits.ts';
import type { Lake, LakeColumn, LakeFile, LakePage } from '../../ports.ts';
import { parquetName } from './messages.ts';
import { ParquetThread } from './parquet-thread.ts';

export interface DuckdbLakeOptions {
  /** Files that are under way; emptied at the start. */
  readonly folder: string;
  readonly logger: Logger;
}

class DuckdbLake implements Lake {
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<LakeFile>>();

  constructor({ folder, logger }: DuckdbLakeOptions) {
    this.#folder = folder;
    this.#logger = logger;
  }

  async writeParquet(columns: readonly LakeColumn[], pages: AsyncIterable<LakePage>, signal: AbortSignal): Promise<LakeFile> {
    if (this.#underWay.size >= lakeLimits.parquetFilesAtOnceMax)
      throw new OperationalError('overloaded', 'other Parquet files are being written', { retryAfterSeconds: 5 });
    const file = this.#write(columns, pages, AbortSignal.any([signal, this.#closing.signal]));
    this.#underWay.add(file);
    try {
      return await file;
    } finally {
      this.#underWay.delete(file);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(columns: readonly LakeColumn[], pages: AsyncIterable<LakePage>, signal: AbortSignal): Promise<LakeFile> {
    const folder = await mkdtemp(join(this.#folder, 'parquet-'));
    const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
    const thread = new ParquetThread(folder, columns, signal);
    try {
      for await (const page of pages) {
        signal.throwIfAborted();
        await thread.add(page);
      }
      await thread.finish();
      await thread.end();
      await rm(join(folder, 'rows.duckdb'), { force: true });
      const path = join(folder, parquetName);
      return { path, bytes: (await stat(path)).size, remove };
    } catch (error) {
      await thread.end();
      await remove();
      if (signal.aborted) throw new OperationalError('unavailable', 'nobody waits for the file', { cause: error });
      this.#logger.warn('a Parquet file could not be written', { error });
      throw error;
    }
  }
}

/** Parquet by DuckDB. Files of a former run are removed. */
export const openDuckdbLake = async (options: DuckdbLakeOptions): Promise<Lake> => {
  await rm(options.folder, { recursive: true, force: true });
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  return new DuckdbLake(options);
};
