import type { AppendListener } from '../eventlog/index.ts';
import { CallerError, type Clock, OperationalError } from '../kernel/index.ts';
import type { TelemetryAnswer } from '../protocols/index.ts';
import type { Device } from '../registry/index.ts';
import { readSequence } from './read-sequence.ts';
import { refusalError } from './refusal-error.ts';
import type { Ingest, JsonReport, Verdict } from './types.ts';

const answerOf = (verdict: Verdict, seq: number | undefined, clock: Clock): TelemetryAnswer => ({
  ...(seq === undefined ? {} : { ack: seq }),
  stored: verdict.stored,
  rejected: verdict.rejected,
  ...(verdict.rejectedMore > 0 ? { rejectedMore: verdict.rejectedMore } : {}),
  adjusted: verdict.adjusted,
  serverTime: new Date(clock.now()).toISOString(),
});

/** One report, answered when it is durable. */
export const handleTelemetry = (ingest: Ingest, device: Device, report: unknown, clock: Clock): Promise<TelemetryAnswer> => {
  if (typeof report !== 'object' || report === null || Array.isArray(report))
    throw new CallerError('bad_request', 'expected a JSON object with samples');
  const seq = readSequence(report as JsonReport)?.seq;
  return new Promise((resolve, reject) => {
    let verdict: Verdict | undefined;
    const listener: AppendListener = {
      appended: () => {
        if (verdict) resolve(answerOf(verdict, seq, clock));
      },
      appendFailed: (_token, cause) =>
        reject(new OperationalError('unavailable', 'the report could not be stored', { retryAfterSeconds: 30, cause })),
    };
    const submission = ingest.submit(device, report as JsonReport, listener, 0);
    if (submission.refused) {
      reject(refusalError(submission.refused));
      return;
    }
    verdict = submission.verdict;
    if (!verdict.isPending) resolve(answerOf(verdict, seq, clock));
  });
};
