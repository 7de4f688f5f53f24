import type en from './en/index.ts';

type Translated<T> = T extends string
  ? string
  : T extends readonly string[]
    ? { readonly [K in keyof T]: string }
    : { readonly [K in keyof T]: Translated<T[K]> };

/** The shape of a language's sentences: that of English, so one that is missing does not compile. */
export type Messages = Translated<typeof en>;
