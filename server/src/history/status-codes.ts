import type { ConnectionStatus, StatusReason } from '@milepost/contract';

/** Numbers in the files: a number, once given, keeps its meaning. */
export const statusCodes: Record<ConnectionStatus, number> = { never_seen: 0, online: 1, late: 2, offline: 3 };
export const reasonCodes: Record<StatusReason, number> = {
  none: 0,
  silent: 1,
  goodbye: 2,
  token_expired: 3,
  revoked: 4,
  device_battery_low: 5,
  server_down: 6,
};

const invert = <Name extends string>(codes: Record<Name, number>): ReadonlyMap<number, Name> =>
  new Map(Object.entries(codes).map(([name, code]) => [code as number, name as Name]));

export const statusNames = invert(statusCodes);
export const reasonNames = invert(reasonCodes);
