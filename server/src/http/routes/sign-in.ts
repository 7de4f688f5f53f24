import type { FastifyInstance } from 'fastify';
import { writeCookie } from '../access/cookies.ts';
import { messagePage } from '../message-page.ts';
import { accessLimits } from '../access/operator-access.ts';
import type { HttpDeps } from '../types.ts';

const codeLengthMax = 128;

/** `GET /signin?code=…`: the one-time link that the server prints. Works once, then the browser has a session. */
export const addSignInRoute = (
  fastify: FastifyInstance,
  { access, config, logger }: Pick<HttpDeps, 'access' | 'config' | 'logger'>,
): void => {
  fastify.get(
    '/signin',
    { schema: { hide: true }, config: { access: 'anyone' }, exposeHeadRoute: false },
    async (request, reply) => {
      const { code } = request.query as { readonly code?: unknown };
      reply.header('cache-control', 'no-store');
      if (typeof code !== 'string' || code.length > codeLengthMax || !(await access.consumeSignInCode(code))) {
        logger.warn('a sign-in link was refused', { address: request.socket.remoteAddress });
        const advice =
          'A link works once and for a day. Start Milepost again to get a new one, or open the page in the browser that is signed in.';
        return reply
          .code(401)
          .type('text/html; charset=utf-8')
          .send(messagePage('This sign-in link does not work any more', advice));
      }
      const { value } = access.createSession();
      const maxAgeSeconds = Math.floor(accessLimits.sessionLifetimeMs / 1000);
      return reply
        .header('set-cookie', writeCookie(access.cookieName, value, { maxAgeSeconds, isSecure: config.isHttps }))
        .redirect('/', 303);
    },
  );
};
