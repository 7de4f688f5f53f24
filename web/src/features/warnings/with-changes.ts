import type { WarningEntry } from '@milepost/contract/api';
import type { WarningMessage } from '@milepost/contract/stream';

const isBefore = (a: WarningEntry, b: WarningEntry): boolean => a.raisedAt > b.raisedAt;

/** A list, newest first, after what the stream told: known ones as they are now, and new ones that the list is about in their place. */
export const withChanges = (
  items: readonly WarningEntry[],
  { changes }: WarningMessage,
  fits: (warning: WarningEntry) => boolean,
): readonly WarningEntry[] => {
  let next = items;
  for (const { warning } of changes) {
    const at = next.findIndex(({ id }) => id === warning.id);
    if (at >= 0) next = next.with(at, warning);
    else if (fits(warning)) {
      const place = next.findIndex((other) => isBefore(warning, other));
      next = place < 0 ? [...next, warning] : next.toSpliced(place, 0, warning);
    }
  }
  return next;
};
