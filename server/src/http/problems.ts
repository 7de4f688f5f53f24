import type { ErrorCode, ProblemDetails } from '@milepost/contract';
import { errorCodes } from '@milepost/contract';
import { BugError, CallerError, MilepostError, OperationalError } from '../kernel/index.ts';

export const problemType = 'application/problem+json';

/** The answer to an error. The cause stays inside; an error of ours says no more than that it was one. */
export const problemOf = (error: MilepostError): ProblemDetails => {
  const { code, details } = error;
  const { field, value, expected, existingId, retryAfterSeconds } = details;
  return {
    type: `/docs/errors#${code}`,
    title: errorCodes[code].title,
    status: errorCodes[code].status,
    code,
    ...(code === 'internal' ? {} : { detail: error.message }),
    ...(field === undefined ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    ...(expected === undefined ? {} : { expected }),
    ...(existingId === undefined ? {} : { existingId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
};

interface FrameworkError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
}

const byFrameworkCode: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'the body must be application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'the body is larger than allowed'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad_request', 'the body is empty, expected JSON'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_request', 'the body is not JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'the body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: ['bad_request', 'the address cannot be read'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'a part of the address is too long'],
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  // Of files: an address that leads outside of them.
  403: 'not_found',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  503: 'unavailable',
};

/** Any error that reaches the HTTP layer as one of the closed list. What nobody foresaw is our bug. */
export const toMilepostError = (error: unknown): MilepostError => {
  if (error instanceof MilepostError) return error;
  const { code, statusCode, message } = error as FrameworkError;
  const known = typeof code === 'string' ? byFrameworkCode[code] : undefined;
  if (known) return new CallerError(known[0], known[1], { cause: error });
  const byNumber = typeof statusCode === 'number' ? byStatus[statusCode] : undefined;
  if (byNumber === 'unavailable')
    return new OperationalError('unavailable', 'a part of the server is not available', { retryAfterSeconds: 5, cause: error });
  if (byNumber) return new CallerError(byNumber, typeof message === 'string' ? message : '', { cause: error });
  return new BugError('an error that nobody foresaw', error);
};
