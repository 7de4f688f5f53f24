import { readFileSync } from 'node:fs';

const everyMs = 250;

/** Peak resident memory (VmHWM) of a process, MB; undefined when it is not to be had. */
const peakMbOf = (pid: number): number | undefined => {
  try {
    const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
};

/** Follows the memory of a server, also over its restarts. */
export class PeakMemory {
  #peakMb: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pidOf: () => number = () => 0;

  /** Undefined: this system does not tell. */
  get mb(): number | undefined {
    this.#look();
    return this.#peakMb;
  }

  watch(pidOf: () => number): void {
    this.#pidOf = pidOf;
    this.#timer ??= setInterval(() => this.#look(), everyMs);
  }

  /** A peak that was measured elsewhere. */
  note(mb: number): void {
    this.#peakMb = Math.max(this.#peakMb ?? 0, mb);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const mb = peakMbOf(this.#pidOf());
    if (mb !== undefined) this.#peakMb = Math.max(this.#peakMb ?? 0, mb);
  }
}
