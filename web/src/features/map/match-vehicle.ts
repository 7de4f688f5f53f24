import { type FleetVehicle, needsAttention } from './fleet-vehicle.ts';

/** What narrows the map and its list. Empty: everything. */
export interface FleetFilter {
  readonly q: string;
  /** A connection status, or `attention`. */
  readonly status: string;
  readonly customer: string;
  readonly group: string;
  /** `true`: any; else a code. */
  readonly warning: string;
}

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

const hasWords = ({ item }: FleetVehicle, words: readonly string[]): boolean => {
  if (words.length === 0) return true;
  const text = fold(`${item.vin} ${item.plate ?? ''} ${item.customer} ${item.model ?? ''}`);
  return words.every((word) => text.includes(word));
};

const hasStatus = (vehicle: FleetVehicle, status: string): boolean =>
  status === '' || (status === 'attention' ? needsAttention(vehicle) : vehicle.status === status);

const hasWarningCode = ({ item }: FleetVehicle, warning: string): boolean =>
  warning === '' || (warning === 'true' ? item.warnings.length > 0 : item.warnings.some(({ code }) => code === warning));

/** The same rules as the filters of `GET /v1/vehicles`: all words, anywhere in VIN, plate, customer or model. */
export const makeMatcher = (filter: FleetFilter): ((vehicle: FleetVehicle) => boolean) => {
  const words = fold(filter.q).split(/\s+/).filter(Boolean);
  return (vehicle) =>
    hasStatus(vehicle, filter.status) &&
    (filter.customer === '' || vehicle.item.customer === filter.customer) &&
    (filter.group === '' || vehicle.item.groups.includes(filter.group)) &&
    hasWarningCode(vehicle, filter.warning) &&
    hasWords(vehicle, words);
};
