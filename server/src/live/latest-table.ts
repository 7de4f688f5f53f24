import type { DeviceKind, SignalDefinition } from '@milepost/contract';
import { hasValue, type ReportColumn, type ReportColumns, type SingleSample } from '../events/index.ts';
import { CellGuard } from './cell-guard.ts';
import { cell, copyCell, type LatestPage, latestPageBytes, latestPageOver } from './latest-page.ts';
import { pageMemory, pageShift, slotMask, vehiclesPerPage } from './pages.ts';
import type { LatestValue } from './types.ts';

/**
 * How much older (sample time) the value of a preferred kind of device must be before a less preferred kind replaces it.
 * Long enough to bridge a tunnel, short enough that a dead tracker does not hide a living car.
 */
export const sourceHoldMs = 300_000;
/** Different texts that are kept once for all vehicles; when full, the table starts anew. */
export const internedTextsMax = 65_536;
const signalCount = 65_536;

/** Answers whether every sample is newer than the one before, as nearly all reports are. */
const isAscending = (columns: ReportColumns): boolean => {
  for (let i = 1; i < columns.sampleCount; i++)
    if ((columns.times[i] as number) <= (columns.times[i - 1] as number)) return false;
  return true;
};

/** Index of the newest sample that has a value; of equal times the first; −1: none. */
const newestSample = (columns: ReportColumns, column: ReportColumn, ascending: boolean): number => {
  if (ascending) {
    for (let i = columns.sampleCount - 1; i >= 0; i--) if (hasValue(column, i)) return i;
    return -1;
  }
  let newest = -1;
  for (let i = 0; i < columns.sampleCount; i++) {
    if (hasValue(column, i) && (newest < 0 || (columns.times[i] as number) > (columns.times[newest] as number))) newest = i;
  }
  return newest;
};

/** Answers whether the stored value is another than before. */
const putNumber = ({ cells, texts }: LatestPage, at: number, value: number): boolean => {
  const differs = cells[at] !== value || (cells[at + cell.time] as number) < 0;
  cells[at] = value;
  if (texts) texts[at / cell.length] = undefined;
  return differs;
};

export interface SourceLookup {
  kindOf(deviceNo: number): DeviceKind | undefined;
  definitionOf(signalNumber: number): SignalDefinition | undefined;
}

/** The latest value of every signal of every vehicle: columns by signal, in pages. */
export class LatestTable {
  readonly guard = new CellGuard();
  #columns: (LatestPage | undefined)[][] = Array.from({ length: signalCount });
  #signals: number[] = [];
  readonly #sources: SourceLookup;
  /** By signal: bits that `apply` answers when a value of it changes. */
  readonly #interest: Uint32Array;
  #texts = new Map<string, string>();
  #values = 0;
  #pages = 0;
  /** Values that the last `apply` took. */
  accepted = 0;

  constructor(sources: SourceLookup, interest: Uint32Array) {
    this.#sources = sources;
    this.#interest = interest;
  }

  /** Numbers of the signals in use, ascending. */
  get signals(): readonly number[] {
    return this.#signals;
  }
  get statistics(): { values: number; pages: number; bytes: number } {
    return { values: this.#values, pages: this.#pages, bytes: this.#pages * latestPageBytes };
  }

  /** Takes the newest value of each signal of a report; answers the interest bits of the signals whose stored value changed. */
  apply(columns: ReportColumns, vehicleNo: number, deviceNo: number, receivedAt: number): number {
    this.accepted = 0;
    let touched = 0;
    const ascending = columns.sampleCount < 2 || isAscending(columns);
    for (let i = 0; i < columns.columnCount; i++) {
      const column = columns.columns[i] as ReportColumn;
      const sample = newestSample(columns, column, ascending);
      if (sample < 0) continue;
      const time = columns.times[sample] as number;
      const page = this.#pageFor(column.signalNumber, vehicleNo);
      const at = (vehicleNo & slotMask) * cell.length;
      if (!this.#wins(page.cells, at, column.signalNumber, time, deviceNo)) continue;
      if (page.savedIn !== this.guard.saveNo) this.guard.keep(page, at);
      this.accepted++;
      if (this.#put(page, at, column, sample)) touched |= this.#interest[column.signalNumber] as number;
      page.cells[at + cell.time] = time;
      page.cells[at + cell.receivedAt] = receivedAt;
      page.cells[at + cell.device] = deviceNo;
    }
    return touched;
  }

  /** The same of a report that has one sample of numbers, as most have. */
  applySingle({ timeMs, count, signals, values }: SingleSample, vehicleNo: number, deviceNo: number, receivedAt: number): number {
    this.accepted = 0;
    let touched = 0;
    const at = (vehicleNo & slotMask) * cell.length;
    for (let i = 0; i < count; i++) {
      const signalNumber = signals[i] as number;
      const page = this.#pageFor(signalNumber, vehicleNo);
      const { cells } = page;
      if (!this.#wins(cells, at, signalNumber, timeMs, deviceNo)) continue;
      if (page.savedIn !== this.guard.saveNo) this.guard.keep(page, at);
      this.accepted++;
      if (putNumber(page, at, values[i] as number)) touched |= this.#interest[signalNumber] as number;
      cells[at + cell.time] = timeMs;
      cells[at + cell.receivedAt] = receivedAt;
      cells[at + cell.device] = deviceNo;
    }
    return touched;
  }

  /** Time never goes back; at equal times the first stored stays, unless the new one's kind of device is preferred. */
  #wins(cells: Float64Array, at: number, signalNumber: number, time: number, deviceNo: number): boolean {
    const old = cells[at + cell.time] as number;
    const oldDevice = cells[at + cell.device] as number;
    if (old < 0) this.#values++;
    if (old < 0 || oldDevice === deviceNo) return time > old;
    if (time < old) return false;
    const preference = this.#rank(signalNumber, deviceNo) - this.#rank(signalNumber, oldDevice);
    if (preference < 0) return true;
    return preference === 0 ? time > old : time > old + sourceHoldMs;
  }

  #rank(signalNumber: number, deviceNo: number): number {
    const priority = this.#sources.definitionOf(signalNumber)?.sourcePriority;
    if (!priority) return 0;
    const kind = this.#sources.kindOf(deviceNo);
    const rank = kind === undefined ? -1 : priority.indexOf(kind);
    return rank < 0 ? priority.length : rank;
  }

  /** Answers whether the stored value is another than before. */
  #put(page: LatestPage, at: number, column: ReportColumn, sample: number): boolean {
    const value = column.values[sample] as number;
    return column.isText ? this.#putText(page, at, column.dictionary[value] ?? '') : putNumber(page, at, value);
  }

  #putText(page: LatestPage, at: number, text: string): boolean {
    page.texts ??= Array.from({ length: vehiclesPerPage });
    const differs = page.texts[at / cell.length] !== text;
    if (differs) page.texts[at / cell.length] = this.intern(text);
    page.cells[at] = Number.NaN;
    return differs;
  }

  intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size === internedTextsMax) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  /** Forgets the values of a vehicle whose sample time lies in the period (`toMs` exclusive); answers the interest bits of their signals. */
  erase(vehicleNo: number, fromMs: number, toMs: number): number {
    return this.#erase(vehicleNo, (_signalNumber, time) => time >= fromMs && time < toMs);
  }

  /** Forgets the values of a vehicle that are older than their signals are kept. */
  eraseOlder(vehicleNo: number, keptFromMs: (signalNumber: number) => number): number {
    return this.#erase(vehicleNo, (signalNumber, time) => time < keptFromMs(signalNumber));
  }

  #erase(vehicleNo: number, isGone: (signalNumber: number, time: number) => boolean): number {
    let touched = 0;
    const at = (vehicleNo & slotMask) * cell.length;
    for (const signalNumber of this.#signals) {
      const page = this.#columns[signalNumber]?.[vehicleNo >> pageShift];
      const time = page?.cells[at + cell.time] ?? -1;
      if (!page || time < 0 || !isGone(signalNumber, time)) continue;
      if (page.savedIn !== this.guard.saveNo) this.guard.keep(page, at);
      page.cells[at + cell.time] = -1;
      page.cells[at] = 0;
      if (page.texts) page.texts[vehicleNo & slotMask] = undefined;
      this.#values--;
      touched |= this.#interest[signalNumber] as number;
    }
    return touched;
  }

  #pageFor(signalNumber: number, vehicleNo: number): LatestPage {
    return this.#columns[signalNumber]?.[vehicleNo >> pageShift] ?? this.#addPage(signalNumber, vehicleNo >> pageShift);
  }

  #addPage(signalNumber: number, index: number): LatestPage {
    const page = latestPageOver(pageMemory(latestPageBytes), this.guard.saveNo);
    for (let at = cell.time; at < page.cells.length; at += cell.length) page.cells[at] = -1;
    this.#install(signalNumber, index, page);
    return page;
  }

  #install(signalNumber: number, index: number, page: LatestPage): void {
    let pages = this.#columns[signalNumber];
    if (!pages) {
      pages = [];
      this.#columns[signalNumber] = pages;
      this.#signals = [...this.#signals, signalNumber].sort((a, b) => a - b);
    }
    while (pages.length < index) pages.push(undefined);
    pages[index] = page;
    this.#pages++;
  }

  /** Takes the vehicles of a page of a snapshot that no page before had; only into a table that nothing was applied to. */
  restore(signalNumber: number, index: number, page: LatestPage): void {
    const there = this.#columns[signalNumber]?.[index];
    page.savedIn = this.guard.saveNo;
    if (!there) this.#install(signalNumber, index, page);
    for (let at = 0; at < page.cells.length; at += cell.length) {
      if ((page.cells[at + cell.time] as number) < 0) continue;
      this.#values++;
      if (there) copyCell(page, there, at);
    }
  }

  /**
   * Takes a value that was found outside of the log, unless there is one that is as new. `timeMs` may lie between two ms: half a ms before
   * the sample's time lets the sample itself replace it.
   */
  seed(vehicleNo: number, { signalNumber, stored, time, receivedAt, deviceNo }: LatestValue): void {
    const page = this.#pageFor(signalNumber, vehicleNo);
    const at = (vehicleNo & slotMask) * cell.length;
    if (!this.#wins(page.cells, at, signalNumber, time, deviceNo)) return;
    if (page.savedIn !== this.guard.saveNo) this.guard.keep(page, at);
    if (typeof stored === 'string') this.#putText(page, at, stored);
    else putNumber(page, at, stored);
    page.cells[at + cell.time] = time;
    page.cells[at + cell.receivedAt] = receivedAt;
    page.cells[at + cell.device] = deviceNo;
  }

  /** Takes everything over from another table, which is worth nothing after. Not while a save runs. */
  adopt(next: LatestTable): void {
    this.#columns = next.#columns;
    this.#signals = next.#signals;
    this.#texts = next.#texts;
    this.#values = next.#values;
    this.#pages = next.#pages;
    for (const { page } of this.pages()) page.savedIn = this.guard.saveNo;
  }

  *pages(): Iterable<{ signalNumber: number; index: number; page: LatestPage }> {
    for (const signalNumber of this.#signals) {
      const pages = this.#columns[signalNumber] ?? [];
      for (let index = 0; index < pages.length; index++) {
        const page = pages[index];
        if (page) yield { signalNumber, index, page };
      }
    }
  }

  /** Vehicles that have a value. */
  *vehicles(): Generator<number> {
    const pagesMax = Math.max(0, ...this.#signals.map((signalNumber) => this.#columns[signalNumber]?.length ?? 0));
    for (let index = 0; index < pagesMax; index++) {
      const pages = this.#signals
        .map((signalNumber) => this.#columns[signalNumber]?.[index])
        .filter((page) => page !== undefined);
      for (let slot = 0; slot < vehiclesPerPage; slot++)
        if (pages.some(({ cells }) => (cells[slot * cell.length + cell.time] as number) >= 0)) yield (index << pageShift) | slot;
    }
  }

  deviceNoMax(): number {
    let largest = 0;
    for (const { page } of this.pages())
      for (let at = 0; at < page.cells.length; at += cell.length)
        if ((page.cells[at + cell.time] as number) >= 0) largest = Math.max(largest, page.cells[at + cell.device] as number);
    return largest;
  }

  /** Stored number of a signal; NaN where there is none, or a text. */
  number(vehicleNo: number, signalNumber: number): number {
    const cells = this.#columns[signalNumber]?.[vehicleNo >> pageShift]?.cells;
    if (!cells) return Number.NaN;
    const at = (vehicleNo & slotMask) * cell.length;
    return (cells[at + cell.time] as number) >= 0 ? (cells[at] as number) : Number.NaN;
  }

  text(vehicleNo: number, signalNumber: number): string | undefined {
    return this.#columns[signalNumber]?.[vehicleNo >> pageShift]?.texts?.[vehicleNo & slotMask];
  }

  /** Sample time of a signal's value, ms; −1: none. */
  timeOf(vehicleNo: number, signalNumber: number): number {
    const cells = this.#columns[signalNumber]?.[vehicleNo >> pageShift]?.cells;
    return cells ? (cells[(vehicleNo & slotMask) * cell.length + cell.time] as number) : -1;
  }

  definitionOf(signalNumber: number): SignalDefinition | undefined {
    return this.#sources.definitionOf(signalNumber);
  }

  value(vehicleNo: number, signalNumber: number): LatestValue | undefined {
    const page = this.#columns[signalNumber]?.[vehicleNo >> pageShift];
    if (!page) return undefined;
    const at = (vehicleNo & slotMask) * cell.length;
    const [stored, time, receivedAt, deviceNo] = page.cells.subarray(at, at + cell.length) as unknown as [
      number,
      number,
      number,
      number,
    ];
    if (time < 0) return undefined;
    return { signalNumber, stored: page.texts?.[vehicleNo & slotMask] ?? stored, time, receivedAt, deviceNo };
  }
}
