import { existsSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messagePage } from './message-page.ts';

const yearSeconds = 31_536_000;
/** Names with a hash of their content never change what they hold. */
const hashedName = /[.-][\w-]{8,}\.(js|css|woff2?|svg|png|jpg|webp|wasm|pbf|json)$/;

const cacheControl = (file: string): string =>
  hashedName.test(file) && file.includes(`${path.sep}assets${path.sep}`)
    ? `public, max-age=${yearSeconds}, immutable`
    : 'no-cache';

const notBuilt =
  'The API works. To see the web app, start with "npm start", which builds it, or build it with "npm run build --workspace web".';

/** Addresses that are never a page of the web app. */
const isApiPath = (url: string): boolean => /^\/(v1|openapi\.json|healthz|readyz|metrics)([/?]|$)/.test(url);

/**
 * True when a request that no route takes asks for a page: the web app finds its own way from index.html. A name with an ending
 * (`/app.js`) is a file that is missing.
 */
export const wantsPage = (request: FastifyRequest): boolean => {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const last = (request.url.split('?')[0] ?? '').split('/').at(-1) ?? '';
  return isRead && !isApiPath(request.url) && !last.includes('.') && (request.headers.accept ?? '').includes('text/html');
};

export type SendPage = (reply: FastifyReply) => FastifyReply;

/** Serves the built web app; answers how its page is sent. Without a build the page says so. */
export const serveWebApp = async (fastify: FastifyInstance, webRoot: string): Promise<SendPage> => {
  const isBuilt = existsSync(path.join(webRoot, 'index.html'));
  if (!isBuilt) {
    const sendNotBuilt: SendPage = (reply) =>
      reply
        .code(503)
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(messagePage('The web app is not built', notBuilt));
    fastify.get('/', { schema: { hide: true }, config: { access: 'anyone' } }, (_request, reply) => sendNotBuilt(reply));
    return sendNotBuilt;
  }
  await fastify.register(fastifyStatic, {
    root: webRoot,
    wildcard: true,
    cacheControl: false,
    // The build wrote them: web/tools/compress-build.ts.
    preCompressed: true,
    schemaHide: true,
    setHeaders: (reply, file) => void reply.header('cache-control', cacheControl(file)),
  });
  return (reply) => reply.code(200).sendFile('index.html');
};
