import assert from 'node:assert/strict';
import { decodeMapFrame, type MapFrame, type StreamMessage, streamMessage } from '@milepost/contract/stream';
import { Value } from 'typebox/value';
import { WebSocket } from 'ws';

const waitMaxMs = 10_000;

export interface Heard {
  readonly frames: MapFrame[];
  readonly messages: StreamMessage[];
}

export interface StreamClient extends Heard {
  readonly socket: WebSocket;
  send(message: object): void;
  /** Resolves when what was heard fits; fails after ten seconds. */
  until<T>(find: (heard: Heard) => T | undefined): Promise<T>;
  /** The close code. */
  readonly closed: Promise<number>;
}

/** A browser of `/v1/stream`: keeps every frame and message, each checked against the contract. */
export const openStreamClient = async (address: string, headers: Record<string, string>): Promise<StreamClient> => {
  const socket = new WebSocket(address, { headers });
  const heard: Heard = { frames: [], messages: [] };
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) heard.frames.push(decodeMapFrame(data));
    else {
      const message: unknown = JSON.parse(data.toString('utf8'));
      assert.deepEqual(Value.Errors(streamMessage, message), [], data.toString('utf8').slice(0, 300));
      heard.messages.push(message as StreamMessage);
    }
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)));
    socket.once('error', reject);
  });
  const until = <T>(find: (all: Heard) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const give = setTimeout(
        () => reject(new Error(`not heard within ${waitMaxMs} ms: ${JSON.stringify(heard).slice(0, 1000)}`)),
        waitMaxMs,
      );
      const look = (): void => {
        const found = find(heard);
        if (found === undefined) return;
        clearTimeout(give);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { ...heard, socket, send: (message) => socket.send(JSON.stringify(message)), until, closed };
};
