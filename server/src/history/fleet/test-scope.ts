import type { ReadPeriod, ReadScope } from '../../events/index.ts';

/** Tests are the one other place that makes scopes: to see what history does with each answer. */
export const scopeWith = (fields: Partial<ReadScope>): ReadScope =>
  ({
    reader: 'test',
    audience: 'test',
    version: () => 1,
    allowsVehicle: () => true,
    allowsGroup: () => true,
    precision: () => 'exact',
    periods: (): ReadPeriod[] => [{ fromMs: Number.NEGATIVE_INFINITY, toMs: null }],
    hiddenPeriods: (): ReadPeriod[] => [],
    hidesAnything: () => true,
    changedSince: () => [],
    ...fields,
  }) as ReadScope;

export const everythingScope = scopeWith({});
