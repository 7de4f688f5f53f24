import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type IConnackPacket, type Packet, parser } from 'mqtt-packet';
import type { Connect, Ending } from './connection.ts';
import { readServerMessage } from './device-messages.ts';
import { clientLimits } from './limits.ts';
import { type TlsCredentials, tlsFieldsOf } from './send-request.ts';

const notAuthorized = 0x87;
const badCredentials = 0x86;
const administrative = 0x98;
const banned = 0x8a;
const keepAliveSeconds = 60;
const protocolVersion = 5;
const messageIdMax = 65_535;

const endingOf = (reasonCode: number, reasonString?: string): Ending => ({
  why: `the server ended the connection (0x${reasonCode.toString(16)})${reasonString ? `, ${reasonString}` : ''}`,
  isFinal: reasonCode === administrative || reasonCode === banned,
  isTokenOver: reasonCode === notAuthorized || reasonCode === badCredentials,
});

const openSocket = (mqttServer: string, tls: TlsCredentials): Socket => {
  const { protocol, hostname, port } = new URL(mqttServer);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'mqtts:') {
    // An address is no name that a server could be asked for (RFC 6066).
    const name = isIP(host) ? {} : { servername: host };
    return connectTls({ host, port: Number(port || 8883), ...name, ...tlsFieldsOf(tls) });
  }
  return connectSocket({ host, port: Number(port || 1883) });
};

/** Of a server that names none (MQTT 5, 3.2.2.3.3). */
const receiveMaximumDefault = 65_535;

type Content = string | Buffer;

/**
 * Publishes no more at a time than the server takes without PUBACK: it ends a connection that has more on its way. The rest waits; it is no
 * more than the client keeps.
 */
const makeWindow = (publish: (payload: Content) => void) => {
  let most = receiveMaximumDefault;
  let onTheWay = 0;
  const waiting: Content[] = [];
  const send = (payload: Content): void => {
    if (onTheWay >= most) {
      waiting.push(payload);
      return;
    }
    onTheWay++;
    publish(payload);
  };
  return {
    send,
    allow: (receiveMaximum: number | undefined): void => {
      most = receiveMaximum ?? receiveMaximumDefault;
    },
    acknowledged: (): void => {
      onTheWay--;
      const next = waiting.shift();
      if (next !== undefined) send(next);
    },
  };
};

const greeting = (imei: string, token: string | undefined): Packet => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion,
  clean: true,
  clientId: `sdk-${imei}`,
  keepalive: keepAliveSeconds,
  username: imei,
  ...(token === undefined ? {} : { password: Buffer.from(token) }),
});

/** MQTT 5: a report a PUBLISH of QoS 1; what the server says of it is heard on `…/ack`, where cumulative acknowledgements come, too. */
export const connectMqtt: Connect = ({ mqttServer, imei, token, tls = {}, listener }) => {
  if (mqttServer === undefined) throw new RangeError('mqttServer is not given, expected an address like mqtt://host:1883');
  const topic = (name: string): string => `milepost/v1/${imei}/${name}`;
  const socket = openSocket(mqttServer, tls);
  const incoming = parser({ protocolVersion });
  let messageId = 0;
  let failure = '';
  let isOver = false;
  const end = (ending: Ending): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(pings);
    listener.ended(ending);
    socket.destroy();
  };
  const write = (packet: Packet): void => {
    if (socket.writable) socket.write(generate(packet, { protocolVersion }));
  };
  const sending = makeWindow((payload) => {
    messageId = (messageId % messageIdMax) + 1;
    write({ cmd: 'publish', topic: topic('telemetry'), payload, qos: 1, dup: false, retain: false, messageId });
  });
  const pings = setInterval(() => write({ cmd: 'pingreq' }), keepAliveSeconds * 1000);
  pings.unref();
  const admitted = ({ reasonCode = 0, properties }: IConnackPacket): void => {
    sending.allow(properties?.receiveMaximum);
    if (reasonCode !== 0) end(endingOf(reasonCode, properties?.reasonString));
    else write({ cmd: 'subscribe', messageId: messageIdMax, subscriptions: [{ topic: topic('ack'), qos: 0 }] });
  };
  incoming.on('packet', (packet) => {
    if (isOver) return;
    if (packet.cmd === 'connack') admitted(packet);
    // From here on nothing that is said can be missed.
    else if (packet.cmd === 'suback') listener.opened();
    else if (packet.cmd === 'puback') sending.acknowledged();
    else if (packet.cmd === 'publish') listener.heard(readServerMessage(packet.payload.toString('utf8')));
    else if (packet.cmd === 'disconnect') end(endingOf(packet.reasonCode ?? 0));
  });
  incoming.on('error', (error: Error) => end({ why: error.message }));
  socket.setTimeout(clientLimits.handshakeTimeoutMs + keepAliveSeconds * 1500, () => end({ why: 'the server was silent' }));
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => write(greeting(imei, token)));
  socket.on('data', (data: Buffer) => incoming.parse(data));
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', () => end({ why: failure || 'the connection was closed' }));
  return {
    send: ({ payload }) => sending.send(typeof payload === 'string' ? payload : Buffer.from(payload)),
    renew: (next) => sending.send(JSON.stringify({ token: next })),
    goodbye: () =>
      new Promise((resolve) => {
        isOver = true;
        clearInterval(pings);
        socket.once('close', () => resolve());
        if (!socket.writable) {
          socket.destroy();
          return;
        }
        write({ cmd: 'disconnect', reasonCode: 0 });
        socket.end();
      }),
    terminate: () => end({ why: 'the connection was given up' }),
  };
};
