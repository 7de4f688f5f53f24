/** What the list can show of a vehicle beside its name. */
export const columnKeys = [
  'status',
  'lastSeen',
  'energy',
  'range',
  'speed',
  'warnings',
  'customer',
  'groups',
  'model',
  'position',
] as const;
export type ColumnKey = (typeof columnKeys)[number];

export interface Column {
  readonly key: 'name' | ColumnKey;
  readonly sorts?: boolean;
  readonly isNumber?: boolean;
  /** Share of the table's width, in parts. */
  readonly weight: number;
}

const nameColumn: Column = { key: 'name', sorts: true, weight: 14 };
const details: Readonly<Record<ColumnKey, Omit<Column, 'key'>>> = {
  status: { sorts: true, weight: 15 },
  lastSeen: { sorts: true, isNumber: true, weight: 9 },
  energy: { sorts: true, isNumber: true, weight: 9 },
  range: { sorts: true, isNumber: true, weight: 9 },
  speed: { isNumber: true, weight: 9 },
  warnings: { weight: 20 },
  customer: { sorts: true, weight: 14 },
  groups: { weight: 12 },
  model: { weight: 11 },
  position: { weight: 14 },
};

export const defaultColumns: readonly ColumnKey[] = ['status', 'lastSeen', 'energy', 'range', 'warnings', 'customer', 'model'];

/** The columns that an address names, in the order of the list; the usual ones when it names none. */
export const readColumns = (text: string): readonly ColumnKey[] => {
  const named = text.split(',');
  const found = columnKeys.filter((key) => named.includes(key));
  return found.length > 0 ? found : defaultColumns;
};

/** What stands in the address: nothing for the usual ones. */
export const writeColumns = (columns: readonly ColumnKey[]): string => {
  const ordered = columnKeys.filter((key) => columns.includes(key)).join(',');
  return ordered === defaultColumns.join(',') ? '' : ordered;
};

export const tableColumns = (chosen: readonly ColumnKey[]): readonly Column[] => [
  nameColumn,
  ...chosen.map((key) => ({ key, ...details[key] })),
];
