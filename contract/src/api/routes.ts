import type { Static, TSchema } from 'typebox';
import { appVehicleRoutes } from './app-vehicles.ts';
import { catalogueRoutes } from './catalogue.ts';
import { customer, customerChanges, customerPage, customerQuery, newCustomer } from './customer.ts';
import { deviceRoutes } from './device-routes.ts';
import { driverRoutes } from './drivers.ts';
import { fleetPage, fleetQuery, mapFrameType } from './fleet.ts';
import * as past from './history.ts';
import { organisationRoutes } from './organisations.ts';
import { outsideRoutes } from './outside.ts';
import { passkeyRoutes } from './passkeys.ts';
import { oauthRoutes } from './oauth.ts';
import { invitationRoutes } from './invitations.ts';
import { consentRoutes } from './consent-routes.ts';
import { feedRoutes } from './feed.ts';
import { sandboxRoutes } from './sandbox.ts';
import { webhookRoutes } from './webhooks.ts';
import { partnerDataRoutes } from './partner-data.ts';
import { partnerRoutes } from './partners.ts';
import { peopleRoutes } from './people.ts';
import { personErasureRoutes } from './person-erasure.ts';
import { personalDataRoutes } from './personal-data.ts';
import { possessionRoutes } from './possession.ts';
import { reportRoutes } from './fleet-reports.ts';
import { importRoutes } from './imports.ts';
import { managementRoutes } from './management.ts';
import { receiptRoutes } from './receipts.ts';
import { retentionRoutes } from './retention.ts';
import * as server from './server.ts';
import { anyone, type ApiRoute, byId, known, manager, operator, reader } from './route.ts';
import { closed, opaqueId } from './shared.ts';
import { systemRoutes } from './system.ts';
import { tripRoutes } from './trips.ts';
import * as vehicles from './vehicle.ts';
import { warningRoutes } from './warnings.ts';

const created = closed({ id: opaqueId });
const createdVehicle = closed({ id: opaqueId, isVinCheckDigitValid: vehicles.vehicleDetail.properties.isVinCheckDigitValid });

/** Every JSON route, by the name of its operation. Paths and methods are fixed: clients are written against them. */
export const apiRoutes = {
  createCustomer: operator({
    method: 'POST',
    path: '/v1/customers',
    summary: 'Add a customer',
    tag: 'customers',
    body: newCustomer,
    status: 201,
    response: created,
  }),
  listCustomers: reader({
    method: 'GET',
    path: '/v1/customers',
    summary: 'List customers',
    tag: 'customers',
    query: customerQuery,
    status: 200,
    response: customerPage,
  }),
  readCustomer: reader({
    method: 'GET',
    path: '/v1/customers/{id}',
    summary: 'Read a customer',
    tag: 'customers',
    params: byId,
    status: 200,
    response: customer,
  }),
  changeCustomer: operator({
    method: 'PATCH',
    path: '/v1/customers/{id}',
    summary: 'Change a customer',
    tag: 'customers',
    params: byId,
    body: customerChanges,
    status: 200,
    response: customer,
  }),

  createVehicle: operator({
    method: 'POST',
    path: '/v1/vehicles',
    summary: 'Add a vehicle',
    tag: 'vehicles',
    body: vehicles.newVehicle,
    status: 201,
    response: createdVehicle,
  }),
  listVehicles: reader({
    method: 'GET',
    path: '/v1/vehicles',
    summary: 'List, search and filter vehicles',
    description: '`text/csv` by the Accept header or `format=csv`: all vehicles that fit, in the order asked for.',
    tag: 'vehicles',
    query: vehicles.vehicleQuery,
    status: 200,
    response: vehicles.vehiclePage,
    hasCsv: true,
  }),
  countVehicles: reader({
    method: 'GET',
    path: '/v1/vehicles/counts',
    summary: 'Count vehicles by status and warning',
    tag: 'vehicles',
    query: vehicles.vehicleCountQuery,
    status: 200,
    response: vehicles.vehicleCounts,
  }),
  readVehicle: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}',
    summary: 'Read a vehicle with its latest values',
    tag: 'vehicles',
    params: byId,
    status: 200,
    response: vehicles.vehicleDetail,
  }),
  changeVehicle: manager({
    method: 'PATCH',
    path: '/v1/vehicles/{id}',
    summary: 'Change a vehicle',
    description: 'null removes a value.',
    tag: 'vehicles',
    params: byId,
    body: vehicles.vehicleChanges,
    status: 200,
    response: vehicles.vehicleDetail,
  }),
  endVehicle: operator({
    method: 'DELETE',
    path: '/v1/vehicles/{id}',
    summary: 'End a vehicle',
    description: 'Its devices come off; its past stays readable.',
    tag: 'vehicles',
    params: byId,
    status: 204,
  }),

  readHistory: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/history',
    summary: 'Read past values by signals, time and step',
    description:
      'The last hour when neither `from` nor `to` is given. With `step` an answer has min, max, mean, last and count of each step. `text/csv` by the Accept header or `format=csv`.',
    tag: 'history',
    params: byId,
    query: past.historyQuery,
    status: 200,
    response: past.anyHistory,
    hasCsv: true,
  }),
  exportHistory: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/export',
    summary: 'Download past values as GPX, GeoJSON, CSV or Parquet',
    description: 'Every sample of the period, without a limit of rows. The last hour when neither `from` nor `to` is given.',
    tag: 'history',
    params: byId,
    query: past.exportQuery,
    status: 200,
    files: ['application/gpx+xml', 'application/geo+json', 'text/csv', 'application/vnd.apache.parquet'],
  }),
  readVehicleStatus: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/status',
    summary: 'Read when its connection status changed',
    tag: 'history',
    params: byId,
    query: past.vehicleStatusQuery,
    status: 200,
    response: past.statusChangePage,
  }),
  readReports: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/reports',
    summary: 'Read raw reports and heartbeats, newest first',
    description: 'As far as the log goes back.',
    tag: 'history',
    params: byId,
    query: past.reportQuery,
    status: 200,
    response: past.reportPage,
  }),
  eraseData: operator({
    method: 'DELETE',
    path: '/v1/vehicles/{id}/data',
    summary: 'Erase what it reported in a period',
    description:
      'By sample time; everything up to now when neither `from` nor `to` is given. Hidden at once, removed by the next merge, never brought back by a rebuild or a restore.',
    tag: 'history',
    params: byId,
    query: past.eraseQuery,
    status: 200,
    response: past.erasure,
  }),
  listErasures: operator({
    method: 'GET',
    path: '/v1/vehicles/{id}/erasures',
    summary: 'List what was erased',
    tag: 'history',
    params: byId,
    status: 200,
    response: past.erasures,
  }),
  readFleetAt: reader({
    method: 'GET',
    path: '/v1/fleet',
    summary: 'Read the whole fleet as it was at a past moment',
    description:
      'The newest value of each vehicle by sample time, and its status, as of `at`: what arrived later counts too. In order of when vehicles were added. As a frame all vehicles at once, without pages.',
    tag: 'history',
    query: fleetQuery,
    status: 200,
    response: fleetPage,
    files: [mapFrameType],
  }),
  listStatusChanges: reader({
    method: 'GET',
    path: '/v1/status',
    summary: 'Search the status changes of all vehicles, newest first',
    tag: 'history',
    query: past.statusQuery,
    status: 200,
    response: past.statusChangePage,
    hasCsv: true,
  }),

  ...importRoutes,
  ...reportRoutes,
  ...warningRoutes,
  ...tripRoutes,

  ...retentionRoutes,

  ...deviceRoutes,

  ...driverRoutes,

  ...peopleRoutes,
  ...passkeyRoutes,
  ...outsideRoutes,
  ...partnerRoutes,

  ...partnerDataRoutes,
  ...managementRoutes,
  ...receiptRoutes,
  ...feedRoutes,
  ...catalogueRoutes,
  ...personalDataRoutes,
  ...personErasureRoutes,
  ...webhookRoutes,
  ...sandboxRoutes,
  ...appVehicleRoutes,
  ...oauthRoutes,
  ...consentRoutes,
  ...invitationRoutes,

  ...organisationRoutes,

  ...possessionRoutes,

  listSignals: reader({
    method: 'GET',
    path: '/v1/signals',
    summary: 'Read the vocabulary of signals',
    tag: 'server',
    status: 200,
    response: server.signalCatalogue,
  }),
  readSession: known({
    method: 'GET',
    path: '/v1/session',
    summary: 'Read who is signed in',
    tag: 'server',
    status: 200,
    response: server.session,
  }),
  endSession: anyone({ method: 'DELETE', path: '/v1/session', summary: 'Sign the browser out', tag: 'server', status: 204 }),
  readConfig: known({
    method: 'GET',
    path: '/v1/config',
    summary: 'Read what the web app must know',
    tag: 'server',
    status: 200,
    response: server.serverConfig,
  }),
  ...systemRoutes,
  checkHealth: anyone({
    method: 'GET',
    path: '/healthz',
    summary: 'Is the process alive',
    tag: 'server',
    status: 200,
    response: server.health,
  }),
  checkReadiness: anyone({
    method: 'GET',
    path: '/readyz',
    summary: 'Are all parts ready (503 if not)',
    tag: 'server',
    status: 200,
    response: server.readiness,
  }),
} as const satisfies Record<string, ApiRoute>;

export type ApiRoutes = typeof apiRoutes;
export type ApiRouteName = keyof ApiRoutes;

type Part<Name extends ApiRouteName, Key extends string> = ApiRoutes[Name] extends {
  readonly [K in Key]: infer S extends TSchema;
}
  ? Static<S>
  : undefined;
export type RouteParams<Name extends ApiRouteName> = Part<Name, 'params'>;
export type RouteQuery<Name extends ApiRouteName> = Part<Name, 'query'>;
export type RouteBody<Name extends ApiRouteName> = Part<Name, 'body'>;
export type RouteResponse<Name extends ApiRouteName> = Part<Name, 'response'>;
