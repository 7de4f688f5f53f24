import { metersBetween } from '../geometry.ts';
import { findMovement, stepKinds } from '../movement.ts';
import { detectorWeights, type DetectorWeights } from '../movement-weights.ts';
import { makeSteps } from '../steps.ts';
import { makeTrack } from '../track.ts';
import { readTrajectories, thin, type Trajectory } from './goal-trajectories.ts';

export interface Accuracy {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** For both things that can be said of a fix. */
export interface Accuracies {
  readonly driving: Accuracy;
  readonly stop: Accuracy;
}

type Predict = (trajectory: Trajectory) => readonly boolean[];

const accuracyOf = (hits: number, wrong: number, missed: number): Accuracy => ({
  precision: hits / (hits + wrong),
  recall: hits / (hits + missed),
  f1: (2 * hits) / (2 * hits + wrong + missed),
});

const compare = (found: readonly boolean[], isTrue: readonly boolean[]): Accuracies => {
  let [driven, stood, wrong, missed] = [0, 0, 0, 0];
  for (let i = 0; i < found.length; i++) {
    if (found[i] && isTrue[i]) driven++;
    else if (found[i]) wrong++;
    else if (isTrue[i]) missed++;
    else stood++;
  }
  return { driving: accuracyOf(driven, wrong, missed), stop: accuracyOf(stood, missed, wrong) };
};

const truthOf = (trajectories: readonly Trajectory[]): boolean[] => trajectories.flatMap(({ isDriving }) => isDriving);

export const measure = (trajectories: readonly Trajectory[], predict: Predict): Accuracies =>
  compare(trajectories.flatMap(predict), truthOf(trajectories));

/** What is tuned for: both classes count the same. */
export const meanF1 = ({ driving, stop }: Accuracies): number => (driving.f1 + stop.f1) / 2;

/** At a fix it drives when it drives up to there, or on from there. */
export const atFixes = (rows: Int32Array, nodes: number, fixes: number, isDrivingStep: (at: number) => boolean): boolean[] => {
  const found: boolean[] = [];
  for (let fix = 0, node = 0; fix < fixes; fix++) {
    while (node < nodes - 1 && (rows[node] as number) < fix) node++;
    found.push((node > 0 && isDrivingStep(node - 1)) || (node < nodes - 1 && isDrivingStep(node)));
  }
  return found;
};

/** The detector of `deriveDay`. */
export const byDetector =
  (weights: DetectorWeights): Predict =>
  ({ samples, isDriving }) => {
    const track = makeTrack(samples);
    const kinds = findMovement(track, makeSteps(track), weights);
    return atFixes(track.rows, track.count, isDriving.length, (at) => kinds[at] === stepKinds.driving);
  };

/** Which speed is compared with a threshold: km/h at each fix. */
type SpeedOf = (trajectory: Trajectory) => readonly number[];

const kmhBetween = ({ times, latitude, longitude }: Trajectory['samples'], a: number, b: number): number => {
  const ms = (times[b] as number) - (times[a] as number);
  const meters = metersBetween(latitude[a] as number, longitude[a] as number, latitude[b] as number, longitude[b] as number);
  return ms > 0 ? (meters * 3600) / ms : 0;
};

/** First and last fix at most so far from a fix, two at least. */
const windowOf = (times: Float64Array, fix: number, ms: number): { first: number; last: number } => {
  let [first, last] = [fix, fix];
  while (first > 0 && (times[fix] as number) - (times[first - 1] as number) <= ms) first--;
  while (last < times.length - 1 && (times[last + 1] as number) - (times[fix] as number) <= ms) last++;
  if (first < last) return { first, last };
  return first > 0 ? { first: first - 1, last } : { first, last: last + 1 };
};

const inWindow =
  (seconds: number, figure: 'displacement' | 'way' | 'median' | 'fastest'): SpeedOf =>
  ({ samples, isDriving }) => {
    const { times } = samples;
    return isDriving.map((_, fix) => {
      const { first, last } = windowOf(times, fix, seconds * 1000);
      if (figure === 'displacement') return kmhBetween(samples, first, last);
      const speeds = Array.from({ length: last - first }, (__, k) => kmhBetween(samples, first + k, first + k + 1));
      if (figure === 'fastest') return Math.max(...speeds);
      if (figure === 'median') return speeds.sort((a, b) => a - b)[speeds.length >> 1] as number;
      const meters = speeds.reduce(
        (sum, kmh, k) => sum + (kmh * ((times[first + k + 1] as number) - (times[first + k] as number))) / 3600,
        0,
      );
      return (meters * 3600) / ((times[last] as number) - (times[first] as number));
    });
  };

/** Everything that a speed threshold could be applied to. */
const speedVariants: Readonly<Record<string, SpeedOf>> = {
  'since the fix before': ({ samples, isDriving }) =>
    isDriving.map((_, fix) => kmhBetween(samples, Math.max(0, fix - 1), Math.max(1, fix))),
  ...Object.fromEntries(
    [6, 11, 16, 21, 31].flatMap((seconds) =>
      (['displacement', 'way', 'median', 'fastest'] as const).map((figure) => [
        `${figure} within ±${seconds} s`,
        inWindow(seconds, figure),
      ]),
    ),
  ),
};

const thresholdsKmh = Array.from({ length: 120 }, (_, i) => (i + 1) / 4);

export interface ThresholdResult extends Accuracies {
  readonly variant: string;
  readonly kmh: number;
  readonly evenMeanF1: number;
}

/** A threshold for each kind of speed, tuned on the even half, measured on the odd one. */
const measureThresholds = (even: readonly Trajectory[], odd: readonly Trajectory[]): ThresholdResult[] => {
  const halves = { even: truthOf(even), odd: truthOf(odd) };
  return Object.entries(speedVariants).map(([variant, speedOf]) => {
    const speeds = { even: even.flatMap(speedOf), odd: odd.flatMap(speedOf) };
    const from = (kmh: number, half: 'even' | 'odd'): Accuracies =>
      compare(
        speeds[half].map((speed) => speed >= kmh),
        halves[half],
      );
    const tuned = thresholdsKmh
      .map((kmh) => ({ kmh, evenMeanF1: meanF1(from(kmh, 'even')) }))
      .reduce((best, one) => (one.evenMeanF1 > best.evenMeanF1 ? one : best));
    return { variant, ...tuned, ...from(tuned.kmh, 'odd') };
  });
};

/** Some 10, 15 and 30 s apart. */
const sparseRates = [2, 3, 6] as const;

export interface DetectorReport {
  readonly trajectories: number;
  readonly fixes: number;
  readonly detector: Accuracies;
  /** With one fix of so many: devices that report less often. */
  readonly sparse: readonly (Accuracies & { readonly nth: number })[];
  /** The kind of speed that is best on the even half. */
  readonly tunedThreshold: ThresholdResult;
  /** The kind of speed that happens to be best on the odd half: nobody could have known, and it is not good enough either. */
  readonly bestThreshold: ThresholdResult;
  /** The plain one: speed since the fix before. */
  readonly plainThreshold: ThresholdResult;
}

/** How well driving and stops are found in the half of the labelled trajectories that nothing was tuned on. */
export const measureDetector = (): DetectorReport => {
  const { even, odd } = readTrajectories();
  const thresholds = measureThresholds(even, odd);
  const best = (by: (one: ThresholdResult) => number): ThresholdResult =>
    thresholds.reduce((most, one) => (by(one) > by(most) ? one : most));
  return {
    trajectories: odd.length,
    fixes: odd.reduce((sum, { isDriving }) => sum + isDriving.length, 0),
    detector: measure(odd, byDetector(detectorWeights)),
    sparse: sparseRates.map((nth) => ({
      nth,
      ...measure(
        odd.flatMap((one) => [...Array(nth).keys()].map((from) => thin(one, nth, from))),
        byDetector(detectorWeights),
      ),
    })),
    tunedThreshold: best(({ evenMeanF1 }) => evenMeanF1),
    bestThreshold: best(meanF1),
    plainThreshold: thresholds[0] as ThresholdResult,
  };
};

/** What the report says as lines of a table: precision, recall and F1 of driving, then of stops. */
export const tableOf = ({ detector, sparse, ...thresholds }: DetectorReport): string[] => {
  const { tunedThreshold, bestThreshold, plainThreshold } = thresholds;
  const row = (what: string, { driving, stop }: Accuracies): string => {
    const cells = [driving, stop].flatMap(({ precision, recall, f1 }) => [precision, recall, f1]);
    return `| ${[what, ...cells.map((value) => value.toFixed(3))].join(' | ')} |`;
  };
  const threshold = (what: string, one: ThresholdResult): string =>
    row(`threshold, ${what}: ${one.variant}, from ${one.kmh} km/h`, one);
  return [
    row('**the detector**', detector),
    ...sparse.map((one) => row(`with one fix of ${one.nth} (${one.nth * 5} s)`, one)),
    threshold('tuned', tunedThreshold),
    threshold('best in hindsight', bestThreshold),
    threshold('plain', plainThreshold),
  ];
};
