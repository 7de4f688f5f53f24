import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../types.ts';
import { setSessionCookie, whence } from './people.ts';

const codePattern = /^[\w.-]{1,128}$/;

/**
 * `GET /signin?code=…`: the one-time link that the server prints. While there is no platform operator it leads to the page on which the first
 * one is made, which uses the code up; after that, to where people sign in. A demo has an operator of its own, and lets it in at once.
 */
export const addSignInRoute = (
  fastify: FastifyInstance,
  deps: Pick<HttpDeps, 'access' | 'config' | 'clock' | 'logger' | 'people'>,
): void => {
  const { access, config, logger, people } = deps;
  fastify.get(
    '/signin',
    { schema: { hide: true }, config: { access: 'anyone' }, exposeHeadRoute: false },
    async (request, reply) => {
      const { code } = request.query as { readonly code?: unknown };
      reply.header('cache-control', 'no-store');
      if (typeof code !== 'string' || !codePattern.test(code)) return reply.redirect('/sign-in', 303);
      if (config.isDemo && (await access.consumeSignInCode(code))) {
        setSessionCookie(reply, await people.accounts.letInDemo('operator', whence(request)), deps);
        return reply.redirect('/', 303);
      }
      if (config.isDemo) logger.warn('a sign-in link was refused', { address: request.client.address });
      const isFirst = !(await people.accounts.hasOperator());
      return reply.redirect(isFirst ? `/first-operator#${code}` : '/sign-in', 303);
    },
  );
};
