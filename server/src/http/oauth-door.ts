import type { FastifyInstance } from 'fastify';
import { oauthPaths } from '../oauth/index.ts';
import type { HttpDeps } from './types.ts';

const discovery = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];

/** OAuth 2.1 and OpenID Connect: oidc-provider answers by itself, behind our checks of the host and with our headers. */
export const addOauth = async (fastify: FastifyInstance, { oauth }: Pick<HttpDeps, 'oauth'>): Promise<void> => {
  await fastify.register(async (scoped) => {
    // It reads bodies itself.
    scoped.removeAllContentTypeParsers();
    scoped.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const { end_session: _none, authorization, ...paths } = oauthPaths;
    for (const url of [...discovery, authorization, `${authorization}/:uid`, ...Object.values(paths)])
      scoped.route({
        method: ['GET', 'POST', 'OPTIONS'],
        url,
        schema: { hide: true },
        config: { access: 'anyone' },
        handler: async (request, reply) => {
          for (const [name, value] of Object.entries(reply.getHeaders()))
            if (value !== undefined) reply.raw.setHeader(name, value);
          reply.hijack();
          await oauth.handle(request.raw, reply.raw, request.client.address);
        },
      });
  });
};
