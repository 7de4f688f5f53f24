import { type RecordBatch, recordFields, recordKinds } from '../events/index.ts';
import { assert } from '../kernel/index.ts';
import { slabBytes } from './limits.ts';

/** Before each record: i32 entry before it of the same vehicle (position + 1; 0: none) · i32 length · f64 offset. */
export const entryHeaderBytes = 16;
const vehiclesPerPage = 1024;

interface Slab {
  readonly shared: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used: number;
}

/** What a thread needs to read a sealed table. */
export interface SharedTable {
  readonly slabs: readonly SharedArrayBuffer[];
  readonly used: readonly number[];
}

const makeSlab = (): Slab => {
  const shared = new SharedArrayBuffer(slabBytes);
  return { shared, bytes: new Uint8Array(shared), view: new DataView(shared), used: 0 };
};

const aligned = (length: number): number => (length + 7) & ~7;

/**
 * The records themselves, as the log has them, in shared memory; each vehicle's are linked from the newest back. Adding one is a
 * copy and a link. A position is slab · slabBytes + byte of its entry.
 */
export class Memtable {
  readonly partition: number;
  /** Offset after the last record that was added or passed over. */
  nextOffset: number;
  records = 0;
  bytes = 0;
  newestReceivedAt = 0;
  /** True when something was applied, be it only an offset. */
  isTouched = false;
  #slabs: Slab[] = [];
  #last: Slab | undefined;
  /** Position + 1 of each vehicle's newest entry, in pages by vehicleNo. */
  #heads = new Map<number, Int32Array>();

  constructor(partition: number, nextOffset: number) {
    this.partition = partition;
    this.nextOffset = nextOffset;
  }

  apply(batch: RecordBatch): void {
    // A Buffer's subarray is several times slower than a plain one's.
    const bytes = new Uint8Array(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    const { view, starts, ends, offsets } = batch;
    for (let i = 0; i < batch.count; i++) {
      const start = starts[i] as number;
      const receivedAt = recordFields.receivedAt(view, start);
      if (receivedAt > this.newestReceivedAt) this.newestReceivedAt = receivedAt;
      if (recordFields.kind(view, start) !== recordKinds.telemetry) continue;
      this.#add(bytes, start, ends[i] as number, recordFields.vehicleNo(view, start), offsets[i] as number);
    }
    this.nextOffset = batch.nextOffset;
    this.isTouched = true;
  }

  #add(source: Uint8Array, start: number, end: number, vehicleNo: number, offset: number): void {
    const length = end - start;
    const size = aligned(entryHeaderBytes + length);
    let slab = this.#last;
    if (slab === undefined || slab.used + size > slabBytes) slab = this.#addSlab(size);
    const at = slab.used;
    const page = this.#pageOf(vehicleNo);
    const place = vehicleNo & (vehiclesPerPage - 1);
    slab.view.setInt32(at, page[place] as number, true);
    slab.view.setInt32(at + 4, length, true);
    slab.view.setFloat64(at + 8, offset, true);
    slab.bytes.set(source.subarray(start, end), at + entryHeaderBytes);
    page[place] = (this.#slabs.length - 1) * slabBytes + at + 1;
    slab.used = at + size;
    this.records++;
    this.bytes += size;
  }

  #addSlab(size: number): Slab {
    assert(size <= slabBytes, `a record needs ${size} bytes, a slab has ${slabBytes}`);
    const slab = makeSlab();
    this.#slabs.push(slab);
    this.#last = slab;
    return slab;
  }

  #pageOf(vehicleNo: number): Int32Array {
    const key = vehicleNo >> 10;
    const known = this.#heads.get(key);
    if (known) return known;
    const page = new Int32Array(vehiclesPerPage);
    this.#heads.set(key, page);
    return page;
  }

  /** Position of a vehicle's newest entry, −1: none. */
  newestOf(vehicleNo: number): number {
    return (this.#heads.get(vehicleNo >> 10)?.[vehicleNo & (vehiclesPerPage - 1)] ?? 0) - 1;
  }

  /** Position of the entry before one, of the same vehicle, −1: none. */
  before(position: number): number {
    return this.#slabOf(position).view.getInt32(position % slabBytes, true) - 1;
  }

  /** The record of an entry: shared memory, valid as long as the table. */
  recordAt(position: number): Uint8Array {
    const slab = this.#slabOf(position);
    const at = position % slabBytes;
    return slab.bytes.subarray(at + entryHeaderBytes, at + entryHeaderBytes + slab.view.getInt32(at + 4, true));
  }

  /** Positions of a vehicle's records, oldest first. */
  positionsOf(vehicleNo: number): number[] {
    const positions: number[] = [];
    for (let at = this.newestOf(vehicleNo); at >= 0; at = this.before(at)) positions.push(at);
    return positions.reverse();
  }

  share(): SharedTable {
    return { slabs: this.#slabs.map((slab) => slab.shared), used: this.#slabs.map((slab) => slab.used) };
  }

  #slabOf(position: number): Slab {
    return this.#slabs[Math.floor(position / slabBytes)] as Slab;
  }
}
