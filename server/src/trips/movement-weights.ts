export interface DetectorWeights {
  readonly features: readonly number[];
  readonly bias: number;
  /** What a change between driving and standing costs. */
  readonly change: number;
  /** Score where no doubt is left. */
  readonly certain: number;
}

export const detectorWeights: DetectorWeights = {
  features: [-5.8, 2, 0.4, 0.6, 1.6, -0.15, 1, 1.3, -0.4, 1, 1, -0.6, -0.2],
  bias: 0,
  change: 0.5,
  certain: 20,
};
