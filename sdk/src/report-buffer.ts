import { type BufferedReport, type EncodeReport, payloadBytes, reportEncoder, type Sample } from './encode-report.ts';
import { clientLimits } from './limits.ts';
import type { ReportFile } from './report-file.ts';

export type AddResult =
  | { readonly ok: true; readonly report: BufferedReport }
  | { readonly ok: false; readonly reason: 'buffer_full' | 'report_too_large' }
  | { readonly ok: false; readonly reason: 'invalid_value'; readonly detail: string };

export interface ReportBufferOptions {
  readonly boot: number;
  readonly encode?: EncodeReport;
  readonly reportsMax?: number;
  /** Keeps what is not acknowledged over a restart; what it holds already comes first. */
  readonly file?: ReportFile;
}

/** Reports that the server has not acknowledged, in their order. Never forgets one by itself: it refuses the next. */
export class ReportBuffer {
  readonly #boot: number;
  readonly #encode: EncodeReport;
  readonly #reportsMax: number;
  readonly #file: ReportFile | undefined;
  #nextSeq = 1;
  #reports: BufferedReport[];
  #bytes = 0;

  constructor({ boot, encode = reportEncoder('json'), reportsMax = clientLimits.reportsBufferedMax, file }: ReportBufferOptions) {
    this.#boot = boot;
    this.#encode = encode;
    this.#reportsMax = reportsMax;
    this.#file = file;
    this.#reports = file ? [...file.kept] : [];
    for (const { payload } of this.#reports) this.#bytes += payloadBytes(payload);
  }

  get size(): number {
    return this.#reports.length;
  }

  add(samples: readonly Sample[]): AddResult {
    if (this.#reports.length >= this.#reportsMax) return { ok: false, reason: 'buffer_full' };
    const encoded = this.#encode(this.#boot, this.#nextSeq, samples);
    if (!encoded.ok) return encoded;
    const { payload } = encoded;
    const bytes = payloadBytes(payload);
    if (bytes > clientLimits.reportBytesMax) return { ok: false, reason: 'report_too_large' };
    if (this.#bytes + bytes > clientLimits.bytesBufferedMax) return { ok: false, reason: 'buffer_full' };
    const report = { boot: this.#boot, seq: this.#nextSeq++, payload };
    this.#file?.append(report);
    this.#reports.push(report);
    this.#bytes += bytes;
    return { ok: true, report };
  }

  /**
   * Lets go of everything up to (boot, seq); answers how many that were. Reports of an older boot stand before those of a newer and
   * were sent before them, so an acknowledgement covers them, too.
   */
  acknowledge(boot: number, seq: number): number {
    const isCovered = (report: BufferedReport): boolean => report.boot < boot || (report.boot === boot && report.seq <= seq);
    let done = 0;
    for (; done < this.#reports.length; done++) {
      const report = this.#reports[done] as BufferedReport;
      if (!isCovered(report)) break;
      this.#bytes -= payloadBytes(report.payload);
    }
    if (done === 0) return 0;
    this.#reports = this.#reports.slice(done);
    this.#file?.keepOnly(this.#reports);
    return done;
  }

  /** Oldest first. */
  all(): readonly BufferedReport[] {
    return this.#reports;
  }

  close(): void {
    this.#file?.close();
  }
}
