import type { IncomingMessage } from 'node:http';
import { CallerError } from '../../kernel/index.ts';
import type { Oauth, PartnerToken } from '../../oauth/index.ts';
import type { People, SignedIn } from '../../people/index.ts';
import { readBearer } from '../../protocols/index.ts';
import { readCookie } from './cookies.ts';
import type { Reader } from '../../sharing/index.ts';
import type { OperatorAccess } from './operator-access.ts';

interface CallerBase {
  readonly by: 'token' | 'cookie';
  /** ms; null: without end. */
  readonly expiresAt: number | null;
  /** May do what runs the platform. */
  readonly isOperator: boolean;
  /** As which data of vehicles are read. */
  readonly reader: Reader;
}

/** The bearer of the operator token. */
export interface OperatorCaller extends CallerBase {
  readonly actor: 'operator';
}

/** Somebody with an account: a browser session, or a personal access token. */
export interface PersonCaller extends CallerBase {
  readonly actor: 'person';
  readonly signedIn: SignedIn;
}

/** An app of a partner, with the token that a person gave it. */
export interface PartnerCaller extends CallerBase {
  readonly actor: 'partner';
  readonly token: PartnerToken;
}

export type Caller = OperatorCaller | PersonCaller | PartnerCaller;

export interface AccessParts {
  readonly access: OperatorAccess;
  readonly people: { readonly sessions: Pick<People['sessions'], 'bySession' | 'byToken'> };
}

const tokenReader: Reader = { personNo: null, isStaff: true, customerNos: [] };
const operator: OperatorCaller = { actor: 'operator', by: 'token', expiresAt: null, isOperator: true, reader: tokenReader };

const isPlatformOperator = ({ memberships }: SignedIn): boolean =>
  memberships.some(({ kind, role }) => kind === 'platform' && role === 'operator');

const readerOf = ({ person, memberships }: SignedIn): Reader => ({
  personNo: person.personNo,
  isStaff: memberships.some(({ kind }) => kind === 'platform'),
  customerNos: memberships.flatMap(({ kind, customerNo }) => (kind === 'customer' && customerNo !== null ? [customerNo] : [])),
});

const personCaller = (signedIn: SignedIn): PersonCaller => ({
  actor: 'person',
  by: signedIn.token ? 'token' : 'cookie',
  expiresAt: (signedIn.token ?? signedIn.session)?.expiresMs ?? 0,
  isOperator: isPlatformOperator(signedIn),
  reader: readerOf(signedIn),
  signedIn,
});

/** Finds out who calls, from the bearer token or else the session cookie. Throws `unauthorized`, `unavailable`. */
export const authenticate = async (
  headers: IncomingMessage['headers'],
  address: string,
  { access, people }: AccessParts,
): Promise<Caller> => {
  if (headers.authorization !== undefined) {
    const token = readBearer(headers.authorization);
    if (token !== undefined && access.isToken(token)) return operator;
    const signedIn = token === undefined ? undefined : await people.sessions.byToken(token);
    if (signedIn) return personCaller(signedIn);
    throw new CallerError('unauthorized', 'the token in Authorization is not known here, has ended, or has expired');
  }
  const session = readCookie(headers.cookie, access.cookieName);
  const signedIn = session === undefined ? undefined : await people.sessions.bySession(session, address);
  if (signedIn) return personCaller(signedIn);
  throw new CallerError('unauthorized', 'expected Authorization: Bearer <token>, or a browser that is signed in');
};

/**
 * Finds out which app calls a route of partners, and for whom. A token that was given for something else (to know who signed in) is refused as
 * one that is not known. Throws `unauthorized`, `unavailable`.
 */
const nobody: Reader = { personNo: null, isStaff: false, customerNos: [] };
export const authenticatePartner = async (
  headers: IncomingMessage['headers'],
  { tokens, audience }: Pick<Oauth, 'tokens' | 'audience'>,
): Promise<PartnerCaller> => {
  const bearer = headers.authorization === undefined ? undefined : readBearer(headers.authorization);
  const token = bearer === undefined ? undefined : await tokens.find(bearer);
  if (token?.audience === audience())
    return { actor: 'partner', by: 'token', expiresAt: token.expiresMs, isOperator: false, reader: nobody, token };
  throw new CallerError('unauthorized', 'expected Authorization: Bearer <access token of an app, for this API>');
};
