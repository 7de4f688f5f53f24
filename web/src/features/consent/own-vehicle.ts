import type { AskedConsentView } from '@milepost/contract/api';

export interface OwnVehicle {
  readonly id: string;
  readonly vin: string;
  /** As its person knows it. */
  readonly name: string;
}

interface Listed {
  readonly id: string;
  readonly vin: string;
  readonly plate: string | null;
  readonly model: string | null;
}

export const ownVehicleOf = ({ id, vin, plate, model }: Listed): OwnVehicle => ({
  id,
  vin,
  name: [plate ?? vin, model].filter((part) => part !== null).join(' · '),
});

/** Those that an entry of a request is about. */
export const vehiclesFor = ({ vehicles }: AskedConsentView['asks'][number], own: readonly OwnVehicle[]): readonly OwnVehicle[] =>
  vehicles === null ? own : own.filter(({ vin }) => vehicles.includes(vin));
