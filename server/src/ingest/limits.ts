import { samplesPerReportMax } from '../events/index.ts';

/** Named limits of everything that comes in. docs/limits.md says what happens at each. */
export const ingestLimits = {
  samplesPerReportMax,
  /** Signals of a binary report beyond as many as are known: with more the report is refused, not each value. */
  unknownSignalsMax: 64,
  /** Rejections and adjustments listed in one answer; further ones are counted. */
  verdictsListedMax: 256,
  /** A rejected value is echoed up to this many characters of its JSON. */
  echoedValueCharactersMax: 100,
  /** A sample further ahead of the server's clock than this is moved (`adjusted`). */
  clockAheadMaxMs: 5 * 60_000,
  bootMax: 4_294_967_295,
  seqMax: 4_503_599_627_370_495,
} as const;

/** Named limits of a file that is imported. docs/limits.md says what happens at each. */
export const importLimits = {
  /** Samples of one record, and characters of the cells that they come from. */
  samplesPerRecordMax: 1000,
  charactersPerRecordMax: 256 * 1024,
  /** Samples that wait until it was looked up which of them are there already, and characters of their cells: each look reads all that memory has of the vehicle. */
  samplesPerLookUpMax: 16_000,
  charactersPerLookUpMax: 4 * 1024 * 1024,
  /** Samples further apart are looked up in history by a query each. */
  lookUpGapMs: 3_600_000,
  lookUpRowsMax: 10_000,
  /** One line of a CSV file. */
  csvRowBytesMax: 64 * 1024,
  csvBytesPerSlice: 16 * 1024,
  /** A value is told up to so many characters. */
  valueCharactersMax: 100,
} as const;
