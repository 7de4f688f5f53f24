import { coreSignals } from './core.ts';
import { type SignalDefinition, type SignalValue, type StoredValue, userSignalNumberMin } from './definition.ts';

/** Why a value of a device is refused. The closed list of the wire. */
export const rejectionReasons = [
  'unknown_signal',
  'wrong_type',
  'out_of_bounds',
  'not_finite',
  'bad_time',
  'too_old',
  'not_assigned',
  'conflict',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

export type Quantised =
  | { readonly ok: true; readonly stored: StoredValue }
  | { readonly ok: false; readonly reason: RejectionReason };

const refuse = (reason: RejectionReason): Quantised => ({ ok: false, reason });
const accept = (stored: StoredValue): Quantised => ({ ok: true, stored });

const utf8 = new TextEncoder();
const hasControlCharacter = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true;
  return false;
};

const quantiseText = (signal: SignalDefinition, value: unknown): Quantised => {
  if (typeof value !== 'string') return refuse('wrong_type');
  if (hasControlCharacter(value) || !value.isWellFormed()) return refuse('out_of_bounds');
  return value.length > signal.max || utf8.encode(value).length > signal.max ? refuse('out_of_bounds') : accept(value);
};

const quantiseList = (signal: SignalDefinition, value: unknown): Quantised => {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return refuse('wrong_type');
  if (value.some((item: string) => hasControlCharacter(item) || !item.isWellFormed())) return refuse('out_of_bounds');
  const canonical = JSON.stringify(value);
  return canonical.length > signal.max || utf8.encode(canonical).length > signal.max
    ? refuse('out_of_bounds')
    : accept(canonical);
};

const quantiseEnum = (signal: SignalDefinition, value: unknown): Quantised => {
  if (typeof value !== 'string') return refuse('wrong_type');
  const index = signal.values?.indexOf(value) ?? -1;
  return index < 0 ? refuse('out_of_bounds') : accept(index);
};

/**
 * Turns a value as a device sends it into the one number (or text) that live, log and history hold.
 * A number is checked against the bounds before rounding, so a bound itself is always accepted.
 */
export const quantise = (signal: SignalDefinition, value: unknown): Quantised => {
  switch (signal.kind) {
    case 'number':
      if (typeof value !== 'number') return refuse('wrong_type');
      if (!Number.isFinite(value)) return refuse('not_finite');
      if (value < signal.min || value > signal.max) return refuse('out_of_bounds');
      return accept(Math.round(value * signal.perUnit) + 0);
    case 'boolean':
      return typeof value === 'boolean' ? accept(value ? 1 : 0) : refuse('wrong_type');
    case 'enum':
      return quantiseEnum(signal, value);
    case 'string':
      return quantiseText(signal, value);
    case 'stringList':
      return quantiseList(signal, value);
  }
};

/** True when a stored value is one that `quantise` can have made: what a binary report must pass. */
export const isStorable = (signal: SignalDefinition, stored: StoredValue): boolean => {
  if (typeof stored === 'number') {
    if (signal.kind === 'string' || signal.kind === 'stringList' || !Number.isSafeInteger(stored)) return false;
    return stored >= Math.round(signal.min * signal.perUnit) && stored <= Math.round(signal.max * signal.perUnit);
  }
  if (signal.kind === 'string') return quantiseText(signal, stored).ok;
  if (signal.kind !== 'stringList') return false;
  try {
    const list: unknown = JSON.parse(stored);
    const again = quantiseList(signal, list);
    return again.ok && again.stored === stored;
  } catch {
    return false;
  }
};

/** The value of the API for a stored one. The inverse of `quantise` up to the signal's precision. */
export const present = (signal: SignalDefinition, stored: StoredValue): SignalValue => {
  switch (signal.kind) {
    case 'number':
      return (stored as number) / signal.perUnit;
    case 'boolean':
      return stored === 1;
    case 'enum':
      return signal.values?.[stored as number] ?? '';
    case 'string':
      return stored as string;
    case 'stringList':
      return JSON.parse(stored as string) as string[];
  }
};

/** The signals known at one moment: Milepost's own and those a user added. Looks up by number and by path. */
export interface Vocabulary {
  /** Grows by one each time the set of signals changes; written into each log record. */
  readonly version: number;
  readonly signals: readonly SignalDefinition[];
  byNumber(number: number): SignalDefinition | undefined;
  byPath(path: string): SignalDefinition | undefined;
}

export const makeVocabulary = (version: number, userSignals: readonly SignalDefinition[] = []): Vocabulary => {
  const signals = [...coreSignals, ...userSignals];
  const numbers: (SignalDefinition | undefined)[] = [];
  const paths = new Map<string, SignalDefinition>();
  for (const signal of signals) {
    if (numbers[signal.number] || paths.has(signal.path))
      throw new RangeError(`signal ${signal.number} ${signal.path} is given twice`);
    if (signal.origin === 'user' && signal.number < userSignalNumberMin) {
      throw new RangeError(`user signal ${signal.path} has number ${signal.number}, expected ${userSignalNumberMin} or more`);
    }
    numbers[signal.number] = signal;
    paths.set(signal.path, signal);
  }
  return { version, signals, byNumber: (number) => numbers[number], byPath: (path) => paths.get(path) };
};

/** Version 1 of the core table without any user signal: for tests, devices and browsers that know no other. */
export const coreVocabulary: Vocabulary = makeVocabulary(1);

const pathsOfCore = new Map(coreSignals.map((signal) => [signal.path, signal]));

/** A signal of the core table that the code itself relies on; a path that is not there is our bug. */
export const coreSignal = (path: string): SignalDefinition => {
  const signal = pathsOfCore.get(path);
  if (!signal) throw new Error(`no core signal ${path}`);
  return signal;
};
