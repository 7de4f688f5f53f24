import assert from 'node:assert/strict';
import type { FeedEvent } from '@milepost/contract/api';
import { WebSocket } from 'ws';
import { until } from '../../storage/testing/wait.ts';
import type { TestServer } from './open-test-server.ts';

export type Heard = (FeedEvent | { readonly type: 'stream.opened' | 'stream.closing' }) & { readonly cursor: string };

/** What an app hears on a stream. */
export interface TestStream {
  readonly heard: Heard[];
  /** Waits for an event; answers it. */
  next(fits: (event: Heard) => boolean): Promise<Heard>;
  /** How it ended; undefined: it goes on. */
  ended(): string | undefined;
  close(): void;
}

const waiting = (heard: Heard[], ended: () => string | undefined, close: () => void): TestStream => ({
  heard,
  ended,
  close,
  next: async (fits) => {
    await until('an event is heard', () => heard.some(fits) || ended() !== undefined);
    return heard.find(fits) ?? assert.fail(`it ended (${ended()}) after ${JSON.stringify(heard)}`);
  },
});

export const openSocket = async ({ port }: TestServer, token: string, cursor?: string): Promise<TestStream> => {
  const address = `ws://127.0.0.1:${port}/v1/partner/stream${cursor === undefined ? '' : `?cursor=${cursor}`}`;
  const socket = new WebSocket(address, { headers: { authorization: `Bearer ${token}` } });
  const heard: Heard[] = [];
  let end: string | undefined;
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString('utf8')) as Heard));
  socket.on('error', (error) => {
    end ??= error.message;
  });
  socket.on('close', (code, reason) => {
    end ??= `${code} ${reason.toString('utf8')}`;
  });
  const stream = waiting(
    heard,
    () => end,
    () => socket.terminate(),
  );
  await stream.next(({ type }) => type === 'stream.opened');
  return stream;
};

/** By server-sent events. */
export const openEvents = async ({ origin }: TestServer, token: string, lastId?: string): Promise<TestStream> => {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${token}`, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  const answer = await fetch(`${origin}/v1/partner/stream`, { headers, signal: abort.signal });
  assert.equal(answer.status, 200, answer.status === 200 ? '' : await answer.text());
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/);
  const heard: Heard[] = [];
  let end: string | undefined;
  const read = async (): Promise<void> => {
    let text = '';
    for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const lines = new Map(
          block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        const data = lines.get('data');
        if (data === undefined) continue;
        const event = JSON.parse(data) as Heard;
        assert.equal(lines.get('event'), event.type);
        assert.equal(lines.get('id'), event.cursor);
        heard.push(event);
      }
    }
  };
  read().then(
    () => {
      end = 'ended';
    },
    (error: unknown) => {
      end = String(error);
    },
  );
  const stream = waiting(
    heard,
    () => end,
    () => abort.abort(),
  );
  await stream.next(({ type }) => type === 'stream.opened');
  return stream;
};
