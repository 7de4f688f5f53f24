import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { CallerError } from '../../kernel/index.ts';
import { readBearer } from '../bearer.ts';
import { type JsonValue, readJson } from '../json/index.ts';
import { listenerLimits } from '../limits.ts';
import type { TelemetryHandler } from '../types.ts';

/**
 * `POST /v1/telemetry`: one JSON report a request, answered when it is durable. A plugin of its own, because it reads JSON
 * without the checks that other routes want: `ingest` looks at every value itself and names what is wrong.
 */
export const telemetryRoute =
  (handler: TelemetryHandler) =>
  async (fastify: FastifyInstance): Promise<void> => {
    fastify.removeContentTypeParser('application/json');
    fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
      const report = readJson(body as string);
      if (report === undefined) done(new CallerError('bad_request', 'the body is not JSON'));
      else done(null, report);
    });
    fastify.route({
      method: 'POST',
      url: '/v1/telemetry',
      bodyLimit: listenerLimits.frameBytesMax,
      schema: {
        summary: 'Report what a vehicle measured',
        description:
          'One report: samples of one time and many signals each. Answered when it is on disk. `samples: []` is a heartbeat.',
        tags: ['devices'],
        security: [{ deviceToken: [] }],
      },
      handler: (request) => handler.handle(readBearer(request.headers.authorization), request.body as JsonValue),
    });
  };
