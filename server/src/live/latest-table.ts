import type { DeviceKind, SignalDefinition } from '@milepost/contract';
import { hasValue, type ReportColumn, type ReportColumns } from '../events/index.ts';
import { pageShift, SaveGuard, type SavablePage, slotMask, vehiclesPerPage } from './pages.ts';
import type { LatestValue } from './types.ts';

/**
 * How much older (sample time) the value of a preferred kind of device must be before a less preferred kind replaces it.
 * Long enough to bridge a tunnel, short enough that a dead tracker does not hide a living car.
 */
export const sourceHoldMs = 300_000;
/** Different texts that are kept once for all vehicles; when full, the table starts anew. */
export const internedTextsMax = 65_536;
const signalCount = 65_536;

/** One signal of 1,024 vehicles, 28 bytes a vehicle in one buffer. */
export interface LatestPage extends SavablePage {
  readonly stored: Float64Array;
  /** Sample time, ms; −1: no value. */
  readonly times: Float64Array;
  readonly receivedAt: Float64Array;
  readonly devices: Int32Array;
  /** Texts by slot, for signals that hold texts; `stored` is NaN there. */
  texts: (string | undefined)[] | null;
}
export const latestPageBytes = vehiclesPerPage * 28;

export const latestPageOver = (buffer: ArrayBuffer, savedIn: number): LatestPage => ({
  buffer,
  savedIn,
  stored: new Float64Array(buffer, 0, vehiclesPerPage),
  times: new Float64Array(buffer, vehiclesPerPage * 8, vehiclesPerPage),
  receivedAt: new Float64Array(buffer, vehiclesPerPage * 16, vehiclesPerPage),
  devices: new Int32Array(buffer, vehiclesPerPage * 24, vehiclesPerPage),
  texts: null,
});

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

export interface SourceLookup {
  kindOf(deviceNo: number): DeviceKind | undefined;
  definitionOf(signalNumber: number): SignalDefinition | undefined;
}

/** The latest value of every signal of every vehicle: columns by signal, in pages. */
export class LatestTable {
  readonly guard = new SaveGuard();
  readonly #columns: (LatestPage | undefined)[][] = Array.from({ length: signalCount });
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
      const slot = vehicleNo & slotMask;
      if (!this.#wins(page, slot, column.signalNumber, time, deviceNo)) continue;
      if (page.savedIn !== this.guard.saveNo) this.#keep(page);
      this.accepted++;
      if (this.#put(page, slot, column, sample)) touched |= this.#interest[column.signalNumber] as number;
      page.times[slot] = time;
      page.receivedAt[slot] = receivedAt;
      page.devices[slot] = deviceNo;
    }
    return touched;
  }

  /** Time never goes back; at equal times the first stored stays, unless the new one's kind of device is preferred. */
  #wins(page: LatestPage, slot: number, signalNumber: number, time: number, deviceNo: number): boolean {
    const old = page.times[slot] as number;
    const oldDevice = page.devices[slot] as number;
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
  #put(page: LatestPage, slot: number, column: ReportColumn, sample: number): boolean {
    const value = column.values[sample] as number;
    if (!column.isText) {
      const differs = page.stored[slot] !== value || (page.times[slot] as number) < 0;
      page.stored[slot] = value;
      if (page.texts) page.texts[slot] = undefined;
      return differs;
    }
    page.texts ??= Array.from({ length: vehiclesPerPage });
    const text = column.dictionary[value] ?? '';
    const differs = page.texts[slot] !== text;
    if (differs) page.texts[slot] = this.intern(text);
    page.stored[slot] = Number.NaN;
    return differs;
  }

  intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size === internedTextsMax) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  #keep(page: LatestPage): void {
    if (!this.guard.isActive) {
      page.savedIn = this.guard.saveNo;
      return;
    }
    const copy = latestPageOver(page.buffer.slice(0), page.savedIn);
    copy.texts = page.texts ? page.texts.slice() : null;
    this.guard.keep(page, copy);
  }

  #pageFor(signalNumber: number, vehicleNo: number): LatestPage {
    return this.#columns[signalNumber]?.[vehicleNo >> pageShift] ?? this.#addPage(signalNumber, vehicleNo >> pageShift);
  }

  #addPage(signalNumber: number, index: number): LatestPage {
    const page = latestPageOver(new ArrayBuffer(latestPageBytes), this.guard.saveNo);
    page.times.fill(-1);
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

  /** Puts a page of a snapshot in place; only into an empty table. */
  restore(signalNumber: number, index: number, page: LatestPage): void {
    page.savedIn = this.guard.saveNo;
    this.#install(signalNumber, index, page);
    for (let slot = 0; slot < vehiclesPerPage; slot++) if ((page.times[slot] as number) >= 0) this.#values++;
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

  /** Stored number of a signal; NaN where there is none, or a text. */
  number(vehicleNo: number, signalNumber: number): number {
    const page = this.#columns[signalNumber]?.[vehicleNo >> pageShift];
    const slot = vehicleNo & slotMask;
    return page && (page.times[slot] as number) >= 0 ? (page.stored[slot] as number) : Number.NaN;
  }

  text(vehicleNo: number, signalNumber: number): string | undefined {
    return this.#columns[signalNumber]?.[vehicleNo >> pageShift]?.texts?.[vehicleNo & slotMask];
  }

  /** Sample time of a signal's value, ms; −1: none. */
  timeOf(vehicleNo: number, signalNumber: number): number {
    return this.#columns[signalNumber]?.[vehicleNo >> pageShift]?.times[vehicleNo & slotMask] ?? -1;
  }

  definitionOf(signalNumber: number): SignalDefinition | undefined {
    return this.#sources.definitionOf(signalNumber);
  }

  value(vehicleNo: number, signalNumber: number): LatestValue | undefined {
    const page = this.#columns[signalNumber]?.[vehicleNo >> pageShift];
    const slot = vehicleNo & slotMask;
    const time = page?.times[slot] ?? -1;
    if (!page || time < 0) return undefined;
    const stored = page.texts?.[slot] ?? (page.stored[slot] as number);
    return { signalNumber, stored, time, receivedAt: page.receivedAt[slot] as number, deviceNo: page.devices[slot] as number };
  }
}
