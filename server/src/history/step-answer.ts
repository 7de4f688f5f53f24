import type { RolledChunk } from './choose-rollups.ts';
import { type RolledSignal, RollupReader } from './read-rollups.ts';
import type { CollectedSignal, RowCollector } from './row-collector.ts';
import type { HistoryResult } from './types.ts';

type StepResult = NonNullable<HistoryResult['steps']>[number];

/** Room for so many steps is made at once. */
const stepsReservedMax = 65_536;
const columnNames = ['min', 'max', 'mean', 'last', 'count'] as const;
type Columns = Record<(typeof columnNames)[number], Float64Array<ArrayBuffer>>;
const makeColumns = (length: number): Columns => ({
  min: new Float64Array(length),
  max: new Float64Array(length),
  mean: new Float64Array(length),
  last: new Float64Array(length),
  count: new Float64Array(length),
});

/** Sums of one signal over the step that is being filled, and what was finished. */
class SignalSteps {
  #steps = 0;
  #columns: Columns;
  /** By step; only of a signal that is a text. */
  #texts: (string | null)[] = [];
  #isText = false;
  #min = Number.NaN;
  #max = Number.NaN;
  #sum = 0;
  #last = Number.NaN;
  #count = 0;
  #text: string | null = null;

  constructor(steps: number) {
    this.#columns = makeColumns(steps);
  }

  add({ numbers, texts, words }: CollectedSignal, row: number): boolean {
    const value = numbers[row] as number;
    const index = texts === undefined ? Number.NaN : (texts[row] as number);
    if (!Number.isNaN(index)) {
      this.#isText = true;
      this.#text = words[index] as string;
    } else if (Number.isNaN(value)) return false;
    else this.#addNumber(value);
    this.#count++;
    return true;
  }

  /** Values of a minute that are summed up already. */
  addRolled({ counts, min, max, sums, last }: RolledSignal, i: number): boolean {
    const count = counts[i] as number;
    if (count === 0) return false;
    if (!(this.#min <= (min[i] as number))) this.#min = min[i] as number;
    if (!(this.#max >= (max[i] as number))) this.#max = max[i] as number;
    this.#sum += sums[i] as number;
    this.#last = last[i] as number;
    this.#count += count;
    return true;
  }

  #addNumber(value: number): void {
    if (!(this.#min <= value)) this.#min = value;
    if (!(this.#max >= value)) this.#max = value;
    this.#sum += value;
    this.#last = value;
  }

  closeStep(): void {
    const at = this.#steps++;
    if (at === this.#columns.min.length) this.#grow();
    const { min, max, mean, last, count } = this.#columns;
    min[at] = this.#min;
    max[at] = this.#max;
    mean[at] = this.#count > 0 && !Number.isNaN(this.#last) ? this.#sum / this.#count : Number.NaN;
    last[at] = this.#last;
    count[at] = this.#count;
    if (this.#text !== null) this.#texts[at] = this.#text;
    this.#min = Number.NaN;
    this.#max = Number.NaN;
    this.#sum = 0;
    this.#last = Number.NaN;
    this.#count = 0;
    this.#text = null;
  }

  #grow(): void {
    const larger = makeColumns(this.#steps * 2);
    for (const name of columnNames) larger[name].set(this.#columns[name]);
    this.#columns = larger;
  }

  finish(): StepResult {
    const steps = this.#steps;
    const { min, max, mean, last, count } = this.#columns;
    const texts = this.#texts;
    if (this.#isText)
      return { texts: Array.from({ length: steps }, (_, i) => texts[i] ?? null), count: count.subarray(0, steps) };
    return {
      min: min.subarray(0, steps),
      max: max.subarray(0, steps),
      mean: mean.subarray(0, steps),
      last: last.subarray(0, steps),
      count: count.subarray(0, steps),
    };
  }
}

/** Rows of the answer as steps that begin at multiples of the width since 1970. Steps without a value are left out. */
export class StepAnswer {
  readonly #stepMs: number;
  readonly #rowsMax: number;
  readonly #signals: SignalSteps[];
  readonly #times: number[] = [];
  readonly #reader: RollupReader;
  #startMs = Number.NaN;
  #endMs = Number.NEGATIVE_INFINITY;
  #hasValue = false;

  /** `periodMs`: how much time is read, which bounds the steps. */
  constructor(signalNumbers: readonly number[], stepMs: number, rowsMax: number, periodMs: number) {
    this.#stepMs = stepMs;
    this.#rowsMax = rowsMax;
    const steps = Math.max(16, Math.min(stepsReservedMax, rowsMax + 1, Math.ceil(periodMs / stepMs) + 2));
    this.#signals = signalNumbers.map(() => new SignalSteps(steps));
    this.#reader = new RollupReader(signalNumbers);
  }

  /** Rows of a window and, in order of time, chunks that lie between them. Answers the time to go on with when the answer is full. */
  add(collected: RowCollector, rolled: readonly RolledChunk[] = []): number | undefined {
    const { order, times } = collected;
    const count = order ? order.length : collected.rows;
    let next = 0;
    for (let i = 0; i < count; i++) {
      const row = order ? (order[i] as number) : i;
      const time = times[row] as number;
      for (let chunk = rolled[next]; chunk && chunk.fromMs < time; chunk = rolled[++next]) {
        const cut = this.#addRolled(chunk);
        if (cut !== undefined) return cut;
      }
      const cut = this.#addRow(collected, row, time);
      if (cut !== undefined) return cut;
    }
    for (; next < rolled.length; next++) {
      const cut = this.#addRolled(rolled[next] as RolledChunk);
      if (cut !== undefined) return cut;
    }
    return undefined;
  }

  #addRow({ signals }: RowCollector, row: number, time: number): number | undefined {
    if (time >= this.#endMs) this.#openStep(time);
    for (let s = 0; s < signals.length; s++) {
      if ((this.#signals[s] as SignalSteps).add(signals[s] as CollectedSignal, row)) this.#hasValue = true;
    }
    return this.#cutAt();
  }

  #addRolled({ section }: RolledChunk): number | undefined {
    this.#reader.open(section);
    const { minutes, times, signals } = this.#reader;
    for (let i = 0; i < minutes; i++) {
      const time = times[i] as number;
      if (time >= this.#endMs) this.#openStep(time);
      for (let s = 0; s < signals.length; s++) {
        const signal = signals[s];
        if (signal?.isThere && (this.#signals[s] as SignalSteps).addRolled(signal, i)) this.#hasValue = true;
      }
      const cut = this.#cutAt();
      if (cut !== undefined) return cut;
    }
    return undefined;
  }

  #openStep(time: number): void {
    this.#closeStep();
    this.#startMs = Math.floor(time / this.#stepMs) * this.#stepMs;
    this.#endMs = this.#startMs + this.#stepMs;
  }

  /** The step being filled is one too many. */
  #cutAt(): number | undefined {
    return this.#hasValue && this.#times.length >= this.#rowsMax ? this.#startMs : undefined;
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
