import type { SignalView } from '@milepost/contract/api';

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Signals that have all words, anywhere in label, path, group or unit; those that were reported come first. */
export const matchSignals = (
  signals: readonly SignalView[],
  q: string,
  groupName: (signal: SignalView) => string,
  isReported: (path: string) => boolean,
): SignalView[] => {
  const words = fold(q).split(/\s+/).filter(Boolean);
  const found = signals.filter((signal) => {
    const text = fold(`${signal.label} ${signal.path} ${groupName(signal)} ${signal.unit}`);
    return words.every((word) => text.includes(word));
  });
  return [...found.filter(({ path }) => isReported(path)), ...found.filter(({ path }) => !isReported(path))];
};
