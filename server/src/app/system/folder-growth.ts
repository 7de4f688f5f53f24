import { dayMs } from '../open-parts.ts';

/** Growth is said of so long at most, and after so long at least. */
export const growthWindowMs = dayMs;
export const growthMsMin = 30 * 60_000;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

export interface Growth {
  /** How long it has been watched, ms. */
  readonly measuredForMs: number;
  /** Undefined: not watched for long enough. */
  readonly bytesPerDay: number | undefined;
}

/** How fast something grows, over the last day. */
export class FolderGrowth {
  #samples: Sample[] = [];

  /** `atMs` of a steady clock. */
  add(atMs: number, bytes: number): void {
    this.#samples.push({ atMs, bytes });
    // The one before the window stays, so that all of it is covered.
    while ((this.#samples[1]?.atMs ?? atMs) <= atMs - growthWindowMs) this.#samples.shift();
  }

  read(): Growth {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last) return { measuredForMs: 0, bytesPerDay: undefined };
    const measuredForMs = last.atMs - first.atMs;
    if (measuredForMs < growthMsMin) return { measuredForMs, bytesPerDay: undefined };
    return { measuredForMs, bytesPerDay: ((last.bytes - first.bytes) * dayMs) / measuredForMs };
  }
}

/** Days until the free space is down to the reserve. Undefined: not known, or there is no growth. */
export const daysLeft = (freeBytes: number, reserveBytes: number, { bytesPerDay }: Growth): number | undefined =>
  bytesPerDay === undefined || bytesPerDay <= 0 ? undefined : Math.max(0, freeBytes - reserveBytes) / bytesPerDay;
