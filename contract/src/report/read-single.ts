import { signalNumberMax } from '../signals/index.ts';
import { columnsPerReportMax, reportVersion, timeMsMax } from './report.ts';

/** The one sample of a report that has only numbers, in arrays that are reused. */
export interface SingleSample {
  timeMs: number;
  count: number;
  /** Signal numbers, ascending. */
  readonly signals: Int32Array;
  /** Stored values. */
  readonly values: Float64Array;
}

export const makeSingleSample = (): SingleSample => ({
  timeMs: 0,
  count: 0,
  signals: new Int32Array(columnsPerReportMax),
  values: new Float64Array(columnsPerReportMax),
});

const unzigzag = (code: number): number =>
  code < 0x8000_0000 ? (code >>> 1) ^ -(code & 1) : code % 2 === 0 ? code / 2 : -(code + 1) / 2;

/**
 * Reads a report of one sample of numbers that was not moved, which most are, in one pass: a third of the time of `decodeReport`. False: the
 * report is another, or broken; `decodeReport` says which. Never reads past `end` without answering false, as what it read must
 * end there.
 */
export const readSingle = (bytes: Uint8Array, from: number, end: number, into: SingleSample): boolean => {
  if (bytes[from] !== reportVersion || bytes[from + 1] !== 0 || bytes[from + 2] !== 1) return false;
  const { signals, values } = into;
  let at = from + 3;
  let timeMs = 0;
  let scale = 1;
  let byte = 0x80;
  for (; byte >= 0x80 && scale < 2 ** 49; scale *= 128) {
    byte = bytes[at++] as number;
    timeMs += (byte & 0x7f) * scale;
  }
  // Step, width and base of the only time are 0.
  if (byte >= 0x80 || timeMs > timeMsMax || bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0) return false;
  at += 3;
  let count = bytes[at++] as number;
  if (count >= 0x80) count += ((bytes[at++] as number) - 1) * 0x80;
  if (count > columnsPerReportMax) return false;
  let signal = 0;
  for (let i = 0; i < count; i++) {
    let gap = bytes[at++] as number;
    if (gap >= 0x80) {
      const high = bytes[at++] as number;
      gap += (high - 1) * 0x80;
      if (high >= 0x80) gap += ((bytes[at++] as number) - 1) * 0x4000;
    }
    signal += gap;
    // A head of 0: a number that each sample has, no bytes beside the base.
    if (gap <= 0 || signal > signalNumberMax || bytes[at++] !== 0) return false;
    byte = bytes[at++] as number;
    let code = byte & 0x7f;
    if (byte >= 0x80) {
      byte = bytes[at++] as number;
      code |= (byte & 0x7f) << 7;
      if (byte >= 0x80) {
        byte = bytes[at++] as number;
        code |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[at++] as number;
          code |= (byte & 0x7f) << 21;
          for (scale = 2 ** 28; byte >= 0x80 && scale < 2 ** 56; scale *= 128) {
            byte = bytes[at++] as number;
            code += (byte & 0x7f) * scale;
          }
          if (byte >= 0x80 || code > Number.MAX_SAFE_INTEGER) return false;
        }
      }
    }
    signals[i] = signal;
    values[i] = unzigzag(code);
  }
  into.timeMs = timeMs;
  into.count = count;
  return at === end;
};
