import { setImmediate } from 'node:timers/promises';
import type { AppendListener } from '../eventlog/index.ts';
import { CallerError, type Clock, OperationalError } from '../kernel/index.ts';
import {
  type LineSlice,
  readDeviceFrame,
  readJson,
  readSlice,
  type TelemetryAnswer,
  type TelemetryBody,
} from '../protocols/index.ts';
import type { Device } from '../registry/index.ts';
import { ingestLimits } from './limits.ts';
import { readSequence } from './read-sequence.ts';
import { refusalError } from './refusal-error.ts';
import { ScannedReport } from './scanned-report.ts';
import type { Adjustment, Ingest, Rejection, Report, Verdict } from './types.ts';

const answerOf = (verdict: Omit<Verdict, 'isPending'>, seq: number | undefined, clock: Clock): TelemetryAnswer => ({
  ...(seq === undefined ? {} : { ack: seq }),
  stored: verdict.stored,
  rejected: verdict.rejected,
  ...(verdict.rejectedMore > 0 ? { rejectedMore: verdict.rejectedMore } : {}),
  adjusted: verdict.adjusted,
  serverTime: new Date(clock.now()).toISOString(),
});

/** Hears of one report. It is kept until that is durable, so nothing of what the report says may be in its reach. */
class DurableVerdict implements AppendListener {
  readonly #settled = Promise.withResolvers<Verdict>();
  #verdict: Verdict | undefined;

  get promise(): Promise<Verdict> {
    return this.#settled.promise;
  }

  judged(verdict: Verdict): void {
    this.#verdict = verdict;
    if (!verdict.isPending) this.#settled.resolve(verdict);
  }

  refused(error: Error): void {
    this.#settled.reject(error);
  }

  appended(): void {
    if (this.#verdict) this.#settled.resolve(this.#verdict);
  }

  appendFailed(_token: number, cause: Error): void {
    this.refused(new OperationalError('unavailable', 'the report could not be stored', { retryAfterSeconds: 30, cause }));
  }
}

/** Submits a report; resolves when it is durable. Throws `overloaded`, `unavailable`. */
export const submitReport = (ingest: Ingest, device: Device, report: Report): Promise<Verdict> => {
  const listener = new DurableVerdict();
  const submission = ingest.submit(device, report, listener, 0);
  if (submission.refused) listener.refused(refusalError(submission.refused));
  else listener.judged(submission.verdict);
  return listener.promise;
};

/** What became of many reports, as if they had been one: the samples are counted on. */
const joinVerdicts = (verdicts: readonly Verdict[], sizes: readonly number[]): Omit<Verdict, 'isPending'> => {
  const rejected: Rejection[] = [];
  const adjusted: Adjustment[] = [];
  let [stored, rejectedMore, first] = [0, 0, 0];
  for (const [i, verdict] of verdicts.entries()) {
    stored += verdict.stored;
    rejectedMore += verdict.rejectedMore;
    for (const rejection of verdict.rejected) {
      if (rejected.length >= ingestLimits.verdictsListedMax) rejectedMore++;
      else rejected.push(rejection.sample === undefined ? rejection : { ...rejection, sample: rejection.sample + first });
    }
    for (const adjustment of verdict.adjusted)
      if (adjusted.length < ingestLimits.verdictsListedMax) adjusted.push({ ...adjustment, sample: adjustment.sample + first });
    first += sizes[i] as number;
  }
  return { stored, rejected, rejectedMore, adjusted };
};

interface SampleList {
  readonly samples: readonly unknown[];
}

const sizeOf = (report: ScannedReport | SampleList): number =>
  report instanceof ScannedReport ? report.sampleCount : report.samples.length;

/** Many samples, a report for each slice; other work is done between two slices. */
const handleSlices = async (ingest: Ingest, device: Device, slices: Iterable<LineSlice>): Promise<Omit<Verdict, 'isPending'>> => {
  // Read whole before anything is stored: a line that is no JSON refuses the request.
  const read: (ScannedReport | SampleList)[] = [];
  for (const slice of slices) {
    if (read.length > 0) await setImmediate();
    const report = ingest.scan(slice.bytes, true) ?? { samples: readSlice(slice) };
    if (sizeOf(report) > 0) read.push(report);
  }
  if (read.length === 0)
    throw new CallerError('bad_request', 'the body has no line', { field: 'body', expected: 'a sample a line' });
  const sizes = read.map(sizeOf);
  const submitted: Promise<Verdict>[] = [];
  // Let go of one by one: what waits for the disk would be moved about by the collector.
  for (let report = read.shift(); report; report = read.shift()) {
    if (submitted.length > 0) await setImmediate();
    const verdict = submitReport(ingest, device, report);
    // Heard at the end; until then a failure must not count as one that nobody waits for.
    verdict.catch(() => {});
    submitted.push(verdict);
  }
  const settled = await Promise.allSettled(submitted);
  const failed = settled.find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
  const verdicts = settled.map((one) => (one as PromiseFulfilledResult<Verdict>).value);
  return joinVerdicts(verdicts, sizes);
};

const readReport = (text: Uint8Array): Report => {
  const report = readJson(text);
  if (report === undefined) throw new CallerError('bad_request', 'the body is not JSON', { field: 'body', expected: 'JSON' });
  if (typeof report === 'object' && report !== null && !Array.isArray(report)) return report;
  throw new CallerError('bad_request', 'expected a JSON object with samples');
};

/** What one request carries, answered when all of it is durable. A part that was stored is stored once, however often it comes. */
export const handleTelemetry = async (
  ingest: Ingest,
  device: Device,
  body: TelemetryBody,
  clock: Clock,
): Promise<TelemetryAnswer> => {
  if (body.kind === 'lines') return answerOf(await handleSlices(ingest, device, body.slices), undefined, clock);
  const report = body.kind === 'frame' ? readDeviceFrame(body.bytes) : (ingest.scan(body.text, false) ?? readReport(body.text));
  const seq = readSequence(report)?.seq;
  return answerOf(await submitReport(ingest, device, report), seq, clock);
};
