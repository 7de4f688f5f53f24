import type { Scale } from '../../components/units.ts';
import type { ChartLine } from '../charts/aligned.ts';
import { gapsOf } from '../charts/history-series.ts';
import type { Period } from '../charts/time-range.ts';

const dayMs = 86_400_000;
/** A day on which clocks change is an hour longer. */
const silenceMs = 90_000_000;

export interface DailyValue {
  /** Its noon, ms. */
  readonly noonMs: number;
  /** As it is stored. */
  readonly value: number;
}

/** One value a day as a line: days without one are a gap. */
export const dailyLine = (
  { key, label, colour }: Pick<ChartLine, 'key' | 'label' | 'colour'>,
  values: readonly DailyValue[],
  period: Period,
  scale: Scale,
  digits = scale.digits,
): ChartLine => {
  const points = values
    .filter(({ noonMs }) => noonMs >= period.from && noonMs <= period.to)
    .map(({ noonMs, value }) => {
      const shown = scale.toShown(value);
      return { time: noonMs, mean: shown, min: shown, max: shown };
    });
  const times = points.map(({ time }) => time);
  // A value stands for its whole day.
  const starts = times.map((time) => time - dayMs / 2);
  return {
    key,
    label,
    colour,
    unit: scale.unit,
    digits,
    points,
    gaps: gapsOf(starts, period.from, period.to, dayMs, silenceMs - dayMs),
    stepMs: dayMs,
  };
};
