/** How a setting's text becomes a value; throws a text that says what was expected. */
export interface Setting<T> {
  readonly name: string;
  readonly what: string;
  readonly expected: string;
  readonly defaultText: string | undefined;
  readonly isSecret?: boolean;
  parse(text: string): T | undefined;
}

const whole =
  (min: number, max: number) =>
  (text: string): number | undefined => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };

type Defaulted<T, D extends string | undefined> = Setting<T> & { readonly defaultText: D };

export const number = <D extends string | undefined>(
  name: string,
  what: string,
  unit: string,
  min: number,
  max: number,
  defaultText: D,
): Defaulted<number, D> => ({
  name,
  what,
  expected: `a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`,
  defaultText,
  parse: whole(min, max),
});

export const words = <T extends string>(name: string, what: string, allowed: readonly T[], defaultText: T): Defaulted<T, T> => ({
  name,
  what,
  expected: `one of ${allowed.join(', ')}`,
  defaultText,
  parse: (text) => allowed.find((word) => word === text),
});

/** A text for which a pattern would be too little. */
export const checked = <D extends string | undefined = undefined>(
  name: string,
  what: string,
  expected: string,
  isRight: (value: string) => boolean,
  defaultText?: D,
): Defaulted<string, D> => ({
  name,
  what,
  expected,
  defaultText: defaultText as D,
  parse: (value) => (isRight(value) ? value : undefined),
});

export const text = <D extends string | undefined = undefined>(
  name: string,
  what: string,
  expected: string,
  pattern: RegExp,
  defaultText?: D,
): Defaulted<string, D> => checked(name, what, expected, (value) => pattern.test(value), defaultText);

/** Separated by commas; each fits, none is there twice. */
export const list = <T extends string, D extends string | undefined = undefined>(
  name: string,
  what: string,
  expected: string,
  isOne: (word: string) => word is T,
  defaultText?: D,
): Defaulted<readonly T[], D> => ({
  name,
  what,
  expected,
  defaultText: defaultText as D,
  parse: (value) => {
    const items = value.split(',').map((item) => item.trim());
    return items.every(isOne) && new Set(items).size === items.length ? items : undefined;
  },
});

export const isAddress = (word: string): word is string => /^([A-Za-z0-9._-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/.test(word);
export const addresses = 'one or more of host or host:port, separated by commas';
