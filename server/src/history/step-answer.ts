import type { CollectedSignal, RowCollector } from './row-collector.ts';
import type { HistoryResult, StepColumn } from './types.ts';

type StepResult = NonNullable<HistoryResult['steps']>[number];

/** Sums of one signal over the step that is being filled, and what was finished. */
class SignalSteps {
  min: number[] = [];
  max: number[] = [];
  mean: number[] = [];
  last: number[] = [];
  count: number[] = [];
  texts: (string | null)[] = [];
  isText = false;
  #min = Number.NaN;
  #max = Number.NaN;
  #sum = 0;
  #last = Number.NaN;
  #count = 0;
  #text: string | null = null;

  add({ numbers, texts, words }: CollectedSignal, row: number): boolean {
    const value = numbers[row] as number;
    const index = texts === undefined ? Number.NaN : (texts[row] as number);
    if (!Number.isNaN(index)) {
      this.isText = true;
      this.#text = words[index] as string;
    } else if (Number.isNaN(value)) return false;
    else this.#addNumber(value);
    this.#count++;
    return true;
  }

  #addNumber(value: number): void {
    if (!(this.#min <= value)) this.#min = value;
    if (!(this.#max >= value)) this.#max = value;
    this.#sum += value;
    this.#last = value;
  }

  closeStep(): void {
    this.min.push(this.#min);
    this.max.push(this.#max);
    this.mean.push(this.#count > 0 && !Number.isNaN(this.#last) ? this.#sum / this.#count : Number.NaN);
    this.last.push(this.#last);
    this.count.push(this.#count);
    this.texts.push(this.#text);
    this.#min = Number.NaN;
    this.#max = Number.NaN;
    this.#sum = 0;
    this.#last = Number.NaN;
    this.#count = 0;
    this.#text = null;
  }

  finish(): StepResult {
    const count = Float64Array.from(this.count);
    if (this.isText) return { texts: this.texts, count };
    const column: StepColumn = {
      min: Float64Array.from(this.min),
      max: Float64Array.from(this.max),
      mean: Float64Array.from(this.mean),
      last: Float64Array.from(this.last),
      count,
    };
    return column;
  }
}

/** Rows of the answer as steps that begin at multiples of the width since 1970. Steps without a value are left out. */
export class StepAnswer {
  readonly #stepMs: number;
  readonly #rowsMax: number;
  readonly #signals: SignalSteps[];
  readonly #times: number[] = [];
  #startMs = Number.NaN;
  #endMs = Number.NEGATIVE_INFINITY;
  #hasValue = false;

  constructor(signalCount: number, stepMs: number, rowsMax: number) {
    this.#stepMs = stepMs;
    this.#rowsMax = rowsMax;
    this.#signals = Array.from({ length: signalCount }, () => new SignalSteps());
  }

  add(collected: RowCollector): number | undefined {
    const { order, times, signals } = collected;
    const count = order ? order.length : collected.rows;
    for (let i = 0; i < count; i++) {
      const row = order ? (order[i] as number) : i;
      const time = times[row] as number;
      if (time >= this.#endMs) {
        this.#closeStep();
        this.#startMs = Math.floor(time / this.#stepMs) * this.#stepMs;
        this.#endMs = this.#startMs + this.#stepMs;
      }
      for (let s = 0; s < signals.length; s++) {
        if ((this.#signals[s] as SignalSteps).add(signals[s] as CollectedSignal, row)) this.#hasValue = true;
      }
      if (this.#hasValue && this.#times.length >= this.#rowsMax) return this.#startMs;
    }
    return undefined;
  }

  #closeStep(): void {
    if (!this.#hasValue) return;
    this.#times.push(this.#startMs);
    for (const signal of this.#signals) signal.closeStep();
    this.#hasValue = false;
  }

  /** `isCut`: the step being filled belongs to the next answer. */
  finish(isCut: boolean): { readonly times: Float64Array; readonly steps: StepResult[] } {
    if (!isCut) this.#closeStep();
    return { times: Float64Array.from(this.#times), steps: this.#signals.map((signal) => signal.finish()) };
  }
}
