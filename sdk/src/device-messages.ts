import type { ErrorCode, RejectionReason } from '@milepost/contract';

/** What the server says about values that it did not take as they were. */
export interface ReportVerdict {
  readonly boot: number;
  readonly seq: number;
  readonly rejected: readonly { readonly signal?: string; readonly reason: RejectionReason }[];
  readonly rejectedMore?: number;
  readonly adjusted?: readonly object[];
}

export interface DeviceProblem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly field?: string;
  readonly retryAfterSeconds?: number;
}

export type ServerMessage =
  | { readonly kind: 'ack'; readonly boot: number; readonly ack: number }
  | { readonly kind: 'verdict'; readonly verdict: ReportVerdict }
  | { readonly kind: 'error'; readonly problem: DeviceProblem; readonly seq: number | undefined }
  | { readonly kind: 'renewed' }
  | { readonly kind: 'unknown' };

/** Reads a frame of the server. What is not known is passed over: a newer server may say more. */
export const readServerMessage = (text: string): ServerMessage => {
  let fields: Record<string, unknown>;
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null) return { kind: 'unknown' };
    fields = read as Record<string, unknown>;
  } catch {
    return { kind: 'unknown' };
  }
  const { boot, ack, seq } = fields;
  if (typeof boot === 'number' && typeof ack === 'number') return { kind: 'ack', boot, ack };
  if (typeof fields['error'] === 'object' && fields['error'] !== null) {
    return { kind: 'error', problem: fields['error'] as DeviceProblem, seq: typeof seq === 'number' ? seq : undefined };
  }
  if (Array.isArray(fields['rejected'])) return { kind: 'verdict', verdict: fields as unknown as ReportVerdict };
  return typeof fields['tokenExpiresAt'] === 'string' ? { kind: 'renewed' } : { kind: 'unknown' };
};
