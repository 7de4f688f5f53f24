import { fileURLToPath } from 'node:url';
import type { EventLog } from '../eventlog/index.ts';
import {
  type GateFigures,
  type Http,
  type HttpConfig,
  makeOperatorAccess,
  type OperatorAccess,
  type PartReadiness,
} from '../http/index.ts';
import type { Gate } from '../ingest/index.ts';
import { CallerError, type ClientDoor, makeClientDoor } from '../kernel/index.ts';
import { type DeviceWebSockets, listenDeviceMqtt, refuseUpgrade, type TlsFiles } from '../protocols/index.ts';
import { openMapSource } from './open-map-source.ts';
import { type Base, type Closers, operatorToken, type Stored } from './open-parts.ts';
import { isProxyNeeded } from './reach-settings.ts';
import type { Configuration } from './settings.ts';
import { readTlsFiles, watchTlsFiles, webTlsFiles } from './tls-files.ts';
import { readVersion } from './version.ts';

/** Ports that are tried after 8080 when no port was asked for. */
const portsTried = 50;
const firstPort = 8080;

const demoNotes = [
  'Recorded trips of real vehicles are replayed here, with their times shifted to now.',
  'What the recordings lack (tire pressure, weight, warnings and more) is modelled: each vehicle says which of its values are.',
];

const allowedHosts = ({ publicHosts = [], publicUrl }: Configuration): string[] => {
  const names = publicUrl === undefined ? publicHosts : [...publicHosts, new URL(publicUrl).host];
  return names.map((host) => host.toLowerCase());
};

/** Who is at the other end of what arrives at the API and at the plain way of devices. */
export const openDoor = (configuration: Configuration): ClientDoor =>
  makeClientDoor({ proxies: configuration.trustedProxies ?? [], isProxyNeeded: isProxyNeeded(configuration) });

export const httpConfig = async ({
  configuration,
  isDemo,
}: {
  readonly configuration: Configuration;
  readonly isDemo: boolean;
}): Promise<HttpConfig> => {
  const { style, tilesFile } = await openMapSource(configuration.mapStyle);
  return {
    version: await readVersion(),
    mapStyle: style,
    mapOrigins: configuration.mapOrigins ?? [],
    mapTilesFile: tilesFile,
    isDemo,
    demoNotes: isDemo ? demoNotes : [],
    lateAfterSeconds: configuration.lateAfterSeconds,
    offlineAfterSeconds: configuration.offlineAfterSeconds,
    allowedHosts: allowedHosts(configuration),
    allowedOrigins: [],
    isHttps: configuration.tlsCertificate !== undefined || (configuration.publicUrl?.startsWith('https:') ?? false),
    tls: configuration.tlsCertificate === undefined ? undefined : await readTlsFiles(configuration, webTlsFiles),
    door: openDoor(configuration),
    webRoot: fileURLToPath(new URL('../../../web/dist/spa', import.meta.url)),
  };
};

/** Sockets of devices and of browsers; `undefined`: not the work of this process. */
export const routeUpgrades = (
  server: Http['server'],
  door: ClientDoor,
  sockets?: DeviceWebSockets,
  streams?: Http['streams'],
): void => {
  server.on('upgrade', (request, socket, head) => {
    try {
      door.clientOf(request);
    } catch (error) {
      refuseUpgrade(socket, error as CallerError);
      return;
    }
    const pathname = (request.url ?? '').split('?', 1)[0];
    if (sockets && pathname === '/v1/devices/stream') sockets.handleUpgrade(request, socket, head);
    else if (streams && (pathname === '/v1/stream' || pathname === '/v1/partner/stream'))
      streams.handleUpgrade(request, socket, head);
    else refuseUpgrade(socket, new CallerError('not_found', 'there is no stream at this address'));
  });
};

/** An address as others write it. */
export const originOf = (scheme: string, host: string, port: number): string => {
  // Of all addresses of the machine the one that is there on each.
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
};

/** Follows the certificate files of the API, where there are some. */
export const followTls = (http: Http, config: HttpConfig, { configuration, clock, logger }: Base, closers: Closers): void => {
  if (!config.tls) return;
  const changed = (files: TlsFiles): void => http.setTls(files);
  closers.add(
    'certificate files of the API',
    watchTlsFiles(config.tls, { configuration, from: webTlsFiles, clock, logger, changed }),
  );
};

export const schemeOf = ({ tlsCertificate }: Configuration): 'http' | 'https' =>
  tlsCertificate === undefined ? 'http' : 'https';

/** Answers the port. */
export const listen = async (http: Pick<Http, 'listen'>, { host, port }: Configuration): Promise<number> => {
  if (port !== undefined) return http.listen(host, port);
  for (let tried = 0; ; tried++) {
    try {
      return await http.listen(host, firstPort + tried);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried === portsTried) throw error;
    }
  }
};

export const gateFigures = (gate: Gate): GateFigures => ({
  ingest: () => gate.ingest.statistics(),
  deviceConnections: () => gate.sessions(),
  busiestDevices: () => gate.busiest(),
  deviceThrottles: () => gate.throttles(),
});

/** Answers where devices find the MQTT listener; undefined: none was asked for. */
export const openMqtt = async (base: Base, gate: Gate, closers: Closers): Promise<string | undefined> => {
  const { host, mqttPort } = base.configuration;
  if (mqttPort === undefined) return undefined;
  const mqtt = listenDeviceMqtt({ gate, clock: base.clock, logger: base.logger });
  const port = await mqtt.listen(host, mqttPort);
  closers.add('mqtt', () => mqtt.close());
  return originOf('mqtt', host, port);
};

/** PostgreSQL and the log, as every process needs them. */
export const storesReadiness = async ({ storage }: Stored, log: EventLog): Promise<PartReadiness[]> => {
  const refusal = log.refusal();
  const database = await storage.ping().then(
    () => true,
    () => false,
  );
  return [
    { name: 'postgres', isReady: database },
    { name: 'log', isReady: refusal === undefined, ...(refusal ? { detail: refusal } : {}) },
  ];
};

export interface OpenedAccess {
  readonly token: string;
  readonly access: OperatorAccess;
}

/** The operator's token, and the sessions and links that are signed with it. */
export const openAccess = async (base: Base, { registry }: Stored): Promise<OpenedAccess> => {
  const token = await operatorToken(base);
  const useCode = (digest: Uint8Array, expiresAt: number): Promise<boolean> => registry.useSignInCode(digest, expiresAt);
  return { token, access: makeOperatorAccess({ token, clock: base.clock, useCode }) };
};
