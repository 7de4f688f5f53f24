import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock, Logger } from '../../kernel/index.ts';
import { listenerLimits, mqttLimits } from '../limits.ts';
import { type TlsFiles, tlsOptions } from '../tls/tls-files.ts';
import type { DeviceGate } from '../types.ts';
import { MqttConnection, type MqttHost } from './mqtt-connection.ts';
import { reasons } from './mqtt-rules.ts';

export interface MqttOptions {
  readonly gate: DeviceGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** TLS, with client certificates as a way to log in; undefined: plain. */
  readonly tls?: TlsFiles | undefined;
}

/** The way in by MQTT 3.1.1 and 5. docs/mqtt.md */
export interface DeviceMqtt {
  /** Answers the port. */
  listen(host: string, port: number): Promise<number>;
  connections(): number;
  /** Certificates for connections from now on. */
  setTls(files: TlsFiles): void;
  /** Takes no more, and tells every device that the server stops. */
  close(): Promise<void>;
}

class MqttListener implements DeviceMqtt, MqttHost {
  readonly #options: MqttOptions;
  readonly #server: Server | TlsServer;
  readonly #connections = new Set<MqttConnection>();
  readonly #byClient = new Map<string, MqttConnection>();
  #cancelCheck: () => void = () => {};
  #clientIds = 0;

  constructor(options: MqttOptions) {
    this.#options = options;
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server = options.tls
      ? createTlsServer({ ...tlsOptions(options.tls), noDelay: true }, accept)
      : createServer({ noDelay: true }, accept);
    this.#checkSilenceLater();
  }

  get gate(): DeviceGate {
    return this.#options.gate;
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: listenerLimits.backlog }, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  connections(): number {
    return this.#connections.size;
  }

  setTls(files: TlsFiles): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tlsOptions(files));
  }

  close(): Promise<void> {
    this.#cancelCheck();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.stop();
    });
  }

  now(): number {
    return this.#options.clock.steady();
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#options.clock.after(delayMs, callback);
  }

  nextClientId(imei: string): string {
    this.#clientIds++;
    return `${imei}-${this.#clientIds}`;
  }

  /** MQTT 3.1.1, 3.1.4: a second CONNECT with the same client identifier ends the first connection. */
  identified(connection: MqttConnection): void {
    this.#byClient.get(connection.clientKey)?.end(reasons.sessionTakenOver);
    this.#byClient.set(connection.clientKey, connection);
  }

  closed(connection: MqttConnection): void {
    this.#connections.delete(connection);
    if (this.#byClient.get(connection.clientKey) === connection) this.#byClient.delete(connection.clientKey);
  }

  logBug(error: unknown): void {
    this.#options.logger.error('handling an MQTT packet failed', { error });
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= listenerLimits.connectionsMax) socket.destroy();
    else this.#connections.add(new MqttConnection(socket, this));
  }

  #checkSilenceLater(): void {
    this.#cancelCheck = this.#options.clock.after(mqttLimits.silenceCheckMs, () => {
      const now = this.#options.clock.steady();
      for (const connection of this.#connections) if (connection.deadlineMs < now) connection.end(reasons.keepAliveTimeout);
      this.#checkSilenceLater();
    });
  }
}

export const listenDeviceMqtt = (options: MqttOptions): DeviceMqtt => new MqttListener(options);
