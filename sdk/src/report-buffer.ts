import type { SignalValue } from '@milepost/contract';
import { clientLimits } from './limits.ts';

/** Values of one moment. */
export interface Sample {
  /** ms since the epoch, or ISO 8601 with a zone. */
  readonly time: number | string;
  /** By VSS path. */
  readonly signals: Readonly<Record<string, SignalValue>>;
}

export interface BufferedReport {
  readonly seq: number;
  /** As it goes over the wire. */
  readonly text: string;
}

export type AddResult =
  | { readonly ok: true; readonly report: BufferedReport }
  | { readonly ok: false; readonly reason: 'buffer_full' | 'report_too_large' };

/** Reports in the order of their seq that the server has not acknowledged. Never forgets one by itself: it refuses the next. */
export class ReportBuffer {
  readonly #boot: number;
  readonly #reportsMax: number;
  #nextSeq = 1;
  #reports: BufferedReport[] = [];
  #characters = 0;

  constructor(boot: number, reportsMax: number = clientLimits.reportsBufferedMax) {
    this.#boot = boot;
    this.#reportsMax = reportsMax;
  }

  get size(): number {
    return this.#reports.length;
  }

  add(samples: readonly Sample[]): AddResult {
    if (this.#reports.length >= this.#reportsMax) return { ok: false, reason: 'buffer_full' };
    const text = JSON.stringify({ boot: this.#boot, seq: this.#nextSeq, samples });
    if (Buffer.byteLength(text) > clientLimits.reportBytesMax) return { ok: false, reason: 'report_too_large' };
    if (this.#characters + text.length > clientLimits.charactersBufferedMax) return { ok: false, reason: 'buffer_full' };
    const report = { seq: this.#nextSeq++, text };
    this.#reports.push(report);
    this.#characters += text.length;
    return { ok: true, report };
  }

  /** Lets go of everything up to `seq`; answers how many that were. An ack of another boot says nothing about these. */
  acknowledge(boot: number, seq: number): number {
    if (boot !== this.#boot) return 0;
    let done = 0;
    for (; done < this.#reports.length; done++) {
      const report = this.#reports[done] as BufferedReport;
      if (report.seq > seq) break;
      this.#characters -= report.text.length;
    }
    if (done > 0) this.#reports = this.#reports.slice(done);
    return done;
  }

  /** Oldest first. */
  all(): readonly BufferedReport[] {
    return this.#reports;
  }
}
