import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCodes } from '@milepost/contract';
import type { MilepostError } from '../../kernel/index.ts';

/** Answers an upgrade that is not granted, as problem details, and ends the connection. */
export const refuseUpgrade = (socket: Duplex, error: MilepostError): void => {
  if (socket.destroyed) return;
  const body = JSON.stringify({
    type: `/docs/errors#${error.code}`,
    title: errorCodes[error.code].title,
    status: error.status,
    code: error.code,
    detail: error.message,
  });
  const { retryAfterSeconds } = error.details;
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    // RFC 6455, 4.4: what would be understood.
    'Sec-WebSocket-Version: 13',
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
};
