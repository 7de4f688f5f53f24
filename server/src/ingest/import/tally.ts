import { apiLimits, type ImportReason } from '@milepost/contract/api';
import { importLimits } from '../limits.ts';
import type { ImportOutcome, ImportProblem } from './types.ts';

/** Counts what became of a file. */
export class ImportTally {
  readonly #reasons: Partial<Record<ImportReason, number>> = {};
  readonly #problems: ImportProblem[] = [];
  #problemsMore = 0;
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;
  samples = 0;
  stored = 0;
  unchanged = 0;
  values = 0;
  isWhole = true;

  get isEmpty(): boolean {
    return this.samples === 0 && this.#problems.length === 0;
  }

  problem(problem: ImportProblem): void {
    this.#reasons[problem.reason] = (this.#reasons[problem.reason] ?? 0) + 1;
    if (this.#problems.length >= apiLimits.importProblemsMax) {
      this.#problemsMore++;
      return;
    }
    const { value } = problem;
    const isLong = value !== undefined && value.length > importLimits.valueCharactersMax;
    this.#problems.push(isLong ? { ...problem, value: `${value.slice(0, importLimits.valueCharactersMax)}…` } : problem);
  }

  take(timeMs: number, values: number): void {
    this.stored++;
    this.values += values;
    this.#fromMs = Math.min(this.#fromMs, timeMs);
    this.#toMs = Math.max(this.#toMs, timeMs);
  }

  outcome(): ImportOutcome {
    const { samples, stored, unchanged, values, isWhole } = this;
    const isAny = stored > 0;
    return {
      isWhole,
      samples,
      stored,
      unchanged,
      refused: samples - stored - unchanged,
      values,
      fromMs: isAny ? this.#fromMs : null,
      toMs: isAny ? this.#toMs : null,
      reasons: this.#reasons,
      // What was wrong in a value is found after what was wrong in its line.
      problems: this.#problems.toSorted((a, b) => a.line - b.line),
      problemsMore: this.#problemsMore,
    };
  }
}
