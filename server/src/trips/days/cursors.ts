import { invalidField } from '../../kernel/index.ts';

/** Where a page ended: the rest began before. Opaque to callers. */
export const writeCursor = (beforeMs: number): string => Buffer.from(String(beforeMs)).toString('base64url');

/** Throws `invalid_field`. */
export const readCursor = (text: string): number => {
  const decoded = Buffer.from(text, 'base64url').toString('utf8');
  if (!/^\d{1,16}$/.test(decoded)) throw invalidField('cursor', text, '`next` of the page before');
  return Number(decoded);
};
