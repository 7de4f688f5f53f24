import { MilepostError, OperationalError } from '../kernel/index.ts';

const retryAfterSeconds = 2;

/** System errors of a socket that leads nowhere, or of a connection that broke. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** SQLSTATE: class 08 connection, 53 resources, 57P0x the server is stopping or starting, 58 system. */
const isAwayState = (code: string): boolean => /^(08|53|57P0|58)/.test(code) && code.length === 5;
/** Messages of the driver that carry no code. */
const isAwayMessage = (message: string): boolean =>
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|Cannot use a pool after/.test(
    message,
  );

export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const isAway = (error: unknown): boolean => {
  const code = codeOf(error);
  if (code !== undefined && (connectionCodes.has(code) || isAwayState(code))) return true;
  if (error instanceof AggregateError) return error.errors.some(isAway);
  return error instanceof Error && isAwayMessage(error.message);
};

/** A driver's error as ours where it means that PostgreSQL is away; anything else stays as it is. */
export const translateError = (error: unknown): unknown => {
  if (error instanceof MilepostError || !isAway(error)) return error;
  return new OperationalError('unavailable', 'the database is not available', { retryAfterSeconds, cause: error });
};

/** Somebody else wrote the same at the same moment: unique_violation, deadlock_detected. */
export const isCollision = (error: unknown): boolean => ['23505', '40P01'].includes(codeOf(error) ?? '');

/** SQLSTATE 23505, and which constraint. */
export const uniqueViolation = (error: unknown): string | undefined =>
  codeOf(error) === '23505' ? String((error as { constraint?: unknown }).constraint) : undefined;
