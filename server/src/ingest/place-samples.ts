import { CallerError, invalidField } from '../kernel/index.ts';
import type { Assignment, Device } from '../registry/index.ts';
import { ingestLimits } from './limits.ts';
import { readSampleTime } from './sample-time.ts';
import type { VerdictBuilder } from './verdict.ts';

/** Where and when each sample of a report belongs; vehicleNo 0: the sample is rejected. Reused between reports. */
export interface Placement {
  count: number;
  vehicleNos: Int32Array;
  storedMs: Float64Array;
  originalMs: Float64Array;
}

export const makePlacement = (): Placement => ({
  count: 0,
  vehicleNos: new Int32Array(ingestLimits.samplesPerReportMax),
  storedMs: new Float64Array(ingestLimits.samplesPerReportMax),
  originalMs: new Float64Array(ingestLimits.samplesPerReportMax),
});

/** The vehicle that a device was on at a moment; 0: none. The newest assignment is the likely one. */
export const vehicleAt = (assignments: readonly Assignment[], timeMs: number): number => {
  for (let i = assignments.length - 1; i >= 0; i--) {
    const assignment = assignments[i] as Assignment;
    if (timeMs >= assignment.fromMs && timeMs < assignment.toMs) return assignment.vehicleNo;
  }
  return 0;
};

interface PlacingContext {
  readonly device: Device;
  readonly receivedAt: number;
  readonly retentionMs: number;
}

const isSample = (sample: unknown): sample is { time: unknown } =>
  typeof sample === 'object' && sample !== null && !Array.isArray(sample);

export const asSamples = (samples: unknown): readonly unknown[] => {
  if (!Array.isArray(samples)) throw invalidField('samples', samples, 'a list of samples ([] for a heartbeat)');
  if (samples.length > ingestLimits.samplesPerReportMax) {
    throw new CallerError(
      'payload_too_large',
      `a report has ${samples.length} samples, expected at most ${ingestLimits.samplesPerReportMax}`,
      {
        field: 'samples',
        expected: `at most ${ingestLimits.samplesPerReportMax} samples`,
      },
    );
  }
  return samples;
};

/** Reads the times; answers the newest readable one. */
const readTimes = (samples: readonly unknown[], into: Float64Array): number => {
  let newestMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i];
    const timeMs = isSample(sample) ? readSampleTime(sample.time) : Number.NaN;
    into[i] = timeMs;
    if (timeMs > newestMs) newestMs = timeMs;
  }
  return newestMs;
};

/**
 * Decides time and vehicle of each sample. A sample more than five minutes ahead of the server is stored at receivedAt minus its
 * distance to the newest sample of the report; the vehicle is the one that the device was on at the stored time.
 */
export const placeSamples = (
  samples: readonly unknown[],
  context: PlacingContext,
  into: Placement,
  verdict: VerdictBuilder,
): void => {
  into.count = samples.length;
  const newestMs = readTimes(samples, into.originalMs);
  const { receivedAt, device } = context;
  for (let i = 0; i < samples.length; i++) {
    const originalMs = into.originalMs[i] as number;
    into.vehicleNos[i] = 0;
    if (Number.isNaN(originalMs)) {
      verdict.rejectSample(i, isSample(samples[i]) ? (samples[i] as { time: unknown }).time : samples[i], 'bad_time');
      continue;
    }
    const isAhead = originalMs > receivedAt + ingestLimits.clockAheadMaxMs;
    const storedMs = isAhead ? receivedAt - (newestMs - originalMs) : originalMs;
    if (storedMs < receivedAt - context.retentionMs) {
      verdict.rejectSample(i, (samples[i] as { time: unknown }).time, 'too_old');
      continue;
    }
    const vehicleNo = vehicleAt(device.assignments, storedMs);
    if (vehicleNo === 0) {
      verdict.rejectSample(i, (samples[i] as { time: unknown }).time, 'not_assigned');
      continue;
    }
    if (isAhead) verdict.adjust(i, originalMs, storedMs);
    into.storedMs[i] = storedMs;
    into.vehicleNos[i] = vehicleNo;
  }
};
