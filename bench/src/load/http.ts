import net from 'node:net';
import type { LoadOptions, Tally } from './types.ts';

import { contentTypes, type Payload } from './payloads.ts';

/** One device that sends a request, waits for its answer, and sends the next on the same connection. */
export const loadHttp = ({ origin, form }: LoadOptions, token: string, payload: Payload, tally: Tally): void => {
  const server = new URL(origin);
  const socket = net.connect(Number(server.port), server.hostname);
  const head = `POST /v1/telemetry HTTP/1.1\r\nHost: ${server.host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${contentTypes[form]}\r\nContent-Length: `;
  let seq = 0;
  let sentAt = 0;
  let answer = '';
  const next = (): void => {
    const body = payload(++seq);
    sentAt = performance.now();
    socket.write(Buffer.concat([Buffer.from(`${head}${body.length}\r\n\r\n`, 'latin1'), body]));
  };
  socket.setNoDelay(true);
  socket.on('connect', () => {
    tally.connections++;
    next();
  });
  socket.on('data', (data) => {
    answer += data.toString('latin1');
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer.slice(0, 500));
    // The last field of every good answer.
    if (!answer.endsWith('Z"}')) return;
    if (!answer.includes('"rejected":[]')) throw new Error(answer.slice(0, 500));
    answer = '';
    tally.latencies.add(performance.now() - sentAt);
    tally.reports++;
    next();
  });
};
