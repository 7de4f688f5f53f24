import type { ErrorCode } from '@milepost/contract';

/** What went wrong, by the code that the server answered, in words for who uses the page rather than the API. */
export default {
  bad_request: 'The server could not read what this page asked for.',
  invalid_field: 'One of the fields has a value that is not allowed: {field}.',
  unauthorized: 'You are not signed in.',
  token_expired: 'Your sign-in has expired.',
  revoked: 'This device was revoked.',
  second_factor_needed: 'You need the code of your second factor.',
  certificate_refused: 'The certificate was not accepted.',
  forbidden: 'You may not do this.',
  confirmation_needed: 'This needs your password once more.',
  forbidden_origin: 'The request came from a page that is not part of Milepost.',
  not_found: 'It is not there (any more).',
  method_not_allowed: 'The server does not offer this.',
  already_exists: 'It exists already.',
  in_use: 'It is still in use.',
  link_used: 'This link was used, or is too old.',
  payload_too_large: 'That is more than the server takes at once.',
  unsupported_media_type: 'The server does not read this kind of file.',
  too_many_requests: 'Too many requests: wait a moment and try again.',
  too_many_failures: 'Too many failed tries: wait a moment and try again.',
  overloaded: 'The server has too much to do. Nothing is lost; try again in a moment.',
  disk_full: 'The disk of the server is nearly full: new reports are refused, reading goes on.',
  unavailable: 'A part of the server does not answer right now. Try again in a moment.',
  superseded: 'Another server has taken this over. Reload the page.',
  internal: 'The server made a mistake. It was written to its log.',
} as const satisfies Record<ErrorCode, string>;
