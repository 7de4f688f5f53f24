export interface Sharer {
  readonly id: string;
  /** What it had until now. */
  readonly owned: readonly number[];
}

/**
 * Shares partitions out evenly: no two members differ by more than one. Each keeps what it had, up to its share, so that few partitions move
 * when a member comes or goes. The same members give the same answer in any order.
 */
export const sharePartitions = (partitions: readonly number[], members: readonly Sharer[]): Map<string, number[]> => {
  const free = new Set(partitions);
  const least = Math.floor(partitions.length / members.length);
  /** So many members have one more than `least`. */
  let larger = partitions.length % members.length;
  // Who had most comes first: it is the one that can keep one more.
  const ordered = members.toSorted((a, b) => b.owned.length - a.owned.length || (a.id < b.id ? -1 : 1));
  const shares = ordered.map(({ id, owned }) => {
    const claimed = [...new Set(owned)].filter((partition) => free.has(partition));
    const size = claimed.length > least && larger > 0 ? least + 1 : least;
    if (size > least) larger--;
    const kept = claimed.slice(0, size);
    for (const partition of kept) free.delete(partition);
    return { id, kept, size };
  });
  const rest = [...free];
  for (const share of shares) {
    if (share.size === least && larger > 0) {
      share.size++;
      larger--;
    }
    share.kept.push(...rest.splice(0, share.size - share.kept.length));
  }
  return new Map(shares.map(({ id, kept }) => [id, kept.toSorted((a, b) => a - b)]));
};
