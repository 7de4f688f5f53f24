import { present, type SignalDefinition } from '@milepost/contract';
import type { HistoryResult } from '../../history/index.ts';
import type { LakeColumn, LakeColumnKind, LakePage, LakeValue } from '../../lake/index.ts';

const kinds: Readonly<Record<SignalDefinition['kind'], LakeColumnKind>> = {
  number: 'number',
  boolean: 'boolean',
  enum: 'text',
  string: 'text',
  stringList: 'textList',
};

export const lakeColumns = (signals: readonly SignalDefinition[]): readonly LakeColumn[] =>
  signals.map((signal) => ({ name: signal.path, kind: kinds[signal.kind] }));

const valuesOf = (signal: SignalDefinition, page: HistoryResult, index: number): readonly LakeValue[] => {
  const column = page.raw?.[index];
  return Array.from(page.times, (_time, row) => {
    const stored = column?.texts ? column.texts[row] : column?.numbers?.[row];
    return stored === undefined || stored === null || Number.isNaN(stored) ? null : present(signal, stored);
  });
};

/** Pages of history as a file of columns takes them. */
export const lakePages = async function* (
  pages: AsyncIterable<HistoryResult>,
  signals: readonly SignalDefinition[],
): AsyncGenerator<LakePage> {
  for await (const page of pages) yield { times: page.times, columns: signals.map((signal, i) => valuesOf(signal, page, i)) };
};
