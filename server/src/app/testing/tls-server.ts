import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@milepost/contract/api';
import { DeviceClient, type DeviceClientOptions, OperatorClient, type TlsCredentials } from '@milepost/sdk';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import { type Clock, silentLogger, systemClock } from '../../kernel/index.ts';
import { makeTestCa, type TestCa, type TestCertificate } from '../../protocols/testing/certificates.ts';
import { readConfiguration } from '../settings.ts';
import { type RunningServer, startServer } from '../start-server.ts';
import { tlsFilesCheckMs } from '../tls-files.ts';

export const operatorToken = 'operator-token-of-the-tests';

export interface TlsAnswer {
  readonly status: number;
  readonly json: Partial<Problem> & { readonly token?: string; readonly expiresAt?: string };
}

export interface TlsQuestion {
  readonly body?: object;
  readonly bearer?: string;
  readonly agent?: Agent;
}

/** What a device hears on each way in: `let in`, a code of the contract, or MQTT's reason. */
export interface Reception {
  readonly http: unknown;
  readonly websocket: unknown;
  readonly mqtt: unknown;
  readonly words: string;
}

export interface EnrolledDevice {
  readonly id: string;
  readonly vehicleId: string;
  readonly imei: string;
  readonly secret: string;
}

const ask = (origin: string, path: string, tls: TlsCredentials, { body, bearer, agent }: TlsQuestion): Promise<TlsAnswer> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const options = { method: 'POST', headers, ...(tls as object), agent: agent ?? false };
    const sent = request(`${origin}${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      const read = (): TlsAnswer['json'] => (text === '' ? {} : (JSON.parse(text) as TlsAnswer['json']));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: read() }));
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });

const tryWebSocket = async (address: string, tls: TlsCredentials): Promise<unknown> => {
  const socket = new WebSocket(address, tls as object);
  const heard = await new Promise((resolve) => {
    socket.on('open', () => resolve('let in'));
    socket.on('unexpected-response', (_request, response) => {
      response.setEncoding('utf8').once('data', (text: string) => resolve((JSON.parse(text) as Problem).code));
    });
  });
  socket.on('error', () => {});
  socket.terminate();
  return heard;
};

const tryMqtt = async (address: string, tls: TlsCredentials, username: string): Promise<unknown> => {
  const client = mqtt.connect(address, { protocolVersion: 5, username, reconnectPeriod: 0, ...(tls as object) });
  const heard = await new Promise((resolve) => {
    client.on('connect', () => resolve('let in'));
    client.on('error', (error) => resolve((error as { code?: number }).code ?? error.message));
  });
  client.end(true);
  return heard;
};

/** The whole server with its TLS listeners, and devices that it knows. */
export class TlsServer {
  readonly server: RunningServer;
  readonly operator: OperatorClient;
  readonly serverCa: TestCa;
  /** Signs certificates that count. */
  readonly deviceCa: TestCa;
  readonly strangerCa: TestCa;
  readonly origin: string;
  readonly mqttOrigin: string;
  readonly streamAddress: string;
  readonly fileOf: (name: string) => string;
  /** The server looks at its certificate files now, and not after ten seconds. */
  readonly lookAtFiles: () => void;
  readonly #folder: string;
  readonly #clients: DeviceClient[] = [];
  #number = 0;

  constructor(server: RunningServer, cas: readonly [TestCa, TestCa, TestCa], folder: string, lookAtFiles: () => void) {
    this.server = server;
    [this.serverCa, this.deviceCa, this.strangerCa] = cas;
    this.operator = new OperatorClient(server.origin, operatorToken);
    this.origin = server.deviceTlsOrigin as string;
    this.mqttOrigin = server.mqttTlsOrigin as string;
    this.streamAddress = `${this.origin.replace('https', 'wss')}/v1/devices/stream`;
    this.#folder = folder;
    this.fileOf = (name) => join(folder, name);
    this.lookAtFiles = lookAtFiles;
  }

  async addDevice(): Promise<EnrolledDevice> {
    const number = ++this.#number;
    const vin = `WVWZZZ1JZ${String(number).padStart(8, '0')}`;
    const vehicle = await this.operator.createVehicle({ vin, customer: 'Demo' });
    const imei = String(350_000_000_000_000 + number);
    const { id, secret } = await this.operator.createDevice({ imei, vehicleId: vehicle.id });
    return { id, vehicleId: vehicle.id, imei, secret };
  }

  /** What a device with this certificate speaks TLS with. */
  credentialsOf({ certificate, key }: TestCertificate): TlsCredentials {
    return { cert: certificate, key, ca: this.serverCa.certificate };
  }

  certificateFor(imei: string, ca = this.deviceCa): Promise<TestCertificate> {
    return ca.issue({ subject: `CN=${imei}` });
  }

  clientOf(options: Omit<DeviceClientOptions, 'server' | 'mqttServer'>): DeviceClient {
    const client = new DeviceClient({ server: this.origin, mqttServer: this.mqttOrigin, ...options });
    this.#clients.push(client);
    return client;
  }

  ask(path: string, tls: TlsCredentials, question: TlsQuestion = {}): Promise<TlsAnswer> {
    return ask(this.origin, path, tls, question);
  }

  async receptionOf(tls: TlsCredentials, username = ''): Promise<Reception> {
    const { json } = await this.ask('/v1/telemetry', tls, { body: { samples: [] } });
    return {
      http: json.code ?? 'let in',
      websocket: await tryWebSocket(this.streamAddress, tls),
      mqtt: await tryMqtt(this.mqttOrigin, tls, username),
      words: json.detail ?? '',
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.goodbye()));
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What the settings name: the server's own certificate and key, and the CAs of devices. */
export const writeTlsFiles = async (
  fileOf: (name: string) => string,
  { certificate, key }: TestCertificate,
  clientCa: string,
): Promise<void> => {
  await Promise.all([
    writeFile(fileOf('server.pem'), certificate),
    writeFile(fileOf('server.key'), key),
    writeFile(fileOf('clients.pem'), clientCa),
  ]);
};

export const openTlsServer = async (): Promise<TlsServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'milepost-device-tls-'));
  const fileOf = (name: string): string => join(folder, name);
  const cas = await Promise.all([makeTestCa('Server CA'), makeTestCa('Device CA'), makeTestCa('Stranger CA')]);
  const own = await cas[0].issue({ subject: 'CN=milepost', ip: ['127.0.0.1'], dns: ['localhost'], usage: 'server' });
  await writeTlsFiles(fileOf, own, cas[1].certificate);
  const configuration = readConfiguration({
    MILEPOST_DATA: fileOf('data'),
    MILEPOST_PORT: '0',
    MILEPOST_DEVICE_TLS_PORT: '0',
    MILEPOST_MQTT_TLS_PORT: '0',
    MILEPOST_DEVICE_TLS_CERTIFICATE: fileOf('server.pem'),
    MILEPOST_DEVICE_TLS_KEY: fileOf('server.key'),
    MILEPOST_DEVICE_TLS_CLIENT_CA: fileOf('clients.pem'),
    MILEPOST_OPERATOR_TOKEN: operatorToken,
    MILEPOST_DISK_RESERVE_MIB: '0',
  });
  let look: () => void = () => {};
  const clock: Clock = {
    ...systemClock,
    after: (delayMs, callback) => {
      if (delayMs !== tlsFilesCheckMs) return systemClock.after(delayMs, callback);
      look = callback;
      return () => {};
    },
  };
  const failed = (error: Error): void => assert.fail(error);
  const server = await startServer({ configuration, clock, logger: silentLogger, isDemo: false, failed });
  return new TlsServer(server, cas, folder, () => look());
};

export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
