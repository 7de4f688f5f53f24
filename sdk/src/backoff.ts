import { clientLimits } from './limits.ts';

/**
 * How long to wait before attempt number `failures` + 1: doubles up to 30 s, half of it random, so that a fleet that lost its
 * server does not come back at one moment. What the server asked for (Retry-After) is the least, with a tenth of jitter on top, and a
 * second at least: it is asked for in whole seconds.
 *
 * @param failures failures in a row, 1 or more
 * @param random 0 ≤ random < 1
 */
export const backoffMs = (failures: number, random: number, retryAfterMs = 0): number => {
  const ceiling = Math.min(clientLimits.backoffMaxMs, clientLimits.backoffFirstMs * 2 ** Math.min(failures - 1, 16));
  const wait = ceiling / 2 + (ceiling / 2) * random;
  return Math.round(Math.max(wait, retryAfterMs > 0 ? retryAfterMs + Math.max(1000, retryAfterMs / 10) * random : 0));
};

/** ms of a Retry-After header (RFC 9110, 10.2.3): seconds or a date; 0 when there is none to be read. */
export const readRetryAfterMs = (header: string | null | undefined, nowMs: number): number => {
  if (!header) return 0;
  if (/^\d{1,7}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
};
