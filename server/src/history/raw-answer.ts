import type { RowCollector } from './row-collector.ts';
import type { DeviceFilter, RawColumn } from './types.ts';

const grown = (old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(length);
  larger.set(old);
  return larger;
};

const deviceTest = (devices: DeviceFilter | undefined): ((deviceNo: number) => boolean) => {
  if (!devices) return () => true;
  if ('only' in devices) return (deviceNo) => deviceNo === devices.only;
  const excluded = new Set(devices.except);
  return (deviceNo) => !excluded.has(deviceNo);
};

/** Rows of the answer as they are, up to a number of rows. Rows of one time are never parted. */
export class RawAnswer {
  rows = 0;
  times = new Float64Array(1024);
  readonly #rowsMax: number;
  readonly #numbers: Float64Array<ArrayBuffer>[];
  readonly #texts: ((string | null)[] | undefined)[];

  readonly #isWanted: (deviceNo: number) => boolean;

  constructor(signalCount: number, rowsMax: number, devices?: DeviceFilter) {
    this.#rowsMax = rowsMax;
    this.#isWanted = deviceTest(devices);
    this.#numbers = Array.from({ length: signalCount }, () => new Float64Array(1024));
    this.#texts = Array.from({ length: signalCount }, () => undefined);
  }

  /** Takes the rows of a window; answers the time to go on with when the answer is full. */
  add(collected: RowCollector): number | undefined {
    const { order } = collected;
    const count = order ? order.length : collected.rows;
    // One more than is used: the values of a row are written before it is known whether it has any.
    this.#reserve(Math.min(this.rows + count, this.#rowsMax) + 1);
    for (let i = 0; i < count; i++) {
      const row = order ? (order[i] as number) : i;
      if (!this.#isWanted(collected.devices[row] as number)) continue;
      const time = collected.times[row] as number;
      if (this.rows >= this.#rowsMax && time !== this.times[this.rows - 1]) {
        if (hasAny(collected, row)) return time;
        continue;
      }
      if (this.#addRow(collected, row)) this.#keepRow(time);
    }
    return undefined;
  }

  #addRow(collected: RowCollector, row: number): boolean {
    const at = this.rows;
    let isAny = false;
    for (let s = 0; s < collected.signals.length; s++) {
      const { numbers, texts, words } = collected.signals[s] as RowCollector['signals'][number];
      const number = numbers[row] as number;
      (this.#numbers[s] as Float64Array)[at] = number;
      if (!Number.isNaN(number)) isAny = true;
      if (texts === undefined) continue;
      const index = texts[row] as number;
      if (Number.isNaN(index)) continue;
      this.#textsOf(s)[at] = words[index] as string;
      isAny = true;
    }
    return isAny;
  }

  #textsOf(signal: number): (string | null)[] {
    const known = this.#texts[signal];
    if (known) return known;
    const made: (string | null)[] = [];
    this.#texts[signal] = made;
    return made;
  }

  #keepRow(time: number): void {
    this.times[this.rows++] = time;
    if (this.rows === this.times.length) this.#reserve(this.rows * 2);
  }

  #reserve(rows: number): void {
    if (rows <= this.times.length) return;
    this.times = grown(this.times, rows);
    for (let s = 0; s < this.#numbers.length; s++) this.#numbers[s] = grown(this.#numbers[s] as Float64Array<ArrayBuffer>, rows);
  }

  finish(): { readonly times: Float64Array; readonly raw: RawColumn[] } {
    const raw = this.#numbers.map((numbers, s): RawColumn => {
      const texts = this.#texts[s];
      if (texts) return { texts: Array.from({ length: this.rows }, (_, i) => texts[i] ?? null) };
      return { numbers: numbers.slice(0, this.rows) };
    });
    return { times: this.times.slice(0, this.rows), raw };
  }
}

const hasAny = (collected: RowCollector, row: number): boolean =>
  collected.signals.some(
    ({ numbers, texts }) => !Number.isNaN(numbers[row] as number) || (texts !== undefined && !Number.isNaN(texts[row] as number)),
  );
