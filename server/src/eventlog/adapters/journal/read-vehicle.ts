import { type FileHandle, open } from 'node:fs/promises';
import { recordBytesMax, recordFields } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import type { ReadVehicleOptions, VehicleRecord } from '../../ports.ts';
import { readUpTo } from './files.ts';
import { checkRecord, frameBytes } from './format.ts';
import { filePosition, positionsOf, type Segment } from './segment.ts';

/** Read at first for a record: most are smaller. */
const firstReadBytes = 1024;

const readRecord = async (handle: FileHandle, segment: Segment, position: number): Promise<Uint8Array> => {
  const at = filePosition(segment, segment.firstOffset + position);
  let bytes = await readUpTo(handle, firstReadBytes, at);
  const wanted = bytes.length < frameBytes ? 0 : frameBytes + bytes.readUInt32LE(0);
  if (wanted > bytes.length && wanted <= frameBytes + recordBytesMax) bytes = await readUpTo(handle, wanted, at);
  if (wanted === 0 || checkRecord(bytes, 0, bytes.length) === undefined)
    throw new OperationalError('unavailable', `the journal is damaged: ${segment.file} at byte ${at}`);
  return new Uint8Array(bytes.subarray(frameBytes, wanted));
};

const receivedAtOf = (bytes: Uint8Array): number =>
  recordFields.receivedAt(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);

/** A segment that retention took away while it was read ends there: its records are gone, not damaged. */
const readSegmentIfThere = async (
  segment: Segment,
  options: ReadVehicleOptions,
  into: VehicleRecord[],
  isThere: (segment: Segment) => boolean,
): Promise<void> => {
  try {
    await readSegment(segment, options, into);
  } catch (error) {
    if (isThere(segment)) throw error;
  }
};

const readSegment = async (segment: Segment, options: ReadVehicleOptions, into: VehicleRecord[]): Promise<void> => {
  const before = (options.beforeOffset ?? Number.POSITIVE_INFINITY) - segment.firstOffset;
  const positions = await positionsOf(segment, options.vehicleNo, before);
  if (positions.length === 0) return;
  const handle = await open(segment.file, 'r');
  try {
    for (const position of positions) {
      if (into.length >= options.limit) return;
      const bytes = await readRecord(handle, segment, position);
      const receivedAt = receivedAtOf(bytes);
      // Goes on past an older one: the clock of a server may have been set back.
      if (receivedAt >= options.fromMs && receivedAt < options.toMs) into.push({ offset: segment.firstOffset + position, bytes });
    }
  } finally {
    await handle.close();
  }
};

/** Records of one vehicle, newest first, through the segments whose times meet the period. */
export const readVehicleRecords = async (
  segments: readonly Segment[],
  options: ReadVehicleOptions,
  isThere: (segment: Segment) => boolean,
): Promise<readonly VehicleRecord[]> => {
  const found: VehicleRecord[] = [];
  for (const segment of segments.toReversed()) {
    if (found.length >= options.limit) break;
    const { index } = segment;
    if (index.count === 0 || index.newestReceivedAt < options.fromMs || index.oldestReceivedAt >= options.toMs) continue;
    if (options.beforeOffset !== undefined && segment.firstOffset >= options.beforeOffset) continue;
    await readSegmentIfThere(segment, options, found, isThere);
  }
  return found;
};
