import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { telemetryAnswer, telemetryReport, telemetrySample } from '@milepost/contract/api';
import { CallerError } from '../../kernel/index.ts';
import { readBearer } from '../bearer.ts';
import { deviceFrameType } from '../binary/read-device-frame.ts';
import { listenerLimits } from '../limits.ts';
import { certificateOf } from '../tls/read-certificate.ts';
import type { TelemetryBody, TelemetryHandler, TelemetryRequest } from '../types.ts';
import { sliceLines } from './read-lines.ts';

const unzip = promisify(gunzip);
const jsonType = 'application/json';
const linesType = 'application/x-ndjson';
/** Where a request keeps who sends it. */
const sender = 'milepostDevice';

const tooLarge = (bytesMax: number): CallerError =>
  new CallerError('payload_too_large', `the body is larger than ${bytesMax} bytes`, { expected: `at most ${bytesMax} bytes` });

/** The body as the device wrote it, at most `bytesMax` long. */
const unpacked = async (request: FastifyRequest, bytesMax: number): Promise<Buffer> => {
  const { body } = request;
  if (!Buffer.isBuffer(body))
    throw new CallerError('bad_request', 'the request has no body', { field: 'body', expected: 'a report' });
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') {
    if (body.length > bytesMax) throw tooLarge(bytesMax);
    return body;
  }
  if (encoding !== 'gzip')
    throw new CallerError('bad_request', `the body has the encoding ${encoding}`, {
      field: 'Content-Encoding',
      value: encoding,
      expected: 'gzip or identity',
    });
  try {
    return await unzip(body, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax);
    throw new CallerError('bad_request', 'the body is not a whole gzip stream', { field: 'body', expected: 'gzip' });
  }
};

const readBody = async (request: FastifyRequest): Promise<TelemetryBody> => {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === deviceFrameType) return { kind: 'frame', bytes: await unpacked(request, listenerLimits.frameBytesMax) };
  if (type === linesType) {
    const body = await unpacked(request, listenerLimits.batchBytesMax);
    return { kind: 'lines', bytes: body.length, slices: sliceLines(body, listenerLimits.samplesPerSliceMax) };
  }
  return { kind: 'json', text: await unpacked(request, listenerLimits.frameBytesMax) };
};

/**
 * `POST /v1/telemetry`: a report as JSON or as a device frame, or many samples as NDJSON; any of them may be compressed with gzip.
 * Answered when it is durable. A plugin of its own, because it reads bodies without the checks that other routes want: `ingest` looks
 * at every value itself and names what is wrong.
 */
export const telemetryRoute =
  (handler: TelemetryHandler) =>
  async (fastify: FastifyInstance): Promise<void> => {
    fastify.removeAllContentTypeParsers();
    fastify.decorateRequest(sender, null);
    fastify.addContentTypeParser([jsonType, linesType, deviceFrameType], { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    fastify.route({
      method: 'POST',
      url: '/v1/telemetry',
      bodyLimit: listenerLimits.batchBytesMax,
      schema: {
        summary: 'Report what a vehicle measured',
        description:
          'A report: samples of one time and many signals each; `samples: []` is a heartbeat. Or many samples as NDJSON, a line each. Or a binary report (docs/formats/device-frame.md). Each may be compressed with gzip. Answered when it is on disk; what is wrong in it is named, all else is kept.',
        operationId: 'reportTelemetry',
        tags: ['devices'],
        security: [{ deviceToken: [] }, { deviceCertificate: [] }],
        body: {
          content: {
            [jsonType]: { schema: telemetryReport },
            [linesType]: { schema: { ...telemetrySample, description: 'A sample a line' } },
            [deviceFrameType]: { schema: { type: 'string', contentEncoding: 'binary' } },
          },
        },
        response: { 200: { description: 'What became of it', content: { [jsonType]: { schema: telemetryAnswer } } } },
      },
      onRequest: async (request) => {
        const { authorization } = request.headers;
        request.setDecorator(sender, await handler.admitRequest(readBearer(authorization), certificateOf(request.raw.socket)));
      },
      // Described for who reads /openapi.json; a report is judged value by value, never refused for one of them.
      validatorCompiler: () => () => true,
      handler: async (request) => {
        const admitted = request.getDecorator<TelemetryRequest>(sender);
        return admitted.handle(await readBody(request));
      },
    });
  };
