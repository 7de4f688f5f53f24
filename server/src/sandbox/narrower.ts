import { type ConsentItem, timePrecisions } from '@milepost/contract/api';
import { CallerError } from '../kernel/index.ts';

/** One step less than what is granted: the last item is taken off; of one alone one value of the next longer period is told. Throws `in_use`. */
export const narrower = (items: readonly ConsentItem[]): readonly ConsentItem[] => {
  if (items.length > 1) return items.slice(0, -1);
  const [only] = items;
  const time = timePrecisions[timePrecisions.indexOf(only?.time ?? 'report') + 1];
  if (!only || time === undefined)
    throw new CallerError('in_use', 'this grant cannot be narrowed any further: let it expire, or grant anew');
  return [{ ...only, time }];
};
