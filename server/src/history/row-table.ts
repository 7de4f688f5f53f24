import type { ChunkColumn, ChunkReader } from './read-chunk.ts';
import { hasValue, type ReportColumn, type ReportColumns, type SingleSample } from '../events/index.ts';

/** Values of one signal by row: numbers, or indices into `words`. */
export interface TableColumn {
  readonly signalNumber: number;
  readonly isText: boolean;
  values: Float64Array<ArrayBuffer>;
  /** 1 where the row has a value. */
  present: Uint8Array<ArrayBuffer>;
  readonly words: string[];
  readonly wordIndex: Map<string, number>;
  generation: number;
}

/** Numbers and texts of one signal are columns apart. */
const columnKey = (signalNumber: number, isText: boolean): number => signalNumber * 2 + (isText ? 1 : 0);

const areInOrder = (columns: readonly TableColumn[]): boolean => {
  let last = 0;
  for (let i = 0; i < columns.length; i++) {
    const { signalNumber, isText } = columns[i] as TableColumn;
    const key = columnKey(signalNumber, isText);
    if (key < last) return false;
    last = key;
  }
  return true;
};

const grown = (old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(length);
  larger.set(old);
  return larger;
};

/**
 * Rows of one vehicle, gathered from reports in the order of the log and then brought into the order of a chunk. One table is
 * reused for all vehicles.
 */
export class RowTable {
  rows = 0;
  times = new Float64Array(256);
  devices = new Float64Array(256);
  /** Equal to the time where the sample was not moved. */
  originals = new Float64Array(256);
  heartbeats = new Uint8Array(256);
  /** Rows in the order of the log; only the order counts. Kept when a sample was moved, because then equal samples may lie apart. */
  arrivals = new Float64Array(256);
  hasOriginals = false;
  hasHeartbeats = false;
  /** Values that were dropped because a record at a lower offset said something else. */
  conflicts = 0;
  /** In ascending order of (signal, text) once finished. */
  columns: TableColumn[] = [];
  #capacity = 256;
  #byKey = new Map<number, TableColumn>();
  /** Which filling of the table a column was last used in. */
  #generation = 1;
  #isOrdered = true;

  /** Columns are cleaned and kept for the next vehicle, which most likely reports the same signals. */
  reset(): void {
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i] as TableColumn;
      column.present.fill(0, 0, this.rows);
      if (!column.isText) continue;
      column.words.length = 0;
      column.wordIndex.clear();
    }
    this.columns.length = 0;
    this.#generation++;
    if (this.#byKey.size > keptColumnsMax) this.#byKey.clear();
    this.rows = 0;
    this.conflicts = 0;
    this.hasOriginals = false;
    this.hasHeartbeats = false;
    this.#isOrdered = true;
  }

  addHeartbeat(timeMs: number, deviceNo: number): void {
    this.#addRow(timeMs, deviceNo, timeMs, 1);
    this.hasHeartbeats = true;
  }

  addReport(report: ReportColumns, deviceNo: number): void {
    const from = this.rows;
    const { sampleCount } = report;
    this.#reserve(from + sampleCount);
    for (let i = 0; i < sampleCount; i++) {
      const time = report.times[i] as number;
      const original = report.hasOriginalTimes ? (report.originalTimes[i] as number) : time;
      if (original !== time) this.hasOriginals = true;
      this.#addRow(time, deviceNo, original, 0);
    }
    for (let i = 0; i < report.columnCount; i++) this.#addColumn(report.columns[i] as ReportColumn, from, sampleCount);
  }

  /** Most reports have the signals of the one before, so a column is looked for only where it is not the expected one. */
  addSingle({ timeMs, count, signals, values }: SingleSample, deviceNo: number): void {
    const row = this.rows;
    this.#addRow(timeMs, deviceNo, timeMs, 0);
    const { columns } = this;
    for (let i = 0; i < count; i++) {
      const signal = signals[i] as number;
      let column = i < columns.length ? (columns[i] as TableColumn) : undefined;
      if (column === undefined || column.signalNumber !== signal || column.isText) column = this.#columnOf(signal, false);
      column.present[row] = 1;
      column.values[row] = values[i] as number;
    }
  }

  /** Adds the rows of a chunk: in the order in which they came where that is known, else as they lie. */
  addChunk(chunk: ChunkReader): void {
    const { rows } = chunk;
    const from = this.rows;
    this.#reserve(from + rows);
    const places = chunk.hasOriginals ? placesByArrival(chunk, from) : undefined;
    for (let i = 0; i < rows; i++) {
      const source = places ? (places.sources[i] as number) : i;
      const time = chunk.times[source] as number;
      const heartbeat = chunk.hasHeartbeats ? (chunk.heartbeats[source] as number) : 0;
      this.#addRow(
        time,
        chunk.devices[source] as number,
        chunk.hasOriginals ? (chunk.originals[source] as number) : time,
        heartbeat,
      );
    }
    if (chunk.hasOriginals) this.hasOriginals = true;
    if (chunk.hasHeartbeats) this.hasHeartbeats = true;
    chunk.readColumns(
      () => true,
      (column) => this.#addChunkColumn(column, from, rows, places?.targets),
    );
  }

  #addChunkColumn(
    { signalNumber, values, present, words }: ChunkColumn,
    from: number,
    rows: number,
    targets?: Uint32Array,
  ): void {
    const column = this.#columnOf(signalNumber, words !== undefined);
    const indices = words?.map((word) => wordIndexOf(column, word));
    for (let i = 0; i < rows; i++) {
      if (present[i] !== 1) continue;
      const to = targets ? (targets[i] as number) : from + i;
      column.present[to] = 1;
      column.values[to] = indices ? (indices[values[i] as number] as number) : (values[i] as number);
    }
  }

  /** Keeps the rows that are marked, of a finished table. */
  keepRows(isKept: Uint8Array): void {
    let to = 0;
    for (let row = 0; row < this.rows; row++) {
      if (isKept[row] !== 1) continue;
      for (const values of [this.times, this.devices, this.originals, this.arrivals]) values[to] = values[row] as number;
      this.heartbeats[to] = this.heartbeats[row] as number;
      for (const column of this.columns) {
        column.values[to] = column.values[row] as number;
        column.present[to] = column.present[row] as number;
      }
      to++;
    }
    for (const column of this.columns) column.present.fill(0, to, this.rows);
    this.rows = to;
  }

  /**
   * Orders the rows, and makes one row of those with equal (time, device): the first value of a signal stays. Moved samples stay rows
   * of their own: which of their values is the first is known only when all times of a reading are together.
   */
  finish(): void {
    if (!this.#isOrdered) this.#order();
    if (!areInOrder(this.columns))
      this.columns.sort((a, b) => columnKey(a.signalNumber, a.isText) - columnKey(b.signalNumber, b.isText));
  }

  #addRow(time: number, device: number, original: number, heartbeat: number): void {
    const row = this.rows;
    this.#reserve(row + 1);
    if (row > 0 && this.#isOrdered && !(time > (this.times[row - 1] as number))) this.#isOrdered = false;
    this.times[row] = time;
    this.devices[row] = device;
    this.originals[row] = original;
    this.heartbeats[row] = heartbeat;
    this.arrivals[row] = row;
    this.rows = row + 1;
  }

  #addColumn(source: ReportColumn, from: number, count: number): void {
    const column = this.#columnOf(source.signalNumber, source.isText);
    for (let i = 0; i < count; i++) {
      if (!hasValue(source, i)) continue;
      column.present[from + i] = 1;
      column.values[from + i] = source.isText
        ? wordIndexOf(column, source.dictionary[source.values[i] as number] ?? '')
        : (source.values[i] as number);
    }
  }

  #columnOf(signalNumber: number, isText: boolean): TableColumn {
    const key = columnKey(signalNumber, isText);
    let column = this.#byKey.get(key);
    if (!column) {
      column = makeColumn(signalNumber, isText, this.#capacity);
      this.#byKey.set(key, column);
    }
    if (column.generation === this.#generation) return column;
    column.generation = this.#generation;
    if (column.values.length < this.#capacity) resize(column, this.#capacity);
    this.columns.push(column);
    return column;
  }

  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.max(this.#capacity * 2, rows);
    this.times = grown(this.times, this.#capacity);
    this.devices = grown(this.devices, this.#capacity);
    this.originals = grown(this.originals, this.#capacity);
    this.arrivals = grown(this.arrivals, this.#capacity);
    const heartbeats = new Uint8Array(this.#capacity);
    heartbeats.set(this.heartbeats);
    this.heartbeats = heartbeats;
    for (const column of this.columns) resize(column, this.#capacity);
  }

  #compare(a: number, b: number): number {
    return (
      (this.times[a] as number) - (this.times[b] as number) ||
      (this.devices[a] as number) - (this.devices[b] as number) ||
      (this.originals[a] as number) - (this.originals[b] as number)
    );
  }

  #isSame(a: number, b: number): boolean {
    return this.#compare(a, b) === 0 && this.originals[a] === this.times[a];
  }

  #order(): void {
    const order = Uint32Array.from({ length: this.rows }, (_, i) => i).sort((a, b) => this.#compare(a, b) || a - b);
    /** Target row of each source row. */
    const targets = new Uint32Array(this.rows);
    let target = -1;
    for (let i = 0; i < order.length; i++) {
      if (i === 0 || !this.#isSame(order[i - 1] as number, order[i] as number)) target++;
      targets[order[i] as number] = target;
    }
    for (const column of this.columns) this.#moveColumn(column, order, targets);
    this.#moveRows(order, targets, target + 1);
    this.#isOrdered = true;
  }

  #moveColumn(column: TableColumn, order: Uint32Array, targets: Uint32Array): void {
    const values = new Float64Array(this.rows);
    const present = new Uint8Array(this.rows);
    for (const source of order) {
      if (column.present[source] !== 1) continue;
      const to = targets[source] as number;
      if (present[to] === 0) {
        present[to] = 1;
        values[to] = column.values[source] as number;
      } else if (values[to] !== column.values[source]) this.conflicts++;
    }
    column.values.set(values);
    column.present.set(present);
  }

  #moveRows(order: Uint32Array, targets: Uint32Array, rows: number): void {
    const move = (values: Float64Array): void => {
      const moved = new Float64Array(this.rows);
      // Backwards: of rows that become one, the first stays.
      for (let i = order.length - 1; i >= 0; i--)
        moved[targets[order[i] as number] as number] = values[order[i] as number] as number;
      values.set(moved);
    };
    const heartbeats = new Uint8Array(this.rows);
    for (const source of order) if (this.heartbeats[source] === 1) heartbeats[targets[source] as number] = 1;
    move(this.times);
    move(this.devices);
    move(this.originals);
    move(this.arrivals);
    this.heartbeats.set(heartbeats);
    this.rows = rows;
  }
}

interface Places {
  /** By arrival: the row of the chunk. */
  readonly sources: Uint32Array;
  /** By row of the chunk: the row of the table. */
  readonly targets: Uint32Array;
}

const placesByArrival = ({ rows, arrivals }: ChunkReader, from: number): Places => {
  const sources = Uint32Array.from({ length: rows }, (_, i) => i);
  sources.sort((a, b) => (arrivals[a] as number) - (arrivals[b] as number) || a - b);
  const targets = new Uint32Array(rows);
  sources.forEach((source, i) => {
    targets[source] = from + i;
  });
  return { sources, targets };
};

const keptColumnsMax = 256;

const makeColumn = (signalNumber: number, isText: boolean, capacity: number): TableColumn => ({
  signalNumber,
  isText,
  values: new Float64Array(capacity),
  present: new Uint8Array(capacity),
  words: [],
  wordIndex: new Map(),
  generation: 0,
});

const resize = (column: TableColumn, capacity: number): void => {
  column.values = grown(column.values, capacity);
  const present = new Uint8Array(capacity);
  present.set(column.present);
  column.present = present;
};

const wordIndexOf = (column: TableColumn, word: string): number => {
  const known = column.wordIndex.get(word);
  if (known !== undefined) return known;
  const index = column.words.push(word) - 1;
  column.wordIndex.set(word, index);
  return index;
};
