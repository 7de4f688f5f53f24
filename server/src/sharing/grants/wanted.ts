import type { ConsentItem } from '@milepost/contract/api';
import type { GrantReader } from './types.ts';

/** What is given to one reader of some vehicles. */
export interface NewGrants {
  readonly reader: GrantReader;
  readonly vehicleNos: readonly number[];
  readonly items: readonly ConsentItem[];
  readonly purpose: string;
  readonly purposeVersion: string;
  readonly untilMs: number | null;
  readonly backDays: number;
}

export interface Narrowing {
  readonly items?: readonly ConsentItem[] | undefined;
  readonly untilMs?: number | undefined;
  readonly backToMs?: number | undefined;
}
