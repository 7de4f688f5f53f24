import { invalidField } from '../kernel/index.ts';

/** Where a page of the list ended: the sort it was made with, the key of the last vehicle (null: it had none) and its id. */
export interface ListCursor {
  readonly sort: string;
  readonly key: number | string | null;
  readonly id: string;
}

export const encodeCursor = (cursor: ListCursor): string =>
  Buffer.from(JSON.stringify([cursor.sort, cursor.key, cursor.id])).toString('base64url');

const cursorLengthMax = 512;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
};

/** Throws CallerError when it is not a cursor of a list in this order. */
export const decodeCursor = (text: string, sort: string): ListCursor => {
  const fields = text.length <= cursorLengthMax ? parse(text) : undefined;
  if (!Array.isArray(fields) || fields.length !== 3)
    throw invalidField('cursor', text.slice(0, cursorLengthMax), 'a value of `next` of an answer before');
  const [madeFor, key, id] = fields as unknown[];
  const isKey = key === null || typeof key === (/name|customer/.test(sort) ? 'string' : 'number');
  if (typeof id !== 'string' || typeof madeFor !== 'string' || !isKey)
    throw invalidField('cursor', text, 'a value of `next` of an answer before');
  if (madeFor !== sort) throw invalidField('cursor', text, `a cursor of the same sort (it was made for ${madeFor})`);
  return { sort, key: key as number | string | null, id };
};
