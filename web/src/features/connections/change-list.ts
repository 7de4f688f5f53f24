import type { StatusChangeView } from '@milepost/contract/api';

/** What is asked of changes, as far as it can be told of a change without the server. */
export interface ChangeFilters {
  readonly q?: string | undefined;
  readonly vehicle?: string | undefined;
  readonly customer?: string | undefined;
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
}

export const keyOfChange = ({ vehicleId, at, to, reason }: StatusChangeView): string => `${vehicleId} ${at} ${to} ${reason}`;

/** Whether a change fits; undefined: only the server knows, which also searches models and customers by id. */
export const fitsChange = (
  change: StatusChangeView,
  { q, vehicle, customer, status, reason }: ChangeFilters,
): boolean | undefined => {
  if (vehicle && change.vehicleId !== vehicle) return false;
  if (status && change.to !== status) return false;
  if (reason && change.reason !== reason) return false;
  if (q) return undefined;
  if (customer && change.customer.toLowerCase() !== customer.toLowerCase()) return false;
  return true;
};

/** Those that are not there yet before those that are; newest first. */
export const withFresh = (
  items: readonly StatusChangeView[],
  fresh: readonly StatusChangeView[],
): readonly StatusChangeView[] => {
  const known = new Set(items.map(keyOfChange));
  const added = fresh.filter((change) => !known.has(keyOfChange(change)));
  return added.length === 0 ? items : [...added, ...items].sort((a, b) => b.at.localeCompare(a.at));
};
