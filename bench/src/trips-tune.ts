/**
 * Fits the weights of the detector of trips and stops to the even half of the labelled trajectories: logistic regression over the features of
 * steps, at their own rate and thinned to devices that report less often; what a change costs, and the bias, by cross-validation.
 * `node bench/src/trips-tune.ts` prints them; they go to server/src/trips/movement-weights.ts by hand. docs/trips.md
 */
import { FeatureReader, movementFeatures } from '../../server/src/trips/movement-features.ts';
import type { DetectorWeights } from '../../server/src/trips/movement-weights.ts';
import { makeSteps } from '../../server/src/trips/steps.ts';
import { byDetector, type Accuracies, meanF1, measure } from '../../server/src/trips/testing/detector-accuracy.ts';
import { readTrajectories, thin, type Trajectory } from '../../server/src/trips/testing/goal-trajectories.ts';
import { makeTrack } from '../../server/src/trips/track.ts';

/** Fixes of one in so many: some 5, 10, 15 and 30 s apart. */
const rates = [1, 2, 3, 6];
const folds = 5;
const ridges = [3, 10, 30, 100];
const changes = [0.5, 1, 1.5, 2];
const biases = [-0.6, -0.3, 0, 0.3];
const certain = 20;

interface Rows {
  /** The last of each is 1: the bias. */
  readonly features: Float64Array[];
  readonly isDriving: boolean[];
}

/** A step was driven when both of its ends are labelled so. */
const rowsOf = (trajectories: readonly Trajectory[]): Rows => {
  const rows: Rows = { features: [], isDriving: [] };
  for (const { samples, isDriving } of trajectories) {
    const track = makeTrack(samples);
    const steps = makeSteps(track);
    const reader = new FeatureReader(track, steps);
    const labelAt = (node: number): boolean => isDriving[track.rows[node] as number] as boolean;
    for (let at = 0; at < steps.count; at++) {
      if (reader.read(at)) continue;
      rows.features.push(Float64Array.of(...reader.features, 1));
      rows.isDriving.push(labelAt(at) && labelAt(at + 1));
    }
  }
  return rows;
};

const atRates = (trajectories: readonly Trajectory[]): Trajectory[] =>
  rates.flatMap((nth) =>
    trajectories.flatMap((one) =>
      Array.from({ length: nth }, (_, from) => thin(one, nth, from)).filter(({ isDriving }) => isDriving.length > 1),
    ),
  );

/** Solves a symmetric system in place by Gauss–Jordan. */
const solve = (matrix: Float64Array[], right: Float64Array): Float64Array => {
  const size = right.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let r = k + 1; r < size; r++)
      if (Math.abs((matrix[r] as Float64Array)[k] as number) > Math.abs((matrix[pivot] as Float64Array)[k] as number)) pivot = r;
    [matrix[k], matrix[pivot]] = [matrix[pivot] as Float64Array, matrix[k] as Float64Array];
    [right[k], right[pivot]] = [right[pivot] as number, right[k] as number];
    const row = matrix[k] as Float64Array;
    for (let r = 0; r < size; r++) {
      if (r === k) continue;
      const other = matrix[r] as Float64Array;
      const factor = (other[k] as number) / (row[k] as number);
      for (let c = k; c < size; c++) other[c] = (other[c] as number) - factor * (row[c] as number);
      right[r] = (right[r] as number) - factor * (right[k] as number);
    }
  }
  return right.map((value, k) => value / ((matrix[k] as Float64Array)[k] as number));
};

/** Logistic regression with a ridge, by Newton's method. */
const fit = ({ features, isDriving }: Rows, ridge: number): Float64Array => {
  const size = movementFeatures.length + 1;
  const weights = new Float64Array(size);
  for (let round = 0; round < 25; round++) {
    const hessian = Array.from({ length: size }, () => new Float64Array(size));
    const gradient = new Float64Array(size);
    for (const [i, row] of features.entries()) {
      let score = 0;
      for (let k = 0; k < size; k++) score += (row[k] as number) * (weights[k] as number);
      const odds = 1 / (1 + Math.exp(-score));
      const error = (isDriving[i] ? 1 : 0) - odds;
      const spread = Math.max(1e-6, odds * (1 - odds));
      for (let k = 0; k < size; k++) {
        gradient[k] = (gradient[k] as number) + error * (row[k] as number);
        const line = hessian[k] as Float64Array;
        for (let c = 0; c < size; c++) line[c] = (line[c] as number) + spread * (row[k] as number) * (row[c] as number);
      }
    }
    for (let k = 0; k < size - 1; k++) {
      gradient[k] = (gradient[k] as number) - ridge * (weights[k] as number);
      const line = hessian[k] as Float64Array;
      line[k] = (line[k] as number) + ridge;
    }
    const step = solve(hessian, gradient);
    for (let k = 0; k < size; k++) weights[k] = (weights[k] as number) + (step[k] as number);
    if (step.every((value) => Math.abs(value) < 1e-6)) break;
  }
  return weights;
};

const toWeights = (fitted: Float64Array, bias: number, change: number): DetectorWeights => ({
  features: [...fitted.subarray(0, -1)].map((value) => Math.round(value * 1000) / 1000),
  bias: Math.round(((fitted.at(-1) as number) + bias) * 1000) / 1000,
  change,
  certain,
});

const { even } = readTrajectories();
const parts = [...Array(folds).keys()].map((fold) => ({
  rows: rowsOf(atRates(even.filter((_, i) => i % folds !== fold))),
  held: even.filter((_, i) => i % folds === fold),
}));

/** Mean over the folds, at the rate of the recording. */
const crossValidate = (fitted: readonly Float64Array[], bias: number, change: number): number => {
  const results = parts.map(
    ({ held }, fold): Accuracies => measure(held, byDetector(toWeights(fitted[fold] as Float64Array, bias, change))),
  );
  return results.reduce((sum, one) => sum + meanF1(one), 0) / folds;
};

let best = { f1: 0, ridge: 0, bias: 0, change: 0 };
for (const ridge of ridges) {
  const fitted = parts.map(({ rows }) => fit(rows, ridge));
  let top = { f1: 0, ridge, bias: 0, change: 0 };
  for (const change of changes)
    for (const bias of biases) {
      const f1 = crossValidate(fitted, bias, change);
      if (f1 > top.f1) top = { f1, ridge, bias, change };
    }
  console.log(JSON.stringify(top));
  if (top.f1 > best.f1) best = top;
}
const weights = toWeights(fit(rowsOf(atRates(even)), best.ridge), best.bias, best.change);
console.log(JSON.stringify({ ...best, weights }));
