import { type FleetVehicle, fold, needsAttention } from './fleet-vehicle.ts';

/** What narrows the map and its list. Empty: everything. */
export interface FleetFilter {
  readonly q: string;
  /** A connection status, or `attention`. */
  readonly status: string;
  readonly customer: string;
  readonly group: string;
  /** `true`: any; `false`: none; else a code. */
  readonly warning: string;
  /** Percent, as text. */
  readonly energyBelow: string;
}
export const noFilter: FleetFilter = { q: '', status: '', customer: '', group: '', warning: '', energyBelow: '' };

const hasWords = ({ searchText }: FleetVehicle, words: readonly string[]): boolean => {
  for (const word of words) if (!searchText.includes(word)) return false;
  return true;
};

export const hasStatus = (vehicle: FleetVehicle, status: string): boolean =>
  status === '' || (status === 'attention' ? needsAttention(vehicle) : vehicle.status === status);

const hasWarningCode = ({ warnings }: FleetVehicle, warning: string): boolean => {
  if (warning === '') return true;
  if (warning === 'true' || warning === 'false') return warnings.length > 0 === (warning === 'true');
  return warnings.some(({ code }) => code === warning);
};

/** The same rules as the filters of `GET /v1/vehicles`, but for the status: all words, anywhere in VIN, plate, customer or model. */
export const makeMatcher = (filter: FleetFilter): ((vehicle: FleetVehicle) => boolean) => {
  const words = fold(filter.q).split(/\s+/).filter(Boolean);
  const { customer, group, warning } = filter;
  const energyBelow = filter.energyBelow === '' ? Number.NaN : Number(filter.energyBelow);
  const hasEnergyBelow = Number.isFinite(energyBelow);
  return (vehicle) =>
    (customer === '' || vehicle.item.customer === customer) &&
    (group === '' || vehicle.item.groups.includes(group)) &&
    hasWarningCode(vehicle, warning) &&
    (!hasEnergyBelow || (vehicle.energyPercent !== null && vehicle.energyPercent < energyBelow)) &&
    hasWords(vehicle, words);
};
