import { accessTokenItems, type ActivityView, apiLimits, type PersonSessionView, type PersonView } from '@milepost/contract/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditRecord } from '../../audit/index.ts';
import { assert, CallerError, invalidField } from '../../kernel/index.ts';
import {
  type AccessToken,
  checkConfirmed,
  type Membership,
  type NewSession,
  type Person,
  type Session,
  type SignedIn,
  type Whence,
} from '../../people/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { readCookie, writeCookie } from '../access/cookies.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const personView = (person: Person, memberships: readonly Membership[]): PersonView => ({
  id: person.id,
  email: person.email,
  userName: person.userName,
  name: person.name,
  language: person.language,
  createdAt: toIso(person.createdMs),
  hasPassword: person.hasPassword,
  hasSecondFactor: person.hasTotp,
  passkeys: person.passkeys,
  memberships: memberships.map(({ id, kind, name, role }) => ({ organisationId: id, kind, name, role })),
});

const sessionView = (session: Session, own: Session | null): PersonSessionView => ({
  id: session.id,
  isThisOne: session.id === own?.id,
  method: session.method,
  userAgent: session.userAgent,
  address: session.address,
  createdAt: toIso(session.createdMs),
  lastUsedAt: toIso(session.lastUsedMs),
  expiresAt: toIso(session.expiresMs),
});

const tokenView = (token: AccessToken) => ({
  id: token.id,
  name: token.name,
  items: accessTokenItems.filter((item) => token.items.includes(item)),
  createdAt: toIso(token.createdMs),
  lastUsedAt: toIsoOrNull(token.lastUsedMs),
  expiresAt: toIso(token.expiresMs),
});

/** Who took over a car is not told to whom it was before, and from where somebody else acts to nobody. */
const activityView = (
  { eventNo, atMs, act, actorPersonNo, actorName, address, detail }: AuditRecord,
  { personNo }: Person,
): ActivityView => {
  const isByYou = actorPersonNo === personNo;
  return {
    id: String(eventNo),
    at: toIso(atMs),
    act,
    by: isByYou || act !== 'vehicle_transferred' ? actorName : null,
    isByYou,
    address: isByYou || actorPersonNo === null ? address : '',
    detail: { ...detail },
  };
};

/** From where a request comes. */
export const whence = (request: FastifyRequest): Whence => ({
  address: request.client.address,
  userAgent: request.headers['user-agent'] ?? '',
});

/** Of routes with the access `person`. */
export const signedInOf = (caller: Caller): SignedIn & { readonly session: Session } => {
  assert(caller.actor === 'person' && caller.signedIn.session, 'a person in a browser was let in');
  return { ...caller.signedIn, session: caller.signedIn.session };
};

/** The same, when who it is was confirmed a moment ago. Throws `confirmation_needed`. */
export const confirmedOf = (caller: Caller, clock: HttpDeps['clock']): SignedIn & { readonly session: Session } => {
  const signedIn = signedInOf(caller);
  checkConfirmed(signedIn.session, clock.now());
  return signedIn;
};

type CookieDeps = Pick<HttpDeps, 'access' | 'config' | 'clock'>;

/** A cookie of this browser is for https alone. */
export const isSecure = ({ client }: FastifyRequest, { config }: Pick<HttpDeps, 'config'>): boolean =>
  config.isHttps || client.isHttps;

/** Gives the browser its session. */
export const setSessionCookie = (reply: FastifyReply, { value, expiresMs }: NewSession, deps: CookieDeps): void => {
  const maxAgeSeconds = Math.floor((expiresMs - deps.clock.now()) / 1000);
  reply.header(
    'set-cookie',
    writeCookie(deps.access.cookieName, value, { maxAgeSeconds, isSecure: isSecure(reply.request, deps) }),
  );
};

export const letIn = (reply: FastifyReply, session: NewSession, deps: CookieDeps): PersonView => {
  setSessionCookie(reply, session, deps);
  return personView(session.signedIn.person, session.signedIn.memberships);
};

/** Accounts by people who have none here yet, or who are about to sign in. */
const addSignInRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { people, access } = deps;
  routes.add('signIn', async ({ body, request, reply }) => letIn(reply, await people.signIn.signIn(body, whence(request)), deps));
  routes.add('enterDemo', async ({ body, request, reply }) => {
    if (!deps.config.isDemo) throw new CallerError('not_found', 'this is no demo');
    return letIn(reply, await people.accounts.letInDemo(body.as, whence(request)), deps);
  });
  routes.add('askSignUp', async ({ body, request }) => {
    await people.accounts.askSignUp(body.email, body.language ?? null, whence(request));
  });
  routes.add('readLink', ({ body }) => people.accounts.readLink(body.code, body.purpose));
  routes.add('signUp', async ({ body, request, reply }) => {
    const { code, name, password, language = null } = body;
    return letIn(reply, await people.accounts.signUp(code, { name, password, language }, whence(request)), deps);
  });
  routes.add('askPasswordReset', async ({ body, request }) => {
    await people.accounts.askReset(body.email, body.language ?? null, whence(request));
  });
  routes.add('resetPassword', async ({ body, request }) => {
    await people.accounts.reset(body.code, body.password, whence(request));
  });
  routes.add('changeEmail', async ({ body, request }) => {
    await people.accounts.changeEmail(body.code, whence(request));
  });
  routes.add('makeFirstOperator', async ({ body, request, reply }) => {
    const { code, email, name, password, language = null } = body;
    const useLink = async (): Promise<void> => {
      if (!(await access.consumeSignInCode(code)))
        throw new CallerError('link_used', 'this link was used, or is too old: start Milepost again to get a new one');
    };
    const account = { name, password, language };
    return letIn(reply, await people.accounts.makeFirstOperator(email, account, useLink, whence(request)), deps);
  });
};

/** How somebody gets in. Each asks that the password was given a moment ago. */
const addSecretRoutes = (routes: RouteRegistrar, { people, clock }: HttpDeps): void => {
  const confirmed = (caller: Caller) => confirmedOf(caller, clock);
  routes.add('confirmMe', async ({ body, caller, request }) => {
    const { session, person } = signedInOf(caller);
    await people.signIn.confirm(session, person.email, body.password, body.code, whence(request));
  });
  routes.add('askEmailChange', ({ body, caller, request }) =>
    people.accounts.askEmailChange(confirmed(caller).person, body.email, whence(request)),
  );
  routes.add('changePassword', ({ body, caller, request }) =>
    people.own.changePassword(confirmed(caller), body.password, whence(request)),
  );
  routes.add('startSecondFactor', ({ caller }) => people.own.startTotp(confirmed(caller).person));
  routes.add('confirmSecondFactor', ({ body, caller, request }) =>
    people.own.confirmTotp(confirmed(caller).person, body.code, whence(request)),
  );
  routes.add('removeSecondFactor', ({ caller, request }) => people.own.removeTotp(confirmed(caller).person, whence(request)));
  routes.add('makeMyToken', async ({ body, caller, request }) => {
    const { text, token } = await people.own.makeToken(confirmed(caller).person, body, whence(request));
    return { text, token: tokenView(token) };
  });
};

const addOwnRoutes = (routes: RouteRegistrar, { people }: HttpDeps): void => {
  routes.add('readMe', ({ caller }) => {
    const { person, memberships } = signedInOf(caller);
    return personView(person, memberships);
  });
  routes.add('changeMe', async ({ body, caller }) => {
    const { person, memberships } = signedInOf(caller);
    return personView(await people.own.change(person, body), memberships);
  });
  routes.add('listMySessions', async ({ caller }) => {
    const { person, session } = signedInOf(caller);
    return { items: (await people.sessions.list(person.personNo)).map((one) => sessionView(one, session)) };
  });
  routes.add('endMySession', async ({ params, caller, request }) => {
    const { person } = signedInOf(caller);
    const ended = await people.sessions.end(person.personNo, { id: params.id }, whence(request));
    if (ended === 0) throw new CallerError('not_found', 'there is no session with this id');
  });
  routes.add('endMyOtherSessions', async ({ caller, request }) => {
    const { person, session } = signedInOf(caller);
    return { ended: await people.sessions.end(person.personNo, { exceptId: session.id }, whence(request)) };
  });
  routes.add('listMyTokens', async ({ caller }) => ({
    items: (await people.own.tokens(signedInOf(caller).person)).map(tokenView),
  }));
  routes.add('endMyToken', ({ params, caller, request }) =>
    people.own.endToken(signedInOf(caller).person, params.id, whence(request)),
  );
  routes.add('listMyActivity', async ({ query, caller }) => {
    const { person } = signedInOf(caller);
    const { limit = apiLimits.pageSizeDefault, cursor } = query;
    const beforeNo = cursor === undefined ? null : Number(cursor);
    if (beforeNo !== null && !Number.isSafeInteger(beforeNo)) throw invalidField('cursor', cursor, '`next` of the page before');
    const found = await people.own.activity(person, beforeNo, limit + 1);
    const items = found.slice(0, limit).map((record) => activityView(record, person));
    return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  });
};

/** Ends the session that the cookie is of, if it is one, and takes the cookie away in any case. */
const addSignOutRoute = (routes: RouteRegistrar, { people, access, config }: HttpDeps): void => {
  routes.add('endSession', async ({ request, reply }) => {
    const value = readCookie(request.headers.cookie, access.cookieName);
    const signedIn = value === undefined ? undefined : await people.sessions.bySession(value, request.client.address);
    const { person, session } = signedIn ?? {};
    if (person && session) await people.sessions.end(person.personNo, { id: session.id }, whence(request), true);
    reply.header('set-cookie', writeCookie(access.cookieName, '', { maxAgeSeconds: 0, isSecure: isSecure(request, { config }) }));
  });
};

export const addPeopleRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  addSignInRoutes(routes, deps);
  addSignOutRoute(routes, deps);
  addSecretRoutes(routes, deps);
  addOwnRoutes(routes, deps);
};
