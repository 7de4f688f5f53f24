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
