import type { ByteWriter } from './byte-writer.ts';
import { encodeColumns } from './encode-columns.ts';
import { columnsPerReportMax, type ReportColumn, type ReportColumns } from './report.ts';

/** A column that is being filled, sample after sample. */
export interface GrowingColumn extends ReportColumn {
  /** Samples with a value; 0: the report has nothing of this signal. */
  filled: number;
  /** Samples before this one are decided: `present` says which of them have a value. */
  end: number;
  /** Where each word stands in the dictionary: each of 4,096 samples may have a word of its own. */
  readonly words: Map<string, number>;
}

const capacityMin = 16;

const makeColumn = (signalNumber: number): GrowingColumn => ({
  signalNumber,
  hasPresence: false,
  present: new Uint8Array(capacityMin),
  isText: false,
  values: new Float64Array(capacityMin),
  dictionary: [],
  filled: 0,
  end: 0,
  words: new Map(),
});

const doubled = (values: Float64Array): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
};

const growColumn = (column: GrowingColumn, length: number): void => {
  const present = new Uint8Array(length);
  const values = new Float64Array(length);
  present.set(column.present);
  values.set(column.values);
  column.present = present;
  column.values = values;
};

const wordIndex = ({ words, dictionary }: GrowingColumn, word: string): number => {
  let index = words.get(word);
  if (index === undefined) {
    index = dictionary.push(word) - 1;
    words.set(word, index);
  }
  return index;
};

/**
 * Collects the accepted values of a report, sample by sample, and writes them in the binary format. One builder is reused for
 * all reports. Values of one sample may come in any order; a second value for the same (sample, signal) is the caller's error.
 */
export class ReportBuilder {
  readonly #report: ReportColumns & { readonly columns: GrowingColumn[] } = {
    sampleCount: 0,
    times: new Float64Array(capacityMin),
    hasOriginalTimes: false,
    originalTimes: new Float64Array(capacityMin),
    columnCount: 0,
    columns: [],
    columnsMax: columnsPerReportMax,
  };
  readonly #bySignal = new Map<number, GrowingColumn>();
  #cells = 0;

  get sampleCount(): number {
    return this.#report.sampleCount;
  }
  get cellCount(): number {
    return this.#cells;
  }

  reset(): void {
    const { columns } = this.#report;
    for (const column of columns) {
      column.filled = 0;
      column.end = 0;
      if (column.isText) {
        column.dictionary.length = 0;
        column.words.clear();
      }
    }
    columns.length = 0;
    this.#report.sampleCount = 0;
    this.#report.hasOriginalTimes = false;
    this.#cells = 0;
  }

  /** Begins a sample; `originalTimeMs` differs from `timeMs` when the device's clock was ahead. */
  addSample(timeMs: number, originalTimeMs = timeMs): void {
    const report = this.#report;
    const index = report.sampleCount++;
    if (index === report.times.length) {
      report.times = doubled(report.times);
      report.originalTimes = doubled(report.originalTimes);
    }
    report.times[index] = timeMs;
    report.originalTimes[index] = originalTimeMs;
    if (originalTimeMs !== timeMs) report.hasOriginalTimes = true;
  }

  /** The column of a signal, the same one for as long as there is this builder: for who adds many values to it. */
  columnOf(signalNumber: number): GrowingColumn {
    let column = this.#bySignal.get(signalNumber);
    if (!column) this.#bySignal.set(signalNumber, (column = makeColumn(signalNumber)));
    return column;
  }

  /** Adds a value to the sample begun last. */
  addValue(signalNumber: number, stored: number | string): void {
    this.addTo(this.columnOf(signalNumber), stored);
  }

  /** Adds a value to the sample begun last. */
  addTo(column: GrowingColumn, stored: number | string): void {
    const sample = this.#report.sampleCount - 1;
    if (column.filled++ === 0) {
      this.#report.columns.push(column);
      column.isText = typeof stored === 'string';
    }
    if (sample >= column.values.length) growColumn(column, this.#report.times.length);
    if (sample > column.end) column.present.fill(0, column.end, sample);
    column.present[sample] = 1;
    column.values[sample] = typeof stored === 'number' ? stored : wordIndex(column, stored);
    column.end = sample + 1;
    this.#cells++;
  }

  /** What was collected; it holds until the next call of this builder. */
  columns(): ReportColumns {
    const report = this.#report;
    const { columns, sampleCount } = report;
    report.columnCount = columns.length;
    sortBySignal(columns);
    for (const column of columns) {
      column.hasPresence = column.filled < sampleCount;
      if (column.end < sampleCount) {
        if (column.values.length < sampleCount) growColumn(column, report.times.length);
        column.present.fill(0, column.end, sampleCount);
      }
    }
    return report;
  }

  /** Appends the report to `out`. */
  encode(out: ByteWriter): void {
    encodeColumns(out, this.columns());
  }
}

/** By insertion: a report has few signals, and devices name them in nearly the same order each time. */
const sortBySignal = (columns: ReportColumn[]): void => {
  for (let i = 1; i < columns.length; i++) {
    const moving = columns[i] as ReportColumn;
    let at = i - 1;
    while (at >= 0 && (columns[at] as ReportColumn).signalNumber > moving.signalNumber) {
      columns[at + 1] = columns[at] as ReportColumn;
      at--;
    }
    columns[at + 1] = moving;
  }
};
