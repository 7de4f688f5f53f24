import { bucketStartMs } from './month-bucket.ts';
import type { ChunkStore, StoredChunk } from './ports.ts';
import { type ChunkColumn, ChunkReader } from './read-chunk.ts';

/** The newest value of a signal from one device. */
export interface LastValue {
  readonly signalNumber: number;
  readonly deviceNo: number;
  readonly timeMs: number;
  /** Stored integer, or text. */
  readonly stored: number | string;
}

/** Vehicle numbers of one month that are read at once. */
const vehiclesAtOnce = 1024;
const reader = new ChunkReader();

export interface LastValuesOptions {
  /** Only chunks that begin before this offset: the rest is in the log. */
  readonly beforeOffset: number;
  readonly isShown: (vehicleNo: number, timeMs: number) => boolean;
  /** Newest months that are looked through. */
  readonly monthsMax: number;
  /** A vehicle is done when so many chunks in a row told of no other signal or device. */
  readonly idleChunksMax: number;
}

interface Found extends LastValue {
  readonly firstOffset: number;
}

/** What is found of one vehicle, from chunk to chunk. */
class VehicleSearch {
  readonly #vehicleNo: number;
  readonly #options: LastValuesOptions;
  readonly #found = new Map<string, Found>();
  #idleChunks = 0;

  constructor(vehicleNo: number, options: LastValuesOptions) {
    this.#vehicleNo = vehicleNo;
    this.#options = options;
  }

  get isDone(): boolean {
    return this.#idleChunks >= this.#options.idleChunksMax;
  }

  /** In order of time. */
  values(): LastValue[] {
    return [...this.#found.values()].sort((a, b) => a.timeMs - b.timeMs);
  }

  /** Newest chunks first. */
  async readMonth(store: ChunkStore, bucket: number): Promise<void> {
    const chunks: StoredChunk[] = [];
    for await (const chunk of store.read(this.#vehicleNo, bucketStartMs(bucket), bucketStartMs(bucket + 1)))
      if (chunk.firstOffset < this.#options.beforeOffset) chunks.push(chunk);
    chunks.sort((a, b) => b.toMs - a.toMs);
    for (const chunk of chunks) {
      if (this.isDone) return;
      const before = this.#found.size;
      this.#takeNewest(chunk);
      this.#idleChunks = this.#found.size > before ? 0 : this.#idleChunks + 1;
    }
  }

  #takeNewest({ bytes, firstOffset }: StoredChunk): void {
    reader.open(bytes);
    reader.readColumns(
      () => true,
      (column) => {
        for (let row = reader.rows - 1; row >= 0; row--) if (column.present[row] === 1) this.#take(column, row, firstOffset);
      },
    );
  }

  /** Of equal times the one that was stored first. */
  #take({ signalNumber, values, words }: ChunkColumn, row: number, firstOffset: number): void {
    const timeMs = reader.times[row] as number;
    const deviceNo = reader.devices[row] as number;
    const key = `${signalNumber}:${deviceNo}`;
    const known = this.#found.get(key);
    if (known && (known.timeMs > timeMs || (known.timeMs === timeMs && known.firstOffset <= firstOffset))) return;
    if (!this.#options.isShown(this.#vehicleNo, timeMs)) return;
    const value = values[row] as number;
    this.#found.set(key, { signalNumber, deviceNo, timeMs, stored: words ? (words[value] ?? '') : value, firstOffset });
  }
}

/**
 * The newest value of every signal and device, by vehicle, from its newest chunks. A signal that was last reported long before the others may
 * not be found so; `valueAt` finds it when its time is known.
 */
export const readLastValues = async (
  store: ChunkStore,
  options: LastValuesOptions,
  take: (vehicleNo: number, values: readonly LastValue[]) => void,
): Promise<void> => {
  const units = await store.mergeUnits();
  const buckets = [...new Set(units.map(({ bucket }) => bucket))].sort((a, b) => b - a).slice(0, options.monthsMax);
  const newestFirst = buckets.flatMap((bucket) => units.filter((unit) => unit.bucket === bucket));
  const vehicleNoMax = units.reduce((largest, unit) => Math.max(largest, unit.vehicleNoMax), 0);
  for (let fromNo = 0; fromNo <= vehicleNoMax; fromNo += vehiclesAtOnce) {
    const searches = new Map<number, VehicleSearch>();
    for (const unit of newestFirst) {
      for (const { vehicleNo } of await store.readUnit(unit, fromNo, fromNo + vehiclesAtOnce)) {
        let search = searches.get(vehicleNo);
        if (!search) searches.set(vehicleNo, (search = new VehicleSearch(vehicleNo, options)));
        if (!search.isDone) await search.readMonth(store, unit.bucket);
      }
    }
    for (const [vehicleNo, search] of searches) take(vehicleNo, search.values());
  }
};

/** The stored value of (vehicle, device, signal, time): the first stored, as everywhere; undefined: there is none. */
export const valueAt = async (
  store: ChunkStore,
  vehicleNo: number,
  { signalNumber, deviceNo, timeMs }: Omit<LastValue, 'stored'>,
): Promise<number | string | undefined> => {
  let found: number | string | undefined;
  for await (const { bytes } of store.read(vehicleNo, timeMs, timeMs + 1)) {
    reader.open(bytes);
    reader.readColumns(
      (number) => number === signalNumber,
      ({ values, present, words }) => {
        for (let row = 0; row < reader.rows && found === undefined; row++) {
          if (reader.times[row] !== timeMs || reader.devices[row] !== deviceNo || present[row] !== 1) continue;
          const value = values[row] as number;
          found = words ? (words[value] ?? '') : value;
        }
      },
    );
    if (found !== undefined) return found;
  }
  return undefined;
};
