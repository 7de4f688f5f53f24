import { ByteReader, FormatError } from './byte-reader.ts';
import { readPacked } from './packed.ts';
import {
  columnHead,
  columnsPerReportMax,
  type ReportColumn,
  type ReportColumns,
  reportFlags,
  reportVersion,
  samplesPerReportMax,
  timeMsMax,
} from './report.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const signalNumberMax = 65_535;

const makeColumn = (capacity: number): ReportColumn => ({
  signalNumber: 0,
  hasPresence: false,
  present: new Uint8Array(capacity),
  isText: false,
  values: new Float64Array(capacity),
  dictionary: [],
});

/** `columnsMax` bounds the memory of a decoder that reads what strangers send. */
export const makeReportColumns = (columnsMax: number = columnsPerReportMax): ReportColumns => ({
  sampleCount: 0,
  times: new Float64Array(16),
  hasOriginalTimes: false,
  originalTimes: new Float64Array(16),
  columnCount: 0,
  columns: [],
  columnsMax,
});

const readTimes = (input: ByteReader, times: Float64Array, count: number): void => {
  const first = input.varint();
  const step = input.zigzag();
  readPacked(input, times, count, input.byte());
  for (let i = 0; i < count; i++) {
    const time = first + i * step + (times[i] as number);
    if (!(time >= 0 && time <= timeMsMax && Number.isInteger(time)))
      throw new FormatError(`time of sample ${i} is ${time}, expected ms since 1970`);
    times[i] = time;
  }
};

/** Answers how many samples have a value. */
const readPresence = (input: ByteReader, present: Uint8Array, count: number): number => {
  const from = input.take((count + 7) >> 3);
  let set = 0;
  for (let i = 0; i < count; i++) {
    const bit = ((input.bytes[from + (i >> 3)] as number) >> (i & 7)) & 1;
    present[i] = bit;
    set += bit;
  }
  return set;
};

const readDictionary = (input: ByteReader, into: string[], countMax: number): void => {
  const count = input.varint();
  if (count === 0 || count > countMax) throw new FormatError(`a dictionary has ${count} words, expected 1 to ${countMax}`);
  into.length = 0;
  for (let i = 0; i < count; i++) {
    const length = input.varint();
    const from = input.take(length);
    try {
      // Copied first: a decoder refuses shared memory, in which the memtable lies.
      into.push(utf8.decode(input.bytes.slice(from, from + length)));
    } catch (cause) {
      throw new FormatError(`word ${i} of a dictionary is not UTF-8 (${String(cause)})`);
    }
  }
};

/** Moves `present` values from the front of the array to their samples, from the back so that none is overwritten. */
const spread = (column: ReportColumn, present: number, count: number): void => {
  const { values } = column;
  let from = present - 1;
  for (let i = count - 1; i >= 0; i--) values[i] = column.present[i] === 1 ? (values[from--] as number) : 0;
};

const checkValues = (column: ReportColumn, count: number): void => {
  const { values, isText } = column;
  const words = column.dictionary.length;
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (!Number.isSafeInteger(value))
      throw new FormatError(`signal ${column.signalNumber} holds ${value}, expected a whole number`);
    if (isText && (value < 0 || value >= words))
      throw new FormatError(`signal ${column.signalNumber} names word ${value} of ${words}`);
  }
};

const readColumn = (input: ByteReader, column: ReportColumn, count: number): void => {
  const head = input.byte();
  if (head > (columnHead.widthMask | columnHead.hasPresence | columnHead.isText))
    throw new FormatError(`column head ${head} is unknown`);
  column.hasPresence = (head & columnHead.hasPresence) !== 0;
  column.isText = (head & columnHead.isText) !== 0;
  const present = column.hasPresence ? readPresence(input, column.present, count) : count;
  if (column.isText) readDictionary(input, column.dictionary, count);
  readPacked(input, column.values, present, head & columnHead.widthMask);
  if (column.isText || (head & columnHead.widthMask) === 4) checkValues(column, present);
  if (column.hasPresence) spread(column, present, count);
};

const makeRoom = (into: ReportColumns, count: number): void => {
  if (into.times.length >= count) return;
  const capacity = Math.min(samplesPerReportMax, Math.max(count, into.times.length * 2));
  into.times = new Float64Array(capacity);
  into.originalTimes = new Float64Array(capacity);
};

const columnAt = (into: ReportColumns, index: number, count: number): ReportColumn => {
  const old = into.columns[index];
  if (old && old.values.length >= count) return old;
  const column = makeColumn(Math.max(count, into.times.length));
  into.columns[index] = column;
  return column;
};

const sharedReader = new ByteReader(new Uint8Array(0));

/**
 * Decodes a report that lies from `from` to `end` in `bytes` into reused columns. Throws `FormatError` on anything that the
 * format does not allow, including bytes left over. Bounds of values are not checked here: `ingest` knows the vocabulary.
 */
export const decodeReport = (bytes: Uint8Array, from: number, end: number, into: ReportColumns, view?: DataView): void => {
  const input = sharedReader;
  input.reset(bytes, from, end, view);
  const version = input.byte();
  if (version !== reportVersion) throw new FormatError(`report has version ${version}, expected ${reportVersion}`);
  const flags = input.byte();
  if (flags > reportFlags.hasOriginalTimes) throw new FormatError(`report flags ${flags} are unknown`);
  const count = input.varint();
  if (count > samplesPerReportMax) throw new FormatError(`report has ${count} samples, expected at most ${samplesPerReportMax}`);
  into.sampleCount = count;
  into.columnCount = 0;
  into.hasOriginalTimes = flags === reportFlags.hasOriginalTimes;
  if (count > 0) readBody(input, into, count);
  if (input.at !== end) throw new FormatError(`${end - input.at} bytes follow the report`);
};

/**
 * The sample times of a report alone, for whoever needs no values: into the start of `into`, which has room for `samplesPerReportMax`.
 * Answers how many; 0 for a heartbeat. Throws `FormatError`.
 */
export const readReportTimes = (bytes: Uint8Array, from: number, end: number, into: Float64Array, view?: DataView): number => {
  const input = sharedReader;
  input.reset(bytes, from, end, view);
  input.take(2);
  const count = input.varint();
  if (count > samplesPerReportMax) throw new FormatError(`report has ${count} samples, expected at most ${samplesPerReportMax}`);
  if (count > 0) readTimes(input, into, count);
  return count;
};

const readBody = (input: ByteReader, into: ReportColumns, count: number): void => {
  makeRoom(into, count);
  readTimes(input, into.times, count);
  if (into.hasOriginalTimes) readTimes(input, into.originalTimes, count);
  const columns = input.varint();
  if (columns > into.columnsMax) throw new FormatError(`report has ${columns} signals, expected at most ${into.columnsMax}`);
  let signalNumber = 0;
  for (let i = 0; i < columns; i++) {
    const gap = input.varint();
    signalNumber += gap;
    if (gap === 0 || signalNumber > signalNumberMax) throw new FormatError(`signal number ${signalNumber} after a gap of ${gap}`);
    const column = columnAt(into, i, count);
    column.signalNumber = signalNumber;
    readColumn(input, column, count);
  }
  into.columnCount = columns;
};
