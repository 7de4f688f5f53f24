import type { ReadScope } from '../events/index.ts';
import { holderScope } from './holder-scope.ts';
import { staffScope } from './operator-scope.ts';
import type { Reader, ScopeSources } from './reader.ts';

/** Makes the permission to read of whoever asks. */
export interface Scopes {
  of(reader: Reader): ReadScope;
}

export const makeScopes = (sources: ScopeSources): Scopes => ({
  of: (reader) => (reader.isStaff ? staffScope(sources, reader) : holderScope(sources, reader)),
});
