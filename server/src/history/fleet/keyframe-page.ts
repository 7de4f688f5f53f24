import { crc32 } from 'node:zlib';
import { connectionStatuses, statusReasons } from '@milepost/contract';
import { ByteReader, ByteWriter, FormatError } from '../../events/index.ts';
import { formMask, readIntegers, writeIntegers } from '../integer-column.ts';
import { readMarks, writeMarks } from '../marks.ts';
import { readWords, writeWords } from '../words.ts';
import type { FleetState, OtherValue } from './fleet-state.ts';
import { orderOfKeyframe } from './fleet-state.ts';
import { fleetSignalsMax, vehiclesPerPage } from './limits.ts';

/**
 * A page of a keyframe: 1,024 vehicles at one moment. docs/formats/keyframe.md
 *
 *     page    = u8 version (1) · u8 flags (0) · u32 crc32 of what follows, little-endian · body
 *     body    = varint atMs · varint index · varint vehicles · [vehicles > 0: gaps · removed · newest · status · signals · others]
 *     gaps    = integers: slot of the first vehicle, then the gap to the next; slot = vehicleNo − index · 1024
 *     removed = marks: what the vehicle had was erased, its state is found in the chunks alone
 *     newest  = integers: atMs − newest sample time + 1, 0: no value
 *     status  = integers (0: none, else status + 8 · reason) · integers (atMs − time of the change + 1, 0: none)
 *     signals = varint words · [words] · varint count · count × (varint gap of the signal number · marks · column)
 *     column  = of the vehicles that are marked: integers (newest of the vehicle − time) · integers (deviceNo) · marks (texts)
 *               · integers (value, or index into the words)
 *     others  = varint count · count × (varint place of the vehicle · varint place of the signal · varint deviceNo · varint atMs − time
 *               · u8 is text · f64 value)
 *
 * `integers`, `marks` and `words` are those of a chunk. Columns of which nothing is marked end after their marks.
 */
export const keyframeVersion = 1;
const headBytes = 6;

const out = new ByteWriter(256 * 1024);
const column = new Float64Array(vehiclesPerPage + 1);
const marks = new Uint8Array(vehiclesPerPage);
const places = new Int32Array(vehiclesPerPage);

const putIntegers = (count: number, at: (i: number) => number): void => {
  for (let i = 0; i < count; i++) column[i] = at(i);
  writeIntegers(out, 0, column, 0, count);
};
const putMarks = (count: number, at: (i: number) => number): void => {
  for (let i = 0; i < count; i++) marks[i] = at(i);
  writeMarks(out, marks, 0, count);
};

const isEmpty = (state: FleetState, slot: number): boolean =>
  (state.newest[slot] as number) < 0 && (state.statusAt[slot] as number) < 0;

/** Encodes the page `index` of a finished state; `isRemoved` says of which vehicles only that is told. Undefined: nothing to tell. */
export const encodePage = (
  state: FleetState,
  atMs: number,
  index: number,
  isRemoved: (slot: number) => boolean,
): Uint8Array | undefined => {
  const first = index * vehiclesPerPage - state.fromVehicleNo;
  let count = 0;
  for (let slot = first; slot < first + vehiclesPerPage; slot++)
    if (slot >= 0 && slot < state.slots && (!isEmpty(state, slot) || isRemoved(slot))) places[count++] = slot;
  if (count === 0) return undefined;
  const slotOf = (i: number): number => places[i] as number;
  out.at = 0;
  out.reserve(headBytes);
  out.at = headBytes;
  out.varint(atMs);
  out.varint(index);
  out.varint(count);
  putIntegers(count, (i) => (i === 0 ? slotOf(0) - first : slotOf(i) - slotOf(i - 1)));
  putMarks(count, (i) => (isRemoved(slotOf(i)) ? 1 : 0));
  const lag = (ms: number): number => (ms < 0 ? 0 : atMs - ms + 1);
  putIntegers(count, (i) => lag(state.newest[slotOf(i)] as number));
  const hasStatus = (slot: number): boolean => (state.statusAt[slot] as number) >= 0;
  putIntegers(count, (i) =>
    hasStatus(slotOf(i)) ? (state.status[slotOf(i)] as number) + 8 * (state.reasons[slotOf(i)] as number) : 0,
  );
  putIntegers(count, (i) => lag(state.statusAt[slotOf(i)] as number));
  putSignals(state, count, findOthers(state, count), atMs);
  out.view.setUint8(0, keyframeVersion);
  out.view.setUint8(1, 0);
  out.view.setUint32(2, crc32(out.bytes.subarray(headBytes, out.at)), true);
  return out.toBytes();
};

/** The words that a page needs: others of the state may be of vehicles that were erased. */
class PageWords {
  readonly words: string[] = [];
  readonly #all: readonly string[];
  readonly #indices = new Map<number, number>();

  constructor(all: readonly string[]) {
    this.#all = all;
  }

  /** Number as it is, or the index of a word in this page. */
  valueOf(value: number, isText: boolean): number {
    if (!isText) return value;
    const known = this.#indices.get(value);
    if (known !== undefined) return known;
    const index = this.words.push(this.#all[value] as string) - 1;
    this.#indices.set(value, index);
    return index;
  }
}

const putSignals = (state: FleetState, count: number, found: readonly FoundOther[], atMs: number): void => {
  const words = new PageWords(state.words);
  const columns = state.signals.map((_, signal) => {
    const base = signal * state.slots;
    const cells: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = base + (places[i] as number);
      if ((state.times[at] as number) < 0) continue;
      words.valueOf(state.values[at] as number, state.isText[at] === 1);
      cells.push(at);
    }
    return { base, cells };
  });
  for (const { other } of found) words.valueOf(other.value, other.isText);
  out.varint(words.words.length);
  if (words.words.length > 0) writeWords(out, words.words);
  out.varint(columns.length);
  columns.forEach(({ base, cells }, signal) => {
    out.varint((state.signals[signal] as number) - (state.signals[signal - 1] ?? 0));
    putMarks(count, (i) => ((state.times[base + (places[i] as number)] as number) >= 0 ? 1 : 0));
    if (cells.length === 0) return;
    const cell = (i: number): number => cells[i] as number;
    putIntegers(cells.length, (i) => (state.newest[cell(i) - base] as number) - (state.times[cell(i)] as number));
    putIntegers(cells.length, (i) => state.devices[cell(i)] as number);
    putMarks(cells.length, (i) => state.isText[cell(i)] as number);
    putIntegers(cells.length, (i) => words.valueOf(state.values[cell(i)] as number, state.isText[cell(i)] === 1));
  });
  putOthers(found, atMs, words);
};

interface FoundOther {
  readonly place: number;
  readonly signal: number;
  readonly other: OtherValue;
}

const findOthers = (state: FleetState, count: number): FoundOther[] => {
  const placeOf = new Map<number, number>();
  for (let i = 0; i < count; i++) placeOf.set(places[i] as number, i);
  const found: FoundOther[] = [];
  for (const [at, others] of state.others) {
    const place = placeOf.get(at % state.slots);
    if (place !== undefined) for (const other of others) found.push({ place, signal: Math.floor(at / state.slots), other });
  }
  return found.sort((a, b) => a.place - b.place || a.signal - b.signal || a.other.device - b.other.device);
};

const putOthers = (found: readonly FoundOther[], atMs: number, words: PageWords): void => {
  out.varint(found.length);
  for (const { place, signal, other } of found) {
    out.varint(place);
    out.varint(signal);
    out.varint(other.device);
    out.varint(atMs - other.time);
    out.byte(other.isText ? 1 : 0);
    out.reserve(8);
    out.view.setFloat64(out.at, words.valueOf(other.value, other.isText), true);
    out.at += 8;
  }
};

export interface PageRules {
  readonly atMs: number;
  readonly index: number;
  /** By slot of the state: the vehicle is asked for. */
  isWanted(slot: number): boolean;
  removed(slot: number): void;
}

const readPlaces = (input: ByteReader, count: number): void => {
  readIntegers(input, headOf(input), column, count);
  let slot = 0;
  for (let i = 0; i < count; i++) {
    slot += column[i] as number;
    if (!(slot >= 0 && slot < vehiclesPerPage) || (i > 0 && !((column[i] as number) > 0)))
      throw new FormatError(`a keyframe names slot ${slot} of ${vehiclesPerPage}`);
    places[i] = slot;
  }
};

const headOf = (input: ByteReader): number => {
  const head = input.byte();
  if (head > formMask) throw new FormatError(`column head ${head} is unknown`);
  return head;
};

const open = (bytes: Uint8Array, atMs: number, index: number): ByteReader => {
  const input = new ByteReader(bytes);
  const version = input.byte();
  if (version !== keyframeVersion) throw new FormatError(`a keyframe has version ${version}, expected ${keyframeVersion}`);
  const flags = input.byte();
  if (flags !== 0) throw new FormatError(`keyframe flags ${flags} are unknown`);
  const expected = input.view.getUint32(input.take(4), true);
  const actual = crc32(bytes.subarray(headBytes));
  if (actual !== expected) throw new FormatError(`the crc32 of a keyframe is ${actual}, expected ${expected}`);
  const [storedAt, storedIndex] = [input.varint(), input.varint()];
  if (storedAt !== atMs || storedIndex !== index)
    throw new FormatError(`a page is of ${storedAt} and number ${storedIndex}, expected ${atMs} and ${index}`);
  return input;
};

/** Adds what a page says of the wanted vehicles to a state. Throws `FormatError` before it adds anything, but for damage with a valid crc32. */
export const addPage = (state: FleetState, bytes: Uint8Array, rules: PageRules): void => {
  const { atMs, index } = rules;
  const input = open(bytes, atMs, index);
  const count = input.varint();
  if (count > vehiclesPerPage) throw new FormatError(`a page has ${count} vehicles, expected at most ${vehiclesPerPage}`);
  readPlaces(input, count);
  const shift = index * vehiclesPerPage - state.fromVehicleNo;
  const slots = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const slot = (places[i] as number) + shift;
    slots[i] = slot >= 0 && slot < state.slots && rules.isWanted(slot) ? slot : -1;
  }
  readMarks(input, marks, count);
  for (let i = 0; i < count; i++) if (marks[i] === 1 && (slots[i] as number) >= 0) rules.removed(slots[i] as number);
  const newest = readMoments(input, atMs, count);
  readStatus(input, state, slots, atMs);
  readSignals(input, state, slots, newest, atMs);
  if (input.at !== input.end) throw new FormatError(`${input.end - input.at} bytes follow the keyframe`);
};

/** −1: none. */
const readMoments = (input: ByteReader, atMs: number, count: number): Float64Array => {
  readIntegers(input, headOf(input), column, count);
  const moments = column.slice(0, count);
  for (let i = 0; i < count; i++) moments[i] = moments[i] === 0 ? -1 : atMs + 1 - (moments[i] as number);
  return moments;
};

const readStatus = (input: ByteReader, state: FleetState, slots: Int32Array, atMs: number): void => {
  readIntegers(input, headOf(input), column, slots.length);
  const codes = column.slice(0, slots.length);
  const moments = readMoments(input, atMs, slots.length);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as number;
    if (slot < 0 || (moments[i] as number) < 0) continue;
    const code = codes[i] as number;
    const to = connectionStatuses[code % 8];
    const reason = statusReasons[Math.floor(code / 8)];
    if (!to || !reason) throw new FormatError(`a keyframe has status ${code}`);
    state.putStatus({ vehicleNo: state.fromVehicleNo + slot, at: moments[i] as number, from: 'never_seen', to, reason });
  }
};

const readSignals = (input: ByteReader, state: FleetState, slots: Int32Array, newest: Float64Array, atMs: number): void => {
  const wordCount = input.varint();
  const words = wordCount === 0 ? [] : readWords(input, wordCount);
  const wordOf = (index: number): number => {
    const word = words[index];
    if (word === undefined) throw new FormatError(`a keyframe names word ${index} of ${words.length}`);
    return state.wordOf(word);
  };
  const signalCount = input.varint();
  if (signalCount > fleetSignalsMax) throw new FormatError(`a keyframe has ${signalCount} signals`);
  const signals: number[] = [];
  let signalNumber = 0;
  for (let i = 0; i < signalCount; i++) {
    signalNumber += input.varint();
    signals.push(signalNumber);
    readColumn(input, state, state.indexOf(signalNumber), slots, newest, wordOf);
  }
  readOthers(input, state, slots, signals, atMs, wordOf);
};

const readColumn = (
  input: ByteReader,
  state: FleetState,
  signal: number,
  slots: Int32Array,
  newest: Float64Array,
  wordOf: (index: number) => number,
): void => {
  const filled = readMarks(input, marks, slots.length);
  if (filled === 0) return;
  const present = marks.slice(0, slots.length);
  const read = (): Float64Array => {
    readIntegers(input, headOf(input), column, filled);
    return column.slice(0, filled);
  };
  const lags = read();
  const devices = read();
  readMarks(input, marks, filled);
  const texts = marks.slice(0, filled);
  const values = read();
  for (let i = 0, from = 0; i < slots.length; i++) {
    if (present[i] === 0) continue;
    const slot = slots[i] as number;
    if (slot >= 0 && signal >= 0) {
      const time = (newest[i] as number) - (lags[from] as number);
      const isText = texts[from] === 1;
      const value = isText ? wordOf(values[from] as number) : (values[from] as number);
      state.put(slot, signal, time, value, isText, devices[from] as number, orderOfKeyframe);
    }
    from++;
  }
};

const readOthers = (
  input: ByteReader,
  state: FleetState,
  slots: Int32Array,
  signals: readonly number[],
  atMs: number,
  wordOf: (index: number) => number,
): void => {
  for (let left = input.varint(); left > 0; left--) {
    const slot = slots[input.varint()];
    const signalNumber = signals[input.varint()];
    const device = input.varint();
    const time = atMs - input.varint();
    const isText = input.byte() === 1;
    const value = input.view.getFloat64(input.take(8), true);
    if (slot === undefined || signalNumber === undefined)
      throw new FormatError('a keyframe names a vehicle or signal it does not have');
    const signal = state.indexOf(signalNumber);
    if (slot < 0 || signal < 0) continue;
    state.put(slot, signal, time, isText ? wordOf(value) : value, isText, device, orderOfKeyframe);
  }
};
