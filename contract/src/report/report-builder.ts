import type { ByteWriter } from './byte-writer.ts';
import { baseMax, floatWidthCode, widthCodeOf, writePacked } from './packed.ts';
import { signalNumberMax } from '../signals/index.ts';
import { columnHead, reportFlags, reportVersion } from './report.ts';

const utf8 = new TextEncoder();
/** Up to so many cells are sorted by insertion, which a report of one sample is best with. */
const insertionSortMax = 32;

/**
 * Collects the accepted values of a report, sample by sample, and writes them in the binary format. One builder is reused for
 * all reports. Values of one sample may come in any order; a second value for the same (sample, signal) is the caller's error.
 */
export class ReportBuilder {
  #samples = 0;
  #times = new Float64Array(64);
  #originalTimes = new Float64Array(64);
  #isMoved = false;
  #cells = 0;
  #cellSignal = new Int32Array(512);
  #cellSample = new Int32Array(512);
  #cellValue = new Float64Array(512);
  #cellText: (string | undefined)[] = [];
  #order = new Int32Array(512);
  #scratch = new Float64Array(64);
  /** All zero between two reports. */
  readonly #signalCounts = new Uint32Array(signalNumberMax + 1);

  get sampleCount(): number {
    return this.#samples;
  }
  get cellCount(): number {
    return this.#cells;
  }

  reset(): void {
    this.#samples = 0;
    this.#cells = 0;
    this.#isMoved = false;
    this.#cellText.length = 0;
  }

  /** Begins a sample; `originalTimeMs` differs from `timeMs` when the device's clock was ahead. */
  addSample(timeMs: number, originalTimeMs = timeMs): void {
    const index = this.#samples++;
    if (index === this.#times.length) this.#growSamples();
    this.#times[index] = timeMs;
    this.#originalTimes[index] = originalTimeMs;
    if (originalTimeMs !== timeMs) this.#isMoved = true;
  }

  /** Adds a value to the sample begun last. */
  addValue(signalNumber: number, stored: number | string): void {
    const index = this.#cells++;
    if (index === this.#cellSignal.length) this.#growCells();
    this.#cellSignal[index] = signalNumber;
    this.#cellSample[index] = this.#samples - 1;
    if (typeof stored === 'number') this.#cellValue[index] = stored;
    else this.#cellText[index] = stored;
  }

  /** Appends the report to `out`. */
  encode(out: ByteWriter): void {
    out.byte(reportVersion);
    out.byte(this.#isMoved ? reportFlags.hasOriginalTimes : 0);
    out.varint(this.#samples);
    if (this.#samples === 0) return;
    this.#encodeTimes(out, this.#times);
    if (this.#isMoved) this.#encodeTimes(out, this.#originalTimes);
    this.#sortCells();
    out.varint(this.#countColumns());
    let previous = 0;
    for (let from = 0; from < this.#cells; ) {
      const signalNumber = this.#signalAt(from);
      let to = from + 1;
      while (to < this.#cells && this.#signalAt(to) === signalNumber) to++;
      out.varint(signalNumber - previous);
      this.#encodeColumn(out, from, to);
      previous = signalNumber;
      from = to;
    }
  }

  #signalAt(position: number): number {
    return this.#cellSignal[this.#order[position] as number] as number;
  }

  #countColumns(): number {
    let columns = 0;
    for (let i = 0; i < this.#cells; i++) if (i === 0 || this.#signalAt(i) !== this.#signalAt(i - 1)) columns++;
    return columns;
  }

  /** By signal, then by sample. Cells come in sample order, so a stable sort by signal is enough. */
  #sortCells(): void {
    const order = this.#order;
    const signals = this.#cellSignal;
    const count = this.#cells;
    for (let i = 0; i < count; i++) order[i] = i;
    if (count > insertionSortMax) {
      this.#bucketCells();
      return;
    }
    for (let i = 1; i < count; i++) {
      const moving = order[i] as number;
      const signal = signals[moving] as number;
      let at = i - 1;
      while (at >= 0 && (signals[order[at] as number] as number) > signal) {
        order[at + 1] = order[at] as number;
        at--;
      }
      order[at + 1] = moving;
    }
  }

  /** Many cells of few signals: counted by signal, then each put where its signal begins. */
  #bucketCells(): void {
    const signals = this.#cellSignal;
    const counts = this.#signalCounts;
    const used: number[] = [];
    for (let i = 0; i < this.#cells; i++) {
      const signal = signals[i] as number;
      if (counts[signal] === 0) used.push(signal);
      counts[signal] = (counts[signal] as number) + 1;
    }
    used.sort((a, b) => a - b);
    let start = 0;
    for (const signal of used) {
      const count = counts[signal] as number;
      counts[signal] = start;
      start += count;
    }
    for (let i = 0; i < this.#cells; i++) {
      const signal = signals[i] as number;
      const at = counts[signal] as number;
      counts[signal] = at + 1;
      this.#order[at] = i;
    }
    for (const signal of used) counts[signal] = 0;
  }

  #encodeTimes(out: ByteWriter, times: Float64Array): void {
    const count = this.#samples;
    const first = times[0] as number;
    const step = count > 1 ? Math.round(((times[count - 1] as number) - first) / (count - 1)) : 0;
    const residuals = this.#scratch;
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
  }

  #encodeColumn(out: ByteWriter, from: number, to: number): void {
    const present = to - from;
    const isText = this.#cellText[this.#order[from] as number] !== undefined;
    const words = isText ? this.#indexWords(from, to) : this.#copyValues(from, to);
    const values = this.#scratch;
    let min = values[0] as number;
    let max = min;
    for (let i = 1; i < present; i++) {
      const value = values[i] as number;
      if (value < min) min = value;
      else if (value > max) max = value;
    }
    // A base that a varint cannot hold: the values stand there themselves.
    const isBaseable = Math.abs(min) <= baseMax;
    const widthCode = isBaseable ? widthCodeOf(max - min) : floatWidthCode;
    const hasPresence = present < this.#samples;
    out.byte(widthCode | (hasPresence ? columnHead.hasPresence : 0) | (isText ? columnHead.isText : 0));
    if (hasPresence) this.#encodePresence(out, from, to);
    if (words) encodeDictionary(out, words);
    writePacked(out, values, present, isBaseable ? min : 0, widthCode);
  }

  #copyValues(from: number, to: number): undefined {
    for (let i = from; i < to; i++) this.#scratch[i - from] = this.#cellValue[this.#order[i] as number] as number;
    return undefined;
  }

  #indexWords(from: number, to: number): string[] {
    // A map: each of 4,096 samples may have a word of its own.
    const indexes = new Map<string, number>();
    for (let i = from; i < to; i++) {
      const word = this.#cellText[this.#order[i] as number] as string;
      let index = indexes.get(word);
      if (index === undefined) indexes.set(word, (index = indexes.size));
      this.#scratch[i - from] = index;
    }
    return [...indexes.keys()];
  }

  #encodePresence(out: ByteWriter, from: number, to: number): void {
    const length = (this.#samples + 7) >> 3;
    out.reserve(length);
    out.bytes.fill(0, out.at, out.at + length);
    for (let i = from; i < to; i++) {
      const sample = this.#cellSample[this.#order[i] as number] as number;
      const at = out.at + (sample >> 3);
      out.bytes[at] = (out.bytes[at] as number) | (1 << (sample & 7));
    }
    out.at += length;
  }

  #growSamples(): void {
    const grow = (old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.#times = grow(this.#times);
    this.#originalTimes = grow(this.#originalTimes);
    this.#scratch = grow(this.#scratch);
  }

  #growCells(): void {
    const length = this.#cellSignal.length * 2;
    const signals = new Int32Array(length);
    const samples = new Int32Array(length);
    const values = new Float64Array(length);
    signals.set(this.#cellSignal);
    samples.set(this.#cellSample);
    values.set(this.#cellValue);
    this.#cellSignal = signals;
    this.#cellSample = samples;
    this.#cellValue = values;
    this.#order = new Int32Array(length);
  }
}

const encodeDictionary = (out: ByteWriter, words: readonly string[]): void => {
  out.varint(words.length);
  for (const word of words) {
    const bytes = utf8.encode(word);
    out.varint(bytes.length);
    out.append(bytes);
  }
};
