import { type ConsentGroup, consentGroups, type SignalDefinition, type Vocabulary } from '@milepost/contract';
import { type ConsentItem, consentLimits, placePrecisions, timePrecisions } from '@milepost/contract/api';
import { isAtMostAsFine, isDegrees, type SignalPrecision } from '../../events/index.ts';
import { CallerError, invalidField } from '../../kernel/index.ts';

export const isGroup = (item: string): item is ConsentGroup => (consentGroups as readonly string[]).includes(item);

/** The group that an item is, or the one that has its signal; undefined: there is no such signal (any more). */
export const groupOfItem = (item: string, vocabulary: Pick<Vocabulary, 'byPath'>): ConsentGroup | undefined =>
  isGroup(item) ? item : vocabulary.byPath(item)?.group;

const wide = ({ place = 'exact', time = 'report', above }: ConsentItem): SignalPrecision => ({
  place,
  time,
  above: above ?? null,
});

/** How an item tells one signal, with the threshold as numbers of it are stored. */
export const precisionOfItem = (item: ConsentItem, { perUnit }: Pick<SignalDefinition, 'perUnit'>): SignalPrecision => {
  const { place, time, above } = wide(item);
  return { place, time, above: above === null ? null : above * perUnit };
};

const coarseness = (precision: SignalPrecision): readonly number[] => [
  precision.above === null ? 0 : 1,
  timePrecisions.indexOf(precision.time),
  placePrecisions.indexOf(precision.place),
];

/** Negative: the first is told more finely. Of what differs in several ways a threshold counts most, then the time, then the place. */
export const compareFineness = (a: SignalPrecision, b: SignalPrecision): number => {
  const [left, right] = [coarseness(a), coarseness(b)];
  const step = left.findIndex((one, i) => one !== right[i]);
  return step < 0 ? 0 : (left[step] as number) - (right[step] as number);
};

/**
 * The item of a list that a signal is told by: the finest of its own and its group's, so that what is taken off a list never tells more. Of a
 * place that is told in cells, latitude and longitude alone are: an altitude would say where in the cell.
 */
export const itemOfSignal = (
  items: readonly ConsentItem[],
  { path, group, number }: Pick<SignalDefinition, 'path' | 'group' | 'number'>,
): ConsentItem | undefined => {
  let found: ConsentItem | undefined;
  for (const item of items) {
    const isOfGroup = item.item === group && (isDegrees(number) || (item.place ?? 'exact') === 'exact');
    if (item.item !== path && !isOfGroup) continue;
    if (!found || compareFineness(wide(item), wide(found)) < 0) found = item;
  }
  return found;
};

const checkItem = (given: ConsentItem, vocabulary: Pick<Vocabulary, 'byPath'>): ConsentItem => {
  const { item, place, time, above } = given;
  const signal = isGroup(item) ? undefined : vocabulary.byPath(item);
  if (!isGroup(item) && !signal) throw invalidField('item', item, 'a consent group, or the path of a known signal');
  const hasPlace = signal ? isDegrees(signal.number) : item === 'position';
  if (place !== undefined && place !== 'exact' && !hasPlace) throw invalidField('place', place, 'none: this is no position');
  if (above !== undefined && (signal?.kind !== 'number' || isDegrees(signal.number)))
    throw invalidField('above', above, 'none: only of one signal that is a number and no position');
  return {
    item,
    ...(place === undefined || place === 'exact' ? {} : { place }),
    ...(time === undefined || time === 'report' ? {} : { time }),
    ...(above === undefined ? {} : { above }),
  };
};

/** Items as they are kept: each once, in order of the name, the finest left out. Throws `invalid_field`. */
export const checkItems = (items: readonly ConsentItem[], vocabulary: Pick<Vocabulary, 'byPath'>): ConsentItem[] => {
  if (items.length === 0 || items.length > consentLimits.itemsPerRequestMax)
    throw invalidField('items', items.length, `1 to ${consentLimits.itemsPerRequestMax} items`);
  const checked = items.map((item) => checkItem(item, vocabulary)).sort((a, b) => (a.item < b.item ? -1 : 1));
  const twice = checked.find(({ item }, i) => checked[i + 1]?.item === item);
  if (twice) throw invalidField('items', twice.item, 'each item once');
  return checked;
};

/** Throws `invalid_field` where something of `after` was not in `before`, or is finer. Both as `checkItems` answers them. */
export const checkNarrowing = (before: readonly ConsentItem[], after: readonly ConsentItem[]): void => {
  if (after.length === 0) throw invalidField('items', 0, 'at least one item: end the grant instead');
  for (const item of after) {
    const known = before.find((one) => one.item === item.item);
    if (!known || !isAtMostAsFine(wide(item), wide(known)))
      throw new CallerError('grant_widened', `${item.item} was not granted so: that takes a new answer`, { field: 'items' });
  }
};
