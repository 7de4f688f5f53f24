import { type RejectionReason, rejectionReasons } from '@milepost/contract';
import { ingestLimits } from './limits.ts';
import type { Adjustment, Rejection, Verdict } from './types.ts';

const nothing: readonly never[] = [];

/** A value short enough to be sent back. */
const echo = (value: unknown): unknown => {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  const json = JSON.stringify(value) ?? '';
  if (json.length <= ingestLimits.echoedValueCharactersMax) return value;
  return `${json.slice(0, ingestLimits.echoedValueCharactersMax)}…`;
};

/** Collects what is to be told of one report. Nothing is allocated for a report without a flaw. */
export class VerdictBuilder {
  #rejected: Rejection[] | undefined;
  #rejectedMore = 0;
  #adjusted: Adjustment[] | undefined;
  readonly counts: Record<RejectionReason, number> = Object.fromEntries(rejectionReasons.map((reason) => [reason, 0])) as Record<
    RejectionReason,
    number
  >;
  adjustedCount = 0;

  reset(): void {
    this.#rejected = undefined;
    this.#rejectedMore = 0;
    this.#adjusted = undefined;
  }

  rejectValue(sample: number, signal: string, value: unknown, reason: RejectionReason): void {
    this.#add({ sample, signal, value: echo(value), reason });
  }

  rejectSample(sample: number, value: unknown, reason: RejectionReason): void {
    this.#add({ sample, value: echo(value), reason });
  }

  rejectReport(reason: RejectionReason): void {
    this.#add({ reason });
  }

  adjust(sample: number, timeMs: number, storedMs: number): void {
    this.adjustedCount++;
    this.#adjusted ??= [];
    if (this.#adjusted.length >= ingestLimits.verdictsListedMax) return;
    this.#adjusted.push({ sample, time: new Date(timeMs).toISOString(), storedAs: new Date(storedMs).toISOString() });
  }

  build(stored: number, isPending: boolean): Verdict {
    return {
      stored,
      isPending,
      rejected: this.#rejected ?? nothing,
      rejectedMore: this.#rejectedMore,
      adjusted: this.#adjusted ?? nothing,
    };
  }

  #add(rejection: Rejection): void {
    this.counts[rejection.reason]++;
    this.#rejected ??= [];
    if (this.#rejected.length < ingestLimits.verdictsListedMax) this.#rejected.push(rejection);
    else this.#rejectedMore++;
  }
}
