import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientDoor, Logger } from '../kernel/index.ts';
import { httpLimits } from './limits.ts';
import { addErrors, closeWithin, makeFastify } from './make-fastify.ts';
import { addMetrics, addMetricsRoute, type MetricsDeps } from './metrics.ts';
import { RouteRegistrar } from './register-route.ts';
import { addDeviceLoginRoutes, type DeviceDeps } from './routes/device-logins.ts';
import { addHealthRoutes, type HealthDeps } from './routes/server.ts';
import type { HttpDeps } from './types.ts';

export interface NodeHttpDeps extends MetricsDeps, HealthDeps {
  readonly logger: Logger;
  readonly clientDoor: ClientDoor;
  /** Logins and reports of devices; undefined: not the work of this process. */
  readonly door?: Required<Pick<HttpDeps, 'telemetryRoute'>> & Omit<DeviceDeps, 'clock'>;
}

export interface NodeHttp {
  readonly server: Server;
  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/** The HTTP listener of a process without the role `api`: health, figures, and the door of the devices if it is a gateway. */
export const createNodeHttp = async (deps: NodeHttpDeps): Promise<NodeHttp> => {
  const { door, clock, logger } = deps;
  const fastify = makeFastify(null, deps.clientDoor);
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });
  addMetrics(fastify, deps);
  addErrors(fastify, logger);
  const routes = new RouteRegistrar(fastify);
  addHealthRoutes(routes, deps);
  if (door) {
    addDeviceLoginRoutes(routes, { ...door, clock });
    await fastify.register(async (scoped) => door.telemetryRoute(scoped, {}));
  }
  addMetricsRoute(fastify, deps);
  await fastify.ready();
  const server = fastify.server as Server;
  return {
    server,
    listen: async (host, port) => {
      await fastify.listen({ host, port, backlog: httpLimits.backlog });
      return (server.address() as AddressInfo).port;
    },
    close: () => closeWithin(fastify, httpLimits.closeGraceMs),
  };
};
