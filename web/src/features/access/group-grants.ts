import type { ConsentItem, GrantView } from '@milepost/contract/api';

export const groupings = ['reader', 'car', 'item'] as const;
export type Grouping = (typeof groupings)[number];

/** A grant under one heading; by item: with the item that it is there for. */
export interface GroupedGrant {
  readonly grant: GrantView;
  readonly item: ConsentItem | null;
}

export interface GrantGroup {
  readonly key: string;
  readonly first: GrantView;
  readonly entries: readonly GroupedGrant[];
}

export const carOf = ({ vehicle }: Pick<GrantView, 'vehicle'>): string => vehicle.plate ?? vehicle.vin;

/** Persons have no id of their own here: two of one name are told apart by their grants' cars alone. */
const readerKey = ({ reader }: GrantView): string => (reader.kind === 'app' ? reader.id : `person:${reader.name}`);

const keysOf = (grant: GrantView, by: Grouping): readonly { key: string; item: ConsentItem | null }[] => {
  if (by === 'reader') return [{ key: readerKey(grant), item: null }];
  if (by === 'car') return [{ key: grant.vehicle.id, item: null }];
  return grant.items.map((item) => ({ key: item.item, item }));
};

/** Grants under headings, in the order in which they came. */
export const groupGrants = (grants: readonly GrantView[], by: Grouping): GrantGroup[] => {
  const groups = new Map<string, { first: GrantView; entries: GroupedGrant[] }>();
  for (const grant of grants)
    for (const { key, item } of keysOf(grant, by)) {
      const group = groups.get(key) ?? { first: grant, entries: [] };
      group.entries.push({ grant, item });
      groups.set(key, group);
    }
  return [...groups].map(([key, group]) => ({ key, ...group }));
};

/** What was given at first and is not any more. */
export const takenOff = ({ givenItems, items }: Pick<GrantView, 'givenItems' | 'items'>): ConsentItem[] =>
  givenItems.filter(({ item }) => !items.some((one) => one.item === item));

/** Whether a search finds it: by who reads, the partner, the car. */
export const fits = (grant: GrantView, text: string): boolean => {
  const { reader, vehicle } = grant;
  const words = [reader.name, reader.kind === 'app' ? reader.partner.name : '', vehicle.plate ?? '', vehicle.vin];
  return words.some((word) => word.toLowerCase().includes(text.toLowerCase()));
};
