import Type, { type Static } from 'typebox';
import { personView } from './people.ts';
import { anyone, byId, person } from './route.ts';
import { closed, isoTime, nullable, opaqueId } from './shared.ts';

/** A provider of OpenID Connect that the operator has named. */
export const outsideProvider = closed({ id: Type.String(), name: Type.String() });
export type OutsideProviderView = Static<typeof outsideProvider>;

export const outsideIdentity = closed({
  id: opaqueId,
  provider: nullable(Type.String({ description: 'Its id; null: the operator has taken it away' })),
  name: Type.String({ description: 'Of the provider' }),
  email: nullable(Type.String({ description: 'As the provider said it last' })),
  createdAt: isoTime,
  lastUsedAt: nullable(isoTime),
});
export type OutsideIdentityView = Static<typeof outsideIdentity>;

const provider = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$', description: 'Id of a provider' });
const start = closed({ url: Type.String({ description: 'Where the browser is to go' }) });
const tag = 'people';

/** Signing in by providers of OpenID Connect. The browser goes there, and comes back to the page `/outside`. */
export const outsideRoutes = {
  beginOutsideSignIn: anyone({
    method: 'POST',
    path: '/v1/session/outside-errands',
    summary: 'Begin to sign in by another provider',
    description: 'Sets a cookie with which the same browser has to come back within 10 minutes.',
    tag,
    body: closed({ provider, to: Type.String({ pattern: '^/', maxLength: 2048, description: 'Page to go on with' }) }),
    status: 200,
    response: start,
  }),
  finishOutside: anyone({
    method: 'POST',
    path: '/v1/session/outside',
    summary: 'Sign in, or link, with what the provider said',
    description:
      '`already_exists` when an account has the address and is not linked: its person signs in and links it; `forbidden` when the provider has verified no address.',
    tag,
    body: closed({ query: Type.String({ maxLength: 8192, description: 'What the provider has added to the address' }) }),
    status: 200,
    response: closed({ person: nullable(personView), to: Type.String() }),
  }),
  beginOutsideLink: person({
    method: 'POST',
    path: '/v1/me/outside-errands',
    summary: 'Begin to link another provider to the own account',
    tag,
    body: closed({ provider }),
    status: 200,
    response: start,
  }),
  listMyIdentities: person({
    method: 'GET',
    path: '/v1/me/identities',
    summary: 'List the providers that are linked to the own account',
    tag,
    status: 200,
    response: closed({ items: Type.Array(outsideIdentity) }),
  }),
  unlinkMyIdentity: person({
    method: 'DELETE',
    path: '/v1/me/identities/{id}',
    summary: 'Unlink a provider: it lets nobody in any more',
    tag,
    params: byId,
    status: 204,
  }),
} as const;
