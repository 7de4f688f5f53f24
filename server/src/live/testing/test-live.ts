import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coreVocabulary } from '@milepost/contract';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { openSnapshotFolder } from '../../storage/adapters/folder/index.ts';
import { aCustomer, aDevice, aVehicle, type MemoryDirectory, makeMemoryDirectory } from '../memory-directory.ts';
import { type LiveOptions, openLive } from '../open-live.ts';
import type { Live } from '../types.ts';

export const t0 = 1_795_000_000_000;

/** Vehicles 1 … `count` of customer 1, each with the device of its own number. */
export const aDirectory = (count: number): MemoryDirectory => {
  const directory = makeMemoryDirectory();
  directory.put({ kind: 'customer', customer: aCustomer(1) });
  for (let no = 1; no <= count; no++) {
    directory.put({ kind: 'vehicle', vehicle: aVehicle(no) });
    directory.put({ kind: 'device', device: aDevice(no, no) });
  }
  return directory;
};

export const aLive = (directory: MemoryDirectory, folder = '/nonexistent', options: Partial<LiveOptions> = {}): Live =>
  openLive({
    directory,
    vocabulary: () => coreVocabulary,
    clock: makeManualClock(t0),
    logger: silentLogger,
    snapshots: openSnapshotFolder(folder),
    ...options,
  });

/** Where one partition stands after a snapshot at or below an offset was loaded; undefined: there is none. */
export const loadAt = async (live: Live, partition: number, atMost: number): Promise<number | undefined> =>
  (await live.loadSnapshot([{ partition, offset: atMost }]))[0]?.offset;

export const withFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-live-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
