/**
 * The binary report, version 1: columnar, little-endian; the body of a telemetry record, the payload of devices that
 * speak binary, and what history reads. docs/formats/report.md
 *
 *     report    = u8 version (1) · u8 flags · varint samples · [times · [originalTimes] · varint columns · column*]
 *     flags       bit 0: originalTimes follow (a sample was moved because its clock was ahead)
 *     times     = varint first · zigzag step · packed(residuals), time[i] = first + i·step + residual[i]   (ms)
 *     column    = varint gap to the previous signal number (from 0) · u8 head · [presence] · [dictionary] · packed(values)
 *     head        bit 3: presence follows (else every sample has a value) · bit 4: values are indices into a dictionary
 *                 · bits 0–2: width of the packed values
 *     presence  = ceil(samples / 8) bytes, bit i mod 8 of byte i / 8: sample i has a value
 *     dictionary= varint count · (varint byteLength · UTF-8)*
 *     packed    = zigzag base · m × unsigned offset of 0, 1, 2 or 4 bytes, or m × f64 instead of offsets (width 4)
 *
 * A report with 0 samples is a heartbeat: two bytes and a zero.
 * Columns are in ascending order of their signal number, each at most once. Values are the stored integers.
 */
export const reportVersion = 1;
export const reportFlags = { hasOriginalTimes: 1 } as const;
export const packedWidths = [0, 1, 2, 4, 8] as const;
export const columnHead = { widthMask: 0b111, hasPresence: 0b1000, isText: 0b1_0000 } as const;

/** Most samples in one report. */
export const samplesPerReportMax = 4096;
/** Most signals in one report. */
export const columnsPerReportMax = 2048;
/** Times are whole ms from 1970 to the year 2255, so that every difference is a safe integer. */
export const timeMsMax = 9_000_000_000_000;

/** One signal of a decoded report. Arrays are longer than the report: only the first `sampleCount` entries count. */
export interface ReportColumn {
  signalNumber: number;
  /** False: each sample has a value and `present` is not filled. */
  hasPresence: boolean;
  /** 1 where the sample has a value. */
  present: Uint8Array;
  isText: boolean;
  /** Stored integers, or indices into `dictionary` for texts; by sample. */
  values: Float64Array;
  dictionary: string[];
}

/** A report as columns: reused from one decode to the next, so nobody may keep a reference to its arrays. */
export interface ReportColumns {
  sampleCount: number;
  /** Stored sample times, ms. */
  times: Float64Array;
  hasOriginalTimes: boolean;
  /** What the device said, for samples that were moved; equal to `times` otherwise. */
  originalTimes: Float64Array;
  columnCount: number;
  columns: ReportColumn[];
  /** A report with more signals is refused: what the columns may grow to. */
  readonly columnsMax: number;
}

export const hasValue = (column: ReportColumn, sample: number): boolean => !column.hasPresence || column.present[sample] === 1;

export const storedValueOf = (column: ReportColumn, sample: number): number | string =>
  column.isText ? (column.dictionary[column.values[sample] ?? 0] ?? '') : (column.values[sample] ?? 0);
