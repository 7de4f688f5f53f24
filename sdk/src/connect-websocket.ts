import { closeCodes } from '@milepost/contract';
import { WebSocket } from 'ws';
import { readRetryAfterMs } from './backoff.ts';
import type { Connect, Ending } from './connection.ts';
import { readServerMessage } from './device-messages.ts';
import { clientLimits } from './limits.ts';

const endingOf = (code: number, failure: string): Ending => ({
  why: code === closeCodes.revoked ? 'the device was revoked' : failure || `the connection was closed (${code})`,
  isFinal: code === closeCodes.revoked,
  isTokenOver: code === closeCodes.tokenExpired,
});

/** `/v1/devices/stream`: text and binary frames, cumulative acknowledgements. */
export const connectWebSocket: Connect = ({ server, token, now, listener }) => {
  const url = new URL('/v1/devices/stream', server);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
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
    response.resume();
    request.destroy();
    end({
      why: `the server answered ${response.statusCode}`,
      isTokenOver: response.statusCode === 401,
      retryAfterMs: readRetryAfterMs(response.headers['retry-after'], now()),
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
