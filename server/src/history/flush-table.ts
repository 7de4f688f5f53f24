import { decodeReport, FormatError, makeReportColumns, recordFields, recordHeaderBytes } from '../events/index.ts';
import { encodeChunk } from './encode-chunk.ts';
import { rowsPerFlushedChunk, slabBytes } from './limits.ts';
import { entryHeaderBytes, type SharedTable } from './memtable.ts';
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
const table = new RowTable();

interface OpenSlab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Entries by vehicle, then in the order of the log. */
const sortedEntries = (
  slabs: readonly OpenSlab[],
  used: readonly number[],
): { readonly keys: Float64Array; readonly positions: Float64Array } => {
  const positions: number[] = [];
  const keys: number[] = [];
  slabs.forEach(({ view }, index) => {
    const end = used[index] as number;
    for (let at = 0; at < end; at += (entryHeaderBytes + view.getInt32(at + 4, true) + 7) & ~7) {
      keys.push(recordFields.vehicleNo(view, at + entryHeaderBytes) * 2 ** 22 + positions.length);
      positions.push(index * slabBytes + at);
    }
  });
  return { keys: Float64Array.from(keys).sort(), positions: Float64Array.from(positions) };
};

/** Adds the record at `at` to the rows of its vehicle; false when it cannot be decoded. */
const addRecord = ({ bytes, view }: OpenSlab, at: number): boolean => {
  const from = at + entryHeaderBytes;
  return addToTable(table, bytes, view, from, from + view.getInt32(at + 4, true));
};

/** Adds a record that lies in `bytes` to a table of rows. */
export const addToTable = (into: RowTable, bytes: Uint8Array, view: DataView, from: number, end: number): boolean => {
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
const encodeMonths = (vehicleNo: number, firstOffset: number, chunks: StoredChunk[]): void => {
  for (let from = 0; from < table.rows; ) {
    const bucket = bucketOf(table.times[from] as number);
    const endMs = bucketStartMs(bucket + 1);
    let to = from + 1;
    if ((table.times[table.rows - 1] as number) < endMs) to = table.rows;
    else while (to < table.rows && (table.times[to] as number) < endMs) to++;
    const bytes = encodeChunk(table, from, to - from);
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

/** Makes the chunks of a sealed table, in order of (vehicleNo, firstOffset). Pure but for reused buffers. */
export const chunksOfTable = (shared: SharedTable, counts: FlushCounts): StoredChunk[] => {
  const slabs = shared.slabs.map((slab) => ({ bytes: new Uint8Array(slab), view: new DataView(slab) }));
  const { keys, positions } = sortedEntries(slabs, shared.used);
  const chunks: StoredChunk[] = [];
  let firstOffset = 0;
  table.reset();
  const finish = (vehicleNo: number): void => {
    table.finish();
    counts.rows += table.rows;
    counts.conflicts += table.conflicts;
    encodeMonths(vehicleNo, firstOffset, chunks);
    table.reset();
  };
  for (let i = 0; i < keys.length; i++) {
    const vehicleNo = Math.floor((keys[i] as number) / 2 ** 22);
    const position = positions[(keys[i] as number) - vehicleNo * 2 ** 22] as number;
    const slab = slabs[Math.floor(position / slabBytes)] as OpenSlab;
    const at = position % slabBytes;
    if (table.rows === 0) firstOffset = slab.view.getFloat64(at + 8, true);
    counts.records++;
    if (!addRecord(slab, at)) counts.unreadable++;
    const next = i + 1 < keys.length ? Math.floor((keys[i + 1] as number) / 2 ** 22) : Number.NaN;
    if (next !== vehicleNo || table.rows >= rowsPerFlushedChunk) finish(vehicleNo);
  }
  return chunks;
};
