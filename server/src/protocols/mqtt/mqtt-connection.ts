import type { Socket } from 'node:net';
import { closeCodes } from '@milepost/contract';
import {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type IUnsubscribePacket,
  generate,
  type Packet,
  parser,
} from 'mqtt-packet';
import { MilepostError } from '../../kernel/index.ts';
import { isDeviceFrame } from '../binary/read-device-frame.ts';
import { mqttLimits } from '../limits.ts';
import { certificateOf } from '../tls/read-certificate.ts';
import type { DeviceGate, DeviceSession } from '../types.ts';
import {
  type ConnectDecision,
  decideConnect,
  type DeviceTopics,
  grantOf,
  type MqttVersion,
  type Reason,
  reasonOfClose,
  reasonOfError,
  reasons,
  refusalOf,
  returnCodeOf,
  topicsOf,
} from './mqtt-rules.ts';

/** What a connection needs of its listener. */
export interface MqttHost {
  readonly gate: DeviceGate;
  /** Steady: a keep alive has nothing to do with the time of day. */
  now(): number;
  /** Calls back once after a delay; the answer cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** For a client that names no identifier: one that no other has. */
  nextClientId(imei: string): string;
  /** The device is known now: an older connection of the same client ends. */
  identified(connection: MqttConnection): void;
  closed(connection: MqttConnection): void;
  /** An error of ours. */
  logBug(error: unknown): void;
}

const pubackType = 0x40;

/** One device by MQTT 3.1.1 or 5. A PUBACK says that the report is on disk, or that it will never be stored (then `…/ack` says why). */
export class MqttConnection {
  readonly #host: MqttHost;
  readonly #socket: Socket;
  readonly #parser = parser();
  #state: 'waiting' | 'admitting' | 'open' | 'over' = 'waiting';
  #version: MqttVersion = 4;
  #topics: DeviceTopics = topicsOf('');
  #session: DeviceSession | undefined;
  /** Packets that came before the device was admitted. */
  #early: Packet[] = [];
  /** Message ids of reports that are not settled yet, in order; 0: QoS 0. */
  #unsettled: number[] = [];
  /** Those of them with QoS 1. */
  #unacknowledged = 0;
  #hearsAcks = false;
  #out: Uint8Array[] = [];
  #isPaused = false;
  #cancelGrace: () => void = () => {};
  /** When this connection is given up unless something comes. */
  deadlineMs: number;
  #keepAliveMs: number = mqttLimits.connectTimeoutMs;
  /** Who it is, for the rule that a newer connection of a client ends the older one. */
  clientKey = '';

  constructor(socket: Socket, host: MqttHost) {
    this.#socket = socket;
    this.#host = host;
    this.deadlineMs = host.now() + mqttLimits.connectTimeoutMs;
    this.#parser.on('packet', (packet) => this.#received(packet));
    this.#parser.on('error', () => this.end(reasons.malformed));
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#read(data));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
  }

  /** Ends the connection; MQTT 5 is told why. */
  end(reason: Reason): void {
    if (this.#state === 'over') return;
    if (this.#state === 'open' && this.#version === 5)
      this.#write(generate({ cmd: 'disconnect', reasonCode: reason }, { protocolVersion: 5 }));
    this.#finish();
  }

  /** What was said goes out, if the device reads it within a named time; then the socket is gone, whatever the device does. */
  #finish(): void {
    this.#state = 'over';
    this.#flush();
    this.#socket.destroySoon();
    this.#cancelGrace = this.#host.after(mqttLimits.endGraceMs, () => this.#socket.destroy());
  }

  #read(data: Buffer): void {
    if (this.#state === 'over') return;
    // Before it is admitted a device has one deadline, which nothing that it sends puts off.
    if (this.#state === 'open') this.#heard();
    this.#parser.parse(data);
    // Looked at before the rest of a large packet is waited for.
    const { length } = (this.#parser as unknown as { packet: { length: number } }).packet;
    const bytesMax = this.#state === 'waiting' ? mqttLimits.connectBytesMax : mqttLimits.packetBytesMax;
    if (length > bytesMax) this.end(reasons.packetTooLarge);
  }

  #received(packet: Packet): void {
    if (this.#state === 'over') return;
    try {
      this.#handle(packet);
    } catch (error) {
      this.#host.logBug(error);
      this.end(reasons.unspecified);
    }
  }

  #handle(packet: Packet): void {
    if (this.#state === 'admitting') {
      if (this.#early.push(packet) > mqttLimits.earlyPacketsMax) this.end(reasons.quotaExceeded);
    } else if (this.#state === 'waiting') {
      if (packet.cmd === 'connect') void this.#connect(packet);
      else this.end(reasons.protocolError);
    } else this.#handleOpen(packet);
  }

  #handleOpen(packet: Packet): void {
    if (packet.cmd === 'publish') this.#publish(packet);
    else if (packet.cmd === 'subscribe') this.#subscribe(packet);
    else if (packet.cmd === 'unsubscribe') this.#unsubscribe(packet);
    else if (packet.cmd === 'pingreq') this.#send({ cmd: 'pingresp' });
    else if (packet.cmd === 'disconnect') this.#goodbye();
    else this.end(reasons.protocolError);
  }

  /** The will, and a silence that nobody announced, are for connections that end without it. */
  #goodbye(): void {
    this.#session?.saidGoodbye();
    this.#finish();
  }

  async #connect(packet: IConnectPacket): Promise<void> {
    const { protocolVersion, username, password, properties } = packet;
    const certificate = certificateOf(this.#socket);
    const decision = decideConnect(
      {
        protocolVersion,
        username,
        password,
        authenticationMethod: properties?.authenticationMethod,
      },
      certificate !== undefined,
    );
    this.#version = decision.version;
    if (decision.refused !== undefined) {
      this.#refuse(decision);
      return;
    }
    this.#state = 'admitting';
    this.#socket.pause();
    try {
      const open = await this.#host.gate.admit(decision.token, decision.imei, certificate);
      // Ended meanwhile, by the server or the device.
      if (this.#state !== 'admitting' || this.#socket.destroyed) return;
      // Who was let in without a user name was so by a certificate, which names one IMEI.
      this.#accept(packet, decision.imei ?? certificate?.imeis[0] ?? '', open);
    } catch (error) {
      if (!(error instanceof MilepostError)) this.#host.logBug(error);
      const known = error instanceof MilepostError && error.code !== 'internal' ? error : undefined;
      const refused = known ? reasonOfError(known.code) : reasons.serverUnavailable;
      this.#refuse({ refused, version: this.#version, isUnknownVersion: false }, known && `${known.code}: ${known.message}`);
    }
  }

  /** `reasonString`: why, in words, for MQTT 5. */
  #refuse({ refused, version, isUnknownVersion }: Extract<ConnectDecision, { refused: Reason }>, reasonString?: string): void {
    if (isUnknownVersion) this.#send({ cmd: 'connack', sessionPresent: false, returnCode: 1 });
    else if (version === 5) {
      const properties = reasonString === undefined ? {} : { properties: { reasonString } };
      this.#send({ cmd: 'connack', sessionPresent: false, reasonCode: refused, ...properties });
    } else this.#send({ cmd: 'connack', sessionPresent: false, returnCode: returnCodeOf(refused) });
    this.#finish();
  }

  #accept(packet: IConnectPacket, imei: string, open: Awaited<ReturnType<DeviceGate['admit']>>): void {
    this.#topics = topicsOf(imei);
    const clientId = packet.clientId || this.#host.nextClientId(imei);
    this.clientKey = `${imei} ${clientId}`;
    this.#host.identified(this);
    this.#state = 'open';
    const asked = packet.keepalive ?? 0;
    const keepAliveSeconds = asked === 0 || asked > mqttLimits.keepAliveSecondsMax ? mqttLimits.keepAliveSecondsMax : asked;
    this.#keepAliveMs = keepAliveSeconds * 1500;
    this.#heard();
    this.#session = open({
      address: this.#socket.remoteAddress ?? '',
      send: (text) => this.#tell(text),
      settled: () => this.#settle(),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      close: (code) => this.end(reasonOfClose(code)),
    });
    this.#send(
      this.#version === 5
        ? this.#connack5(packet.clientId === '' ? clientId : undefined, keepAliveSeconds)
        : { cmd: 'connack', sessionPresent: false, returnCode: 0 },
    );
    this.#socket.resume();
    for (const early of this.#early.splice(0)) this.#received(early);
  }

  #connack5(assignedClientIdentifier: string | undefined, serverKeepAlive: number): IConnackPacket {
    return {
      cmd: 'connack',
      sessionPresent: false,
      reasonCode: reasons.success,
      properties: {
        sessionExpiryInterval: 0,
        receiveMaximum: mqttLimits.receiveMaximum,
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: mqttLimits.packetBytesMax,
        topicAliasMaximum: 0,
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: false,
        serverKeepAlive,
        ...(assignedClientIdentifier === undefined ? {} : { assignedClientIdentifier }),
      },
    };
  }

  #publish({ topic, qos, retain, payload, properties, messageId = 0 }: IPublishPacket): void {
    const refusal = refusalOf({ topic, qos, retain, topicAlias: properties?.topicAlias }, this.#topics);
    if (refusal !== undefined) {
      this.end(refusal);
      return;
    }
    if (qos === 1 && messageId === 0) {
      this.end(reasons.protocolError);
      return;
    }
    if (this.#unsettled.push(qos === 0 ? 0 : messageId) > mqttLimits.unsettledMax) {
      this.end(reasons.quotaExceeded);
      return;
    }
    // What MQTT 5 was told in CONNACK (3.3.4): a client that cannot count would not stop at any other number either.
    if (qos === 1 && ++this.#unacknowledged > mqttLimits.receiveMaximum && this.#version === 5) {
      this.end(reasons.receiveMaximumExceeded);
      return;
    }
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (isDeviceFrame(bytes)) this.#session?.receivedFrame(bytes);
    else this.#session?.received(bytes);
  }

  #subscribe({ subscriptions, messageId = 0 }: ISubscribePacket): void {
    const granted = subscriptions.map(({ topic }) => grantOf(topic, this.#topics, this.#version));
    if (subscriptions.some(({ topic }) => topic === this.#topics.ack)) this.#hearsAcks = true;
    this.#send({ cmd: 'suback', messageId, granted });
  }

  #unsubscribe({ unsubscriptions, messageId = 0 }: IUnsubscribePacket): void {
    if (unsubscriptions.includes(this.#topics.ack)) this.#hearsAcks = false;
    this.#send({ cmd: 'unsuback', messageId, granted: unsubscriptions.map(() => reasons.success) });
  }

  /** The oldest report is durable, or will never be stored. */
  #settle(): void {
    const messageId = this.#unsettled.shift();
    if (messageId) this.#unacknowledged--;
    if (messageId && this.#state === 'open') this.#write(Buffer.from([pubackType, 2, messageId >> 8, messageId & 0xff]));
  }

  /** A message of the session, for those who want to hear it. */
  #tell(text: string): void {
    if (this.#hearsAcks && this.#state === 'open')
      this.#send({ cmd: 'publish', topic: this.#topics.ack, payload: text, qos: 0, dup: false, retain: false });
  }

  #send(packet: Packet): void {
    this.#write(generate(packet, { protocolVersion: this.#version }));
  }

  /** What is said in one turn goes out in one write. */
  #write(bytes: Uint8Array): void {
    if (this.#out.push(bytes) > 1) return;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#out.length === 0 || this.#socket.destroyed) return;
    const bytes = this.#out.length === 1 ? (this.#out[0] as Uint8Array) : Buffer.concat(this.#out);
    this.#out = [];
    this.#socket.write(bytes);
    // A device that does not read what it is told.
    if (this.#socket.writableLength > mqttLimits.bufferedBytesMax) this.#socket.destroy();
  }

  #heard(): void {
    if (!this.#isPaused) this.deadlineMs = this.#host.now() + this.#keepAliveMs;
  }

  /** What is not read cannot keep a connection alive: while it is paused, nobody waits for it. */
  #pause(): void {
    this.#isPaused = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#socket.pause();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#heard();
    this.#socket.resume();
  }

  #closed(): void {
    this.#state = 'over';
    this.#cancelGrace();
    this.#early = [];
    this.#session?.closed();
    this.#host.closed(this);
  }

  /** Asks the device to come back elsewhere or later. */
  stop(): void {
    this.end(reasonOfClose(closeCodes.goingAway));
  }
}
