import { BugError, makeSealing } from '../kernel/index.ts';

/** Encrypts what the database has to give back but must not show. */
export interface Seal {
  readonly seal: (text: string) => Buffer;
  readonly open: (sealed: Uint8Array) => string;
}

export const makeSeal = (pepper: Uint8Array, purpose: string): Seal => {
  const { seal, open } = makeSealing(pepper, `milepost oauth ${purpose} 1`);
  return {
    seal,
    open: (sealed) => {
      const text = open(sealed);
      if (text === undefined) throw new BugError(`what OAuth keeps (${purpose}) was encrypted under another pepper`);
      return text;
    },
  };
};
