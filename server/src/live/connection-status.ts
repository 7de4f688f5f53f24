import type { ConnectionStatus, StatusReason } from '@milepost/contract';
import type { ConnectionEventName } from '../events/index.ts';

/** What can happen to a vehicle's connection. The three last are deadlines of the clock. See status.md. */
export type StatusEvent = 'report' | ConnectionEventName | 'lateDue' | 'offlineDue' | 'proofDue';

interface Step {
  readonly to: ConnectionStatus;
  /**
   * keep: as it was · none · goodbye · ask: the remembered reason, else the server's own silence, the battery or plain silence.
   */
  readonly reason: 'keep' | 'none' | 'goodbye' | 'ask';
  /** What is remembered to explain a silence that may follow. */
  readonly remember: 'keep' | 'clear' | 'token_expired' | 'revoked';
}

const stay = (to: ConnectionStatus): Step => ({ to, reason: 'keep', remember: 'keep' });
const heard: Step = { to: 'online', reason: 'none', remember: 'clear' };
const left: Step = { to: 'offline', reason: 'goodbye', remember: 'clear' };

const common = (status: ConnectionStatus): Record<StatusEvent, Step> => ({
  report: heard,
  opened: stay(status),
  goodbye: left,
  closed: stay(status),
  tokenExpired: { ...stay(status), remember: 'token_expired' },
  revoked: { ...stay(status), remember: 'revoked' },
  serverStarted: stay(status),
  serverStopped: stay(status),
  serverAlive: stay(status),
  clockStepped: stay(status),
  lateDue: stay(status),
  offlineDue: stay(status),
  proofDue: stay(status),
});

/** Every status, every event: nothing is left to chance. */
export const statusTable: Readonly<Record<ConnectionStatus, Readonly<Record<StatusEvent, Step>>>> = {
  never_seen: {
    ...common('never_seen'),
    goodbye: stay('never_seen'),
    tokenExpired: stay('never_seen'),
    revoked: stay('never_seen'),
  },
  online: { ...common('online'), lateDue: { to: 'late', reason: 'ask', remember: 'keep' } },
  late: { ...common('late'), offlineDue: { to: 'offline', reason: 'ask', remember: 'keep' } },
  offline: {
    ...common('offline'),
    goodbye: stay('offline'),
    tokenExpired: stay('offline'),
    revoked: stay('offline'),
    proofDue: { to: 'offline', reason: 'ask', remember: 'keep' },
  },
};

export interface StatusSituation {
  readonly status: ConnectionStatus;
  readonly reason: StatusReason;
  readonly remembered: StatusReason;
}

/** What is known about a silence when a deadline passes. */
export interface SilenceFacts {
  readonly isServerSuspect: boolean;
  readonly isBatteryLow: boolean;
}

/** What is remembered comes first, because the device or the operator did it; then our own fault; then the device's. */
export const silenceReason = (remembered: StatusReason, facts: SilenceFacts): StatusReason => {
  if (remembered !== 'none') return remembered;
  if (facts.isServerSuspect) return 'server_down';
  return facts.isBatteryLow ? 'device_battery_low' : 'silent';
};

/** The situation after an event. Pure. */
export const decideStatus = (before: StatusSituation, event: StatusEvent, facts: SilenceFacts): StatusSituation => {
  const step = statusTable[before.status][event];
  const remembered = step.remember === 'keep' ? before.remembered : step.remember === 'clear' ? 'none' : step.remember;
  const reason =
    step.reason === 'keep' ? before.reason : step.reason === 'ask' ? silenceReason(before.remembered, facts) : step.reason;
  return { status: step.to, reason, remembered };
};

/** A time when the server could not hear: after `fromMs` (last known alive) until `toMs` (started again). */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The first moment at which a silence since `lastSeenMs` is the vehicle's own: not before the timeout, and the server listened
 * without a break for a whole timeout before it. Outages ascend.
 */
export const provenSilenceMs = (lastSeenMs: number, timeoutMs: number, outages: readonly Outage[]): number => {
  let proven = lastSeenMs + timeoutMs;
  for (const outage of outages) if (outage.fromMs < proven && outage.toMs > proven - timeoutMs) proven = outage.toMs + timeoutMs;
  return proven;
};
