import type { FastifyReply } from 'fastify';
import { feedStreamLimits, type StreamEnd, type StreamSink } from '../../feeds/index.ts';
import type { Clock } from '../../kernel/index.ts';

const details: Readonly<Record<StreamEnd, string>> = {
  token_ended: 'the token has ended',
  unavailable: 'try again, with the last id',
  too_slow: 'too slow: try again, with the last id',
  going_away: 'the server stops: try again, with the last id',
};

/** Answers by server-sent events; `gone` is called when nobody hears them any more. */
export const sendEvents = (reply: FastifyReply, clock: Clock, gone: () => void): StreamSink => {
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  reply.hijack();
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  let cancel = (): void => {};
  const beat = (): void => {
    cancel = clock.after(feedStreamLimits.beatEveryMs, () => {
      raw.write(': beat\n\n');
      beat();
    });
  };
  beat();
  raw.on('error', () => raw.destroy());
  raw.once('close', () => {
    cancel();
    gone();
  });
  return {
    send: (type, text, cursor) => void raw.write(`id: ${cursor}\nevent: ${type}\ndata: ${text}\n\n`),
    unsentBytes: () => raw.writableLength,
    close: (end) => {
      raw.end(
        `event: stream.closing\ndata: ${JSON.stringify({ type: 'stream.closing', reason: end, detail: details[end] })}\n\n`,
      );
      if (end === 'too_slow') raw.destroy();
    },
  };
};
