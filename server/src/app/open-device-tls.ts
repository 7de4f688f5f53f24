import { createDeviceHttp } from '../http/index.ts';
import type { Gate } from '../ingest/index.ts';
import { CallerError } from '../kernel/index.ts';
import { type DeviceWebSockets, listenDeviceMqtt, refuseUpgrade, telemetryRoute, type TlsFiles } from '../protocols/index.ts';
import { originOf } from './listeners.ts';
import type { Base, Closers, Stored } from './open-parts.ts';
import { deviceTlsFiles, readTlsFiles, watchTlsFiles } from './tls-files.ts';

export interface DeviceTlsOrigins {
  /** Undefined: there is no such listener. */
  readonly deviceTlsOrigin: string | undefined;
  readonly mqttTlsOrigin: string | undefined;
}

export interface DeviceTlsParts {
  readonly stored: Stored;
  readonly gate: Gate;
  readonly sockets: DeviceWebSockets;
}

interface Listener {
  readonly origin: string;
  setTls(files: TlsFiles): void;
}

const openHttps = async (
  base: Base,
  { stored, gate, sockets }: DeviceTlsParts,
  tls: TlsFiles,
  closers: Closers,
): Promise<Listener | undefined> => {
  const { clock, logger, configuration } = base;
  const { host, deviceTlsPort } = configuration;
  if (deviceTlsPort === undefined) return undefined;
  const { devices, registry } = stored;
  const http = await createDeviceHttp({ devices, registry, telemetryRoute: telemetryRoute(gate), clock, logger, tls });
  http.server.on('upgrade', (request, socket, head) => {
    const pathname = (request.url ?? '').split('?', 1)[0];
    if (pathname === '/v1/devices/stream') sockets.handleUpgrade(request, socket, head);
    else refuseUpgrade(socket, new CallerError('not_found', 'there is no stream at this address'));
  });
  const port = await http.listen(host, deviceTlsPort);
  closers.add('device https', async () => {
    // The server closes when the last socket has, the WebSockets included.
    await sockets.close();
    await http.close();
  });
  return { origin: originOf('https', host, port), setTls: (files) => http.setTls(files) };
};

const openMqtts = async (base: Base, gate: Gate, tls: TlsFiles, closers: Closers): Promise<Listener | undefined> => {
  const { clock, logger, configuration } = base;
  const { host, mqttTlsPort } = configuration;
  if (mqttTlsPort === undefined) return undefined;
  const mqtt = listenDeviceMqtt({ gate, clock, logger, tls });
  const port = await mqtt.listen(host, mqttTlsPort);
  closers.add('mqtt over tls', () => mqtt.close());
  return { origin: originOf('mqtts', host, port), setTls: (files) => mqtt.setTls(files) };
};

/** The ways in with TLS, where the settings ask for them. docs/enrolment.md */
export const openDeviceTls = async (base: Base, parts: DeviceTlsParts, closers: Closers): Promise<DeviceTlsOrigins> => {
  const { configuration, clock, logger } = base;
  if (configuration.deviceTlsPort === undefined && configuration.mqttTlsPort === undefined)
    return { deviceTlsOrigin: undefined, mqttTlsOrigin: undefined };
  const files = await readTlsFiles(configuration, deviceTlsFiles);
  const https = await openHttps(base, parts, files, closers);
  const mqtts = await openMqtts(base, parts.gate, files, closers);
  const changed = (fresh: TlsFiles): void => {
    https?.setTls(fresh);
    mqtts?.setTls(fresh);
  };
  closers.add('certificate files', watchTlsFiles(files, { configuration, from: deviceTlsFiles, clock, logger, changed }));
  return { deviceTlsOrigin: https?.origin, mqttTlsOrigin: mqtts?.origin };
};
