import { ByteReader, FormatError } from '../events/index.ts';
import { formMask, readIntegers, skipIntegers } from './integer-column.ts';
import { minuteMs, rowsPerChunkMax } from './limits.ts';
import { middleSum, rollupHeadBits, rollupKind } from './minute-rollups.ts';

const minuteMax = 150_000_000;
const signalsMax = 8192;
type Numbers = Float64Array<ArrayBuffer>;

/** One signal by minute; `min`, `max`, `sums` and `last` only where `counts` is not 0. */
export interface RolledSignal {
  /** False: the chunk has no value of it. */
  isThere: boolean;
  counts: Numbers;
  readonly min: Numbers;
  readonly max: Numbers;
  readonly sums: Numbers;
  readonly last: Numbers;
}

const formOf = (input: ByteReader): number => {
  const form = input.byte();
  if (form > formMask) throw new FormatError(`head ${form} of a roll-up is unknown`);
  return form;
};

const readMinuteCount = (input: ByteReader): number => {
  const n = input.varint();
  if (n < 1 || n > rowsPerChunkMax) throw new FormatError(`roll-ups have ${n} minutes, expected 1 to ${rowsPerChunkMax}`);
  return n;
};

/** Calls `take` with each signal number of a list. */
const readSignals = (input: ByteReader, take: (signalNumber: number, i: number) => void): number => {
  const count = input.varint();
  if (count > signalsMax) throw new FormatError(`roll-ups have ${count} signals, expected at most ${signalsMax}`);
  let signalNumber = 0;
  for (let i = 0; i < count; i++) {
    signalNumber += input.varint();
    take(signalNumber, i);
  }
  return count;
};

const nothing = (): void => undefined;

/** Whether roll-ups answer for these signals: they are of a kind that is known, and none of the signals is left to the rows. */
export const doRollupsCover = (section: Uint8Array, wanted: readonly number[]): boolean => {
  const input = new ByteReader(section);
  if (input.byte() !== rollupKind) return false;
  const n = readMinuteCount(input);
  input.varint();
  if (n > 1) skipIntegers(input, formOf(input), n - 1);
  skipIntegers(input, formOf(input), n);
  readSignals(input, nothing);
  let isCovered = true;
  readSignals(input, (signalNumber) => {
    if (wanted.includes(signalNumber)) isCovered = false;
  });
  return isCovered;
};

const makeNumbers = (minutes: number): Numbers => new Float64Array(minutes + 1);

/** Reads the roll-ups of one chunk after the other into arrays of its own: copy what is kept. Throws `FormatError`. */
export class RollupReader {
  minutes = 0;
  /** Start of each minute, ms. */
  times = makeNumbers(64);
  /** By signal wanted. */
  readonly signals: RolledSignal[];
  readonly #wanted: readonly number[];
  readonly #input = new ByteReader(new Uint8Array(0));
  #capacity = 64;
  #rowCounts = makeNumbers(64);
  #covered = new Int32Array(64);
  /** Last · max − last · last − min · what the sum is beside the middle. */
  #parts: readonly Numbers[] = [];
  #ownCounts: readonly Numbers[] = [];

  constructor(wanted: readonly number[]) {
    this.#wanted = wanted;
    this.signals = [];
    this.#makeRoom(64);
  }

  #makeRoom(minutes: number): void {
    this.#capacity = minutes;
    this.times = makeNumbers(minutes);
    this.#rowCounts = makeNumbers(minutes);
    this.#parts = Array.from({ length: 4 }, () => makeNumbers(minutes));
    this.#ownCounts = this.#wanted.map(() => makeNumbers(minutes));
    this.#wanted.forEach((_, i) => {
      this.signals[i] = {
        isThere: false,
        counts: this.#rowCounts,
        min: makeNumbers(minutes),
        max: makeNumbers(minutes),
        sums: makeNumbers(minutes),
        last: makeNumbers(minutes),
      };
    });
  }

  /** `section` covers the signals wanted: see `doRollupsCover`. */
  open(section: Uint8Array): void {
    const input = this.#input;
    input.reset(section, 0, section.length);
    const kind = input.byte();
    if (kind !== rollupKind) throw new FormatError(`roll-ups are of kind ${kind}, expected ${rollupKind}`);
    const n = readMinuteCount(input);
    if (n > this.#capacity) this.#makeRoom(n * 2);
    this.minutes = n;
    this.#readTimes(n);
    readIntegers(input, formOf(input), this.#rowCounts, n);
    const covered = readSignals(input, (signalNumber, i) => this.#noteCovered(signalNumber, i));
    readSignals(input, nothing);
    for (const signal of this.signals) signal.isThere = false;
    for (let i = 0; i < covered; i++) this.#readColumn(this.#covered[i] as number);
    if (input.at !== input.end) throw new FormatError('bytes follow the roll-ups');
  }

  #readTimes(n: number): void {
    const { times } = this;
    const input = this.#input;
    let minute = input.varint();
    if (n > 1) readIntegers(input, formOf(input), times, n - 1);
    for (let i = 0; i < n; i++) {
      if (minute > minuteMax) throw new FormatError(`a roll-up is of minute ${minute}, expected at most ${minuteMax}`);
      const gap = i < n - 1 ? (times[i] as number) : 1;
      if (!(gap >= 1)) throw new FormatError('minutes of roll-ups are not in order');
      times[i] = minute * minuteMs;
      minute += gap;
    }
  }

  #noteCovered(signalNumber: number, i: number): void {
    if (i === this.#covered.length) {
      const larger = new Int32Array(i * 2);
      larger.set(this.#covered);
      this.#covered = larger;
    }
    this.#covered[i] = signalNumber;
  }

  #readColumn(signalNumber: number): void {
    const input = this.#input;
    const end = input.varint() + input.at;
    if (end > input.end) throw new FormatError(`a roll-up ends at ${end}, the section at ${input.end}`);
    const from = input.at;
    this.#wanted.forEach((number, i) => {
      if (number !== signalNumber) return;
      input.at = from;
      this.#readSignal(this.signals[i] as RolledSignal, this.#ownCounts[i] as Numbers);
      if (input.at !== end) throw new FormatError('bytes follow a roll-up');
    });
    input.at = end;
  }

  #readSignal(signal: RolledSignal, ownCounts: Numbers): void {
    const input = this.#input;
    const n = this.minutes;
    const head = input.byte();
    const hasOwnCounts = (head & rollupHeadBits.ownCounts) !== 0;
    if (hasOwnCounts) readIntegers(input, formOf(input), ownCounts, n);
    const counts = hasOwnCounts ? ownCounts : this.#rowCounts;
    signal.isThere = true;
    signal.counts = counts;
    if ((head & rollupHeadBits.isConstant) !== 0) {
      const value = input.zigzag();
      signal.min.fill(value, 0, n);
      signal.max.fill(value, 0, n);
      signal.last.fill(value, 0, n);
      for (let i = 0; i < n; i++) signal.sums[i] = (counts[i] as number) * value;
      return;
    }
    this.#readContent(signal, counts);
  }

  #readContent({ min, max, sums, last }: RolledSignal, counts: Numbers): void {
    const n = this.minutes;
    let filled = 0;
    for (let i = 0; i < n; i++) if ((counts[i] as number) > 0) filled++;
    if (filled === 0) throw new FormatError('a roll-up of a signal has no value');
    const input = this.#input;
    for (const part of this.#parts) readIntegers(input, formOf(input), part, filled);
    const [lasts, highs, lows, rests] = this.#parts as [Numbers, Numbers, Numbers, Numbers];
    for (let i = 0, from = 0; i < n; i++) {
      const count = counts[i] as number;
      if (!(count > 0)) continue;
      const lastOne = lasts[from] as number;
      const high = lastOne + (highs[from] as number);
      const low = lastOne - (lows[from] as number);
      min[i] = low;
      max[i] = high;
      sums[i] = middleSum(count, low, high) + (rests[from++] as number);
      last[i] = lastOne;
    }
  }
}
