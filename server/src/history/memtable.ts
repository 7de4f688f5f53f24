import { type RecordBatch, recordFields, recordKinds } from '../events/index.ts';
import { assert } from '../kernel/index.ts';
import { entriesPerPage, slabBytes } from './limits.ts';
import { type EntryPage, MemoryPool, type Slab } from './memory-pool.ts';

/** Records lie one after the other in slabs; what stands between two of a batch (their frames in the log) is copied with them. */
const gapBytesMax = 64;
const vehiclesPerPage = 1024;

/** What a thread needs to read a sealed table. */
export interface SharedTable {
  readonly slabs: readonly SharedArrayBuffer[];
  readonly entries: readonly EntryPage[];
  /** Newest entry + 1 of the vehicles firstVehicleNo …, ascending. */
  readonly heads: readonly { readonly firstVehicleNo: number; readonly newest: Int32Array }[];
}

/** The page of an entry, and its place there. */
export const pageOfEntry = (pages: readonly EntryPage[], entry: number): EntryPage =>
  pages[Math.floor(entry / entriesPerPage)] as EntryPage;
export const placeOfEntry = (entry: number): number => entry % entriesPerPage;

/** How many records from `first` on lie close enough behind each other to be copied at once, and fit into `room` bytes. */
const runLength = ({ starts, ends, count }: RecordBatch, first: number, room: number): number => {
  const from = starts[first] as number;
  let next = first;
  while (next < count && (ends[next] as number) - from <= room) {
    if (next > first && Math.abs((starts[next] as number) - (ends[next - 1] as number)) > gapBytesMax) break;
    next++;
  }
  return next - first;
};

/**
 * The records themselves, as the log has them, in shared memory; each vehicle's are linked from the newest back. Applying a batch is
 * one copy and a link a record.
 */
export class Memtable {
  records = 0;
  bytes = 0;
  #slabs: Slab[] = [];
  #entries: EntryPage[] = [];
  /** Entry + 1 of each vehicle's newest record, in pages by vehicleNo. */
  #heads = new Map<number, Int32Array>();

  readonly #pool: MemoryPool;
  #holders = 0;
  #isStored = false;

  constructor(pool: MemoryPool = new MemoryPool()) {
    this.#pool = pool;
  }

  /** Other threads read it: its memory is not given away before `letGo`. */
  hold(): void {
    this.#holders++;
  }

  letGo(): void {
    this.#holders--;
    if (this.#isStored && this.#holders === 0) this.release();
  }

  /** Gives its memory to later tables, at once or when nobody holds it; it must not be read any more by others. */
  release(): void {
    this.#isStored = true;
    if (this.#holders > 0) return;
    this.#pool.giveBack(this.#slabs, this.#entries);
    this.#slabs = [];
    this.#entries = [];
    this.#heads.clear();
  }

  /** Answers the newest receivedAt of the batch; 0: it has no records. */
  apply(batch: RecordBatch): number {
    let newest = 0;
    // A Buffer's subarray is several times slower than a plain one's.
    const bytes = new Uint8Array(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    for (let i = 0; i < batch.count; ) {
      const slab = this.#slabFor((batch.ends[i] as number) - (batch.starts[i] as number));
      const count = runLength(batch, i, slabBytes - slab.used);
      const from = batch.starts[i] as number;
      const end = batch.ends[i + count - 1] as number;
      slab.bytes.set(bytes.subarray(from, end), slab.used);
      newest = Math.max(newest, this.#link(batch, i, i + count, (this.#slabs.length - 1) * slabBytes + slab.used - from));
      slab.used += end - from;
      this.bytes += end - from;
      i += count;
    }
    return newest;
  }

  /** `shift`: from a place in the batch to a position. Answers the newest receivedAt. */
  #link({ view, starts, ends, offsets }: RecordBatch, from: number, to: number, shift: number): number {
    let newest = 0;
    for (let i = from; i < to; i++) {
      const start = starts[i] as number;
      const receivedAt = recordFields.receivedAt(view, start);
      if (receivedAt > newest) newest = receivedAt;
      if (recordFields.kind(view, start) !== recordKinds.telemetry) continue;
      const vehicleNo = recordFields.vehicleNo(view, start);
      const heads = this.#headsOf(vehicleNo);
      const vehicle = vehicleNo & (vehiclesPerPage - 1);
      const place = placeOfEntry(this.records);
      if (place === 0) this.#entries.push(this.#pool.takeEntryPage());
      const page = this.#entries[this.#entries.length - 1] as EntryPage;
      page.positions[place] = start + shift;
      page.lengths[place] = (ends[i] as number) - start;
      page.offsets[place] = offsets[i] as number;
      page.before[place] = heads[vehicle] as number;
      heads[vehicle] = ++this.records;
    }
    return newest;
  }

  #slabFor(length: number): Slab {
    const last = this.#slabs.at(-1);
    if (last && last.used + length <= slabBytes) return last;
    assert(length <= slabBytes, `a record has ${length} bytes, a slab ${slabBytes}`);
    const slab = this.#pool.takeSlab();
    this.#slabs.push(slab);
    return slab;
  }

  #headsOf(vehicleNo: number): Int32Array {
    const key = vehicleNo >> 10;
    const known = this.#heads.get(key);
    if (known) return known;
    const heads = new Int32Array(vehiclesPerPage);
    this.#heads.set(key, heads);
    return heads;
  }

  /** A vehicle's newest entry, −1: none. */
  newestOf(vehicleNo: number): number {
    return (this.#heads.get(vehicleNo >> 10)?.[vehicleNo & (vehiclesPerPage - 1)] ?? 0) - 1;
  }

  /** The entry before one, of the same vehicle, −1: none. */
  before(entry: number): number {
    return (pageOfEntry(this.#entries, entry).before[placeOfEntry(entry)] as number) - 1;
  }

  /** The record of an entry: shared memory, valid as long as the table. */
  recordOf(entry: number): Uint8Array {
    const { positions, lengths } = pageOfEntry(this.#entries, entry);
    const place = placeOfEntry(entry);
    const position = positions[place] as number;
    const slab = this.#slabs[Math.floor(position / slabBytes)] as Slab;
    const from = position % slabBytes;
    return slab.bytes.subarray(from, from + (lengths[place] as number));
  }

  /** A vehicle's entries, oldest first. */
  entriesOf(vehicleNo: number): number[] {
    const entries: number[] = [];
    for (let entry = this.newestOf(vehicleNo); entry >= 0; entry = this.before(entry)) entries.push(entry);
    return entries.reverse();
  }

  share(): SharedTable {
    const heads = [...this.#heads]
      .sort(([a], [b]) => a - b)
      .map(([key, newest]) => ({ firstVehicleNo: key * vehiclesPerPage, newest }));
    return { slabs: this.#slabs.map((slab) => slab.shared), entries: this.#entries, heads };
  }
}
