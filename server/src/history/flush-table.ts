import {
  decodeReport,
  isPoison,
  makeReportColumns,
  makeSingleSample,
  readSingle,
  recordFields,
  recordHeaderBytes,
} from '../events/index.ts';
import { ByteArena } from './byte-arena.ts';
import { encodeChunk } from './encode-chunk.ts';
import { poisonListedMax, rowsPerFlushedChunk, slabBytes } from './limits.ts';
import { pageOfEntry, placeOfEntry, type SharedTable } from './memtable.ts';
import { bucketOf, bucketStartMs } from './month-bucket.ts';
import type { StoredChunk } from './ports.ts';
import { RowTable } from './row-table.ts';

export interface FlushCounts {
  records: number;
  rows: number;
  conflicts: number;
  /** Records that could not be decoded or stored: they were checked before they were logged, so each is a fault to look at. */
  unreadable: number;
  /** Of these, those to be put aside. */
  poison: PoisonRecord[];
}

export interface PoisonRecord {
  readonly offset: number;
  readonly record: Uint8Array;
  readonly why: string;
}

export const makeFlushCounts = (): FlushCounts => ({ records: 0, rows: 0, conflicts: 0, unreadable: 0, poison: [] });

const report = makeReportColumns();
const single = makeSingleSample();
const table = new RowTable();

interface OpenSlab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Adds a record that lies in `bytes` to a table of rows; false: it cannot be read. */
export const addToTable = (into: RowTable, bytes: Uint8Array, view: DataView, from: number, end: number): boolean => {
  try {
    if (readSingle(bytes, from + recordHeaderBytes, end, single)) {
      into.addSingle(single, recordFields.deviceNo(view, from));
      return true;
    }
    decodeReport(bytes, from + recordHeaderBytes, end, report, view);
  } catch (error) {
    if (isPoison(error)) return false;
    throw error;
  }
  const deviceNo = recordFields.deviceNo(view, from);
  if (report.sampleCount === 0) into.addHeartbeat(recordFields.receivedAt(view, from), deviceNo);
  else into.addReport(report, deviceNo);
  return true;
};

/** Where chunks go, and what is counted. */
interface Target {
  readonly counts: FlushCounts;
  /** Of one vehicle. */
  readonly chunks: StoredChunk[];
  readonly encode: typeof encodeChunk;
  readonly arena: ByteArena | undefined;
}

/** Cuts the finished rows by month and encodes each part. */
const encodeMonths = (vehicleNo: number, firstOffset: number, { chunks, encode, arena }: Target): void => {
  for (let from = 0; from < table.rows; ) {
    const bucket = bucketOf(table.times[from] as number);
    const endMs = bucketStartMs(bucket + 1);
    let to = from + 1;
    if ((table.times[table.rows - 1] as number) < endMs) to = table.rows;
    else while (to < table.rows && (table.times[to] as number) < endMs) to++;
    const bytes = encode(table, from, to - from, 'flushed', arena);
    const fromMs = table.times[from] as number;
    chunks.push({
      vehicleNo,
      bucket,
      firstOffset,
      level: 0,
      fromMs,
      toMs: table.times[to - 1] as number,
      rows: to - from,
      bytes,
    });
    from = to;
  }
};

const finishRows = (vehicleNo: number, firstOffset: number, target: Target): void => {
  table.finish();
  target.counts.rows += table.rows;
  target.counts.conflicts += table.conflicts;
  encodeMonths(vehicleNo, firstOffset, target);
  table.reset();
};

let newestFirst = new Int32Array(1024);

/** Fills `newestFirst` with the entries of one vehicle; answers how many. */
const followEntries = ({ entries }: SharedTable, newest: number): number => {
  let count = 0;
  for (let entry = newest; entry >= 0; entry = (pageOfEntry(entries, entry).before[placeOfEntry(entry)] as number) - 1) {
    if (count === newestFirst.length) {
      const longer = new Int32Array(count * 2);
      longer.set(newestFirst);
      newestFirst = longer;
    }
    newestFirst[count++] = entry;
  }
  return count;
};

interface Flush extends Target {
  readonly shared: SharedTable;
  readonly slabs: readonly OpenSlab[];
}

interface Entry extends OpenSlab {
  readonly from: number;
  readonly end: number;
  readonly offset: number;
}

const entryOf = ({ shared, slabs }: Flush, entry: number): Entry => {
  const { positions, lengths, offsets } = pageOfEntry(shared.entries, entry);
  const place = placeOfEntry(entry);
  const position = positions[place] as number;
  const from = position % slabBytes;
  const slab = slabs[Math.floor(position / slabBytes)] as OpenSlab;
  return { ...slab, from, end: from + (lengths[place] as number), offset: offsets[place] as number };
};

/** Adds the first `count` of `newestFirst`, the oldest first. */
const addVehicle = (flush: Flush, vehicleNo: number, count: number): void => {
  const { shared, slabs, counts } = flush;
  let firstOffset = 0;
  for (let i = count - 1; i >= 0; i--) {
    const entry = newestFirst[i] as number;
    const { positions, lengths, offsets } = pageOfEntry(shared.entries, entry);
    const place = placeOfEntry(entry);
    const position = positions[place] as number;
    const { bytes, view } = slabs[Math.floor(position / slabBytes)] as OpenSlab;
    const from = position % slabBytes;
    if (table.rows === 0) firstOffset = offsets[place] as number;
    counts.records++;
    if (!addToTable(table, bytes, view, from, from + (lengths[place] as number))) counts.unreadable++;
    if (i === 0 || table.rows >= rowsPerFlushedChunk) finishRows(vehicleNo, firstOffset, flush);
  }
};

const putAside = ({ counts }: Flush, { bytes, from, end, offset }: Entry, why: string): void => {
  counts.unreadable++;
  if (counts.poison.length < poisonListedMax) counts.poison.push({ offset, record: bytes.slice(from, end), why });
};

/** Why a record cannot be stored even by itself; undefined: it can. */
const whyNot = ({ encode }: Flush, { bytes, view, from, end, offset }: Entry): string | undefined => {
  table.reset();
  try {
    addToTable(table, bytes, view, from, end);
    finishRows(0, offset, { counts: makeFlushCounts(), chunks: [], encode, arena: undefined });
    return undefined;
  } catch (error) {
    if (isPoison(error)) return error.message;
    throw error;
  } finally {
    table.reset();
  }
};

/** Something of the vehicle cannot be stored: what is to blame is found by itself and put aside, the rest is stored. */
const addVehicleCarefully = (flush: Flush, vehicleNo: number, count: number): void => {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const number = newestFirst[i] as number;
    const entry = entryOf(flush, number);
    const why = whyNot(flush, entry);
    if (why === undefined) newestFirst[kept++] = number;
    else putAside(flush, entry, why);
  }
  tryVehicle(flush, vehicleNo, kept, (error) => {
    for (let i = 0; i < kept; i++) putAside(flush, entryOf(flush, newestFirst[i] as number), error.message);
  });
};

/** Adds a vehicle, or takes back what was added of it and calls `failed`. */
const tryVehicle = (flush: Flush, vehicleNo: number, count: number, failed: (error: Error) => void): void => {
  const { counts, chunks } = flush;
  const { records, rows, conflicts, unreadable } = counts;
  try {
    addVehicle(flush, vehicleNo, count);
  } catch (error) {
    if (!isPoison(error)) throw error;
    table.reset();
    chunks.length = 0;
    Object.assign(counts, { records, rows, conflicts, unreadable });
    failed(error);
  }
};

interface ChunkMaking {
  /** Another only in tests. */
  readonly encode?: typeof encodeChunk;
  /** Called after each vehicle: it may rest there. */
  readonly breathe?: () => void;
  /** Vehicles of the table that are to be flushed; all unless it says otherwise. */
  readonly isWanted?: (vehicleNo: number) => boolean;
}

/**
 * Makes the chunks of a sealed table as they are asked for, in order of (vehicleNo, firstOffset): all of them at once are some 300,000 objects, half
 * as large again as the table. `counts` is right after the last. Reuses buffers, so one table at a time. What cannot be stored is put aside
 * in `counts`, never a reason to fail: it would fail again for ever.
 */
export function* chunksOfTable(
  shared: SharedTable,
  counts: FlushCounts,
  { encode = encodeChunk, breathe = () => {}, isWanted = () => true }: ChunkMaking = {},
): Generator<StoredChunk> {
  const slabs: OpenSlab[] = shared.slabs.map((slab) => ({ bytes: new Uint8Array(slab), view: new DataView(slab) }));
  const flush: Flush = { shared, slabs, counts, chunks: [], encode, arena: new ByteArena() };
  table.reset();
  for (const { firstVehicleNo, newest } of shared.heads) {
    for (let i = 0; i < newest.length; i++) {
      if (newest[i] === 0) continue;
      const vehicleNo = firstVehicleNo + i;
      if (!isWanted(vehicleNo)) continue;
      const count = followEntries(shared, (newest[i] as number) - 1);
      tryVehicle(flush, vehicleNo, count, () => addVehicleCarefully(flush, vehicleNo, count));
      yield* flush.chunks;
      flush.chunks.length = 0;
      breathe();
    }
  }
}
