import type { HiddenValues } from './hidden-values.ts';
import { groupIn } from './hidden-values.ts';
import type { RowTable } from './row-table.ts';

/** Clears values that are no longer kept of a finished table, and drops the rows that have none left. */
export const removeHidden = (
  table: RowTable,
  vehicleNo: number,
  hidden: HiddenValues,
  groupsOfSignals: Uint8Array,
  nowMs: number,
): void => {
  const erased = hidden.erasedOf(vehicleNo);
  const rowsFromMs = hidden.rowsKeptFromMs(vehicleNo, nowMs);
  const isAllKept = (table.times[0] as number) >= hidden.allKeptFromMs(vehicleNo, nowMs);
  if (erased.length === 0 && isAllKept) return;
  const isKept = new Uint8Array(table.rows).fill(1);
  if (!isAllKept) clearOld(table, vehicleNo, hidden, groupsOfSignals, nowMs, isKept);
  for (let row = 0; row < table.rows; row++) {
    const time = table.times[row] as number;
    if (time < rowsFromMs || hidden.isErased(vehicleNo, time)) isKept[row] = 0;
  }
  if (isKept.includes(0)) table.keepRows(isKept);
};

/** Clears the values of groups that are kept for a shorter time; a row of which nothing is left is marked with 0. */
const clearOld = (
  table: RowTable,
  vehicleNo: number,
  hidden: HiddenValues,
  groupsOfSignals: Uint8Array,
  nowMs: number,
  isKept: Uint8Array,
): void => {
  const cleared = new Uint8Array(table.rows);
  for (const { signalNumber, present } of table.columns) {
    const group = groupIn(groupsOfSignals, signalNumber);
    const fromMs = group === undefined ? Number.NEGATIVE_INFINITY : hidden.keptFromMs(vehicleNo, group, nowMs);
    for (let row = 0; row < table.rows && (table.times[row] as number) < fromMs; row++) {
      cleared[row] = 1;
      present[row] = 0;
    }
  }
  for (let row = 0; row < table.rows; row++) if (cleared[row] === 1 && !hasValues(table, row)) isKept[row] = 0;
};

const hasValues = (table: RowTable, row: number): boolean => table.columns.some(({ present }) => present[row] === 1);

/**
 * A moved sample that was sent again has another time, and its original time is the same: of values with one (device, signal, original
 * time) the first in the log stays. Rows that have nothing left are dropped. For a finished table whose rows were added in the order of
 * the log; answers how many different values were dropped.
 */
export const dropMovedAgain = (table: RowTable): number => {
  if (!table.hasOriginals) return 0;
  const rows = Uint32Array.from({ length: table.rows }, (_, row) => row);
  rows.sort((a, b) => (table.arrivals[a] as number) - (table.arrivals[b] as number));
  const earlierOf = new Map<string, number[]>();
  const isKept = new Uint8Array(table.rows).fill(1);
  let conflicts = 0;
  for (const row of rows) {
    const key = `${table.devices[row]}:${table.originals[row]}`;
    const earlier = earlierOf.get(key);
    if (!earlier) {
      earlierOf.set(key, [row]);
      continue;
    }
    const had = hasValues(table, row);
    for (const other of earlier) conflicts += dropWhatIsIn(table, other, row);
    if (had && !hasValues(table, row)) isKept[row] = 0;
    earlier.push(row);
  }
  if (isKept.includes(0)) table.keepRows(isKept);
  return conflicts;
};

const dropWhatIsIn = (table: RowTable, earlier: number, row: number): number => {
  let conflicts = 0;
  for (const { present, values } of table.columns) {
    if (present[earlier] !== 1 || present[row] !== 1) continue;
    if (values[earlier] !== values[row]) conflicts++;
    present[row] = 0;
  }
  return conflicts;
};
