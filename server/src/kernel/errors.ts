import { type ErrorCode, errorCodes } from '@milepost/contract';

export interface ErrorDetails {
  readonly field?: string;
  readonly value?: unknown;
  readonly expected?: string;
  readonly existingId?: string;
  readonly retryAfterSeconds?: number;
  /** Kept for the log, never sent. */
  readonly cause?: unknown;
}

/** An error with a code of the closed list. `message` is public; `cause` stays inside. */
export class MilepostError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** The caller can mend it by calling differently. */
export class CallerError extends MilepostError {}

/** Neither the caller nor we erred: disk, database, load. `retryAfterSeconds` says when to try again. */
export class OperationalError extends MilepostError {}

/** A value that the caller gave does not fit: names the field, the value and what was expected. */
export const invalidField = (field: string, value: unknown, expected: string): CallerError =>
  new CallerError('invalid_field', `${field} is ${JSON.stringify(value) ?? 'missing'}, expected ${expected}`, {
    field,
    value,
    expected,
  });

/** Our own mistake: something that cannot be, was. Ends the operation, is logged with its stack, answers 500. */
export class BugError extends MilepostError {
  constructor(message: string, cause?: unknown) {
    super('internal', message, cause === undefined ? {} : { cause });
  }
}

/** States an invariant. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}
