import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CallerError } from '../../kernel/index.ts';

/** RFC 6455, 1.3 */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const version = '13';
/** Sixteen bytes in base64. */
const keyPattern = /^[+/0-9A-Za-z]{22}==$/;

const expect = (field: string, value: string | undefined, expected: string): CallerError =>
  new CallerError('bad_request', `${field} is ${value ?? 'missing'}, expected ${expected}`, { field, value, expected });

/** The key of a request for a WebSocket (RFC 6455, 4.2.1). Throws a CallerError on any other request. */
export const readUpgrade = ({ method, headers }: IncomingMessage): string => {
  const { upgrade } = headers;
  const key = headers['sec-websocket-key'];
  const asked = headers['sec-websocket-version'];
  if (method !== 'GET') throw expect('the method', method, 'GET');
  if (upgrade?.toLowerCase() !== 'websocket') throw expect('Upgrade', upgrade, 'websocket');
  if (key === undefined || !keyPattern.test(key)) throw expect('Sec-WebSocket-Key', key, '16 bytes in base64');
  if (asked !== version) throw expect('Sec-WebSocket-Version', asked, version);
  return key;
};

/** The answer that grants it: no extension, no subprotocol. */
export const acceptUpgrade = (key: string): string => {
  const accept = createHash('sha1')
    .update(key + acceptGuid)
    .digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
};
