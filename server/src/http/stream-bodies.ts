import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { CallerError, type Clock } from '../kernel/index.ts';

/** Lets the routes of an instance have bodies of these types, and no others, as they arrive. */
export const addStreamBodies = (fastify: FastifyInstance, types: readonly string[]): void => {
  fastify.removeAllContentTypeParsers();
  for (const type of types) fastify.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  fastify.addContentTypeParser('*', (_request, _payload, done) => {
    const expected = types.join(' or ');
    done(new CallerError('unsupported_media_type', `the body must be ${expected}`, { field: 'Content-Type', expected }));
  });
};

export interface StreamLimits {
  readonly bytesMax: number;
  /** Longest wait for the next of it. */
  readonly stallMs: number;
}

const tooLarge = (bytesMax: number): CallerError =>
  new CallerError('payload_too_large', `the file is larger than ${bytesMax} bytes: what was read before is stored`, {
    field: 'body',
    expected: `at most ${bytesMax} bytes`,
  });

/** A body as it arrives. Throws `payload_too_large` past its limit; a client that sends nothing for too long is cut. */
export const readBody = async function* (
  body: IncomingMessage,
  { bytesMax, stallMs }: StreamLimits,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const waitOn = (): (() => void) =>
    clock.after(stallMs, () => body.destroy(new CallerError('bad_request', 'the rest of the file did not come')));
  let cancel = waitOn();
  try {
    // Who is answered before the end must still be able to hear it.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      cancel();
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield chunk;
      cancel = waitOn();
    }
  } finally {
    cancel();
    // The rest is on its way and nobody reads it.
    body.resume();
  }
};
