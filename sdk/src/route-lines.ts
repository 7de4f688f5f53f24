import type { ApiRouteName, ApiRoutes } from '@milepost/contract/api';

/**
 * Method and path of each operation. The compiler holds it to the table of the contract, which itself is not loaded: its
 * schemas took 15 MB of the 100 that a process with this library had.
 */
export const routeLines: { readonly [Name in ApiRouteName]: `${ApiRoutes[Name]['method']} ${ApiRoutes[Name]['path']}` } = {
  createCustomer: 'POST /v1/customers',
  listCustomers: 'GET /v1/customers',
  readCustomer: 'GET /v1/customers/{id}',
  changeCustomer: 'PATCH /v1/customers/{id}',
  createVehicle: 'POST /v1/vehicles',
  listVehicles: 'GET /v1/vehicles',
  countVehicles: 'GET /v1/vehicles/counts',
  readVehicle: 'GET /v1/vehicles/{id}',
  changeVehicle: 'PATCH /v1/vehicles/{id}',
  endVehicle: 'DELETE /v1/vehicles/{id}',
  exportHistory: 'GET /v1/vehicles/{id}/export',
  readHistory: 'GET /v1/vehicles/{id}/history',
  readVehicleStatus: 'GET /v1/vehicles/{id}/status',
  readReports: 'GET /v1/vehicles/{id}/reports',
  eraseData: 'DELETE /v1/vehicles/{id}/data',
  listErasures: 'GET /v1/vehicles/{id}/erasures',
  listStatusChanges: 'GET /v1/status',
  createDevice: 'POST /v1/devices',
  listDevices: 'GET /v1/devices',
  readDevice: 'GET /v1/devices/{id}',
  revokeDevice: 'DELETE /v1/devices/{id}',
  assignDevice: 'POST /v1/devices/{id}/assignments',
  enrol: 'POST /v1/enrolments',
  login: 'POST /v1/devices/login',
  listSignals: 'GET /v1/signals',
  readSession: 'GET /v1/session',
  endSession: 'DELETE /v1/session',
  readConfig: 'GET /v1/config',
  checkHealth: 'GET /healthz',
  checkReadiness: 'GET /readyz',
};
