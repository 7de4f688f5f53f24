import { type ByteWriter, ByteWriter as Writer } from '../events/index.ts';
import { writeIntegers } from './integer-column.ts';
import { minuteMs, rowsPerRolledMinuteMin } from './limits.ts';
import type { RowTable, TableColumn } from './row-table.ts';

/**
 * Minute roll-ups of a chunk, in its reserved section: for each minute in which it has rows and each signal that is a number.
 *
 *     rollups = u8 kind (1) · varint n minutes · varint first minute (since 1970) · [integers(n − 1 gaps)] · integers(n counts of rows)
 *               · signals covered · signals not covered · column*
 *     signals = varint count · count × varint gap to the number before
 *     column  = varint length of what follows · u8 head · [integers(n counts of values)] · content
 *     head      bit 0: counts of its own follow, else each row has a value · bit 1: all its values are equal
 *     content = zigzag value (all equal), or four times integers, of the minutes that have a value: last · max − last · last − min ·
 *               sum − floor(count · (min + max) / 2)
 *
 * Not covered: texts, and numbers whose sums are not exact. Their steps are computed from rows.
 */
export const rollupKind = 1;
export const rollupHeadBits = { ownCounts: 1, isConstant: 2 } as const;

let minuteOfRow = new Int32Array(1024);
let counts = new Float64Array(1024);
let own = new Float64Array(1024);
let last = new Float64Array(1024);
let min = new Float64Array(1024);
let max = new Float64Array(1024);
let sums = new Float64Array(1024);
let minutes = new Float64Array(1024);
const columnOut = new Writer(4096);

const reserve = (rows: number): void => {
  if (minuteOfRow.length >= rows) return;
  minuteOfRow = new Int32Array(rows * 2);
  [counts, own, last, min, max, sums, minutes] = Array.from({ length: 7 }, () => new Float64Array(rows * 2)) as [
    typeof counts,
    typeof own,
    typeof last,
    typeof min,
    typeof max,
    typeof sums,
    typeof minutes,
  ];
};

/** Fills `minutes`, `counts` and `minuteOfRow` (−1: a heartbeat); answers how many minutes there are. */
const findMinutes = (table: RowTable, from: number, count: number): number => {
  let n = 0;
  for (let i = 0; i < count; i++) {
    minuteOfRow[i] = -1;
    if (table.heartbeats[from + i] === 1) continue;
    const minute = Math.floor((table.times[from + i] as number) / minuteMs);
    if (n === 0 || minutes[n - 1] !== minute) {
      minutes[n] = minute;
      counts[n++] = 0;
    }
    counts[n - 1] = (counts[n - 1] as number) + 1;
    minuteOfRow[i] = n - 1;
  }
  return n;
};

interface ColumnSums {
  readonly isExact: boolean;
  readonly isConstant: boolean;
  readonly hasOwnCounts: boolean;
}

const sumColumn = ({ values, present }: TableColumn, from: number, count: number, n: number): ColumnSums => {
  own.fill(0, 0, n);
  sums.fill(0, 0, n);
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const minute = minuteOfRow[i] as number;
    if (minute < 0 || present[from + i] !== 1) continue;
    const value = values[from + i] as number;
    if (own[minute] === 0 || value < (min[minute] as number)) min[minute] = value;
    if (own[minute] === 0 || value > (max[minute] as number)) max[minute] = value;
    own[minute] = (own[minute] as number) + 1;
    sums[minute] = (sums[minute] as number) + value;
    last[minute] = value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  let hasOwnCounts = false;
  for (let i = 0; i < n; i++) if (own[i] !== counts[i]) hasOwnCounts = true;
  const largest = Math.max(Math.abs(lowest), Math.abs(highest));
  return { isExact: largest * 2 * count < Number.MAX_SAFE_INTEGER, isConstant: lowest === highest, hasOwnCounts };
};

/** Middle of a minute times its count, from which its sum is not far: an integer, so that the sum comes back exactly. */
export const middleSum = (count: number, low: number, high: number): number => Math.floor((count * (low + high)) / 2);

const writeContent = (out: ByteWriter, n: number): void => {
  let filled = 0;
  for (let i = 0; i < n; i++) {
    if (own[i] === 0) continue;
    const [low, high, lastOne] = [min[i] as number, max[i] as number, last[i] as number];
    sums[filled] = (sums[i] as number) - middleSum(own[i] as number, low, high);
    last[filled] = lastOne;
    max[filled] = high - lastOne;
    min[filled++] = lastOne - low;
  }
  for (const part of [last, max, min, sums]) writeIntegers(out, 0, part, 0, filled, 'kept');
};

const writeColumn = (out: ByteWriter, { hasOwnCounts, isConstant }: ColumnSums, n: number): void => {
  columnOut.at = 0;
  columnOut.byte((hasOwnCounts ? rollupHeadBits.ownCounts : 0) | (isConstant ? rollupHeadBits.isConstant : 0));
  if (hasOwnCounts) writeIntegers(columnOut, 0, own, 0, n);
  if (isConstant) columnOut.zigzag(last[own.findIndex((count) => count > 0)] as number);
  else writeContent(columnOut, n);
  out.varint(columnOut.at);
  out.append(columnOut.bytes.subarray(0, columnOut.at));
};

const writeSignals = (out: ByteWriter, signals: readonly number[]): void => {
  out.varint(signals.length);
  let previous = 0;
  for (const signalNumber of signals) {
    out.varint(signalNumber - previous);
    previous = signalNumber;
  }
};

/** Writes the roll-ups of rows of a finished table; false, and nothing, where they are hardly fewer than the rows. */
export const writeRollups = (out: ByteWriter, table: RowTable, from: number, count: number): boolean => {
  reserve(count);
  const n = findMinutes(table, from, count);
  if (n === 0 || count < n * rowsPerRolledMinuteMin) return false;
  out.byte(rollupKind);
  out.varint(n);
  out.varint(minutes[0] as number);
  for (let i = n - 1; i > 0; i--) minutes[i] = (minutes[i] as number) - (minutes[i - 1] as number);
  if (n > 1) writeIntegers(out, 0, minutes, 1, n - 1);
  writeIntegers(out, 0, counts, 0, n);
  const present = table.columns.filter((column) => column.present.subarray(from, from + count).includes(1));
  const isCovered = (column: TableColumn): boolean => !column.isText && sumColumn(column, from, count, n).isExact;
  const covered = present.filter((column) => isCovered(column));
  writeSignals(
    out,
    covered.map(({ signalNumber }) => signalNumber),
  );
  writeSignals(
    out,
    present.filter((column) => !covered.includes(column)).map(({ signalNumber }) => signalNumber),
  );
  for (const column of covered) writeColumn(out, sumColumn(column, from, count, n), n);
  return true;
};
