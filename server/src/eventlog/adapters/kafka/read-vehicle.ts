import { type RecordBatch, recordFields } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import type { ReadVehicleOptions, VehicleRecord } from '../../ports.ts';

/** What is read at first, in offsets; each further piece is twice as long. */
const pieceMin = 4096;

export interface ScannedPartition {
  /** First offset at which anything was received at or after a moment; undefined: there is none. */
  firstAt(ms: number): Promise<number | undefined>;
  startOffset(): number;
  endOffset(): number;
  /** Undefined: there is nothing. */
  read(fromOffset: number): Promise<RecordBatch | undefined>;
}

const isWanted = (batch: RecordBatch, i: number, { vehicleNo, fromMs, toMs }: ReadVehicleOptions): boolean => {
  const start = batch.starts[i] as number;
  if (recordFields.vehicleNo(batch.view, start) !== vehicleNo) return false;
  const receivedAt = recordFields.receivedAt(batch.view, start);
  return receivedAt >= fromMs && receivedAt < toMs;
};

const readPiece = async (
  partition: ScannedPartition,
  from: number,
  to: number,
  options: ReadVehicleOptions,
): Promise<VehicleRecord[]> => {
  const found: VehicleRecord[] = [];
  for (let at = from; at < to; ) {
    const batch = await partition.read(at);
    if (!batch) break;
    for (let i = 0; i < batch.count && (batch.offsets[i] as number) < to; i++) {
      if (isWanted(batch, i, options))
        found.push({ offset: batch.offsets[i] as number, bytes: batch.bytes.slice(batch.starts[i], batch.ends[i]) });
    }
    at = batch.nextOffset;
  }
  return found;
};

/**
 * A vehicle's records, newest first. Kafka has no index of keys: the partition is read backwards, piece by piece, until the limit is reached.
 * Throws when `scanMax` records held none at all: an empty answer would say that there are no more.
 */
export const readVehicleBackwards = async (
  partition: ScannedPartition,
  options: ReadVehicleOptions,
  scanMax: number,
): Promise<readonly VehicleRecord[]> => {
  const first = await partition.firstAt(options.fromMs);
  if (first === undefined) return [];
  const lowest = Math.max(first, partition.startOffset());
  const found: VehicleRecord[] = [];
  let scanned = 0;
  let piece = pieceMin;
  for (let to = Math.min(partition.endOffset(), options.beforeOffset ?? Number.POSITIVE_INFINITY); to > lowest; piece *= 2) {
    if (scanned >= scanMax) {
      if (found.length > 0) break;
      throw new OperationalError(
        'overloaded',
        `none of the newest ${scanned} records of the partition is of this vehicle and period; ask for a shorter period, or its history`,
      );
    }
    const from = Math.max(lowest, to - piece);
    found.push(...(await readPiece(partition, from, to, options)).reverse());
    if (found.length >= options.limit) break;
    scanned += to - from;
    to = from;
  }
  return found.slice(0, options.limit);
};
