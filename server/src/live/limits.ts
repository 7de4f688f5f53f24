import type { StatusTimeouts } from './types.ts';

export const defaultTimeouts: StatusTimeouts = { lateAfterMs: 75_000, offlineAfterMs: 180_000 };
/** Shortest timeout that is obeyed. */
export const timeoutMsMin = 1000;
/** How far ticks stay behind the clock, so that reports on their way to the disk are applied before deadlines after them. */
export const tickLagMs = 500;
/** Below these a device's own battery explains its silence. */
export const batteryLowVolts = 3.5;
export const batteryLowPercent = 15;
/** How much older than the last report the battery's value may be. */
export const batteryValueAgeMaxMs = 600_000;
/** Values that may change while a snapshot is written (48 bytes each); above, the snapshot is given up and the next one tried. */
export const undoEntriesMax = 4_194_304;
/** Snapshots that are kept of one owner. */
export const snapshotsKept = 3;
/** Blocks of a snapshot (0.9 MB) that are compressed or written at once. */
export const blocksInFlightMax = 4;
