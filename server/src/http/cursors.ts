import { invalidField } from '../kernel/index.ts';

/** Cursors are opaque to callers: where a page ended, as numbers or texts. */
export const writeCursor = (parts: readonly (number | string)[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

const parse = (text: string): unknown => {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
};

/** Reads a cursor whose parts have the given types. Throws `invalid_field`. */
export const readCursor = <const T extends readonly ('number' | 'string')[]>(
  text: string,
  types: T,
): { [K in keyof T]: T[K] extends 'number' ? number : string } => {
  const parts = parse(text);
  const fits = Array.isArray(parts) && parts.length === types.length && parts.every((part, i) => typeof part === types[i]);
  if (!fits) throw invalidField('cursor', text, '`next` of the page before');
  return parts as { [K in keyof T]: T[K] extends 'number' ? number : string };
};

export interface Paged<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** One page of a list in ascending order of a number that is never given again. */
export const pageByNumber = <T>(
  all: Iterable<T>,
  numberOf: (item: T) => number,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Paged<T> => {
  const after = query.cursor === undefined ? 0 : readCursor(query.cursor, ['number'])[0];
  const rest = Array.from(all).filter((item) => numberOf(item) > after);
  rest.sort((a, b) => numberOf(a) - numberOf(b));
  const items = rest.slice(0, query.limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && rest.length > items.length ? writeCursor([numberOf(last)]) : null };
};

/** One page of a list by time, newest first. `keyOf`: the time and what tells two of the same time apart. */
export const pageNewestFirst = <T>(
  all: readonly T[],
  keyOf: (item: T) => readonly [atMs: number, id: string],
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Paged<T> => {
  const compare = (a: readonly [number, string], b: readonly [number, string]): number =>
    b[0] - a[0] || (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : 0);
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, ['number', 'string']);
  const keyed = all.map((item) => ({ item, key: keyOf(item) }));
  const rest = keyed.filter(({ key }) => !after || compare(key, after) > 0).sort((a, b) => compare(a.key, b.key));
  const items = rest.slice(0, query.limit);
  const last = items.at(-1);
  return { items: items.map(({ item }) => item), next: last && rest.length > items.length ? writeCursor(last.key) : null };
};
