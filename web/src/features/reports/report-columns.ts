import type { ReportGrouping, ReportPeriod, ReportRow } from '@milepost/contract/api';

/** The choices of the page; one that the API does not know does not compile. */
export const periodWords = [
  'today',
  'yesterday',
  'thisWeek',
  'lastWeek',
  'thisMonth',
  'lastMonth',
  'custom',
] as const satisfies readonly ReportPeriod[];
export const groupingWords = ['vehicle', 'customer', 'group', 'driver', 'day'] as const satisfies readonly ReportGrouping[];

export const columnKeys = [
  'name',
  'distance',
  'average',
  'trips',
  'driving',
  'idle',
  'energy',
  'consumption',
  'charging',
  'harsh',
  'warnings',
] as const;
export type ColumnKey = (typeof columnKeys)[number];

export const harshCount = ({ harshEvents }: Pick<ReportRow, 'harshEvents'>): number | null =>
  harshEvents === null ? null : harshEvents.braking + harshEvents.acceleration + harshEvents.cornering;

/** What a column is sorted by. */
const numbers: Readonly<Record<Exclude<ColumnKey, 'name'>, (row: ReportRow) => number | null>> = {
  distance: ({ distanceKm }) => distanceKm,
  average: ({ averageDayKm }) => averageDayKm,
  trips: ({ trips }) => trips,
  driving: ({ drivingSeconds }) => drivingSeconds,
  idle: ({ idleSeconds }) => idleSeconds,
  energy: ({ energyKwh }) => energyKwh,
  consumption: ({ kwhPer100Km }) => kwhPer100Km,
  charging: ({ charging, chargedKwh }) => chargedKwh ?? charging,
  harsh: harshCount,
  warnings: ({ warnings }) => warnings,
};

export interface Sort {
  readonly key: ColumnKey;
  readonly isDescending: boolean;
}

/** As the address has it: `distance`, `-distance`; by name when it is neither. */
export const readSort = (text: string): Sort => {
  const word = text.replace(/^-/, '');
  const key = columnKeys.find((known) => known === word);
  return key ? { key, isDescending: text.startsWith('-') } : { key: 'name', isDescending: false };
};

/** The word after a column was chosen: figures begin with the largest. */
export const nextSort = ({ key, isDescending }: Sort, chosen: ColumnKey): string => {
  const startsDescending = chosen !== 'name';
  const descends = key === chosen ? !isDescending : startsDescending;
  return descends ? `-${chosen}` : chosen;
};

/** In a new order; what is not known comes last either way. */
export const sortRows = (rows: readonly ReportRow[], { key, isDescending }: Sort, compare: (a: string, b: string) => number) => {
  const sign = isDescending ? -1 : 1;
  const order = <T>(a: T | null, b: T | null, of: (a: T, b: T) => number): number => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * of(a, b);
  };
  const byName = (a: ReportRow, b: ReportRow): number => order(a.name, b.name, compare);
  if (key === 'name') return rows.toSorted(byName);
  const of = numbers[key];
  return rows.toSorted((a, b) => order(of(a), of(b), (x, y) => x - y) || byName(a, b));
};
