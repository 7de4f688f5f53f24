/** A logistic regression over `movementFeatures`, decoded with two states. */
export interface DetectorWeights {
  /** In the order of `movementFeatures`. */
  readonly features: readonly number[];
  readonly bias: number;
  /** What a change between driving and standing costs. */
  readonly change: number;
  /** Score where no doubt is left. */
  readonly certain: number;
}

/** Printed by bench/src/trips-tune.ts. How good they are: docs/trips.md. */
export const detectorWeights: DetectorWeights = {
  features: [
    0.735, 0.031, 0.565, 0.923, 0.067, 1.272, -0.342, 0.215, 0.793, -1.34, 0.765, 0.066, -1.086, 1.222, 0.39, 0.447, -0.361,
    -0.671, -0.585, 0.199,
  ],
  bias: -3.828,
  change: 0.5,
  certain: 20,
};
