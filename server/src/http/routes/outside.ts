import type { OutsideIdentityView } from '@milepost/contract/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerError } from '../../kernel/index.ts';
import type { OutsideIdentity, OutsideProvider } from '../../people/index.ts';
import { readCookie, writeCookie } from '../access/cookies.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { confirmedOf, isSecure, letIn, signedInOf, whence } from './people.ts';

const identityView = (
  { id, issuer, email, createdMs, lastUsedMs }: OutsideIdentity,
  providers: readonly OutsideProvider[],
): OutsideIdentityView => {
  const provider = providers.find((one) => one.issuer === issuer);
  const [createdAt, lastUsedAt] = [toIso(createdMs), toIsoOrNull(lastUsedMs)];
  return { id, provider: provider?.id ?? null, name: provider?.name ?? issuer, email, createdAt, lastUsedAt };
};

const errandSeconds = 600;

/** Providers of OpenID Connect. What the browser carries there and back is in a cookie that it cannot read. */
export const addOutsideRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { access, clock, people } = deps;
  const { outside, sessions } = people;
  const cookieName = `${access.cookieName}_outside`;
  const keep = (request: FastifyRequest, reply: FastifyReply, errand: string, maxAgeSeconds: number): void => {
    reply.header('set-cookie', writeCookie(cookieName, errand, { maxAgeSeconds, isSecure: isSecure(request, deps) }));
  };
  routes.add('beginOutsideSignIn', async ({ body, request, reply }) => {
    const { url, errand } = await outside.begin(body.provider, body.to);
    keep(request, reply, errand, errandSeconds);
    return { url };
  });
  routes.add('beginOutsideLink', async ({ body, caller, request, reply }) => {
    const { url, errand } = await outside.begin(body.provider, '/account', confirmedOf(caller, clock));
    keep(request, reply, errand, errandSeconds);
    return { url };
  });
  routes.add('finishOutside', async ({ body, request, reply }) => {
    const errand = readCookie(request.headers.cookie, cookieName);
    if (errand === undefined) throw new CallerError('link_used', 'this began in another browser, or too long ago: begin anew');
    const value = readCookie(request.headers.cookie, access.cookieName);
    const signedIn = value === undefined ? undefined : await sessions.bySession(value, request.client.address);
    // Whatever comes of it, it is over: the provider's code works once.
    keep(request, reply, '', 0);
    const { session, to } = await outside.finish(errand, body.query, signedIn, whence(request));
    return { person: session ? letIn(reply, session, deps) : null, to };
  });
  routes.add('listMyIdentities', async ({ caller }) => {
    const items = await outside.list(signedInOf(caller).person);
    return { items: items.map((one) => identityView(one, outside.providers())) };
  });
  routes.add('unlinkMyIdentity', ({ params, caller, request }) =>
    outside.unlink(confirmedOf(caller, clock).person, params.id, whence(request)),
  );
};
