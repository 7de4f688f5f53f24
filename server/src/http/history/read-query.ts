import type { SignalDefinition, Vocabulary } from '@milepost/contract';
import { apiLimits, type RouteQuery } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import { type Period, readPeriod } from '../times.ts';

export interface HistoryRequest extends Period {
  readonly signals: readonly SignalDefinition[];
  readonly stepMs: number | undefined;
  readonly rowsMax: number;
}

export const readSignals = (text: string, vocabulary: Vocabulary): readonly SignalDefinition[] => {
  const paths = [...new Set(text.split(',').map((path) => path.trim()))];
  if (paths.length > apiLimits.historySignalsMax) {
    throw invalidField('signals', paths.length, `at most ${apiLimits.historySignalsMax} signals in one request`);
  }
  return paths.map((path) => {
    const signal = vocabulary.byPath(path);
    if (!signal) throw invalidField('signals', path, 'paths of signals that /v1/signals lists, with commas');
    return signal;
  });
};

/** The last hour, or the hour before or after the end that is given. */
export const lastHour =
  (nowMs: number) =>
  (from: number | undefined, to: number | undefined): Period => {
    const ahead = nowMs + apiLimits.historyAheadMs;
    if (from === undefined && to === undefined) return { fromMs: nowMs - apiLimits.historyDefaultMs, toMs: ahead };
    if (from === undefined) return { fromMs: (to as number) - apiLimits.historyDefaultMs, toMs: to as number };
    return { fromMs: from, toMs: to ?? Math.max(ahead, from + 1) };
  };

/** Reads the query of a history request. Throws `invalid_field`. */
export const readHistoryQuery = (query: RouteQuery<'readHistory'>, vocabulary: Vocabulary, nowMs: number): HistoryRequest => {
  const signals = readSignals(query.signals, vocabulary);
  const rowsOfCells = Math.floor(apiLimits.historyCellsMax / signals.length);
  return {
    signals,
    ...readPeriod(query, lastHour(nowMs)),
    stepMs: query.step === undefined ? undefined : Math.round(query.step * 1000),
    rowsMax: Math.min(query.limit ?? apiLimits.historyRowsMax, rowsOfCells),
  };
};

/** CSV by `format`, else when the Accept header names it before JSON. */
export const wantsCsv = (format: string | undefined, accept: string | undefined): boolean => {
  if (format !== undefined) return format === 'csv';
  const types = (accept ?? '').split(',').map((type) => type.split(';')[0]?.trim());
  const csv = types.indexOf('text/csv');
  const json = types.indexOf('application/json');
  return csv >= 0 && (json < 0 || csv < json);
};
