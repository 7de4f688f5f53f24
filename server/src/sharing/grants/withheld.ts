import type { ConsentGroup, SignalDefinition, Vocabulary } from '@milepost/contract';
import type { ConsentItem, WithheldReason } from '@milepost/contract/api';
import type { GrantBook } from './book.ts';
import { isGroup, itemOfSignal } from './items.ts';
import type { StoredGrant } from './stored.ts';
import type { GrantReader } from './types.ts';

type Words = Pick<Vocabulary, 'byPath' | 'signals'>;

/** A list of items has an item, or the group that it is in. */
const covers = (items: readonly ConsentItem[], item: string, vocabulary: Words): boolean => {
  const group: ConsentGroup | undefined = isGroup(item) ? undefined : vocabulary.byPath(item)?.group;
  return items.some((one) => one.item === item || one.item === group);
};

/**
 * Of a vehicle that never told a signal of an item there is nothing to grant. Only signals that the grant tells count: that there was another of
 * its group is not granted.
 */
const isSupported = ({ items }: StoredGrant, item: string, { vocabulary, hasValue }: WithheldParts): boolean =>
  item === 'driving' ||
  vocabulary.signals.some(
    (signal) => (signal.group === item || signal.path === item) && itemOfSignal(items, signal) !== undefined && hasValue(signal),
  );

export interface WithheldParts {
  readonly book: Pick<GrantBook, 'of'>;
  readonly vocabulary: Words;
  readonly reader: GrantReader;
  readonly vehicleNo: number;
  /** Whether the vehicle ever told a signal. Asked of what is granted alone: else it would tell. */
  readonly hasValue: (signal: SignalDefinition) => boolean;
}

/** Why nothing of an item is in an answer; undefined: it is granted, and there was something once. */
export const withheldReason = (parts: WithheldParts, item: string): WithheldReason | undefined => {
  const { book, vocabulary, reader, vehicleNo } = parts;
  const grants = book.of(reader, vehicleNo);
  const of = (state: StoredGrant['state']): readonly StoredGrant[] => grants.filter((grant) => grant.state === state);
  const isIn = (grant: StoredGrant): boolean => covers(grant.items, item, vocabulary);
  const active = of('active').filter(isIn);
  if (active.length > 0) return active.some((grant) => isSupported(grant, item, parts)) ? undefined : 'not_supported';
  if (of('paused').some(isIn)) return 'paused';
  // Taken off a grant that goes on, or the last one that had it has ended.
  if (grants.some((grant) => grant.state !== 'ended' && covers(grant.givenItems, item, vocabulary))) return 'revoked';
  const last = of('ended').findLast((grant) => covers(grant.givenItems, item, vocabulary));
  if (!last) return 'not_granted';
  return last.endReason === 'expired' ? 'expired' : 'revoked';
};

/** Items that a reader was ever given of a vehicle, as far as it is remembered: what an answer speaks of when nothing is asked for by name. */
export const itemsOf = (book: Pick<GrantBook, 'of'>, reader: GrantReader, vehicleNo: number): readonly string[] => [
  ...new Set(book.of(reader, vehicleNo).flatMap(({ givenItems }) => givenItems.map(({ item }) => item))),
];
