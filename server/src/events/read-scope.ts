import type { ConsentGroup } from '@milepost/contract';

declare const brand: unique symbol;

/** From when to when (ms, `toMs` exclusive; null: open) a reader may see a vehicle. */
export interface ReadPeriod {
  readonly fromMs: number;
  readonly toMs: number | null;
}

export type Precision = 'exact' | 'about100m' | 'about1km' | 'about10km';

/**
 * Permission to read vehicle data: who, which vehicles, which items, how precisely, of which periods. Every function
 * that returns data of a vehicle takes one. Only `sharing/` makes them; the brand keeps others from doing so.
 */
export interface ReadScope {
  readonly [brand]: 'ReadScope';
  /** Who reads, for receipts and the audit log: `operator`, later a person or a partner. */
  readonly reader: string;
  /** Streams are encoded once per audience: scopes with the same key see the same. */
  readonly audience: string;
  /** Grows when what the scope allows changes; streams ask again when it does. */
  version(): number;
  allowsVehicle(vehicleNo: number): boolean;
  allowsGroup(vehicleNo: number, group: ConsentGroup): boolean;
  precision(vehicleNo: number, group: ConsentGroup): Precision;
  /** Periods in ascending order, not overlapping. */
  periods(vehicleNo: number): readonly ReadPeriod[];
}

/** For `sharing/` alone. */
export type ReadScopeFields = Omit<ReadScope, typeof brand>;
