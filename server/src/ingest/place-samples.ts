import type { ReportColumns } from '../events/index.ts';
import { CallerError, invalidField } from '../kernel/index.ts';
import type { Assignment, Device, Retention } from '../registry/index.ts';
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
  readonly retention: Pick<Retention, 'standard' | 'ruleOf'>;
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

const readTimes = (samples: readonly unknown[], into: Float64Array): void => {
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i];
    into[i] = isSample(sample) ? readSampleTime(sample.time) : Number.NaN;
  }
};

const newestOf = (times: Float64Array, count: number): number => {
  let newestMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) if ((times[i] as number) > newestMs) newestMs = times[i] as number;
  return newestMs;
};

/** Decides time and vehicle of each sample of a JSON report. */
export const placeSamples = (
  samples: readonly unknown[],
  context: PlacingContext,
  into: Placement,
  verdict: VerdictBuilder,
): void => {
  readTimes(samples, into.originalMs);
  into.count = samples.length;
  placeTimes(context, into, verdict, (i) => (isSample(samples[i]) ? samples[i].time : samples[i]));
};

/** Decides time and vehicle of each sample of a binary report. */
export const placeColumns = (report: ReportColumns, context: PlacingContext, into: Placement, verdict: VerdictBuilder): void => {
  into.count = report.sampleCount;
  for (let i = 0; i < report.sampleCount; i++) into.originalMs[i] = report.times[i] as number;
  placeTimes(context, into, verdict, (i) => report.times[i]);
};

/**
 * A sample more than five minutes ahead of the server is stored at receivedAt minus its distance to the newest sample of the
 * report; the vehicle is the one that the device was on at the stored time.
 */
const placeTimes = (
  context: PlacingContext,
  into: Placement,
  verdict: VerdictBuilder,
  timeAsSent: (sample: number) => unknown,
): void => {
  const newestMs = newestOf(into.originalMs, into.count);
  const { receivedAt, device, retention } = context;
  for (let i = 0; i < into.count; i++) {
    const originalMs = into.originalMs[i] as number;
    into.vehicleNos[i] = 0;
    if (Number.isNaN(originalMs)) {
      verdict.rejectSample(i, timeAsSent(i), 'bad_time');
      continue;
    }
    const isAhead = originalMs > receivedAt + ingestLimits.clockAheadMaxMs;
    const storedMs = isAhead ? receivedAt - (newestMs - originalMs) : originalMs;
    const vehicleNo = vehicleAt(device.assignments, storedMs);
    const rule = vehicleNo === 0 ? retention.standard : retention.ruleOf(vehicleNo);
    if (storedMs < receivedAt - rule.longestMs) {
      verdict.rejectSample(i, timeAsSent(i), 'too_old');
      continue;
    }
    if (vehicleNo === 0) {
      verdict.rejectSample(i, timeAsSent(i), 'not_assigned');
      continue;
    }
    if (isAhead) verdict.adjust(i, originalMs, storedMs);
    into.storedMs[i] = storedMs;
    into.vehicleNos[i] = vehicleNo;
  }
};
