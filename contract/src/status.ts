/** How a vehicle stands with us. Online means a report or a heartbeat arrived in time, not that a socket is open. */
export const connectionStatuses = ['never_seen', 'online', 'late', 'offline'] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

/** Why a vehicle is late or offline, where it is known. */
export const statusReasons = [
  'none',
  'silent',
  'goodbye',
  'token_expired',
  'revoked',
  'device_battery_low',
  'server_down',
] as const;
export type StatusReason = (typeof statusReasons)[number];

/** What can be asked for: why vehicles that are late or offline are so. */
export const silenceReasons = statusReasons.filter((reason): reason is SilenceReason => reason !== 'none');
export type SilenceReason = Exclude<StatusReason, 'none'>;
