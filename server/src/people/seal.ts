import { makeSealing } from '../kernel/index.ts';

/** What somebody carries for us, and can neither read nor change. */
export interface Seal<T> {
  close(value: T): string;
  /** Undefined: it is not ours. */
  open(text: string): T | undefined;
}

/** `purpose`: what is sealed for one thing opens for no other. */
export const makeSeal = <T>(pepper: Uint8Array, purpose: string): Seal<T> => {
  const { seal, open } = makeSealing(pepper, purpose);
  return {
    close: (value) => seal(JSON.stringify(value)).toString('base64url'),
    open: (text) => {
      const plain = open(Buffer.from(text, 'base64url'));
      return plain === undefined ? undefined : (JSON.parse(plain) as T);
    },
  };
};
