import type { ReadScope } from '../events/index.ts';
import { driverScopeUnlessUnheard, type GrantSources } from './grants/grant-scope.ts';
import { holderScope } from './holder-scope.ts';
import { joinScopes } from './join-scopes.ts';
import { staffScope } from './operator-scope.ts';
import type { Reader, ScopeSources } from './reader.ts';

/** Makes the permission to read of whoever asks. */
export interface Scopes {
  of(reader: Reader): ReadScope;
  /** Reads something by a grant of somebody else: what any process wrote of grants must be known before they are answered. */
  readsByGrant(reader: Reader): boolean;
}

/** Without `grants` nobody reads by what others granted: tests and benches. */
export const makeScopes = (sources: ScopeSources, grants?: Pick<GrantSources, 'book' | 'vocabulary'>): Scopes => {
  const readsByGrant = ({ personNo }: Reader): boolean =>
    personNo !== null &&
    grants !== undefined &&
    !grants.book.vehiclesOf({ kind: 'person', personNo })[Symbol.iterator]().next().done;
  return {
    readsByGrant,
    of: (reader) => {
      const own = reader.isStaff ? staffScope(sources, reader) : holderScope(sources, reader);
      const { personNo } = reader;
      if (personNo === null || !grants || !readsByGrant(reader)) return own;
      return joinScopes(own, driverScopeUnlessUnheard({ ...sources, ...grants }, personNo));
    },
  };
};
