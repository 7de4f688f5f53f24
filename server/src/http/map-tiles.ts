import { type FileHandle, open } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CallerError } from '../kernel/index.ts';

/** Where the archive of map tiles is served, if the server has one. */
export const mapTilesPath = '/map/tiles.pmtiles';

/** Of a file, the last byte included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that a request asks for (RFC 9110, 14). Undefined: the whole file, also when several are asked for, which a server may
 * leave out; 'unsatisfiable': it begins behind the end.
 */
export const readRange = (header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined => {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '')
    return last === '0' || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size - 1 };
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
};

const sendPart = async (handle: FileHandle, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  const { size, mtimeMs } = await handle.stat();
  const etag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`;
  reply.headers({ 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache', etag });
  // A part of another file than the one that the browser knows would be nonsense to it.
  const { range: asked, 'if-range': known } = request.headers;
  const range = known === undefined || known === etag ? readRange(asked, size) : undefined;
  if (range === 'unsatisfiable') {
    await handle.close();
    return reply.code(416).header('content-range', `bytes */${size}`).send();
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  reply.type('application/vnd.pmtiles').header('content-length', String(end - start + 1));
  return reply.send(handle.createReadStream({ start, end }));
};

/** Serves one archive of map tiles, by parts. Which file it is, the configuration says: nothing of a request names one. */
export const addMapTiles = (fastify: FastifyInstance, file: string | undefined): void => {
  if (file === undefined) return;
  fastify.get(
    mapTilesPath,
    { schema: { hide: true }, config: { access: 'known' }, exposeHeadRoute: false },
    async (request, reply) => {
      const handle = await open(file, 'r').catch((cause: unknown) => {
        throw new CallerError('not_found', 'the map tiles are not there any more', { cause });
      });
      try {
        return await sendPart(handle, request, reply);
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
  );
};
