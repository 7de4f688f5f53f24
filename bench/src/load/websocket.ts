import net from 'node:net';
import type { LoadOptions, OpenDevice, Tally } from './types.ts';

import type { Payload } from './payloads.ts';

/** A frame with a mask of zeros, which leaves the payload as it is. */
const frameOf = (payload: Buffer, isBinary: boolean): Buffer => {
  const opcode = isBinary ? 0x82 : 0x81;
  const { length } = payload;
  const head = length < 126 ? Buffer.from([opcode, 0x80 | length]) : Buffer.alloc(length < 65_536 ? 4 : 10);
  if (length >= 65_536) {
    head[0] = opcode;
    head[1] = 0xff;
    head.writeBigUInt64BE(BigInt(length), 2);
  } else if (length >= 126) {
    head[0] = opcode;
    head[1] = 0xfe;
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, Buffer.alloc(4), payload]);
};

/** One device that keeps `inFlight` reports on their way, several that are due in one write; or sends what the open loop says. */
export const loadWebSocket = (
  { origin, form, inFlight, reportsPerSecond }: LoadOptions,
  token: string,
  payload: Payload,
  tally: Tally,
): OpenDevice => {
  const server = new URL(origin);
  const socket = net.connect(Number(server.port), server.hostname);
  const sentAt: number[] = [];
  let sent = 0;
  let acked = 0;
  let isOpen = false;
  const fill = (): void => {
    if (reportsPerSecond !== undefined) return;
    const frames: Buffer[] = [];
    const nowMs = performance.now();
    while (sent - acked < inFlight) {
      sent++;
      sentAt.push(nowMs);
      frames.push(frameOf(payload(sent), form === 'binary'));
    }
    if (frames.length > 0) socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
  };
  const heardAck = (seq: number): void => {
    const nowMs = performance.now();
    for (const at of sentAt.splice(0, seq - acked)) tally.latencies.add(nowMs - at);
    tally.reports += seq - acked;
    acked = seq;
  };
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    const text = data.toString('latin1');
    if (!isOpen) {
      if (!text.startsWith('HTTP/1.1 101')) throw new Error(text.slice(0, 500));
      isOpen = true;
      tally.connections++;
    }
    if (text.includes('"rejected"') || text.includes('"error"')) throw new Error(text.slice(0, 500));
    for (const match of text.matchAll(/"ack":(\d+)/g)) heardAck(Number(match[1]));
    fill();
  });
  socket.write(
    `GET /v1/devices/stream HTTP/1.1\r\nHost: ${server.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bWlsZXBvc3QtYmVuY2gtLQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  return {
    sendDue: (dueAt) => {
      if (!isOpen) return;
      sent++;
      sentAt.push(dueAt);
      socket.write(frameOf(payload(sent), form === 'binary'));
    },
  };
};
