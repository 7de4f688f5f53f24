import { assert } from '../kernel/index.ts';
import { virtualPartitionOf } from './partition.ts';

/**
 * The log record: one report about one vehicle, or one event of its connection. Little-endian, 36 bytes of header,
 * then the body. The same bytes are the value in Kafka. docs/formats/log-record.md
 *
 *     0  u8   version (1)
 *     1  u8   kind: 1 telemetry, 2 connection
 *     2  u16  virtual partition
 *     4  i32  vehicleNo (0: about the server itself)
 *     8  i32  deviceNo (0: none)
 *    12  u32  boot
 *    16  u64  seq
 *    24  u64  receivedAt, ms since the epoch
 *    32  u16  vocabulary version
 *    34  u16  flags: bit 0 = the device named boot and seq; bit 1 = put into the log once more, after it could not be applied;
 *                bit 2 = imported from a file: nobody was heard
 *    36  …    body: telemetry → report format, connection → connection event
 */
export const recordVersion = 1;
export const recordHeaderBytes = 36;
/** Largest record: the largest report (see `ingest/limits.ts`) and room for its header. */
export const recordBytesMax = 2 * 1024 * 1024;

/** Above this a vehicleNo is taken for damage: read models keep state by number. */
export const vehicleNoMax = 67_108_863;

export const isVehicleNo = (vehicleNo: number): boolean => vehicleNo > 0 && vehicleNo <= vehicleNoMax;

export const recordKinds = { telemetry: 1, connection: 2 } as const;
export type RecordKind = (typeof recordKinds)[keyof typeof recordKinds];

export const recordFlags = { hasSequence: 1, isRetried: 2, isImported: 4 } as const;

export interface RecordHeader {
  readonly kind: RecordKind;
  readonly vehicleNo: number;
  readonly deviceNo: number;
  readonly boot: number;
  readonly seq: number;
  readonly hasSequence: boolean;
  /** ms since the epoch, by the server's clock. */
  readonly receivedAt: number;
  readonly vocabularyVersion: number;
}

const twoTo32 = 4_294_967_296;

const writeUint64 = (view: DataView, at: number, value: number): void => {
  view.setUint32(at, value % twoTo32, true);
  view.setUint32(at + 4, Math.floor(value / twoTo32), true);
};
const readUint64 = (view: DataView, at: number): number => view.getUint32(at + 4, true) * twoTo32 + view.getUint32(at, true);

/** Writes a header at `at`; the body follows at `at + recordHeaderBytes`. */
export const writeRecordHeader = (view: DataView, at: number, header: RecordHeader): void => {
  view.setUint8(at, recordVersion);
  view.setUint8(at + 1, header.kind);
  view.setUint16(at + 2, virtualPartitionOf(header.vehicleNo), true);
  view.setInt32(at + 4, header.vehicleNo, true);
  view.setInt32(at + 8, header.deviceNo, true);
  view.setUint32(at + 12, header.boot, true);
  writeUint64(view, at + 16, header.seq);
  writeUint64(view, at + 24, header.receivedAt);
  view.setUint16(at + 32, header.vocabularyVersion, true);
  view.setUint16(at + 34, header.hasSequence ? recordFlags.hasSequence : 0, true);
};

/** A whole record, header and body. */
export const encodeRecord = (header: RecordHeader, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(recordHeaderBytes + body.length);
  writeRecordHeader(new DataView(bytes.buffer), 0, header);
  bytes.set(body, recordHeaderBytes);
  return bytes;
};

/** Sets a flag of a whole record, in place. */
export const setRecordFlag = (record: Uint8Array, flag: number): Uint8Array => {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  view.setUint16(34, view.getUint16(34, true) | flag, true);
  return record;
};

/** Puts a record that is about no vehicle into a virtual partition, in place. */
export const setRecordPartition = (record: Uint8Array, virtualPartition: number): Uint8Array => {
  new DataView(record.buffer, record.byteOffset, record.byteLength).setUint16(2, virtualPartition, true);
  return record;
};

/** Field by field, for hot paths that need only some. `at` is where the record starts. */
export const recordFields = {
  version: (view: DataView, at: number): number => view.getUint8(at),
  kind: (view: DataView, at: number): number => view.getUint8(at + 1),
  partition: (view: DataView, at: number): number => view.getUint16(at + 2, true),
  vehicleNo: (view: DataView, at: number): number => view.getInt32(at + 4, true),
  deviceNo: (view: DataView, at: number): number => view.getInt32(at + 8, true),
  boot: (view: DataView, at: number): number => view.getUint32(at + 12, true),
  seq: (view: DataView, at: number): number => readUint64(view, at + 16),
  receivedAt: (view: DataView, at: number): number => readUint64(view, at + 24),
  vocabularyVersion: (view: DataView, at: number): number => view.getUint16(at + 32, true),
  hasSequence: (view: DataView, at: number): boolean => (view.getUint16(at + 34, true) & recordFlags.hasSequence) !== 0,
  isRetried: (view: DataView, at: number): boolean => (view.getUint16(at + 34, true) & recordFlags.isRetried) !== 0,
  isImported: (view: DataView, at: number): boolean => (view.getUint16(at + 34, true) & recordFlags.isImported) !== 0,
} as const;

/** All of a header at once, for paths that are not hot. Throws on a version this code does not know. */
export const readRecordHeader = (view: DataView, at: number): RecordHeader => {
  const version = recordFields.version(view, at);
  assert(version === recordVersion, `log record has version ${version}, expected ${recordVersion}`);
  return {
    kind: recordFields.kind(view, at) as RecordKind,
    vehicleNo: recordFields.vehicleNo(view, at),
    deviceNo: recordFields.deviceNo(view, at),
    boot: recordFields.boot(view, at),
    seq: recordFields.seq(view, at),
    hasSequence: recordFields.hasSequence(view, at),
    receivedAt: recordFields.receivedAt(view, at),
    vocabularyVersion: recordFields.vocabularyVersion(view, at),
  };
};
