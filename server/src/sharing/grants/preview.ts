import type { ConsentItem } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import type { GrantBook } from './book.ts';
import { checkItems } from './items.ts';
import { type GrantSources, partnerScope } from './grant-scope.ts';
import type { StoredGrant } from './stored.ts';
import type { GrantReader, Holder } from './types.ts';

/** Of nobody. */
const reader: GrantReader = { kind: 'app', appNo: 0 };
const dayMs = 86_400_000;

export interface Preview {
  readonly scope: ReadScope;
  readonly book: GrantBook;
  readonly reader: GrantReader;
}

/**
 * The scope that somebody would have to whom these items were granted, a day back: what it reads is the very answer. Throws `invalid_field`.
 */
export const previewOf = (sources: GrantSources, holder: Holder, vehicleNo: number, wanted: readonly ConsentItem[]): Preview => {
  const items = checkItems(wanted, sources.vocabulary());
  const nowMs = sources.clock.now();
  const terms = { holder, reader, vehicleNo, items, purpose: 'preview', purposeVersion: '0', untilMs: null };
  const grant: StoredGrant = {
    ...terms,
    grantNo: 0,
    id: 'preview',
    revision: 1,
    state: 'active',
    givenItems: items,
    givenAtMs: nowMs,
    backToMs: nowMs - dayMs,
    pauses: [],
    endedAtMs: null,
    endReason: null,
  };
  const book: GrantBook = {
    byId: () => grant,
    of: () => [grant],
    vehiclesOf: () => [vehicleNo],
    ofVehicle: () => [grant],
    all: () => [grant],
    version: () => 1,
    changedSince: () => [],
    isHeard: () => true,
    nextExpiryMs: () => Number.POSITIVE_INFINITY,
    onChange: () => () => {},
  };
  return { scope: partnerScope({ ...sources, book }, 0), book, reader };
};
