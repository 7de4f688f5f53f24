import { ByteReader, FormatError } from '../../events/index.ts';
import { chunkFlags, chunkVersion, chunkVersionOldest, valueHead } from '../chunk-format.ts';
import { columnForms, formMask, readIntegers, skipIntegers } from '../integer-column.ts';
import { rowsPerChunkMax } from '../limits.ts';
import { readMarks } from '../marks.ts';
import { SignalList } from '../signal-list.ts';
import { readWords, skipWords } from '../words.ts';
import { valueAt } from './column-value.ts';
import type { FleetState } from './fleet-state.ts';

const input = new ByteReader(new Uint8Array(0));
let steps = new Float64Array(2048);
let present = new Uint8Array(2048);
const signals = new SignalList();

const formOf = (): number => {
  const head = input.byte();
  if (head > formMask) throw new FormatError(`column head ${head} is unknown`);
  return head;
};

/** Index of the last row at or before a moment, and its time; −1: there is none. */
const lastRow = { index: -1, time: 0 };

const findLastRow = (rows: number, fromMs: number, durationMs: number, atMs: number): void => {
  lastRow.index = fromMs > atMs ? -1 : 0;
  lastRow.time = fromMs;
  if (rows === 1) return;
  const form = formOf();
  if (form === columnForms.constant) {
    const step = input.zigzag();
    if (lastRow.index < 0 || step * (rows - 1) !== durationMs) return;
    lastRow.index = step <= 0 ? rows - 1 : Math.min(rows - 1, Math.floor((atMs - fromMs) / step));
    lastRow.time = fromMs + lastRow.index * step;
    return;
  }
  if (steps.length < rows + 1) steps = new Float64Array(rows * 2);
  readIntegers(input, form, steps, rows - 1);
  let time = fromMs;
  for (let i = 1; i < rows; i++) {
    time += steps[i - 1] as number;
    if (time > atMs) return;
    lastRow.index = i;
    lastRow.time = time;
  }
};

const skipColumn = (rows: number): void => {
  const head = input.byte();
  if ((head & valueHead.isText) !== 0) skipWords(input);
  const filled = (head & valueHead.hasMarks) !== 0 ? readMarks(input, present, rows) : rows;
  skipIntegers(input, head & formMask, filled);
};

/** Last marked row up to `row`, and how many are marked before it. */
const lastMarked = (row: number): { readonly row: number; readonly rank: number } => {
  let last = row;
  while (last >= 0 && present[last] === 0) last--;
  let rank = 0;
  for (let i = 0; i < last; i++) rank += present[i] as number;
  return { row: last, rank };
};

const timeOf = (row: number, rows: number, fromMs: number, durationMs: number, isEven: boolean): number => {
  if (isEven) return fromMs + (durationMs / (rows - 1)) * row;
  let time = fromMs;
  for (let i = 0; i < row; i++) time += steps[i] as number;
  return time;
};

/**
 * Adds the newest value of each kept signal at or before a moment, of a chunk with the samples of one device, none of them moved; false: it is
 * no such chunk, nothing was added. Decodes no row behind the moment, and no column as a whole where its form allows. A chunk lies in two
 * pieces where `start`, all ahead of its columns, is not empty.
 */
export const addNewestRows = (
  state: FleetState,
  slot: number,
  start: Uint8Array,
  rest: Uint8Array,
  order: number,
  fromMs: number,
  atMs: number,
): boolean => {
  if (start.length > 0) input.reset(start, 0, start.length);
  else input.reset(rest, 0, rest.length);
  const version = input.byte();
  if (version < chunkVersionOldest || version > chunkVersion)
    throw new FormatError(`chunk has version ${version}, expected ${chunkVersionOldest} to ${chunkVersion}`);
  const flags = input.byte();
  if ((flags & ~chunkFlags.reserved & ~chunkFlags.heartbeats) !== 0) return false;
  if ((flags & chunkFlags.reserved) !== 0) input.take(input.varint());
  const rows = input.varint();
  if (rows < 1 || rows > rowsPerChunkMax) throw new FormatError(`chunk has ${rows} rows, expected 1 to ${rowsPerChunkMax}`);
  if (present.length < rows) present = new Uint8Array(rows * 2);
  const chunkFromMs = input.varint();
  const durationMs = input.varint();
  if (start.length > 0) input.reset(rest, 0, rest.length);
  const isEven = rows > 1 && input.bytes[input.at] === columnForms.constant;
  findLastRow(rows, chunkFromMs, durationMs, atMs);
  const { index: last, time: lastMs } = lastRow;
  if (last < 0 || lastMs < fromMs) return true;
  if (input.byte() !== columnForms.constant) return false;
  const device = input.zigzag();
  if ((flags & chunkFlags.heartbeats) !== 0) readMarks(input, present, rows);
  signals.read(input);
  for (let i = 0; i < signals.count; i++) {
    const signal = state.indexOf(signals.numbers[i] as number);
    const at = signal * state.slots + slot;
    if (signal < 0 || ((state.times[at] as number) > lastMs && state.devices[at] === device)) {
      skipColumn(rows);
      continue;
    }
    const head = input.byte();
    const isText = (head & valueHead.isText) !== 0;
    const words = isText ? readWords(input, rows) : undefined;
    let row = last;
    let rank = last;
    let filled = rows;
    if ((head & valueHead.hasMarks) !== 0) {
      filled = readMarks(input, present, rows);
      ({ row, rank } = lastMarked(last));
    }
    const time = row < 0 ? -1 : row === last ? lastMs : timeOf(row, rows, chunkFromMs, durationMs, isEven);
    if (time < fromMs || time < 0) {
      skipIntegers(input, head & formMask, filled);
      continue;
    }
    const value = valueAt(input, head & formMask, filled, rank);
    state.put(slot, signal, time, words ? state.wordOf(words[value] as string) : value, isText, device, order);
  }
  return true;
};
