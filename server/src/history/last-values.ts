import { bucketStartMs } from './month-bucket.ts';
import type { ChunkStore, StoredChunk } from './ports.ts';
import { ChunkReader } from './read-chunk.ts';

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
const keyOf = (signalNumber: number, deviceNo: number): string => `${signalNumber}:${deviceNo}`;

/** Takes the newest values of a chunk that are not found yet; answers whether there was one. */
const takeNewest = ({ bytes }: StoredChunk, isShown: (timeMs: number) => boolean, found: Map<string, LastValue>): boolean => {
  reader.open(bytes);
  let isAny = false;
  const columns = (take: Parameters<ChunkReader['readColumns']>[1]): void => reader.readColumns(() => true, take);
  columns(({ signalNumber, values, present, words }) => {
    for (let row = reader.rows - 1; row >= 0; row--) {
      const timeMs = reader.times[row] as number;
      if (present[row] !== 1 || !isShown(timeMs)) continue;
      const deviceNo = reader.devices[row] as number;
      const key = keyOf(signalNumber, deviceNo);
      const known = found.get(key);
      if (known && known.timeMs >= timeMs) continue;
      const value = values[row] as number;
      found.set(key, { signalNumber, deviceNo, timeMs, stored: words ? (words[value] ?? '') : value });
      isAny = true;
    }
  });
  return isAny;
};

export interface LastValuesOptions {
  /** Only chunks that begin before this offset: the rest is in the log. */
  readonly beforeOffset: number;
  readonly isShown: (vehicleNo: number, timeMs: number) => boolean;
  /** Newest months that are looked through. */
  readonly monthsMax: number;
}

/**
 * The newest value of every signal and device, by vehicle, from its newest chunks: a vehicle is done when a chunk tells nothing new. A signal
 * that was last reported long before the others is not found so; `valueAt` finds it when its time is known.
 */
export const readLastValues = async (
  store: ChunkStore,
  { beforeOffset, isShown, monthsMax }: LastValuesOptions,
  take: (vehicleNo: number, values: readonly LastValue[]) => void,
): Promise<void> => {
  const units = await store.mergeUnits();
  const buckets = [...new Set(units.map(({ bucket }) => bucket))].sort((a, b) => b - a).slice(0, monthsMax);
  const vehicleNoMax = units.reduce((largest, unit) => Math.max(largest, unit.vehicleNoMax), 0);
  for (let fromNo = 0; fromNo <= vehicleNoMax; fromNo += vehiclesAtOnce) {
    const found = new Map<number, Map<string, LastValue>>();
    const done = new Set<number>();
    for (const bucket of buckets) {
      for (const unit of units.filter((one) => one.bucket === bucket)) {
        for (const { vehicleNo } of await store.readUnit(unit, fromNo, fromNo + vehiclesAtOnce)) {
          if (done.has(vehicleNo)) continue;
          let values = found.get(vehicleNo);
          if (!values) found.set(vehicleNo, (values = new Map<string, LastValue>()));
          const isOver = await readVehicle(
            store,
            vehicleNo,
            bucket,
            beforeOffset,
            (timeMs) => isShown(vehicleNo, timeMs),
            values,
          );
          if (isOver) done.add(vehicleNo);
        }
      }
    }
    for (const [vehicleNo, values] of found)
      take(
        vehicleNo,
        [...values.values()].sort((a, b) => a.timeMs - b.timeMs),
      );
  }
};

/** Newest chunks first; answers true when one told nothing new. */
const readVehicle = async (
  store: ChunkStore,
  vehicleNo: number,
  bucket: number,
  beforeOffset: number,
  isShown: (timeMs: number) => boolean,
  values: Map<string, LastValue>,
): Promise<boolean> => {
  const chunks: StoredChunk[] = [];
  for await (const chunk of store.read(vehicleNo, bucketStartMs(bucket), bucketStartMs(bucket + 1)))
    if (chunk.firstOffset < beforeOffset) chunks.push(chunk);
  chunks.sort((a, b) => b.toMs - a.toMs);
  for (const chunk of chunks) if (!takeNewest(chunk, isShown, values) && values.size > 0) return true;
  return false;
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
