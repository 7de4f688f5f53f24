import { firstRowAt } from './first-row-at.ts';
import { minuteMs } from './limits.ts';
import type { StoredChunk } from './ports.ts';
import { chunkHasMoved, reservedSection } from './read-chunk.ts';
import { doRollupsCover } from './read-rollups.ts';
import type { TimePeriod } from './row-collector.ts';
import type { RowTable } from './row-table.ts';

/** A chunk that is read as minutes instead of rows. */
export interface RolledChunk {
  readonly fromMs: number;
  readonly toMs: number;
  /** Its roll-ups, which cover the signals asked for. */
  readonly section: Uint8Array;
}

export interface RollupWish {
  readonly signals: readonly number[];
  /** Values before are not shown. */
  readonly signalsFromMs: readonly number[];
  /** Values of these times are not shown, of one signal or another. */
  readonly hidden: readonly TimePeriod[];
  /** What is read: ascending, not overlapping. */
  readonly periods: readonly TimePeriod[];
}

export const isWholeMinutes = (stepMs: number | undefined): stepMs is number => stepMs !== undefined && stepMs % minuteMs === 0;

/** Chunks in whose time no other one has rows. */
const chunksAlone = (chunks: readonly StoredChunk[]): StoredChunk[] => {
  const sorted = [...chunks].sort((a, b) => a.fromMs - b.fromMs);
  const alone: StoredChunk[] = [];
  let endsMs = Number.NEGATIVE_INFINITY;
  sorted.forEach((chunk, i) => {
    const next = sorted[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (chunk.fromMs > endsMs && chunk.toMs < next) alone.push(chunk);
    endsMs = Math.max(endsMs, chunk.toMs);
  });
  return alone;
};

const hasRowsWithin = (table: RowTable, fromMs: number, toMs: number): boolean => {
  const row = firstRowAt(table.times, table.rows, fromMs);
  return row < table.rows && (table.times[row] as number) <= toMs;
};

/**
 * Which of a window's chunks can be answered from their minutes: nothing else has rows in their time, all of it may be shown, and no
 * sample of the window was moved (then only its rows tell which of two values counts). In order of time.
 */
export const chooseRollups = (
  chunks: readonly StoredChunk[],
  table: RowTable,
  wish: RollupWish,
): Map<StoredChunk, RolledChunk> => {
  const chosen = new Map<StoredChunk, RolledChunk>();
  if (table.hasOriginals || chunks.some(({ bytes }) => chunkHasMoved(bytes))) return chosen;
  const shownFromMs = Math.max(...wish.signalsFromMs, Number.NEGATIVE_INFINITY);
  for (const chunk of chunksAlone(chunks)) {
    const { fromMs, toMs, bytes } = chunk;
    const isWhole = wish.periods.some((period) => period.fromMs <= fromMs && toMs < period.toMs);
    const isPartlyHidden = wish.hidden.some((period) => period.fromMs <= toMs && fromMs < period.toMs);
    if (!isWhole || isPartlyHidden || fromMs < shownFromMs || hasRowsWithin(table, fromMs, toMs)) continue;
    const section = reservedSection(bytes);
    if (section && doRollupsCover(section, wish.signals)) chosen.set(chunk, { fromMs, toMs, section });
  }
  return chosen;
};
