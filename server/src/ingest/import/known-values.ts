import type { StoredValue } from '@milepost/contract';
import type { ReadScope } from '../../events/index.ts';
import type { History, HistoryResult } from '../../history/index.ts';
import { importLimits } from '../limits.ts';

/** Stored values by sample time and signal number. */
export type KnownValues = Map<number, Map<number, StoredValue>>;

export interface KnownQuery {
  readonly scope: ReadScope;
  readonly vehicleNo: number;
  /** At least one. */
  readonly signals: readonly number[];
  readonly times: readonly number[];
}

/** Who imports is no device. */
export const importDeviceNo = 0;

/** First and last of times that lie close together. */
const spansOf = (times: readonly number[]): { readonly fromMs: number; readonly toMs: number }[] => {
  const spans: { fromMs: number; toMs: number }[] = [];
  for (const timeMs of [...times].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && timeMs - last.toMs <= importLimits.lookUpGapMs) last.toMs = timeMs;
    else spans.push({ fromMs: timeMs, toMs: timeMs });
  }
  return spans;
};

const takeRows = (known: KnownValues, signals: readonly number[], { times, raw }: HistoryResult): void => {
  for (const [i, column] of (raw ?? []).entries()) {
    for (let row = 0; row < times.length; row++) {
      const stored = column.texts ? column.texts[row] : column.numbers[row];
      if (stored === null || stored === undefined || Number.isNaN(stored)) continue;
      const timeMs = times[row] as number;
      let values = known.get(timeMs);
      if (!values) known.set(timeMs, (values = new Map()));
      values.set(signals[i] as number, stored);
    }
  }
};

/** What was imported of a vehicle before, around the times of samples. */
export const readKnown = async (
  history: Pick<History, 'query'>,
  { scope, vehicleNo, signals, times }: KnownQuery,
): Promise<KnownValues> => {
  const known: KnownValues = new Map();
  const devices = { only: importDeviceNo };
  for (const { fromMs, toMs } of spansOf(times)) {
    for (let from: number | undefined = fromMs; from !== undefined; ) {
      const query = { vehicleNo, signals, fromMs: from, toMs: toMs + 1, devices, rowsMax: importLimits.lookUpRowsMax };
      const result: HistoryResult = await history.query(scope, query);
      takeRows(known, signals, result);
      from = result.nextFromMs;
    }
  }
  return known;
};
