import { crc32 } from 'node:zlib';
import { bucketStartMs } from './month-bucket.ts';
import type { ChunkStore } from './ports.ts';
import { ChunkReader } from './read-chunk.ts';
import { dropMovedAgain } from './remove-rows.ts';
import { RowTable, type TableColumn } from './row-table.ts';

/** What a store says about one vehicle and month. Two stores say the same when all three are equal. */
export interface MonthDigest {
  readonly rows: number;
  readonly values: number;
  /** CRC-32 of every time, device, signal and value, in order. */
  readonly sum: number;
}

const reader = new ChunkReader();
const table = new RowTable();
/** time, device, signal, value */
const numbersPerValue = 4;

const wordSums = ({ isText, words }: TableColumn): readonly number[] => (isText ? words.map((word) => crc32(word)) : []);

/**
 * However its chunks are cut and merged: each value once, the first stored stays, rows in order of time. Chunks that begin at or
 * after `beforeOffset` are left out: of a store that is written meanwhile, and not merged, that is what it was at a flush.
 */
export const digestMonth = async (
  store: ChunkStore,
  vehicleNo: number,
  bucket: number,
  isShown: (timeMs: number) => boolean,
  beforeOffset = Number.POSITIVE_INFINITY,
): Promise<MonthDigest> => {
  table.reset();
  for await (const { firstOffset, bytes } of store.read(vehicleNo, bucketStartMs(bucket), bucketStartMs(bucket + 1))) {
    if (firstOffset >= beforeOffset) continue;
    reader.open(bytes);
    table.addChunk(reader);
  }
  table.finish();
  dropMovedAgain(table);
  return digestTable(isShown);
};

const digestTable = (isShown: (timeMs: number) => boolean): MonthDigest => {
  let rows = 0;
  let values = 0;
  let sum = 0;
  const shown = Uint8Array.from({ length: table.rows }, (_, row) => (isShown(table.times[row] as number) ? 1 : 0));
  for (let row = 0; row < table.rows; row++) rows += shown[row] as number;
  for (const column of table.columns) {
    const words = wordSums(column);
    const numbers = new Float64Array(table.rows * numbersPerValue);
    let at = 0;
    for (let row = 0; row < table.rows; row++) {
      if (shown[row] === 0 || column.present[row] === 0) continue;
      const value = column.values[row] as number;
      numbers[at++] = table.times[row] as number;
      numbers[at++] = table.devices[row] as number;
      numbers[at++] = column.signalNumber;
      numbers[at++] = column.isText ? (words[value] as number) : value;
    }
    values += at / numbersPerValue;
    sum = crc32(new Uint8Array(numbers.buffer, 0, at * Float64Array.BYTES_PER_ELEMENT), sum);
  }
  return { rows, values, sum };
};
