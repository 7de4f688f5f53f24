import type { ReadPeriod } from '../events/index.ts';

const fromOf = ({ fromMs }: ReadPeriod): number => fromMs;
const endOf = ({ toMs }: ReadPeriod): number => toMs ?? Number.POSITIVE_INFINITY;
const toPeriod = (fromMs: number, end: number): ReadPeriod => ({ fromMs, toMs: end === Number.POSITIVE_INFINITY ? null : end });

/** What lies in any of them: ascending, those that touch as one. */
export const union = (periods: readonly ReadPeriod[]): readonly ReadPeriod[] => {
  if (periods.length < 2) return periods;
  const sorted = [...periods].sort((a, b) => fromOf(a) - fromOf(b));
  const joined: ReadPeriod[] = [];
  for (const period of sorted) {
    const last = joined.at(-1);
    if (last && fromOf(period) <= endOf(last))
      joined[joined.length - 1] = toPeriod(last.fromMs, Math.max(endOf(last), endOf(period)));
    else joined.push(period);
  }
  return joined;
};

/** What lies in both, each ascending and without overlaps. */
export const intersection = (a: readonly ReadPeriod[], b: readonly ReadPeriod[]): readonly ReadPeriod[] => {
  const common: ReadPeriod[] = [];
  for (const one of a) {
    for (const other of b) {
      const fromMs = Math.max(one.fromMs, other.fromMs);
      const end = Math.min(endOf(one), endOf(other));
      if (fromMs < end) common.push(toPeriod(fromMs, end));
    }
  }
  return common;
};

export const always: readonly ReadPeriod[] = [{ fromMs: Number.NEGATIVE_INFINITY, toMs: null }];
export const never: readonly ReadPeriod[] = [];
