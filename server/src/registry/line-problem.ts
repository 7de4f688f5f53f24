/** One value of a line of a file that does not fit. */
export interface LineProblem {
  /** `line`: the line as a whole. */
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
}
