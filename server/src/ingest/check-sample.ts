import { type ConsentGroup, quantise, type SignalDefinition, type StoredValue, type Vocabulary } from '@milepost/contract';
import type { ReportBuilder } from '../events/index.ts';
import { isNoPosition } from './no-position.ts';
import type { VerdictBuilder } from './verdict.ts';

/** Places of a sample whose signals are remembered. */
const rememberedPlacesMax = 256;

/**
 * Finds signals by path. A device names the same ones in the same order in each sample, so what stood at that place the last time is
 * tried first: of two equal names that came as JSON, the text is the same one.
 */
export class SignalFinder {
  readonly vocabulary: Vocabulary;
  readonly #paths: string[] = [];
  readonly #signals: SignalDefinition[] = [];

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
  }

  find(path: string, place: number): SignalDefinition | undefined {
    if (place < this.#paths.length && this.#paths[place] === path) return this.#signals[place];
    const signal = this.vocabulary.byPath(path);
    if (signal && place <= this.#paths.length && place < rememberedPlacesMax) {
      this.#paths[place] = path;
      this.#signals[place] = signal;
    }
    return signal;
  }
}

/** What the values of one sample are checked with. `storedBefore` is undefined where no earlier value can exist. */
export interface SampleContext {
  readonly finder: SignalFinder;
  /** From when on values of a group are kept; undefined: the sample is younger than that, whatever the group. */
  readonly keptFromMs: ((group: ConsentGroup) => number) | undefined;
  readonly storedBefore: ((signalNumber: number) => StoredValue | undefined) | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Adds the good values of a sample to the builder and rejects the others; answers how many were added. The sample itself is begun
 * with the first good value, so that one without any leaves no trace.
 */
export const checkSample = (
  index: number,
  sample: unknown,
  timeMs: number,
  originalMs: number,
  context: SampleContext,
  builder: Pick<ReportBuilder, 'addSample' | 'addValue'>,
  verdict: Pick<VerdictBuilder, 'rejectSample' | 'rejectValue'>,
): number => {
  const signals = (sample as { signals?: unknown }).signals;
  if (!isObject(signals)) {
    verdict.rejectSample(index, signals, 'wrong_type');
    return 0;
  }
  let added = 0;
  let place = 0;
  for (const path in signals) {
    const value = signals[path];
    const signal = context.finder.find(path, place++);
    if (!signal) {
      verdict.rejectValue(index, path.slice(0, 200), value, 'unknown_signal');
      continue;
    }
    const quantised = quantise(signal, value);
    if (!quantised.ok) {
      verdict.rejectValue(index, path, value, quantised.reason);
      continue;
    }
    if (quantised.stored === 0 && isNoPosition(signal.number, signals)) {
      verdict.rejectValue(index, path, value, 'out_of_bounds');
      continue;
    }
    if (context.keptFromMs && timeMs < context.keptFromMs(signal.group)) {
      verdict.rejectValue(index, path, value, 'too_old');
      continue;
    }
    if (context.storedBefore && isConflict(signal, quantised.stored, context.storedBefore)) {
      verdict.rejectValue(index, path, value, 'conflict');
      continue;
    }
    if (added++ === 0) builder.addSample(timeMs, originalMs);
    builder.addValue(signal.number, quantised.stored);
  }
  return added;
};

const isConflict = (
  signal: SignalDefinition,
  stored: StoredValue,
  storedBefore: (signalNumber: number) => StoredValue | undefined,
): boolean => {
  const before = storedBefore(signal.number);
  return before !== undefined && before !== stored;
};
