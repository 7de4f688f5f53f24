import {
  FormatError,
  isVehicleNo,
  readReportTimes,
  type RecordBatch,
  recordFields,
  recordHeaderBytes,
  recordKinds,
  samplesPerReportMax,
} from '../../events/index.ts';
import { dayOf } from './store-limits.ts';

/** Samples of a vehicle on a day came: the oldest and the newest of them. */
export interface NotedRange {
  readonly vehicleNo: number;
  readonly day: number;
  fromMs: number;
  /** Inclusive. */
  toMs: number;
}

/** What was taken out to be written. */
export interface TakenNotes {
  readonly ranges: readonly NotedRange[];
  readonly turn: number;
}

/** What the database says of a vehicle once a flush is committed. */
export interface WrittenState {
  readonly vehicleNo: number;
  /** Its newest day that is marked. */
  readonly day: number;
  /** No stored day that is not marked depends on samples from here on. */
  readonly quietFromMs: number;
}

const pageShift = 10;
const vehiclesPerPage = 1 << pageShift;
const slotMask = vehiclesPerPage - 1;

/** State of vehicles whose numbers follow each other: a vehicle with a high number costs one page, not all below it. */
class StatePage {
  readonly heard = new Float64Array(vehiclesPerPage);
  readonly quietFrom = new Float64Array(vehiclesPerPage).fill(Number.POSITIVE_INFINITY);
  readonly markedDay = new Int32Array(vehiclesPerPage).fill(-1);
  readonly touched = new Float64Array(vehiclesPerPage);
}

/**
 * Which vehicle got samples of which times, from the records of the log: only what the database does not know yet. A sample of a day that is
 * marked, newer than all that finished days depend on, changes nothing: nearly all are such, and cost a look into two arrays.
 */
export class NotedSamples {
  readonly #pages: (StatePage | undefined)[] = [];
  #ranges = new Map<number, NotedRange[]>();
  #count = 0;
  #turn = 1;
  readonly #times = new Float64Array(samplesPerReportMax);
  /** Records that could not be decoded, or are of no vehicle that can be: whoever stores them counts and keeps them. */
  unreadable = 0;

  get count(): number {
    return this.#count;
  }

  note(batch: RecordBatch): void {
    const { bytes, view, starts, ends, offsets, count } = batch;
    for (let i = 0; i < count; i++) {
      const at = starts[i] as number;
      if (recordFields.kind(view, at) !== recordKinds.telemetry) continue;
      const vehicleNo = recordFields.vehicleNo(view, at);
      if (!isVehicleNo(vehicleNo)) {
        this.unreadable++;
        continue;
      }
      const samples = this.#readTimes(bytes, at + recordHeaderBytes, ends[i] as number, view);
      if (samples > 0) this.#noteReport(vehicleNo, offsets[i] as number, samples);
    }
  }

  #page(vehicleNo: number): StatePage {
    const index = vehicleNo >> pageShift;
    let page = this.#pages[index];
    if (!page) {
      page = new StatePage();
      this.#pages[index] = page;
    }
    return page;
  }

  #readTimes(bytes: Uint8Array, from: number, end: number, view: DataView): number {
    try {
      return readReportTimes(bytes, from, end, this.#times, view);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.unreadable++;
      return 0;
    }
  }

  #noteReport(vehicleNo: number, offset: number, samples: number): void {
    const page = this.#page(vehicleNo);
    const slot = vehicleNo & slotMask;
    page.heard[slot] = offset + 1;
    const quietFrom = page.quietFrom[slot] as number;
    const markedDay = page.markedDay[slot] as number;
    for (let i = 0; i < samples; i++) {
      const time = this.#times[i] as number;
      const day = dayOf(time);
      if (day !== markedDay || time < quietFrom) this.#add(vehicleNo, day, time, time);
    }
  }

  #add(vehicleNo: number, day: number, fromMs: number, toMs: number): void {
    const known = this.#ranges.get(vehicleNo);
    const range = known?.find((one) => one.day === day);
    if (range) {
      range.fromMs = Math.min(range.fromMs, fromMs);
      range.toMs = Math.max(range.toMs, toMs);
      return;
    }
    const added = { vehicleNo, day, fromMs, toMs };
    if (known) known.push(added);
    else this.#ranges.set(vehicleNo, [added]);
    this.#count++;
  }

  /** Offset behind the newest report with samples of a vehicle that was heard here; 0: none was. */
  heardOf(vehicleNo: number): number {
    return this.#pages[vehicleNo >> pageShift]?.heard[vehicleNo & slotMask] ?? 0;
  }

  rangesOf(vehicleNo: number): readonly NotedRange[] {
    return this.#ranges.get(vehicleNo) ?? [];
  }

  /** Everything that waits; what is noted from now on belongs to the next turn. */
  take(): TakenNotes {
    const ranges = [...this.#ranges.values()].flat();
    this.#ranges = new Map();
    this.#count = 0;
    return { ranges, turn: this.#turn++ };
  }

  /** It could not be written: it waits again. */
  putBack({ ranges }: TakenNotes): void {
    for (const { vehicleNo, day, fromMs, toMs } of ranges) this.#add(vehicleNo, day, fromMs, toMs);
  }

  /** It is written. A vehicle of which days were derived meanwhile says nothing: they may depend on other times now. */
  written({ turn }: TakenNotes, states: readonly WrittenState[]): void {
    for (const { vehicleNo, day, quietFromMs } of states) {
      const page = this.#page(vehicleNo);
      const slot = vehicleNo & slotMask;
      if ((page.touched[slot] as number) > turn) continue;
      page.quietFrom[slot] = quietFromMs;
      page.markedDay[slot] = day;
    }
  }

  /** Days of the vehicle are derived from here on: each sample that comes is noted, whatever is written meanwhile. */
  hold(vehicleNo: number): void {
    const page = this.#page(vehicleNo);
    const slot = vehicleNo & slotMask;
    page.touched[slot] = Number.POSITIVE_INFINITY;
    page.quietFrom[slot] = Number.POSITIVE_INFINITY;
    page.markedDay[slot] = -1;
  }

  /** They are stored: what is taken from now on says again what they depend on. */
  release(vehicleNo: number): void {
    this.#page(vehicleNo).touched[vehicleNo & slotMask] = this.#turn;
  }

  /** For who only reads: what the writer of the marks has written up to an offset is forgotten here. */
  forgetBefore(isWritten: (vehicleNo: number, heardOffset: number) => boolean): void {
    for (const [vehicleNo, ranges] of this.#ranges) {
      if (!isWritten(vehicleNo, this.heardOf(vehicleNo))) continue;
      this.#ranges.delete(vehicleNo);
      this.#count -= ranges.length;
    }
  }
}
