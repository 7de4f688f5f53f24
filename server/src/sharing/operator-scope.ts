import type { ReadPeriod, ReadScope, ReadScopeFields } from '../events/index.ts';

const always: readonly ReadPeriod[] = [{ fromMs: Number.NEGATIVE_INFINITY, toMs: null }];

/** The scope of who runs the server: every vehicle, every item, exactly, at all times. */
export const operatorScope = (): ReadScope => {
  const fields: ReadScopeFields = {
    reader: 'operator',
    audience: 'operator',
    version: () => 1,
    allowsVehicle: () => true,
    allowsGroup: () => true,
    precision: () => 'exact',
    periods: () => always,
  };
  // The one place where the brand is given.
  return fields as ReadScope;
};
