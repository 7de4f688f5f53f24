import type { IncomingMessage } from 'node:http';
import { closeCodes } from '@milepost/contract';
import { WebSocket } from 'ws';
import { readRetryAfterMs } from './backoff.ts';
import { authorizationOf, type Connect, type Ending } from './connection.ts';
import { type DeviceProblem, readServerMessage } from './device-messages.ts';
import { clientLimits } from './limits.ts';
import { tlsFieldsOf } from './send-request.ts';

const refusalCharactersMax = 8192;

const endingOf = (code: number, failure: string): Ending => ({
  why: code === closeCodes.revoked ? 'the device was revoked' : failure || `the connection was closed (${code})`,
  isFinal: code === closeCodes.revoked,
  isTokenOver: code === closeCodes.tokenExpired,
});

/** What is wrong, when the server says so in the usual way and the connection holds so long. */
const readRefusal = async (response: IncomingMessage): Promise<DeviceProblem | undefined> => {
  try {
    let text = '';
    for await (const chunk of response) if (text.length < refusalCharactersMax) text += String(chunk);
    const read = JSON.parse(text) as Partial<DeviceProblem> | null;
    return typeof read?.code === 'string' ? { detail: '', ...read, code: read.code } : undefined;
  } catch {
    return undefined;
  }
};

/** `/v1/devices/stream`: text and binary frames, cumulative acknowledgements. */
export const connectWebSocket: Connect = ({ server, token, tls = {}, now, listener }) => {
  const url = new URL('/v1/devices/stream', server);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    headers: authorizationOf(token),
    ...tlsFieldsOf(tls),
    perMessageDeflate: false,
    handshakeTimeout: clientLimits.handshakeTimeoutMs,
  });
  let failure = '';
  let isOver = false;
  const end = (ending: Ending): void => {
    if (isOver) return;
    isOver = true;
    listener.ended(ending);
  };
  socket.on('open', () => listener.opened());
  socket.on('message', (data) => {
    if (!isOver) listener.heard(readServerMessage((data as Buffer).toString('utf8')));
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('unexpected-response', (request, response) => {
    const retryAfterMs = readRetryAfterMs(response.headers['retry-after'], now());
    void readRefusal(response).then((problem) => {
      request.destroy();
      end({
        why: `the server answered ${response.statusCode}${problem ? `, ${problem.code}: ${problem.detail}` : ''}`,
        isFinal: problem?.code === 'revoked',
        isTokenOver: response.statusCode === 401,
        retryAfterMs,
      });
    });
  });
  socket.on('close', (code) => end(endingOf(code, failure)));
  return {
    send: ({ payload }) => socket.send(payload),
    renew: (next) => socket.send(JSON.stringify({ token: next })),
    goodbye: () =>
      new Promise((resolve) => {
        isOver = true;
        socket.once('close', () => resolve());
        if (socket.readyState !== WebSocket.OPEN) {
          socket.terminate();
          return;
        }
        socket.send('{"goodbye":true}');
        socket.close(1000);
      }),
    terminate: () => socket.terminate(),
  };
};
