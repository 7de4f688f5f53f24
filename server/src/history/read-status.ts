import { groupPermission, type ReadScope } from '../events/index.ts';
import { CallerError, invalidField, OperationalError } from '../kernel/index.ts';
import { statusPageMax, statusPagesReadMax } from './limits.ts';
import type { StatusChange, StatusQuery } from './ports.ts';
import { maySeeStatus } from './read-permission.ts';
import { joinStatus } from './status-pages.ts';

/** Status changes that a scope shows and that are kept, page after page until there are as many as asked for. */
export const readStatus = async (
  scope: ReadScope,
  query: StatusQuery,
  read: (page: StatusQuery) => Promise<readonly StatusChange[]>,
  isKept: (change: StatusChange) => boolean,
): Promise<readonly StatusChange[]> => {
  if (!(query.limit >= 1 && query.limit <= statusPageMax)) throw invalidField('limit', query.limit, `1 to ${statusPageMax}`);
  const hidden = query.vehicleNos?.find(
    (vehicleNo) => !scope.allowsVehicle(vehicleNo) || groupPermission(scope, vehicleNo, 'status') === undefined,
  );
  if (hidden !== undefined) throw new CallerError('forbidden', 'the status of this vehicle may not be read');
  const seen: StatusChange[] = [];
  let page = query;
  for (let pages = 0; pages < statusPagesReadMax; pages++) {
    const found = await read(page);
    for (const change of found) if (maySeeStatus(scope, change) && isKept(change)) seen.push(change);
    const last = found.at(-1);
    if (seen.length >= query.limit || found.length < page.limit || !last) return joinStatus(seen, [], query.limit);
    page = { ...query, after: { at: last.at, vehicleNo: last.vehicleNo } };
  }
  throw new OperationalError(
    'overloaded',
    'too many status changes of vehicles that may not be read: name the vehicles or a shorter period',
  );
};
