import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ErrorCode } from '@milepost/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CallerError, type Logger } from '../kernel/index.ts';
import { checkHost } from './access/check-host.ts';
import { addCompression } from './compress-answers.ts';
import { PartnerRates } from './access/partner-rate.ts';
import { isPinned, securityHeaders, strictTransport } from './access/security-headers.ts';
import { httpLimits } from './limits.ts';
import { addErrors, closeWithin, makeFastify, sendProblem } from './make-fastify.ts';
import { addMetrics, addMetricsRoute } from './metrics.ts';
import { addAsyncApiRoute, addOpenApi, addOpenApiRoute } from './openapi.ts';
import { addMapTiles } from './map-tiles.ts';
import { checkAccess, RouteRegistrar } from './register-route.ts';
import { addCredentialRoutes } from './routes/credentials.ts';
import { addCustomerRoutes } from './routes/customers.ts';
import { addDeviceLoginRoutes } from './routes/device-logins.ts';
import { addDeviceRoutes } from './routes/devices.ts';
import { addDriverTripRoutes } from './routes/driver-trips.ts';
import { addDriverRoutes } from './routes/drivers.ts';
import { addEnrolmentRoutes } from './routes/enrolments.ts';
import { addDriverImportRoute } from './routes/driver-import.ts';
import { addErasureRoutes } from './routes/erasures.ts';
import { addErrorsPage } from './routes/errors-page.ts';
import { addExportRoutes } from './routes/exports.ts';
import { addFleetReportRoutes } from './routes/fleet-reports.ts';
import { addFleetRoutes } from './routes/fleet.ts';
import { addHistoryRoutes } from './routes/history.ts';
import { addInvitationRoutes } from './routes/invitations.ts';
import { addImportRoutes } from './routes/imports.ts';
import { addManagementRoutes } from './routes/management.ts';
import { addOutsideRoutes } from './routes/outside.ts';
import { addPasskeyRoutes } from './routes/passkeys.ts';
import { addPrivateRoutes } from './routes/private.ts';
import { addOrganisationRoutes } from './routes/organisations.ts';
import { addOauth } from './oauth-door.ts';
import { addConsentRoutes } from './routes/consents.ts';
import { joinStreams, makePartnerSockets } from './partner/partner-sockets.ts';
import { type FeedStreamDeps, openPartnerStreams } from './partner/open-streams.ts';
import { addWebhookRoutes } from './routes/webhooks.ts';
import { addFeedRoutes } from './routes/feed.ts';
import { addAppVehicleRoutes } from './routes/app-vehicles.ts';
import { addCatalogueRoutes } from './routes/catalogue.ts';
import { addPartnerDataRoutes } from './routes/partner-data.ts';
import { addPartnerRoutes } from './routes/partners.ts';
import { addGrantRoutes } from './routes/grants.ts';
import { addPeopleRoutes } from './routes/people.ts';
import { addPersonErasureRoutes } from './routes/person-erasure.ts';
import { addPersonalDataRoutes } from './routes/personal-data.ts';
import { addPossessionRoutes } from './routes/possession.ts';
import { addReceiptRoutes } from './routes/receipts.ts';
import { addReportRoutes } from './routes/reports.ts';
import { addRetentionRoutes } from './routes/retention.ts';
import { addSandboxRoutes } from './routes/sandbox.ts';
import { addServerRoutes } from './routes/server.ts';
import { addSignInRoute } from './routes/sign-in.ts';
import { addSystemRoutes } from './routes/system.ts';
import { addStatusRoutes } from './routes/status.ts';
import { addTripRoutes } from './routes/trips.ts';
import { addVehicleRoutes } from './routes/vehicles.ts';
import { addWarningRoutes } from './routes/warnings.ts';
import { tlsOptions } from '../protocols/index.ts';
import { makeScopes, type Scopes } from '../sharing/index.ts';
import { serveWebApp, wantsPage } from './static-files.ts';
import { openBrowserStream } from './stream/browser-stream.ts';
import type { Http, HttpDeps } from './types.ts';

/** What every request passes, in this order: headers, Host, then who calls and from where, and how often an app may. */
const addChecks = (fastify: FastifyInstance, deps: HttpDeps): void => {
  const { config, clock } = deps;
  const rates = new PartnerRates(() => clock.steady());
  const headers = securityHeaders([
    ...(config.mapStyle ? [config.mapStyle.light, config.mapStyle.dark] : []),
    ...config.mapOrigins,
  ]);
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    if (config.isHttps && isPinned(request.hostname)) reply.header('strict-transport-security', strictTransport);
    checkHost(request.headers.host, request.socket, config.allowedHosts);
    await checkAccess(request, deps);
    const { caller } = request;
    if (caller?.actor === 'partner') rates.take(caller.token.app, (told) => void reply.headers({ ...told }));
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store');
  });
};

/** So that who was answered by one process finds the same with the next. */
const addCatchUp = (fastify: FastifyInstance, { catchUp, consents }: HttpDeps, scopes: Scopes): void => {
  fastify.addHook('preHandler', async ({ caller }) => {
    if (!caller) return;
    if (catchUp) await catchUp();
    // What was taken back counts with the next request. Unheard, it is as if nothing were granted.
    if (scopes.readsByGrant(caller.reader)) await consents.catchUp();
  });
};

const refuseMethod =
  (logger: Logger) =>
  (allowed: readonly string[]) =>
  (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const code: ErrorCode = 'method_not_allowed';
    reply.header('allow', allowed.join(', '));
    return sendProblem(reply, new CallerError(code, `${request.method} is not taken here, only ${allowed.join(', ')}`), logger);
  };

const addRoutes = (fastify: FastifyInstance, deps: HttpDeps & FeedStreamDeps, scopes: Scopes): void => {
  const routes = new RouteRegistrar(fastify, scopes, deps);
  for (const add of [
    addCustomerRoutes,
    addVehicleRoutes,
    addDeviceRoutes,
    addDriverRoutes,
    addDriverImportRoute,
    addDriverTripRoutes,
    addPartnerRoutes,
    addPartnerDataRoutes,
    addReceiptRoutes,
    addManagementRoutes,
    addFeedRoutes,
    addCatalogueRoutes,
    addPersonalDataRoutes,
    addPersonErasureRoutes,
    addWebhookRoutes,
    addSandboxRoutes,
    addAppVehicleRoutes,
    addConsentRoutes,
    addGrantRoutes,
    addInvitationRoutes,
    addPeopleRoutes,
    addOrganisationRoutes,
    addPossessionRoutes,
    addPasskeyRoutes,
    addOutsideRoutes,
    addPrivateRoutes,
    addCredentialRoutes,
    addEnrolmentRoutes,
    addDeviceLoginRoutes,
    addHistoryRoutes,
    addExportRoutes,
    addImportRoutes,
    addFleetRoutes,
    addFleetReportRoutes,
    addTripRoutes,
    addStatusRoutes,
    addReportRoutes,
    addErasureRoutes,
    addRetentionRoutes,
    addWarningRoutes,
    addServerRoutes,
    addSystemRoutes,
  ]) {
    add(routes, deps);
  }
  routes.checkComplete(refuseMethod(deps.logger));
};

/** Builds the HTTP server with all its routes; it listens when told to. Upgrades are routed by who wires it. */
export const createHttp = async (deps: HttpDeps): Promise<Http> => {
  const { tls, door } = deps.config;
  const fastify = makeFastify(tls ? tlsOptions(tls) : null, door);
  const { registry, clock } = deps;
  const { consents, vocabulary } = deps;
  const held = { possession: registry.possessions.directory, drivers: registry.drivers.directory, clock };
  const scopes = makeScopes(held, { book: consents.book, vocabulary });
  const streams = openBrowserStream({ ...deps, scopes, grants: consents.book, reads: deps });
  const feedStreams = openPartnerStreams(deps);
  addChecks(fastify, deps);
  addCompression(fastify);
  addMetrics(fastify, deps, () => streams.viewers());
  await addOpenApi(fastify, deps.config.version, deps.access.cookieName);
  addMapTiles(fastify, deps.config.mapTilesFile);
  const sendPage = await serveWebApp(fastify, deps.config.webRoot);
  addCatchUp(fastify, deps, scopes);
  addErrors(fastify, deps.logger, (request, reply) => (wantsPage(request) ? sendPage(reply) : undefined));
  addRoutes(fastify, { ...deps, feedStreams }, scopes);
  const { telemetryRoute } = deps;
  if (telemetryRoute) await fastify.register(async (scoped) => telemetryRoute(scoped, {}));
  addSignInRoute(fastify, deps);
  await addOauth(fastify, deps);
  addErrorsPage(fastify);
  addMetricsRoute(fastify, deps);
  addOpenApiRoute(fastify);
  addAsyncApiRoute(fastify, deps.config.version);
  await fastify.ready();
  return {
    server: fastify.server,
    fastify,
    streams: joinStreams(streams, makePartnerSockets({ ...deps, feedStreams })),
    listen: async (host, port) => {
      await fastify.listen({ host, port, backlog: httpLimits.backlog });
      return (fastify.server.address() as AddressInfo).port;
    },
    setTls: (files) => (fastify.server as unknown as HttpsServer).setSecureContext(tlsOptions(files)),
    close: async () => {
      streams.close();
      feedStreams.close();
      await closeWithin(fastify, httpLimits.closeGraceMs);
    },
  };
};
