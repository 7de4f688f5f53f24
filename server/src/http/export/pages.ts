import type { SignalDefinition } from '@milepost/contract';
import type { ReadScope } from '../../events/index.ts';
import type { DeviceFilter, History, HistoryResult } from '../../history/index.ts';
import { httpLimits } from '../limits.ts';
import type { Period } from '../times.ts';

export interface PagesRequest extends Period {
  readonly vehicleNo: number;
  readonly signals: readonly SignalDefinition[];
  readonly devices?: DeviceFilter | undefined;
}

/** Every row of a period, page by page: the next is read when the one before was taken. */
export const historyPages = async function* (
  history: History,
  scope: ReadScope,
  { vehicleNo, signals, devices, fromMs, toMs }: PagesRequest,
): AsyncGenerator<HistoryResult> {
  const rowsMax = Math.max(1, Math.floor(httpLimits.exportCellsPerPage / signals.length));
  const numbers = signals.map((signal) => signal.number);
  for (let from: number | undefined = fromMs; from !== undefined; ) {
    const query = { vehicleNo, signals: numbers, devices, fromMs: from, toMs, rowsMax };
    const page: HistoryResult = await history.query(scope, query);
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
