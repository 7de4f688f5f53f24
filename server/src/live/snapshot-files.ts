import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { LogPosition } from '../eventlog/index.ts';
import type { Logger } from '../kernel/index.ts';
import type { SnapshotStore } from '../storage/index.ts';
import type { CellGuard } from './cell-guard.ts';
import { blocksInFlightMax, snapshotsKept } from './limits.ts';
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
  readHeader,
  type Snapshot,
  type SnapshotHeader,
  type StatusEntry,
} from './snapshot-format.ts';

const compress = promisify(zstdCompress);
const compressOptions = { chunkSize: 4 * chunkBytesMin, params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const numberDigits = 16;

/** What a save writes: pages as they are now, kept by their guards from here on. */
export interface SaveSource {
  readonly header: SnapshotHeader;
  readonly status: readonly StatusEntry[];
  readonly statusGuard: SaveGuard;
  readonly latest: readonly LatestEntry[];
  readonly latestGuard: CellGuard;
}

/** Who saves: its snapshots follow each other, and it removes its old ones. */
const prefixOf = (owner: string): string => `live-${owner}-`;
const namePattern = /^live-([A-Za-z0-9._]+(?:-[A-Za-z0-9._]+)*)-(\d{16})\.snapshot$/;

/** Larger is newer: the offset where there is one partition alone, else the moment of saving. */
const numberOf = ({ positions: [first, ...others], savedAt }: SnapshotHeader): number =>
  first && others.length === 0 ? first.offset : savedAt;

const nameOf = (owner: string, header: SnapshotHeader): string =>
  `${prefixOf(owner)}${String(numberOf(header)).padStart(numberDigits, '0')}.snapshot`;

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

const finish = async ({ kind, pages, raw }: Block): Promise<Buffer> => {
  const stored = await compress(raw, compressOptions);
  return Buffer.concat([encodeBlockHead(kind, pages, raw.length, stored), stored]);
};

/**
 * The file, block after block. A turn of the main thread for each is all that it waits for while few are being compressed: the longer a save
 * takes, the more of what changes meanwhile is kept aside.
 */
async function* partsOf(source: SaveSource): AsyncGenerator<Uint8Array> {
  const inFlight: Promise<Buffer>[] = [];
  let blocks = 0;
  try {
    yield encodeHeader(source.header);
    for (const block of allBlocks(source)) {
      inFlight.push(finish(block));
      blocks++;
      if (inFlight.length < blocksInFlightMax) await nextTurn();
      else yield (await inFlight.shift()) as Buffer;
    }
    for (let next = inFlight.shift(); next; next = inFlight.shift()) yield await next;
    yield encodeBlockHead(blockKinds.end, 0, blocks, new Uint8Array(0));
  } finally {
    await Promise.allSettled(inFlight);
  }
}

interface Named {
  readonly name: string;
  readonly number: number;
}

/** Newest first. */
const listNames = async (store: SnapshotStore, prefix: string): Promise<Named[]> => {
  const numbered = (await store.names(prefix)).flatMap((name) => {
    const match = namePattern.exec(name);
    return match ? [{ name, number: Number(match[2]) }] : [];
  });
  return numbered.toSorted((a, b) => b.number - a.number);
};

/** Writes a snapshot beside the others, then removes the oldest of the same owner. Answers its bytes. */
export const writeSnapshot = async (store: SnapshotStore, owner: string, source: SaveSource): Promise<number> => {
  const bytes = await store.write(nameOf(owner, source.header), partsOf(source));
  for (const old of (await listNames(store, prefixOf(owner))).slice(snapshotsKept)) await store.remove(old.name);
  return bytes;
};

export interface TakenSnapshot {
  readonly snapshot: Snapshot;
  /** Its positions that are wanted. */
  readonly taken: readonly LogPosition[];
}

/**
 * The newest whole snapshots that stand at or below what is wanted of each partition; of each partition one. Damaged ones are passed over
 * with a warning.
 */
export async function* readSnapshots(
  store: SnapshotStore,
  atMost: ReadonlyMap<number, number>,
  intern: (text: string) => string,
  logger: Logger,
): AsyncGenerator<TakenSnapshot> {
  const open = new Map(atMost);
  for (const { name, number } of await listNames(store, 'live-')) {
    if (open.size === 0) return;
    try {
      const bytes = await store.read(name);
      if (!bytes) continue;
      const header = readHeader(bytes);
      const taken = header.positions.filter(({ partition, offset }) => offset <= (open.get(partition) ?? -1));
      if (taken.length === 0) continue;
      if (numberOf(header) !== number) {
        logger.warn('a live snapshot says something else than its name, an older one is used', { name });
        continue;
      }
      const snapshot = await decodeSnapshot(bytes, intern);
      for (const { partition } of taken) open.delete(partition);
      yield { snapshot, taken };
    } catch (error) {
      logger.warn('a live snapshot cannot be read, an older one is used', { name, error });
    }
  }
}
