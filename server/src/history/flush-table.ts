import {
  decodeReport,
  FormatError,
  makeReportColumns,
  makeSingleSample,
  readSingle,
  recordFields,
  recordHeaderBytes,
} from '../events/index.ts';
import { ByteArena } from './byte-arena.ts';
import { encodeChunk } from './encode-chunk.ts';
import { rowsPerFlushedChunk, slabBytes } from './limits.ts';
import { pageOfEntry, placeOfEntry, type SharedTable } from './memtable.ts';
import { bucketOf, bucketStartMs } from './month-bucket.ts';
import type { StoredChunk } from './ports.ts';
import { RowTable } from './row-table.ts';

export interface FlushCounts {
  records: number;
  rows: number;
  conflicts: number;
  /** Records whose body could not be decoded: they were checked before they were logged, so each is a fault to look at. */
  unreadable: number;
}

const report = makeReportColumns();
const single = makeSingleSample();
const table = new RowTable();

interface OpenSlab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Adds a record that lies in `bytes` to a table of rows. */
export const addToTable = (into: RowTable, bytes: Uint8Array, view: DataView, from: number, end: number): boolean => {
  if (readSingle(bytes, from + recordHeaderBytes, end, single)) {
    into.addSingle(single, recordFields.deviceNo(view, from));
    return true;
  }
  try {
    decodeReport(bytes, from + recordHeaderBytes, end, report, view);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  const deviceNo = recordFields.deviceNo(view, from);
  if (report.sampleCount === 0) into.addHeartbeat(recordFields.receivedAt(view, from), deviceNo);
  else into.addReport(report, deviceNo);
  return true;
};

/** Cuts the finished rows by month and encodes each part. */
const encodeMonths = (vehicleNo: number, firstOffset: number, chunks: StoredChunk[], arena: ByteArena): void => {
  for (let from = 0; from < table.rows; ) {
    const bucket = bucketOf(table.times[from] as number);
    const endMs = bucketStartMs(bucket + 1);
    let to = from + 1;
    if ((table.times[table.rows - 1] as number) < endMs) to = table.rows;
    else while (to < table.rows && (table.times[to] as number) < endMs) to++;
    const bytes = encodeChunk(table, from, to - from, 'flushed', arena);
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

const finishRows = (
  vehicleNo: number,
  firstOffset: number,
  counts: FlushCounts,
  chunks: StoredChunk[],
  arena: ByteArena,
): void => {
  table.finish();
  counts.rows += table.rows;
  counts.conflicts += table.conflicts;
  encodeMonths(vehicleNo, firstOffset, chunks, arena);
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

/** Makes the chunks of a sealed table, in order of (vehicleNo, firstOffset). Pure but for reused buffers. */
export const chunksOfTable = (shared: SharedTable, counts: FlushCounts): StoredChunk[] => {
  const slabs: OpenSlab[] = shared.slabs.map((slab) => ({ bytes: new Uint8Array(slab), view: new DataView(slab) }));
  const chunks: StoredChunk[] = [];
  const arena = new ByteArena();
  table.reset();
  const addVehicle = (vehicleNo: number, newest: number): void => {
    const count = followEntries(shared, newest);
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
      if (i === 0 || table.rows >= rowsPerFlushedChunk) finishRows(vehicleNo, firstOffset, counts, chunks, arena);
    }
  };
  for (const { firstVehicleNo, newest } of shared.heads)
    for (let i = 0; i < newest.length; i++) if (newest[i] !== 0) addVehicle(firstVehicleNo + i, (newest[i] as number) - 1);
  return chunks;
};
