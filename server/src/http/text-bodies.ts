import type { ApiRoute } from '@milepost/contract/api';
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { CallerError } from '../kernel/index.ts';

type TextType = NonNullable<ApiRoute['bodyText']>['type'];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The type of text that the body is; absent: JSON. */
    bodyType?: TextType;
  }
}

const typeOf = (request: FastifyRequest): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** Throws `unsupported_media_type`: another text is not taken for what was asked, nor another encoding of it. */
const checkType = (request: FastifyRequest, expected: TextType): void => {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (typeOf(request) === expected && /^utf-?8$/i.test(charset)) return;
  throw new CallerError('unsupported_media_type', `the body must be ${expected} in UTF-8`, { field: 'Content-Type', expected });
};

const decode = (body: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new CallerError('bad_request', 'the body is not UTF-8', { field: 'body', expected: 'text in UTF-8', cause });
  }
};

/** Lets routes take text. A route that wants JSON refuses it as before. */
export const addTextBodies = (fastify: FastifyInstance): void => {
  fastify.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const { bodyType } = request.routeOptions.config;
      if (bodyType === undefined) throw new CallerError('unsupported_media_type', 'the body must be application/json');
      done(null, decode(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
};

/** What a route of the contract that takes text needs of the framework. */
export const textBodyOptions = ({ bodyText }: ApiRoute): Pick<RouteShorthandOptions, 'bodyLimit' | 'onRequest'> => {
  if (!bodyText) return {};
  return {
    bodyLimit: bodyText.bytesMax,
    onRequest: (request, _reply, done) => {
      try {
        checkType(request, bodyText.type);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  };
};
