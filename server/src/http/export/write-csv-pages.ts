import type { SignalDefinition } from '@milepost/contract';
import type { HistoryResult } from '../../history/index.ts';
import { columnsOf } from '../history/columns.ts';
import { csvHeader, csvRows } from '../history/write-csv.ts';

/** The CSV of history under one header, pages joined. */
export const writeCsvPages = async function* (
  pages: AsyncIterable<HistoryResult>,
  signals: readonly SignalDefinition[],
): AsyncGenerator<string> {
  let isFirst = true;
  for await (const page of pages) {
    const columns = columnsOf(signals, page);
    if (isFirst) yield `${csvHeader(columns)}\r\n`;
    isFirst = false;
    yield* csvRows(page, columns);
  }
};
