import type { IncomingMessage } from 'node:http';
import { CallerError } from '../../kernel/index.ts';
import { readBearer } from '../../protocols/index.ts';
import { readCookie } from './cookies.ts';
import type { OperatorAccess } from './operator-access.ts';

/** Who calls. Only the operator, until people have accounts. */
export interface Caller {
  readonly actor: 'operator';
  readonly by: 'token' | 'cookie';
  /** ms; null: without end. */
  readonly expiresAt: number | null;
}

/** Finds out who calls, from the bearer token or else the session cookie. Throws `unauthorized`. */
export const authenticate = (headers: IncomingMessage['headers'], access: OperatorAccess): Caller => {
  if (headers.authorization !== undefined) {
    const token = readBearer(headers.authorization);
    if (token !== undefined && access.isToken(token)) return { actor: 'operator', by: 'token', expiresAt: null };
    throw new CallerError('unauthorized', 'the token in Authorization is not the operator’s');
  }
  const session = readCookie(headers.cookie, access.cookieName);
  const expiresAt = session === undefined ? undefined : access.sessionExpiry(session);
  if (expiresAt !== undefined) return { actor: 'operator', by: 'cookie', expiresAt };
  throw new CallerError(
    'unauthorized',
    'expected Authorization: Bearer <operator token>, or a browser that was signed in by the link the server printed',
  );
};
