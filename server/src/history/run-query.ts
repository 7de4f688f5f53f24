import type { SignalPrecision } from '../events/index.ts';
import { OperationalError } from '../kernel/index.ts';
import { chooseRollups, isWholeMinutes, type RolledChunk } from './choose-rollups.ts';
import { addToTable } from './flush-table.ts';
import { queryWindowMsDefault, queryWindowMsMin, rollupWindowMsDefault, rowsPerWindowMax } from './limits.ts';
import type { ChunkPart, ChunkStore, StoredChunk } from './ports.ts';
import { RawAnswer } from './raw-answer.ts';
import { ChunkReader } from './read-chunk.ts';
import { RowCollector, type TimePeriod } from './row-collector.ts';
import { RowTable } from './row-table.ts';
import { StepAnswer } from './step-answer.ts';
import type { DeviceFilter, HistoryResult } from './types.ts';

/** A query as it reaches the reading thread: permission is decided, the vehicle's records in memory are with it. */
export interface QueryRequest {
  readonly vehicleNo: number;
  readonly signals: readonly number[];
  /** What may be read of the period asked for: ascending, not overlapping. */
  readonly periods: readonly TimePeriod[];
  /** By signal: values of earlier sample times are not shown. */
  readonly signalsFromMs?: readonly number[];
  /** By signal: values of these sample times are not shown. */
  readonly signalsHidden?: readonly (readonly TimePeriod[])[] | undefined;
  /** By signal: how its values are told; undefined: all as they are. */
  readonly tellings?: readonly Omit<SignalPrecision, 'time'>[] | undefined;
  readonly stepMs: number | undefined;
  readonly devices?: DeviceFilter | undefined;
  readonly rowsMax: number;
  /** Records in the order of the log, one after the other; `ends` says where each ends. */
  readonly records: Uint8Array;
  readonly ends: readonly number[];
  readonly windowMs?: number;
}

export type QueryAnswer = Omit<HistoryResult, 'completeTo'>;

/** A window that holds fewer rows than this is followed by one twice as wide. */
const rowsPerWindowMin = 50_000;
/** … unless it was read from roll-ups, and the chunks it read had this many rows: their bytes are in memory at once. */
const rowsReadPerWindowMax = 1_000_000;
const windowMsMax = 366 * 24 * 3_600_000;
const reader = new ChunkReader();

const tableOf = (request: QueryRequest): RowTable => {
  const table = new RowTable();
  const { records } = request;
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let from = 0;
  for (const end of request.ends) {
    addToTable(table, records, view, from, end);
    from = end;
  }
  table.finish();
  return table;
};

const cut = (periods: readonly TimePeriod[], fromMs: number, toMs: number): TimePeriod[] =>
  periods
    .map((period) => ({ fromMs: Math.max(period.fromMs, fromMs), toMs: Math.min(period.toMs, toMs) }))
    .filter((period) => period.fromMs < period.toMs);

/** What a query is answered from, window by window. */
interface Sources {
  readonly store: ChunkStore;
  readonly request: QueryRequest;
  readonly table: RowTable;
  readonly collector: RowCollector;
}

interface Window {
  /** In order of time: chunks of which the collector has no rows. */
  readonly rolled: readonly RolledChunk[];
  /** Rows of all chunks that were read. */
  readonly rowsRead: number;
}

const noRollups = new Map<StoredChunk, RolledChunk>();

const rollupsOf = (
  chunks: readonly StoredChunk[],
  { request, table }: Sources,
  periods: readonly TimePeriod[],
): typeof noRollups => {
  const { signals, signalsFromMs = [], signalsHidden = [], stepMs } = request;
  const wish = { signals, signalsFromMs, hidden: signalsHidden.flat(), periods };
  // The sums of a minute are of values as they are.
  return isWholeMinutes(stepMs) && !request.tellings ? chooseRollups(chunks, table, wish) : noRollups;
};

/** Chunks of a window, those of which the roll-ups are enough, and the others, which are whole. */
interface ReadChunks {
  readonly rolled: Map<StoredChunk, RolledChunk>;
  readonly plain: readonly StoredChunk[];
}

const chunksOf = async ({ store, request }: Sources, periods: readonly TimePeriod[], part: ChunkPart): Promise<StoredChunk[]> => {
  const chunks: StoredChunk[] = [];
  const fromMs = periods[0]?.fromMs as number;
  const toMs = periods.at(-1)?.toMs as number;
  for await (const chunk of store.read(request.vehicleNo, fromMs, toMs, part)) chunks.push(chunk);
  return chunks;
};

/** Undefined: a merge took a chunk away between two readings. */
const readRolled = async (sources: Sources, periods: readonly TimePeriod[]): Promise<ReadChunks | undefined> => {
  const chunks = await chunksOf(sources, periods, 'start');
  const rolled = rollupsOf(chunks, sources, periods);
  const others = chunks.filter((chunk) => !rolled.has(chunk));
  const starts = others.filter(({ isCut }) => isCut);
  if (starts.length === 0) return { rolled, plain: others };
  const whole = await sources.store.readMerged(starts);
  return whole.length === starts.length ? { rolled, plain: [...others.filter(({ isCut }) => !isCut), ...whole] } : undefined;
};

const readChunks = async (sources: Sources, periods: readonly TimePeriod[]): Promise<ReadChunks> => {
  const { stepMs, tellings } = sources.request;
  const read = isWholeMinutes(stepMs) && !tellings ? await readRolled(sources, periods) : undefined;
  return read ?? { rolled: noRollups, plain: await chunksOf(sources, periods, 'whole') };
};

/** Reads a window into the collector; undefined when it holds too many rows. */
const collect = async (sources: Sources, periods: readonly TimePeriod[]): Promise<Window | undefined> => {
  const { table, collector } = sources;
  collector.reset();
  const { rolled, plain } = await readChunks(sources, periods);
  const inLogOrder = [...plain].sort((a, b) => a.firstOffset - b.firstOffset || a.level - b.level);
  const plainRows = plain.reduce((sum, { rows }) => sum + rows, 0);
  collector.reserve(Math.min(plainRows, rowsPerWindowMax));
  for (const { bytes, firstOffset } of inLogOrder) {
    reader.open(bytes);
    collector.addChunk(reader, firstOffset, periods);
    if (collector.rows > rowsPerWindowMax) return undefined;
  }
  collector.addTable(table, periods);
  if (collector.rows > rowsPerWindowMax) return undefined;
  collector.finish();
  if (sources.request.tellings) collector.tell(sources.request.signals, sources.request.tellings);
  const rolledRows = [...rolled.keys()].reduce((sum, { rows }) => sum + rows, 0);
  return {
    rolled: [...rolled.values()].sort((a, b) => a.fromMs - b.fromMs),
    rowsRead: plainRows + rolledRows + table.rows,
  };
};

/** Next moment at or after `ms` that may be read. */
const nextReadable = (periods: readonly TimePeriod[], ms: number): number | undefined => {
  for (const period of periods) if (period.toMs > ms) return Math.max(period.fromMs, ms);
  return undefined;
};

/**
 * Answers a query from chunks and the records that came with it. Reads the period in windows, so memory is bounded by the rows of a
 * window. A sample that was moved and sent again is recognised as the same where both lie in one window.
 */
export const runQuery = async (store: ChunkStore, request: QueryRequest): Promise<QueryAnswer> => {
  const { periods, signals, stepMs, rowsMax, devices } = request;
  const table = tableOf(request);
  const collector = new RowCollector(signals, request.signalsFromMs, request.signalsHidden);
  const periodMs = (periods.at(-1)?.toMs ?? 0) - (periods[0]?.fromMs ?? 0);
  const answer =
    stepMs === undefined ? new RawAnswer(signals.length, rowsMax, devices) : new StepAnswer(signals, stepMs, rowsMax, periodMs);
  const sources = { store, request, table, collector };
  let windowMs = request.windowMs ?? (isWholeMinutes(stepMs) ? rollupWindowMsDefault : queryWindowMsDefault);
  let nextFromMs: number | undefined;
  for (let fromMs = nextReadable(periods, Number.NEGATIVE_INFINITY); fromMs !== undefined && nextFromMs === undefined; ) {
    const toMs = fromMs + windowMs;
    const window = await collect(sources, cut(periods, fromMs, toMs));
    if (!window) {
      if (windowMs <= queryWindowMsMin)
        throw new OperationalError('overloaded', `more than ${rowsPerWindowMax} samples within ${windowMs} ms`);
      windowMs = Math.max(queryWindowMsMin, Math.floor(windowMs / 2));
      continue;
    }
    nextFromMs = answer instanceof RawAnswer ? answer.add(collector) : answer.add(collector, window.rolled);
    fromMs = nextReadable(periods, toMs);
    if (collector.rows < rowsPerWindowMin && window.rowsRead < rowsReadPerWindowMax)
      windowMs = Math.min(windowMs * 2, windowMsMax);
  }
  const cutAt = nextFromMs === undefined ? {} : { nextFromMs };
  return answer instanceof RawAnswer
    ? { ...answer.finish(), ...cutAt }
    : { ...answer.finish(nextFromMs !== undefined), ...cutAt };
};
