import { readJson, readSlice } from '../protocols/index.ts';

/** A report that came as JSON in which everything is good, as `ReportScanner` found. */
export class ScannedReport {
  readonly boot: number | undefined;
  readonly seq: number | undefined;
  readonly sampleCount: number;
  /** In the memory that it came in: copy what is kept. */
  readonly text: Uint8Array;
  /** The text is NDJSON, a sample a line; else it is one report. */
  readonly isLines: boolean;

  constructor(text: Uint8Array, isLines: boolean, sampleCount: number, boot: number | undefined, seq: number | undefined) {
    this.text = text;
    this.isLines = isLines;
    this.sampleCount = sampleCount;
    this.boot = boot;
    this.seq = seq;
  }

  /** The samples value by value, for whoever has to say something of one. */
  parse(): unknown {
    if (this.isLines) return readSlice({ bytes: this.text, lines: this.sampleCount, firstLine: 0 });
    return (readJson(this.text) as { readonly samples?: unknown } | undefined)?.samples;
  }

  /** The same in memory of its own: what a network library hands over lies in a larger buffer. */
  copy(): ScannedReport {
    return new ScannedReport(this.text.slice(), this.isLines, this.sampleCount, this.boot, this.seq);
  }
}
