import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../kernel/index.ts';
import { type TlsFiles, tlsOptions } from '../protocols/index.ts';
import { httpLimits } from './limits.ts';
import { addErrors, closeWithin, makeFastify } from './make-fastify.ts';
import { RouteRegistrar } from './register-route.ts';
import { addDeviceLoginRoutes, type DeviceDeps } from './routes/device-logins.ts';
import type { HttpDeps } from './types.ts';

export interface DeviceHttpDeps extends DeviceDeps {
  readonly telemetryRoute: NonNullable<HttpDeps['telemetryRoute']>;
  readonly logger: Logger;
  readonly tls: TlsFiles;
}

/** The HTTPS listener of devices: logins and reports, nothing of the operator's. Upgrades are routed by who wires it. */
export interface DeviceHttp {
  readonly server: Server;
  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number>;
  /** Certificates for connections from now on. */
  setTls(files: TlsFiles): void;
  close(): Promise<void>;
}

export const createDeviceHttp = async ({ tls, ...deps }: DeviceHttpDeps): Promise<DeviceHttp> => {
  const fastify = makeFastify(tlsOptions(tls));
  const server = fastify.server as Server;
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });
  addErrors(fastify, deps.logger);
  addDeviceLoginRoutes(new RouteRegistrar(fastify), deps);
  await fastify.register(async (scoped) => deps.telemetryRoute(scoped, {}));
  await fastify.ready();
  return {
    server,
    listen: async (host, port) => {
      await fastify.listen({ host, port });
      return (server.address() as AddressInfo).port;
    },
    setTls: (files) => server.setSecureContext(tlsOptions(files)),
    close: () => closeWithin(fastify, httpLimits.closeGraceMs),
  };
};
