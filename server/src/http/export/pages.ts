import type { SignalDefinition } from '@milepost/contract';
import type { ReadScope } from '../../events/index.ts';
import type { History, HistoryResult } from '../../history/index.ts';
import { httpLimits } from '../limits.ts';
import type { Period } from '../times.ts';

export interface PagesRequest extends Period {
  readonly vehicleNo: number;
  readonly signals: readonly SignalDefinition[];
}

/** Every row of a period, page by page: the next is read when the one before was taken. */
export const historyPages = async function* (
  history: History,
  scope: ReadScope,
  { vehicleNo, signals, fromMs, toMs }: PagesRequest,
): AsyncGenerator<HistoryResult> {
  const rowsMax = Math.max(1, Math.floor(httpLimits.exportCellsPerPage / signals.length));
  const numbers = signals.map((signal) => signal.number);
  for (let from: number | undefined = fromMs; from !== undefined; ) {
    const page: HistoryResult = await history.query(scope, { vehicleNo, signals: numbers, fromMs: from, toMs, rowsMax });
    yield page;
    from = page.nextFromMs;
  }
};

/** The same values, after the first was read: what is wrong with the question is known before an answer is begun. */
export const afterFirst = async <T>(values: AsyncGenerator<T>): Promise<AsyncGenerator<T>> => {
  const first = await values.next();
  return (async function* () {
    try {
      if (first.done) return;
      yield first.value;
      yield* values;
    } finally {
      await values.return(undefined);
    }
  })();
};
