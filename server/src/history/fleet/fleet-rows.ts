import { firstRowAt } from '../first-row-at.ts';
import {
  decodeReport,
  FormatError,
  hasValue,
  makeReportColumns,
  type ReportColumn,
  recordFields,
  recordHeaderBytes,
} from '../../events/index.ts';
import type { ChunkColumn, ChunkReader } from '../read-chunk.ts';
import type { TimePeriod } from '../row-collector.ts';
import type { FleetState } from './fleet-state.ts';

/** Which rows of a vehicle count: ascending times in [fromMs, toMs), but for those in `erased`. */
export interface RowsWanted extends TimePeriod {
  readonly erased: readonly TimePeriod[];
}

const isErased = (erased: readonly TimePeriod[], ms: number): boolean =>
  erased.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);

const areEqual = (values: Float64Array, from: number, to: number): boolean => {
  const first = values[from];
  for (let i = from + 1; i < to; i++) if (values[i] !== first) return false;
  return true;
};

/** Adds the newest value of each kept signal and device of an opened chunk. `order` says which of two at one time came first. */
export const addChunkRows = (state: FleetState, slot: number, chunk: ChunkReader, order: number, wanted: RowsWanted): void => {
  const from = firstRowAt(chunk.times, chunk.rows, wanted.fromMs);
  const to = firstRowAt(chunk.times, chunk.rows, wanted.toMs);
  if (from >= to) return;
  const newestMs = chunk.times[to - 1] as number;
  const device = areEqual(chunk.devices, from, to) ? (chunk.devices[from] as number) : undefined;
  const isWanted = (signalNumber: number): boolean => {
    const signal = state.indexOf(signalNumber);
    if (signal < 0) return false;
    const at = signal * state.slots + slot;
    return !(device !== undefined && (state.times[at] as number) > newestMs && state.devices[at] === device);
  };
  const take = (column: ChunkColumn): void => {
    const signal = state.indexOf(column.signalNumber);
    if (device === undefined || wanted.erased.length > 0)
      addEach(state, slot, signal, chunk, column, order, from, to, wanted.erased);
    else addNewest(state, slot, signal, chunk.times, device, column, order, from, to);
  };
  chunk.readColumns(isWanted, take);
};

const addNewest = (
  state: FleetState,
  slot: number,
  signal: number,
  times: Float64Array,
  device: number,
  { values, present, words }: ChunkColumn,
  order: number,
  from: number,
  to: number,
): void => {
  let row = to - 1;
  while (row >= from && present[row] === 0) row--;
  if (row < from) return;
  const time = times[row] as number;
  // Of moved samples several may have one time: the first counts.
  for (let i = row - 1; i >= from && times[i] === time; i--) if (present[i] === 1) row = i;
  const value = values[row] as number;
  if (words) state.put(slot, signal, time, state.wordOf(words[value] as string), true, device, order);
  else state.put(slot, signal, time, value, false, device, order);
};

/** Row by row, for chunks of several devices and for vehicles of which something was erased. */
const addEach = (
  state: FleetState,
  slot: number,
  signal: number,
  { times, devices }: ChunkReader,
  { values, present, words }: ChunkColumn,
  order: number,
  from: number,
  to: number,
  erased: readonly TimePeriod[],
): void => {
  for (let row = from; row < to; row++) {
    const time = times[row] as number;
    if (present[row] === 0 || isErased(erased, time)) continue;
    const value = values[row] as number;
    const stored = words ? state.wordOf(words[value] as string) : value;
    state.put(slot, signal, time, stored, words !== undefined, devices[row] as number, order);
  }
};

const report = makeReportColumns();

/** Adds the samples of a log record that lies in `bytes`; false: it cannot be decoded. */
export const addRecordRows = (
  state: FleetState,
  slot: number,
  bytes: Uint8Array,
  view: DataView,
  from: number,
  end: number,
  order: number,
  wanted: RowsWanted,
): boolean => {
  try {
    decodeReport(bytes, from + recordHeaderBytes, end, report, view);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  const deviceNo = recordFields.deviceNo(view, from);
  for (let c = 0; c < report.columnCount; c++) {
    const column = report.columns[c] as ReportColumn;
    const signal = state.indexOf(column.signalNumber);
    if (signal >= 0) addColumn(state, slot, signal, column, deviceNo, order, wanted);
  }
  return true;
};

const addColumn = (
  state: FleetState,
  slot: number,
  signal: number,
  column: ReportColumn,
  deviceNo: number,
  order: number,
  { fromMs, toMs, erased }: RowsWanted,
): void => {
  for (let sample = 0; sample < report.sampleCount; sample++) {
    const time = report.times[sample] as number;
    if (time < fromMs || time >= toMs || !hasValue(column, sample) || isErased(erased, time)) continue;
    const value = column.values[sample] as number;
    const stored = column.isText ? state.wordOf(column.dictionary[value] ?? '') : value;
    state.put(slot, signal, time, stored, column.isText, deviceNo, order);
  }
};
