import { type SignalPrecision, tellStored } from '../events/index.ts';
import { firstRowAt } from './first-row-at.ts';
import type { ChunkReader } from './read-chunk.ts';
import type { RowTable } from './row-table.ts';

/** A stretch of rows [from, to). */
interface RowRange {
  readonly from: number;
  readonly to: number;
}

export interface TimePeriod {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/** Values of one wanted signal by collected row; NaN: none. */
export interface CollectedSignal {
  numbers: Float64Array<ArrayBuffer>;
  /** Indices into `words`; undefined until a text is seen. */
  texts: Float64Array<ArrayBuffer> | undefined;
  readonly words: string[];
  /** Values of earlier times are passed over. */
  readonly fromMs: number;
  /** Values of these times, too. */
  readonly hidden: readonly TimePeriod[];
}

/** What tells of moved samples. */
interface MovedRows {
  readonly originals: Float64Array;
  readonly arrivals: Float64Array;
}

/** More than any source has rows. */
const sequencesPerSource = 2 ** 32;

const rangesOf = (times: Float64Array, rows: number, periods: readonly TimePeriod[]): RowRange[] => {
  const ranges: RowRange[] = [];
  for (const { fromMs, toMs } of periods) {
    const from = firstRowAt(times, rows, fromMs);
    const to = firstRowAt(times, rows, toMs);
    if (from < to) ranges.push({ from, to });
  }
  return ranges;
};

const grown = (old: Float64Array<ArrayBuffer>, length: number, fill: number): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(length);
  larger.set(old);
  if (fill !== 0) larger.fill(fill, old.length);
  return larger;
};

/**
 * Rows of one vehicle from many chunks and the memtable, added in the order of the log, made into one sequence in which each
 * value is there once: of two that differ in nothing but the value, the one added first.
 */
export class RowCollector {
  rows = 0;
  times = new Float64Array(1024);
  devices = new Float64Array(1024);
  originals = new Float64Array(1024);
  readonly signals: readonly CollectedSignal[];
  /** Rows in the order of (time, device, original time); undefined: they lie in order. */
  order: Uint32Array | undefined;
  /** Source and arrival within it: the order of the log. */
  #sequences = new Float64Array(1024);
  #sources = 0;
  #lastOffset = Number.NaN;
  readonly #wanted: ReadonlyMap<number, CollectedSignal>;
  #capacity = 1024;
  #isOrdered = true;
  #hasMoved = false;

  constructor(
    signalNumbers: readonly number[],
    signalsFromMs?: readonly number[],
    signalsHidden?: readonly (readonly TimePeriod[])[],
  ) {
    const makeSignal = (fromMs: number, hidden: readonly TimePeriod[]): CollectedSignal => ({
      numbers: new Float64Array(1024).fill(Number.NaN),
      texts: undefined,
      words: [],
      fromMs,
      hidden,
    });
    const wanted = new Map<number, CollectedSignal>();
    signalNumbers.forEach((signalNumber, i) => {
      if (wanted.has(signalNumber)) return;
      wanted.set(signalNumber, makeSignal(signalsFromMs?.[i] ?? Number.NEGATIVE_INFINITY, signalsHidden?.[i] ?? []));
    });
    this.#wanted = wanted;
    this.signals = signalNumbers.map((signalNumber) => wanted.get(signalNumber) as CollectedSignal);
  }

  reset(): void {
    for (const signal of this.#wanted.values()) {
      signal.numbers.fill(Number.NaN, 0, this.rows);
      signal.texts?.fill(Number.NaN, 0, this.rows);
    }
    this.rows = 0;
    this.#sources = 0;
    this.#lastOffset = Number.NaN;
    this.order = undefined;
    this.#isOrdered = true;
    this.#hasMoved = false;
  }

  addChunk(chunk: ChunkReader, firstOffset: number, periods: readonly TimePeriod[]): void {
    // Chunks of two months made from the same records count their arrivals together.
    if (firstOffset !== this.#lastOffset) this.#sources++;
    this.#lastOffset = firstOffset;
    const ranges = rangesOf(chunk.times, chunk.rows, periods);
    if (ranges.length === 0) return;
    const base = this.rows;
    this.#addRows(ranges, chunk.times, chunk.devices, chunk.hasOriginals ? chunk : undefined);
    chunk.readColumns(
      (signalNumber) => this.#wanted.has(signalNumber),
      (column) => this.#addValues(column.signalNumber, ranges, base, column.values, column.present, column.words),
    );
  }

  /** `table` is finished. */
  addTable(table: RowTable, periods: readonly TimePeriod[]): void {
    this.#sources++;
    const ranges = rangesOf(table.times, table.rows, periods);
    if (ranges.length === 0) return;
    const base = this.rows;
    this.#addRows(ranges, table.times, table.devices, table.hasOriginals ? table : undefined);
    for (const column of table.columns) {
      if (!this.#wanted.has(column.signalNumber)) continue;
      this.#addValues(column.signalNumber, ranges, base, column.values, column.present, column.isText ? column.words : undefined);
    }
  }

  #addRows(ranges: readonly RowRange[], times: Float64Array, devices: Float64Array, moved: MovedRows | undefined): void {
    const added = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    this.reserve(this.rows + added);
    const sequence = this.#sources * sequencesPerSource;
    for (const { from, to } of ranges) {
      const at = this.rows;
      const first = times[from] as number;
      if (at > 0 && first <= (this.times[at - 1] as number)) this.#isOrdered = false;
      this.times.set(times.subarray(from, to), at);
      this.devices.set(devices.subarray(from, to), at);
      this.originals.set((moved ? moved.originals : times).subarray(from, to), at);
      for (let i = from; i < to; i++) this.#sequences[at + i - from] = sequence + (moved ? (moved.arrivals[i] as number) : i);
      for (let i = from + 1; i < to && this.#isOrdered; i++) if (times[i] === times[i - 1]) this.#isOrdered = false;
      for (let i = from; moved && i < to && !this.#hasMoved; i++) if (moved.originals[i] !== times[i]) this.#hasMoved = true;
      this.rows = at + to - from;
    }
  }

  #addValues(
    signalNumber: number,
    ranges: readonly RowRange[],
    base: number,
    values: Float64Array,
    present: Uint8Array,
    words: readonly string[] | undefined,
  ): void {
    const signal = this.#wanted.get(signalNumber) as CollectedSignal;
    const into = words ? this.#textsOf(signal) : signal.numbers;
    const wordBase = signal.words.length;
    if (words) for (const word of words) signal.words.push(word);
    let at = base;
    for (const range of ranges) {
      let { from } = range;
      const { to } = range;
      for (; from < to && (this.times[at] as number) < signal.fromMs; from++) at++;
      const start = at;
      for (let i = from; i < to; i++, at++) if (present[i] === 1) into[at] = (values[i] as number) + (words ? wordBase : 0);
      for (const period of signal.hidden) this.#hide(into, start, at, period);
    }
  }

  /** Of rows [start, end), which lie in order of time. */
  #hide(into: Float64Array, start: number, end: number, { fromMs, toMs }: TimePeriod): void {
    const times = this.times.subarray(start, end);
    into.fill(Number.NaN, start + firstRowAt(times, times.length, fromMs), start + firstRowAt(times, times.length, toMs));
  }

  #textsOf(signal: CollectedSignal): Float64Array {
    signal.texts ??= new Float64Array(this.#capacity).fill(Number.NaN);
    return signal.texts;
  }

  /** Makes room for so many rows in all. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.max(this.#capacity * 2, rows);
    this.times = grown(this.times, this.#capacity, 0);
    this.devices = grown(this.devices, this.#capacity, 0);
    this.originals = grown(this.originals, this.#capacity, 0);
    this.#sequences = grown(this.#sequences, this.#capacity, 0);
    for (const signal of this.#wanted.values()) {
      signal.numbers = grown(signal.numbers, this.#capacity, Number.NaN);
      if (signal.texts) signal.texts = grown(signal.texts, this.#capacity, Number.NaN);
    }
  }

  /** Removes values that are there already and sets `order`. */
  finish(): void {
    if (this.#hasMoved) this.#dropMovedDuplicates();
    if (!this.#isOrdered) this.#orderRows();
  }

  /** Makes each value what a reader is told of it. Last of all, and once: both work on what was reported. */
  tell(signalNumbers: readonly number[], tellings: readonly Omit<SignalPrecision, 'time'>[]): void {
    const told = new Set<CollectedSignal>();
    this.signals.forEach((signal, i) => {
      if (told.has(signal)) return;
      told.add(signal);
      const telling = tellings[i] as Omit<SignalPrecision, 'time'>;
      if (telling.place === 'exact' && telling.above === null) return;
      const { numbers } = signal;
      for (let row = 0; row < this.rows; row++) {
        const stored = numbers[row] as number;
        if (stored === stored) numbers[row] = tellStored(stored, signalNumbers[i] as number, telling);
      }
    });
  }

  /** A sample that was moved and sent again has another time each time, and one original time. */
  #dropMovedDuplicates(): void {
    const seen = new Map<string, number[]>();
    const inLogOrder = Uint32Array.from({ length: this.rows }, (_, row) => row);
    inLogOrder.sort((a, b) => (this.#sequences[a] as number) - (this.#sequences[b] as number));
    for (const row of inLogOrder) {
      const key = `${this.devices[row]}:${this.originals[row]}`;
      const earlier = seen.get(key);
      if (!earlier) seen.set(key, [row]);
      else {
        for (const other of earlier) this.#dropWhatIsIn(other, row);
        earlier.push(row);
      }
    }
  }

  #dropWhatIsIn(earlier: number, row: number): void {
    for (const { numbers, texts } of this.#wanted.values()) {
      const isThere =
        !Number.isNaN(numbers[earlier] as number) || (texts !== undefined && !Number.isNaN(texts[earlier] as number));
      if (!isThere) continue;
      numbers[row] = Number.NaN;
      if (texts) texts[row] = Number.NaN;
    }
  }

  #compare(a: number, b: number): number {
    return (
      (this.times[a] as number) - (this.times[b] as number) ||
      (this.devices[a] as number) - (this.devices[b] as number) ||
      (this.originals[a] as number) - (this.originals[b] as number)
    );
  }

  /** Sorts, and moves the values of equal rows into the one that was added first. */
  #orderRows(): void {
    const all = new Uint32Array(this.rows);
    for (let i = 0; i < all.length; i++) all[i] = i;
    all.sort((a, b) => this.#compare(a, b) || a - b);
    let kept = 0;
    for (let i = 0; i < all.length; i++) {
      const row = all[i] as number;
      const first = kept > 0 ? (all[kept - 1] as number) : -1;
      if (first >= 0 && this.#compare(first, row) === 0) this.#mergeInto(first, row);
      else all[kept++] = row;
    }
    this.order = all.subarray(0, kept);
  }

  #mergeInto(first: number, row: number): void {
    for (const { numbers, texts } of this.#wanted.values()) {
      const isThere = !Number.isNaN(numbers[first] as number) || (texts !== undefined && !Number.isNaN(texts[first] as number));
      if (isThere) continue;
      numbers[first] = numbers[row] as number;
      if (texts) texts[first] = texts[row] as number;
    }
  }
}
