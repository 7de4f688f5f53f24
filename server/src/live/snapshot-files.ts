import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Logger } from '../kernel/index.ts';
import type { CellGuard } from './cell-guard.ts';
import { blocksInFlightMax } from './limits.ts';
import type { SaveGuard } from './pages.ts';
import {
  blockKinds,
  chunkBytesMin,
  decodeSnapshot,
  encodeBlockHead,
  encodeHeader,
  encodeLatestPage,
  encodeStatusPage,
  type LatestEntry,
  pagesPerBlock,
  type Snapshot,
  type SnapshotHeader,
  type StatusEntry,
} from './snapshot-format.ts';

/** Snapshots that are kept. */
export const snapshotsKept = 3;
const compress = promisify(zstdCompress);
const compressOptions = { chunkSize: 4 * chunkBytesMin, params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const offsetDigits = 16;

/** What a save writes: pages as they are now, kept by their guards from here on. */
export interface SaveSource {
  readonly header: SnapshotHeader;
  readonly status: readonly StatusEntry[];
  readonly statusGuard: SaveGuard;
  readonly latest: readonly LatestEntry[];
  readonly latestGuard: CellGuard;
}

const nameOf = (partition: number, offset: number): string =>
  `live-${partition}-${String(offset).padStart(offsetDigits, '0')}.snapshot`;
const namePattern = /^live-(\d+)-(\d{16})\.snapshot$/;

interface Block {
  readonly kind: number;
  readonly pages: number;
  readonly raw: Buffer;
}

/** Copies a few pages at a time; between two blocks others run. */
function* blocksOf<Page, Entry extends { page: Page }>(
  entries: readonly Entry[],
  guard: { take(page: Page): Page },
  kind: number,
  encode: (entry: Entry) => Uint8Array[],
): Iterable<Block> {
  for (let from = 0; from < entries.length; from += pagesPerBlock) {
    const some = entries.slice(from, from + pagesPerBlock);
    const raw = Buffer.concat(some.flatMap((entry) => encode({ ...entry, page: guard.take(entry.page) })));
    yield { kind, pages: some.length, raw };
  }
}

function* allBlocks(source: SaveSource): Iterable<Block> {
  yield* blocksOf(source.status, source.statusGuard, blockKinds.status, encodeStatusPage);
  yield* blocksOf(source.latest, source.latestGuard, blockKinds.latest, encodeLatestPage);
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const listOffsets = async (folder: string, partition: number): Promise<number[]> => {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const matches = names.map((name) => namePattern.exec(name)).filter((match) => match !== null && Number(match[1]) === partition);
  return matches.map((match) => Number(match?.[2])).sort((a, b) => b - a);
};

/**
 * Writes the blocks in their order and answers how many there are. A turn of the main thread for each is all that it waits for: the longer a
 * save takes, the more of what changes meanwhile is kept aside.
 */
const writeBlocks = async (source: SaveSource, write: (part: Uint8Array) => Promise<void>): Promise<number> => {
  const inFlight: Promise<void>[] = [];
  let last = Promise.resolve();
  let blocks = 0;
  const finish = async (block: Block, before: Promise<void>): Promise<void> => {
    const stored = await compress(block.raw, compressOptions);
    await before;
    await write(Buffer.concat([encodeBlockHead(block.kind, block.pages, block.raw.length, stored), stored]));
  };
  try {
    for (const block of allBlocks(source)) {
      last = finish(block, last);
      // What fails is thrown where its turn comes to be awaited, below.
      last.catch(() => undefined);
      inFlight.push(last);
      blocks++;
      await (inFlight.length < blocksInFlightMax ? nextTurn() : inFlight.shift());
    }
    await last;
  } finally {
    await Promise.allSettled(inFlight);
  }
  return blocks;
};

/** Writes a snapshot beside the others, makes it durable, then gives it its name and removes the oldest. */
export const writeSnapshot = async (folder: string, source: SaveSource): Promise<number> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { partition, offset } = source.header;
  const path = join(folder, nameOf(partition, offset));
  const temporary = `${path}.part`;
  const file = await open(temporary, 'w', 0o600);
  let bytes = 0;
  try {
    const write = async (part: Uint8Array): Promise<void> => {
      bytes += part.length;
      await file.writeFile(part);
    };
    await write(encodeHeader(source.header));
    const blocks = await writeBlocks(source, write);
    await write(encodeBlockHead(blockKinds.end, 0, blocks, new Uint8Array(0)));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
  for (const old of (await listOffsets(folder, partition)).slice(snapshotsKept))
    await rm(join(folder, nameOf(partition, old)), { force: true });
  return bytes;
};

/** The newest whole snapshot at or below an offset; damaged ones are passed over with a warning. */
export const readSnapshot = async (
  folder: string,
  partition: number,
  atMost: number,
  intern: (text: string) => string,
  logger: Logger,
): Promise<Snapshot | undefined> => {
  for (const offset of await listOffsets(folder, partition)) {
    if (offset > atMost) continue;
    const name = nameOf(partition, offset);
    try {
      const snapshot = await decodeSnapshot(await readFile(join(folder, name)), intern);
      if (snapshot.offset === offset && snapshot.partition === partition) return snapshot;
      logger.warn('a live snapshot has another offset than its name, an older one is used', {
        file: name,
        offset: snapshot.offset,
      });
    } catch (error) {
      logger.warn('a live snapshot cannot be read, an older one is used', { file: name, error });
    }
  }
  return undefined;
};
