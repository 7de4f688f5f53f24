import { tripLimits } from './limits.ts';

/** Cold pressure of a wheel on a day. */
export interface TireDayPressure {
  readonly dayMs: number;
  readonly kpa: number;
}

/** How the pressure of a wheel goes. */
export interface TireTrend {
  readonly nowKpa: number | null;
  /** kPa a day; negative: losing. null: too few days. */
  readonly slopeKpaPerDay: number | null;
  readonly isLeaking: boolean;
  /** Where the trend begins: when it was filled last, when it began to lose, or the first day that is looked at. */
  readonly sinceMs: number | null;
  readonly sinceKpa: number | null;
  /** What was looked at, in order. */
  readonly days: readonly TireDayPressure[];
}

const dayLengthMs = 86_400_000;

const medianOf = (values: number[]): number => {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? (values[middle] as number) : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
};

interface Line {
  /** kPa a day. */
  readonly slope: number;
  /** Part of all pairs of days of which the later one is lower. */
  readonly agreement: number;
  /** Sum of the distances of the days from it, kPa. */
  readonly residual: number;
}

/** Theil–Sen: the median of the slopes of all pairs (Sen 1968). Up to 29 % of the days may be wrong. */
const fitLine = (days: readonly TireDayPressure[]): Line => {
  const slopes: number[] = [];
  for (const [i, a] of days.entries())
    for (const b of days.slice(i + 1)) slopes.push(((b.kpa - a.kpa) * dayLengthMs) / (b.dayMs - a.dayMs));
  if (slopes.length === 0) return { slope: 0, agreement: 0, residual: 0 };
  const agreement = slopes.filter((slope) => slope < 0).length / slopes.length;
  const slope = medianOf(slopes);
  const offsets = days.map(({ dayMs, kpa }) => kpa - (slope * dayMs) / dayLengthMs);
  const offset = medianOf([...offsets]);
  return { slope, agreement, residual: offsets.reduce((sum, one) => sum + Math.abs(one - offset), 0) };
};

const kpaOf = (days: readonly TireDayPressure[]): number => medianOf(days.map(({ kpa }) => kpa));

/** First day after the last time that it was filled up. One wrong day is none: the days before and after it say the same. */
const findRefill = (days: readonly TireDayPressure[]): number => {
  for (let at = days.length - 1; at > 0; at--) {
    const before = (days[at - 1] as TireDayPressure).kpa;
    const rises = [
      (days[at] as TireDayPressure).kpa - before,
      kpaOf(days.slice(at, at + 3)) - kpaOf(days.slice(Math.max(0, at - 3), at)),
    ];
    if (Math.min(...rises) >= Math.max(tripLimits.tireRefillKpaMin, before * tripLimits.tireRefillPart)) return at;
  }
  return 0;
};

/** From which day on one line goes: where parting the days leaves so much less off the lines that it is no accident, else the first. */
const findTurn = (days: readonly TireDayPressure[]): number => {
  let best = { at: 0, residual: fitLine(days).residual * tripLimits.tireTurnGain };
  const { tireDaysMin } = tripLimits;
  for (let at = tireDaysMin; at + tireDaysMin <= days.length; at++) {
    const residual = fitLine(days.slice(0, at)).residual + fitLine(days.slice(at)).residual;
    if (residual < best.residual) best = { at, residual };
  }
  return best.at;
};

/**
 * The trend of a wheel's cold pressure (at 20 °C, kPa): a robust slope over the days since it was last filled, or since it began to lose.
 *
 * @param days of one wheel in order, one a day at most
 */
export const findTireTrend = (days: readonly TireDayPressure[]): TireTrend => {
  const recent = days.filter(
    ({ dayMs }) => dayMs > (days.at(-1) as TireDayPressure).dayMs - tripLimits.tireDaysMax * dayLengthMs,
  );
  const since = recent.slice(findRefill(recent));
  const trend = since.slice(findTurn(since));
  const [first, last] = [trend[0], trend.at(-1)];
  const known = { nowKpa: last?.kpa ?? null, sinceMs: first?.dayMs ?? null, sinceKpa: first?.kpa ?? null, days: recent };
  if (!first || !last || trend.length < tripLimits.tireDaysMin) return { ...known, slopeKpaPerDay: null, isLeaking: false };
  const { slope, agreement } = fitLine(trend);
  const lostKpa = (-slope * (last.dayMs - first.dayMs)) / dayLengthMs;
  const isLeaking =
    agreement >= tripLimits.tireLeakAgreement &&
    -slope >= first.kpa * tripLimits.tireLeakPartADay &&
    lostKpa >= first.kpa * tripLimits.tireLeakPart;
  return { ...known, slopeKpaPerDay: slope, isLeaking };
};
