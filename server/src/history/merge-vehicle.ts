import { firstRowAt } from './first-row-at.ts';
import { encodeChunk } from './encode-chunk.ts';
import type { HiddenValues } from './hidden-values.ts';
import type { ChunkInfo, StoredChunk } from './ports.ts';
import { ChunkReader, chunkHasMoved } from './read-chunk.ts';
import { dropMovedAgain, removeHidden } from './remove-rows.ts';
import { RowTable } from './row-table.ts';

const reader = new ChunkReader();
const table = new RowTable();

const timesOf = (chunks: readonly StoredChunk[]): Float64Array => {
  const times = new Float64Array(chunks.reduce((sum, { rows }) => sum + rows, 0));
  let at = 0;
  for (const { bytes } of chunks) {
    reader.open(bytes);
    times.set(reader.times.subarray(0, reader.rows), at);
    at += reader.rows;
  }
  return times.sort();
};

/**
 * Which merged chunks must be made anew: those in which a flushed row falls, and beside rows that fall between two, the one that is not
 * full. So the merged chunks of a vehicle and month never overlap. Where samples were moved all are taken, because the same
 * sample may lie in any of them.
 */
export const chooseMerged = (
  flushed: readonly StoredChunk[],
  merged: readonly ChunkInfo[],
  rowsPerChunk: number,
): ChunkInfo[] => {
  if (flushed.length === 0 || merged.length === 0) return [];
  if (merged.some(({ hasMoved }) => hasMoved) || flushed.some(({ bytes }) => chunkHasMoved(bytes))) return [...merged];
  const times = timesOf(flushed);
  const chosen = new Set<ChunkInfo>();
  let seen = 0;
  for (let i = 0; i <= merged.length; i++) {
    const chunk = merged[i];
    const before = chunk ? firstRowAt(times, times.length, chunk.fromMs) : times.length;
    const left = merged[i - 1];
    if (before > seen) {
      if (left && left.rows < rowsPerChunk) chosen.add(left);
      else if (chunk && chunk.rows < rowsPerChunk) chosen.add(chunk);
    }
    if (!chunk) break;
    seen = firstRowAt(times, times.length, chunk.toMs + 1);
    if (seen > before) chosen.add(chunk);
  }
  return merged.filter((chunk) => chosen.has(chunk));
};

/** Which merged chunks may hold something that is no longer kept. */
export const chooseHidden = (
  vehicleNo: number,
  merged: readonly ChunkInfo[],
  hidden: HiddenValues,
  nowMs: number,
): ChunkInfo[] => {
  const allKeptFromMs = hidden.allKeptFromMs(vehicleNo, nowMs);
  const erased = hidden.erasedOf(vehicleNo);
  return merged.filter(
    ({ fromMs, toMs }) => fromMs < allKeptFromMs || erased.some((period) => fromMs < period.toMs && toMs >= period.fromMs),
  );
};

export interface VehicleMerge {
  readonly vehicleNo: number;
  readonly bucket: number;
  /** Flushed and chosen merged chunks, in the order of the log: (firstOffset, level). */
  readonly sources: readonly StoredChunk[];
  /** All merged chunks of the vehicle and month, in order of fromMs. */
  readonly merged: readonly ChunkInfo[];
  readonly hidden: HiddenValues;
  readonly groupsOfSignals: Uint8Array;
  readonly nowMs: number;
  readonly rowsPerChunk: number;
}

export interface MergedVehicle {
  readonly added: readonly StoredChunk[];
  /** Values that lost against a different one at a lower offset. */
  readonly conflicts: number;
}

/** Rows of the next chunk: as many as it should have while more follow, even parts where another merged chunk lies behind. */
const cutLength = (rows: number, isLast: boolean, rowsPerChunk: number): number => {
  // A few more rows are not worth a chunk of their own.
  if (rows <= rowsPerChunk * 1.125) return rows;
  return isLast ? rowsPerChunk : Math.ceil(rows / Math.round(rows / rowsPerChunk));
};

/** Ends of the new chunks. Rows of one time stay together. */
const cutRows = (untouched: readonly ChunkInfo[], rowsPerChunk: number): number[] => {
  const ends: number[] = [];
  let next = 0;
  for (let from = 0; from < table.rows; ) {
    while ((untouched[next]?.fromMs ?? Number.POSITIVE_INFINITY) < (table.times[from] as number)) next++;
    const border = untouched[next]?.fromMs;
    const segmentEnd = border === undefined ? table.rows : firstRowAt(table.times, table.rows, border);
    while (from < segmentEnd) {
      let end = from + cutLength(segmentEnd - from, border === undefined, rowsPerChunk);
      while (end < segmentEnd && table.times[end] === table.times[end - 1]) end++;
      ends.push(end);
      from = end;
    }
  }
  return ends;
};

/** Numbers of merged chunks with one firstOffset that are in use. */
const levelsInUse = (merged: readonly ChunkInfo[], firstOffset: number): number =>
  merged.reduce((largest, chunk) => (chunk.firstOffset === firstOffset ? Math.max(largest, chunk.level) : largest), 0);

/**
 * Makes merged chunks: sorted by time, each value once, the first stored stays. The new chunks take the lowest
 * firstOffset of their sources, so that they win against everything that is not merged yet; among themselves nothing is there twice.
 */
export const mergeVehicle = (input: VehicleMerge): MergedVehicle => {
  const { vehicleNo, bucket, sources, merged, hidden, groupsOfSignals, nowMs } = input;
  table.reset();
  for (const { bytes } of sources) {
    reader.open(bytes);
    table.addChunk(reader);
  }
  table.finish();
  const conflicts = table.conflicts + dropMovedAgain(table);
  if (table.rows > 0) removeHidden(table, vehicleNo, hidden, groupsOfSignals, nowMs);
  const taken = new Set(sources.map(({ firstOffset, level }) => `${firstOffset}/${level}`));
  const untouched = merged.filter(({ firstOffset, level }) => !taken.has(`${firstOffset}/${level}`));
  const firstOffset = Math.min(...sources.map((source) => source.firstOffset));
  let level = levelsInUse(merged, firstOffset);
  const added: StoredChunk[] = [];
  let from = 0;
  for (const end of cutRows(untouched, input.rowsPerChunk)) {
    const bytes = encodeChunk(table, from, end - from, 'merged');
    const fromMs = table.times[from] as number;
    const toMs = table.times[end - 1] as number;
    added.push({ vehicleNo, bucket, firstOffset, level: ++level, fromMs, toMs, rows: end - from, bytes });
    from = end;
  }
  return { added, conflicts };
};
