import { randomBytes } from 'node:crypto';
import type { NewPasskeyQuestionView, PasskeyQuestionView, PasskeyView } from '@milepost/contract/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { NewPasskeyQuestion, Passkey, PasskeyQuestion } from '../../people/index.ts';
import { readCookie, writeCookie } from '../access/cookies.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { confirmedOf, isSecure, letIn, signedInOf, whence } from './people.ts';

const passkeyView = ({ id, name, isBackedUp, createdMs, lastUsedMs }: Passkey): PasskeyView => ({
  id,
  name,
  isBackedUp,
  createdAt: toIso(createdMs),
  lastUsedAt: toIsoOrNull(lastUsedMs),
});
const questionView = ({ challenge, rpId, timeoutMs, credentials }: PasskeyQuestion): PasskeyQuestionView => ({
  challenge,
  rpId,
  timeoutMs,
  credentials: credentials.map(({ id, transports }) => ({ id, transports: [...transports] })),
});
const newQuestionView = (question: NewPasskeyQuestion): NewPasskeyQuestionView => ({
  ...questionView(question),
  userHandle: question.userHandle,
  algorithms: [...question.algorithms],
});

/** A browser that is not signed in is known again by a random value for a day, so that an answer of another browser is refused. */
const browserSeconds = 86_400;
const valuePattern = /^[\w-]{43}$/;
const cookieName = ({ access }: Pick<HttpDeps, 'access'>): string => `${access.cookieName}_door`;
const browserOf = (request: FastifyRequest, deps: HttpDeps): string | undefined => {
  const value = readCookie(request.headers.cookie, cookieName(deps));
  return value !== undefined && valuePattern.test(value) ? value : undefined;
};
/** The same for all pages of the browser: one that was opened later does not spoil the question of another. */
const knowBrowser = (request: FastifyRequest, reply: FastifyReply, deps: HttpDeps): string => {
  const value = browserOf(request, deps) ?? randomBytes(32).toString('base64url');
  const options = { maxAgeSeconds: browserSeconds, isSecure: isSecure(request, deps) };
  reply.header('set-cookie', writeCookie(cookieName(deps), value, options));
  return value;
};

const addSignInRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { passkeys } = deps.people;
  routes.add('readWaysIn', () => ({
    passkeyOrigin: passkeys.origin()?.origin ?? null,
    isDemo: deps.config.isDemo,
    providers: deps.people.outside.providers().map(({ id, name }) => ({ id, name })),
  }));
  routes.add('askPasskeySignIn', ({ request, reply }) => questionView(passkeys.askSignIn(knowBrowser(request, reply, deps))));
  routes.add('signInByPasskey', async ({ body, request, reply }) => {
    const browser = browserOf(request, deps) ?? '';
    return letIn(reply, await passkeys.signIn(body.answer, browser, whence(request)), deps);
  });
};

const addOwnRoutes = (routes: RouteRegistrar, { people, clock }: HttpDeps): void => {
  const { passkeys } = people;
  routes.add('askPasskeyConfirmation', async ({ caller }) => questionView(await passkeys.askConfirmation(signedInOf(caller))));
  routes.add('confirmMeByPasskey', ({ body, caller, request }) =>
    passkeys.confirm(signedInOf(caller), body.answer, whence(request)),
  );
  routes.add('listMyPasskeys', async ({ caller }) => ({
    items: (await passkeys.list(signedInOf(caller).person)).map(passkeyView),
  }));
  routes.add('askNewPasskey', async ({ caller }) => newQuestionView(await passkeys.askNew(confirmedOf(caller, clock))));
  routes.add('addMyPasskey', async ({ body, caller, request }) =>
    passkeyView(await passkeys.add(confirmedOf(caller, clock), body.name, body.credential, whence(request))),
  );
  routes.add('renameMyPasskey', ({ params, body, caller }) => passkeys.rename(signedInOf(caller).person, params.id, body.name));
  routes.add('removeMyPasskey', ({ params, caller, request }) =>
    passkeys.remove(confirmedOf(caller, clock).person, params.id, whence(request)),
  );
};

export const addPasskeyRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  addSignInRoutes(routes, deps);
  addOwnRoutes(routes, deps);
};
