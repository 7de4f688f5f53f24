/**
 * Every code that an answer of the API can carry, with its HTTP status and what it tells the caller.
 * Closed: a code is never reused for another meaning. Documented in docs/errors.md.
 */
export const errorCodes = {
  // The caller's fault.
  bad_request: { status: 400, title: 'The request could not be read' },
  invalid_field: { status: 400, title: 'A field has a value that is not allowed' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  token_expired: { status: 401, title: 'The token has expired' },
  revoked: { status: 401, title: 'The device was revoked' },
  second_factor_needed: { status: 401, title: 'The code of the second factor is needed' },
  certificate_refused: { status: 401, title: 'The certificate is not accepted' },
  forbidden: { status: 403, title: 'This is not allowed' },
  confirmation_needed: { status: 403, title: 'The password or passkey is needed once more' },
  forbidden_origin: { status: 403, title: 'The request comes from a page that is not ours' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  already_exists: { status: 409, title: 'It exists already' },
  in_use: { status: 409, title: 'It is still in use' },
  last_in_charge: { status: 409, title: 'Nobody else is in charge of an organisation' },
  erasure_begun: { status: 409, title: 'The erasure has begun' },
  grant_ended: { status: 409, title: 'The grant has ended' },
  grant_widened: { status: 409, title: 'A grant is never widened' },
  link_used: { status: 410, title: 'This link was used or is too old' },
  payload_too_large: { status: 413, title: 'The request is larger than allowed' },
  unsupported_media_type: { status: 415, title: 'This content type is not read here' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  too_many_failures: { status: 429, title: 'Too many failed logins' },
  // Operational: try again later.
  overloaded: { status: 503, title: 'The server is overloaded' },
  disk_full: { status: 503, title: 'The disk is nearly full: new reports are refused, reading goes on' },
  unavailable: { status: 503, title: 'A part of the server is not available' },
  superseded: { status: 503, title: 'Another server has taken this over' },
  // Our bug.
  internal: { status: 500, title: 'An error of ours' },
} as const;
export type ErrorCode = keyof typeof errorCodes;

/** RFC 9457 problem details, the body of every error answer (`application/problem+json`). */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  /** For `invalid_field`: which, what it was, what was expected. */
  readonly field?: string;
  readonly value?: unknown;
  readonly expected?: string;
  /** For `already_exists`: the one that is there. */
  readonly existingId?: string;
  readonly retryAfterSeconds?: number;
}

/** Close codes of our WebSockets, beyond the registered ones. */
export const closeCodes = {
  goingAway: 1001,
  unsupportedData: 1003,
  tooLarge: 1009,
  tryAgainLater: 1013,
  tokenExpired: 4401,
  revoked: 4403,
  tooManyConnections: 4429,
  unreadable: 4400,
} as const;
