import type { ByteWriter } from './byte-writer.ts';
import { baseMax, floatWidthCode, widthCodeOf, writePacked } from './packed.ts';
import { columnHead, type ReportColumn, type ReportColumns, reportFlags, reportVersion } from './report.ts';

const utf8 = new TextEncoder();
/** Values without their gaps, for the time of writing one column. */
let dense = new Float64Array(64);

const encodeTimes = (out: ByteWriter, times: Float64Array, count: number): void => {
  const first = times[0] as number;
  const step = count > 1 ? Math.round(((times[count - 1] as number) - first) / (count - 1)) : 0;
  const residuals = dense;
  let min = 0;
  let max = 0;
  for (let i = 0; i < count; i++) {
    const residual = (times[i] as number) - first - i * step;
    residuals[i] = residual;
    if (residual < min) min = residual;
    if (residual > max) max = residual;
  }
  const widthCode = widthCodeOf(max - min);
  out.varint(first);
  out.zigzag(step);
  out.byte(widthCode);
  writePacked(out, residuals, count, min, widthCode);
};

const encodePresence = (out: ByteWriter, present: Uint8Array, count: number): void => {
  const length = (count + 7) >> 3;
  out.reserve(length);
  out.bytes.fill(0, out.at, out.at + length);
  for (let i = 0; i < count; i++) {
    const at = out.at + (i >> 3);
    if (present[i] === 1) out.bytes[at] = (out.bytes[at] as number) | (1 << (i & 7));
  }
  out.at += length;
};

const encodeDictionary = (out: ByteWriter, words: readonly string[]): void => {
  out.varint(words.length);
  for (const word of words) {
    const bytes = utf8.encode(word);
    out.varint(bytes.length);
    out.append(bytes);
  }
};

const densify = ({ values, present }: ReportColumn, count: number): number => {
  let filled = 0;
  for (let i = 0; i < count; i++) if (present[i] === 1) dense[filled++] = values[i] as number;
  return filled;
};

const encodeColumn = (out: ByteWriter, column: ReportColumn, count: number): void => {
  const { hasPresence, isText } = column;
  const filled = hasPresence ? densify(column, count) : count;
  const values = hasPresence ? dense : column.values;
  let min = values[0] as number;
  let max = min;
  for (let i = 1; i < filled; i++) {
    const value = values[i] as number;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  // A base that a varint cannot hold: the values stand there themselves.
  const isBaseable = Math.abs(min) <= baseMax;
  const widthCode = isBaseable ? widthCodeOf(max - min) : floatWidthCode;
  out.byte(widthCode | (hasPresence ? columnHead.hasPresence : 0) | (isText ? columnHead.isText : 0));
  if (hasPresence) encodePresence(out, column.present, count);
  if (isText) encodeDictionary(out, column.dictionary);
  writePacked(out, values, filled, isBaseable ? min : 0, widthCode);
};

/**
 * Appends a report in the binary format (docs/formats/report.md). Its columns are in ascending order of their signal numbers and each has a value
 * of at least one sample.
 */
export const encodeColumns = (out: ByteWriter, report: ReportColumns): void => {
  const { sampleCount, hasOriginalTimes, columnCount } = report;
  out.byte(reportVersion);
  out.byte(hasOriginalTimes ? reportFlags.hasOriginalTimes : 0);
  out.varint(sampleCount);
  if (sampleCount === 0) return;
  if (dense.length < sampleCount) dense = new Float64Array(Math.max(sampleCount, dense.length * 2));
  encodeTimes(out, report.times, sampleCount);
  if (hasOriginalTimes) encodeTimes(out, report.originalTimes, sampleCount);
  out.varint(columnCount);
  let previous = 0;
  for (let i = 0; i < columnCount; i++) {
    const column = report.columns[i] as ReportColumn;
    out.varint(column.signalNumber - previous);
    encodeColumn(out, column, sampleCount);
    previous = column.signalNumber;
  }
};
