import net from 'node:net';
import type { LoadOptions, OpenDevice, Tally } from './types.ts';
import type { Payload } from './payloads.ts';

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

/** A packet of MQTT 3.1.1: its first byte, the length of the rest in 7 bits a byte, the rest. */
const packet = (first: number, ...parts: readonly Buffer[]): Buffer => {
  const rest = Buffer.concat(parts);
  const head = [first];
  for (let length = rest.length; ; length >>= 7) {
    if (length < 128) {
      head.push(length);
      break;
    }
    head.push((length & 127) | 128);
  }
  return Buffer.concat([Buffer.from(head), rest]);
};

/** One device that keeps `inFlight` reports of QoS 1 on their way; those that are due go out in one write. */
export const loadMqtt = (
  { mqttOrigin = '', inFlight }: LoadOptions,
  token: string,
  imei: string,
  payload: Payload,
  tally: Tally,
): OpenDevice => {
  const server = new URL(mqttOrigin);
  const topic = text(`milepost/v1/${imei}/telemetry`);
  const socket = net.connect(Number(server.port), server.hostname);
  const sentAt: number[] = [];
  let sent = 0;
  let acked = 0;
  let isOpen = false;
  const next = (dueAt: number): Buffer => {
    sent++;
    sentAt.push(dueAt);
    const messageId = (sent % 65_535) + 1;
    return packet(0x32, topic, Buffer.from([messageId >> 8, messageId & 0xff]), payload(sent));
  };
  const fill = (): void => {
    const packets: Buffer[] = [];
    const nowMs = performance.now();
    while (sent - acked < inFlight) packets.push(next(nowMs));
    if (packets.length > 0) socket.write(Buffer.concat(packets));
  };
  socket.setNoDelay(true);
  socket.on('connect', () =>
    socket.write(packet(0x10, text('MQTT'), Buffer.from([4, 0xc2, 0x04, 0xb0]), text(`bench-${imei}`), text(imei), text(token))),
  );
  let rest = 0;
  socket.on('data', (data) => {
    let bytes = data.length;
    if (!isOpen) {
      if (data[0] !== 0x20 || data[3] !== 0) throw new Error(`CONNACK ${data.toString('hex')}`);
      isOpen = true;
      tally.connections++;
      bytes -= 4;
    }
    rest += bytes;
    const nowMs = performance.now();
    for (; rest >= 4; rest -= 4) {
      tally.latencies.add(nowMs - (sentAt.shift() as number));
      tally.reports++;
      acked++;
    }
    fill();
  });
  return { sendDue: (dueAt) => void (isOpen && socket.write(next(dueAt))) };
};
