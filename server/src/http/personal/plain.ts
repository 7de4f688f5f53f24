import { toIsoOrNull } from '../times.ts';

/** Words in place of numbers that mean something to nobody else. */
export type NameOf = (key: string, no: number) => readonly [name: string, value: string | null] | undefined;

const isoOf = (value: unknown): string | null => (typeof value === 'number' ? toIsoOrNull(value) : null);

/**
 * What we keep as it is told to a person: moments (`…Ms`) as ISO 8601, internal numbers (`…No`, `…Nos`) as the ids and names that stand for
 * them, those that stand for nothing left out.
 */
export const plain = (value: unknown, nameOf: NameOf): unknown => {
  if (Array.isArray(value)) return value.map((one) => plain(one, nameOf));
  if (typeof value !== 'object' || value === null) return value;
  const told: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    if (key.endsWith('Ms')) told[key.slice(0, -2)] = isoOf(one);
    else if (key.endsWith('Nos') && Array.isArray(one)) {
      const named = one.map((no: number) => nameOf(key.slice(0, -1), no));
      const [name] = named.find((pair) => pair !== undefined) ?? [];
      if (name !== undefined) told[`${name}s`] = named.map((pair) => pair?.[1] ?? null);
    } else if (key.endsWith('No') && typeof one === 'number') {
      const [name, text] = nameOf(key, one) ?? [];
      if (name !== undefined) told[name] = text;
    } else if (!key.endsWith('No')) told[key] = plain(one, nameOf);
  }
  return told;
};
