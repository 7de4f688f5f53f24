import type { Formats } from '../../components/formats.ts';
import type { Period } from './time-range.ts';
import { startOfDay } from './zoned-time.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Names of times at an axis: the coarser the ticks, the coarser the name; a new day says so. */
export const tickNames = (times: readonly number[], incrementMs: number, formats: Formats): string[] => {
  let shown = '';
  return times.map((time) => {
    if (incrementMs >= 28 * dayMs) return formats.month(time);
    const day = formats.day(time);
    if (incrementMs >= dayMs) return day;
    const isNew = shown !== '' && day !== shown;
    shown = day;
    if (isNew) return day;
    return incrementMs < minuteMs ? formats.clock(time) : formats.time(time);
  });
};

const increments = [
  ...[1, 5, 10, 30].map((count) => count * 1000),
  ...[1, 5, 10, 30].map((count) => count * minuteMs),
  ...[1, 2, 3, 6, 12].map((count) => count * hourMs),
  ...[1, 2, 7, 14, 30, 90, 365].map((count) => count * dayMs),
];

/** Round times within a period, at most so many. Whole hours and days are those of the person's clock. */
export const niceTicks = ({ from, to }: Period, countMax: number, formats: Formats): { time: number; text: string }[] => {
  const increment = increments.find((some) => (to - from) / some <= countMax) ?? 365 * dayMs;
  const midnight = startOfDay(from, formats.settings.timeZone);
  const first = midnight + Math.ceil((from - midnight) / increment) * increment;
  const times: number[] = [];
  for (let time = first; time <= to; time += increment) times.push(time);
  return tickNames(times, increment, formats).map((text, index) => ({ time: times[index] as number, text }));
};
