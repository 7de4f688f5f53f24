import type { Period } from './time-range.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Steps that divide a day, so that they stand at the same places of each. From a minute on the server has them rolled up. */
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * secondMs),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minuteMs),
  ...[1, 2, 3, 6, 12].map((count) => count * hourMs),
];

/** Points of one signal on one chart, at most: more than a wide screen has pixels for. */
export const pointsMax = 1500;
/** Up to this period each sample is asked for; a device says something each second. */
export const rawPeriodMsMax = pointsMax * secondMs;
/** Samples of all signals of a page, at most, before steps are taken instead. */
export const rawRowsMax = 6000;

/** The step for a period; 0: every sample. */
export const chooseStep = ({ from, to }: Period): number => {
  const length = to - from;
  if (length <= rawPeriodMsMax) return 0;
  return chooseCoarseStep({ from, to });
};

/** The step for a period of which there are too many samples. */
export const chooseCoarseStep = ({ from, to }: Period): number => {
  const wanted = (to - from) / pointsMax;
  return steps.find((step) => step >= wanted) ?? Math.ceil(wanted / dayMs) * dayMs;
};
