import type { MilepostError } from '../../kernel/index.ts';

export interface ReportVerdictMessage {
  readonly rejected: readonly object[];
  readonly rejectedMore: number;
  readonly adjusted: readonly object[];
}

/** Cumulative: every report of this boot up to `seq` is durable, or was rejected. */
export const writeAck = (boot: number, seq: number, serverTime: string): string =>
  `{"boot":${boot},"ack":${seq},"serverTime":"${serverTime}"}`;

export const writeVerdict = (boot: number, seq: number, verdict: ReportVerdictMessage): string =>
  JSON.stringify({
    boot,
    seq,
    rejected: verdict.rejected,
    ...(verdict.rejectedMore > 0 ? { rejectedMore: verdict.rejectedMore } : {}),
    ...(verdict.adjusted.length > 0 ? { adjusted: verdict.adjusted } : {}),
  });

export const writeTokenRenewed = (expiresAtMs: number): string =>
  JSON.stringify({ tokenExpiresAt: new Date(expiresAtMs).toISOString() });

/** An error about the connection, or about one report when boot and seq are given: that report will never be stored. */
export const writeError = (error: MilepostError, report?: { readonly boot: number; readonly seq: number }): string => {
  const { field, value, expected, retryAfterSeconds } = error.details;
  return JSON.stringify({
    ...report,
    error: { code: error.code, detail: error.message, field, value, expected, retryAfterSeconds },
  });
};
