import Type, { type Static } from 'typebox';
import { type ErrorCode, errorCodes } from '../errors.ts';
import { oneOf } from './shared.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

/** RFC 9457 problem details: the body of every answer that is an error. */
export const problemDetails = Type.Object(
  {
    type: Type.String({ description: 'Address of the page that explains the code' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: oneOf(codes, { description: 'Closed list: docs/errors.md' }),
    detail: Type.Optional(Type.String()),
    field: Type.Optional(Type.String({ description: 'For `invalid_field`: which field' })),
    value: Type.Optional(Type.Unknown({ description: 'For `invalid_field`: what it was' })),
    expected: Type.Optional(Type.String({ description: 'For `invalid_field`: what is allowed' })),
    existingId: Type.Optional(Type.String({ description: 'For `already_exists`: the one that is there' })),
    retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
  },
  { additionalProperties: false, description: 'RFC 9457 problem details' },
);
export type Problem = Static<typeof problemDetails>;
