import type { QueryAnswer } from './run-query.ts';
import type { RawColumn } from './types.ts';

type StepResult = NonNullable<QueryAnswer['steps']>[number];

interface Sums {
  min: number;
  max: number;
  sum: number;
  last: number;
  count: number;
  text: string | null;
}

const noSums = (): Sums => ({ min: Number.NaN, max: Number.NaN, sum: 0, last: Number.NaN, count: 0, text: null });

const addTo = (sums: Sums, column: RawColumn, row: number): void => {
  if (column.texts) {
    const text = column.texts[row] ?? null;
    if (text === null) return;
    sums.text = text;
    sums.count++;
    return;
  }
  const number = column.numbers[row] as number;
  if (number !== number) return;
  if (!(sums.min <= number)) sums.min = number;
  if (!(sums.max >= number)) sums.max = number;
  sums.sum += number;
  sums.last = number;
  sums.count++;
};

/** Steps of values as they are told; begin at multiples of their width since 1970, as all steps do. */
export class ToldSteps {
  readonly #stepMs: number;
  readonly #rowsMax: number;
  readonly #times: number[] = [];
  /** By signal, by step. */
  readonly #sums: Sums[][];
  readonly #isText: boolean[];

  constructor(signals: number, stepMs: number, rowsMax: number) {
    this.#stepMs = stepMs;
    this.#rowsMax = rowsMax;
    this.#sums = Array.from({ length: signals }, () => []);
    this.#isText = Array.from({ length: signals }, () => false);
  }

  /** Rows that follow those before. Answers the time to go on with when the answer is full. */
  add(times: Float64Array, columns: readonly RawColumn[]): number | undefined {
    for (let row = 0; row < times.length; row++) {
      const startMs = Math.floor((times[row] as number) / this.#stepMs) * this.#stepMs;
      if (this.#times.at(-1) !== startMs) {
        if (this.#times.length >= this.#rowsMax) return startMs;
        this.#times.push(startMs);
        for (const steps of this.#sums) steps.push(noSums());
      }
      columns.forEach((column, s) => {
        if (column.texts) this.#isText[s] = true;
        addTo((this.#sums[s] as Sums[]).at(-1) as Sums, column, row);
      });
    }
    return undefined;
  }

  finish(): { readonly times: Float64Array; readonly steps: StepResult[] } {
    const steps = this.#sums.map((sums, s): StepResult => {
      const count = Float64Array.from(sums, (one) => one.count);
      if (this.#isText[s]) return { texts: sums.map(({ text }) => text), count };
      return {
        min: Float64Array.from(sums, ({ min }) => min),
        max: Float64Array.from(sums, ({ max }) => max),
        mean: Float64Array.from(sums, (one) => (one.count > 0 ? one.sum / one.count : Number.NaN)),
        last: Float64Array.from(sums, ({ last }) => last),
        count,
      };
    });
    return { times: Float64Array.from(this.#times), steps };
  }
}
