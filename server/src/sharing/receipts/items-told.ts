import type { Vocabulary } from '@milepost/contract';
import type { SharedVehicle } from '@milepost/contract/api';
import { isGroup } from '../grants/items.ts';

/**
 * What an answer told, as its receipt names it: a group of which something was told and nothing is withheld, else the single signals. An item that
 * was asked for and not given is none.
 */
export const itemsTold = (
  { signals, withheld }: Pick<SharedVehicle, 'signals' | 'withheld'>,
  asked: readonly string[],
  vocabulary: Pick<Vocabulary, 'byPath'>,
): string[] => {
  const kept = new Set(withheld.map(({ item }) => item));
  const whole = new Set(asked.filter((item) => isGroup(item) && !kept.has(item)));
  const names = new Set(asked);
  const told = new Set<string>();
  for (const path of Object.keys(signals)) {
    const group = vocabulary.byPath(path)?.group;
    if (group !== undefined && whole.has(group)) told.add(group);
    if (names.has(path) || group === undefined || !whole.has(group)) told.add(path);
  }
  return [...told];
};
