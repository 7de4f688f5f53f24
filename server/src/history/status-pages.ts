import type { StatusChange, StatusQuery } from './ports.ts';

const meets = (change: StatusChange, query: StatusQuery, vehicles: ReadonlySet<number> | undefined): boolean => {
  const { at, vehicleNo } = change;
  if (at < query.fromMs || at >= query.toMs || (query.to && change.to !== query.to) || (vehicles && !vehicles.has(vehicleNo)))
    return false;
  return !query.after || at < query.after.at || (at === query.after.at && vehicleNo > query.after.vehicleNo);
};

/** What of changes in memory answers a query. */
export const selectStatus = (changes: Iterable<StatusChange>, query: StatusQuery): StatusChange[] => {
  const vehicles = query.vehicleNos ? new Set(query.vehicleNos) : undefined;
  const found: StatusChange[] = [];
  for (const change of changes) if (meets(change, query, vehicles)) found.push(change);
  return found;
};

/** Joins changes of memory and store: each once, newest first, `limit` of them and those that share the key of the last. */
export const joinStatus = (stored: readonly StatusChange[], inMemory: readonly StatusChange[], limit: number): StatusChange[] => {
  const byKey = new Map<string, StatusChange>();
  for (const change of [...stored, ...inMemory]) {
    const key = `${change.vehicleNo}:${change.at}:${change.to}`;
    if (!byKey.has(key)) byKey.set(key, change);
  }
  const all = [...byKey.values()].sort((a, b) => b.at - a.at || a.vehicleNo - b.vehicleNo || (a.to < b.to ? -1 : 1));
  let end = Math.min(limit, all.length);
  const last = all[end - 1];
  while (last && end < all.length && all[end]?.at === last.at && all[end]?.vehicleNo === last.vehicleNo) end++;
  return all.slice(0, end);
};
