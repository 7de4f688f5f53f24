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
    0.474, -0.002, 0.247, 0.435, 0.024, 0.748, -0.249, 0.115, 0.379, -0.665, 0.354, -0.008, -0.628, 0.588, 0.133, 0.369, -0.182,
    -0.354, -0.285, 0.068,
  ],
  bias: -4.917,
  change: 0.5,
  certain: 20,
};
