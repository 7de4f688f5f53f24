import type { TlsOptions } from 'node:tls';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import type { TSchema } from 'typebox';
import { CallerError, type Client, type ClientDoor, type Logger, makeClientDoor } from '../kernel/index.ts';
import { httpLimits } from './limits.ts';
import { problemOf, problemType, toMilepostError } from './problems.ts';
import { addTextBodies } from './text-bodies.ts';
import { compileCheck } from './validate.ts';

/** Answers an error as problem details. */
export const sendProblem = (reply: FastifyReply, error: unknown, logger: Logger): FastifyReply => {
  const known = toMilepostError(error);
  if (known.code === 'internal')
    logger.error('a request failed', { method: reply.request.method, route: reply.request.routeOptions.url, error });
  const { retryAfterSeconds } = known.details;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (known.status === 401) reply.header('www-authenticate', 'Bearer realm="milepost"');
  reply.removeHeader('content-disposition');
  // As bytes: Fastify would add a charset to the type of a text, which RFC 9457 does not have.
  const body = Buffer.from(JSON.stringify(problemOf(known)));
  return reply.code(known.status).headers({ 'content-type': problemType, 'cache-control': 'no-store' }).send(body);
};

declare module 'fastify' {
  interface FastifyRequest {
    /** At the other end; not there when it was refused. */
    client: Client;
  }
}

/** With the limits, checks and bodies of the contract. `https`: options of its TLS. */
export const makeFastify = (https: TlsOptions | null = null, door: ClientDoor = makeClientDoor()): FastifyInstance => {
  const waits = { headersTimeout: httpLimits.headersTimeoutMs, connectionsCheckingInterval: httpLimits.connectionCheckMs };
  const options = {
    logger: false,
    ...(https ? { https: { ...https, ...waits } } : { http: waits }),
    bodyLimit: httpLimits.bodyBytesMax,
    routerOptions: { maxParamLength: httpLimits.parameterCharactersMax },
    requestTimeout: httpLimits.requestTimeoutMs,
    keepAliveTimeout: httpLimits.keepAliveMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
  } as const;
  // Which of the two servers it is makes no difference to routes.
  const fastify = Fastify(options as FastifyServerOptions) as FastifyInstance;
  fastify.setValidatorCompiler<TSchema>(({ schema, httpPart }) => compileCheck(schema, httpPart ?? 'value'));
  fastify.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  fastify.decorateRequest('caller', null);
  fastify.decorateRequest('client');
  fastify.addHook('onRequest', (request, _reply, done) => {
    request.client = door.clientOf(request.raw);
    done();
  });
  addTextBodies(fastify);
  return fastify;
};

/** How errors are answered; `notFound`: what else may be meant by an address without a route. */
export const addErrors = (
  fastify: FastifyInstance,
  logger: Logger,
  notFound: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined = () => undefined,
): void => {
  fastify.setErrorHandler((error: FastifyError, _request, reply) => sendProblem(reply, error, logger));
  fastify.setNotFoundHandler((request, reply) => {
    const detail = `there is nothing at ${request.method} ${request.url.slice(0, 200)}`;
    return notFound(request, reply) ?? sendProblem(reply, new CallerError('not_found', detail), logger);
  });
};

/** Ends what is idle, and after a while everything. */
export const closeWithin = async (fastify: FastifyInstance, graceMs: number): Promise<void> => {
  const cut = setTimeout(() => fastify.server.closeAllConnections(), graceMs);
  await fastify.close();
  clearTimeout(cut);
};
