import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { httpLimits } from './limits.ts';

const zip = promisify(gzip);
/** Most of the gain for a fraction of the time of the highest level. */
const level = 4;

const isJson = (type: unknown): boolean => typeof type === 'string' && /^application\/(problem\+)?json/.test(type);
const takesGzip = (accepted: string | string[] | undefined): boolean =>
  /(^|,)\s*gzip\s*(,|;(?!\s*q=0(\.0*)?\s*(,|$))|$)/.test(String(accepted ?? ''));

/** Sends JSON that is worth it compressed to whoever takes it: a list of vehicles over a mobile line is a tenth of its size. Streams stay as they are. */
export const addCompression = (fastify: FastifyInstance): void => {
  fastify.addHook('onSend', async (request, reply, payload: unknown) => {
    if (typeof payload !== 'string' || !isJson(reply.getHeader('content-type'))) return payload;
    reply.header('vary', 'Accept-Encoding');
    if (payload.length < httpLimits.compressedBytesMin || !takesGzip(request.headers['accept-encoding'])) return payload;
    const bytes = await zip(payload, { level });
    reply.header('content-encoding', 'gzip');
    reply.removeHeader('content-length');
    return bytes;
  });
};
