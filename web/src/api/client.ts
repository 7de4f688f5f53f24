import type { ApiRouteName, DemoRole, ExportFormat, Problem, RouteBody, RouteQuery, RouteResponse } from '@milepost/contract/api';

/** An answer that is an error, with the problem the server told, or what kept us from hearing it. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(status: number, problem: Problem | undefined) {
    super(problem?.detail ?? problem?.title ?? `status ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }
  /** Nothing was heard at all: no network, or the server is down. */
  get isOffline(): boolean {
    return this.status === 0;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

const readProblem = async (response: Response): Promise<Problem | undefined> => {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return undefined;
  return (await response.json()) as Problem;
};

const addressOf = (path: string, query: Query): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return search === '' ? path : `${path}?${search}`;
};

interface Parts {
  readonly query?: Query;
  readonly body?: unknown;
  /** A file in place of a body of JSON. */
  readonly csv?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** It says who somebody is: that it is not believed does not end a session. */
  readonly isProof?: boolean;
}

/** Called when the server says that nobody is signed in. */
let signedOut: () => void = () => {};
export const onSignedOut = (callback: () => void): void => {
  signedOut = callback;
};
/** The stream was told so. */
export const noteSignedOut = (): void => signedOut();

declare global {
  interface Window {
    /** What early.js asked, by its address. */
    milepostAsked?: Record<string, Promise<Response>>;
  }
}

// Also says to early.js that it comes too late.
const asked = (window.milepostAsked ??= {});
/** The answer to a question that was asked before the app was there; each once. */
const takeEarly = (method: string, address: string): Promise<Response> | undefined => {
  const answer = method === 'GET' ? asked[address] : undefined;
  delete asked[address];
  return answer;
};

const send = async (method: string, path: string, parts: Parts): Promise<Response> => {
  const { query = {}, body, csv, signal, headers = {} } = parts;
  const type = csv === undefined ? (body === undefined ? undefined : 'application/json') : 'text/csv';
  const address = addressOf(path, query);
  const ask = (): Promise<Response> =>
    fetch(address, {
      method,
      headers: { accept: 'application/json', ...(type === undefined ? {} : { 'content-type': type }), ...headers },
      ...(type === undefined ? {} : { body: csv ?? JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  const response = await (takeEarly(method, address) ?? ask()).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, undefined);
  });
  if (!response.ok) {
    if (response.status === 401 && !parts.isProof) signedOut();
    throw new ApiError(response.status, await readProblem(response).catch(() => undefined));
  }
  return response;
};

const call = async <Name extends ApiRouteName>(method: string, path: string, parts: Parts = {}): Promise<RouteResponse<Name>> => {
  const response = await send(method, path, parts);
  return (response.status === 204 ? undefined : await response.json()) as RouteResponse<Name>;
};

/** An answer that is not JSON. */
const bytes = async (path: string, query: Query, timeoutMs: number): Promise<ArrayBuffer> => {
  try {
    const response = await send('GET', path, { query, signal: AbortSignal.timeout(timeoutMs) });
    return await response.arrayBuffer();
  } catch (error) {
    // Cut in the middle or too slow: nothing of use was heard.
    throw error instanceof ApiError ? error : new ApiError(0, undefined);
  }
};

/** The past of a large fleet, on a slow line. */
const frameTimeoutMs = 30_000;

const vehicle = (id: string): string => `/v1/vehicles/${encodeURIComponent(id)}`;
const driver = (id: string): string => `/v1/drivers/${encodeURIComponent(id)}`;
const invitation = (id: string): string => `/v1/driver-invitations/${encodeURIComponent(id)}`;
const partner = (id: string): string => `/v1/partners/${encodeURIComponent(id)}`;
const partnerApp = (id: string, app: string): string => `${partner(id)}/apps/${encodeURIComponent(app)}`;
const grant = (id: string): string => `/v1/grants/${encodeURIComponent(id)}`;
const appWebhook = (id: string, app: string, webhook: string): string =>
  `${partnerApp(id, app)}/webhooks/${encodeURIComponent(webhook)}`;
const partnerBlock = (id: string): string => `/v1/me/partner-blocks/${encodeURIComponent(id)}`;
const members = (id: string): string => `/v1/organisations/${encodeURIComponent(id)}/members`;
const assignment = (id: string, of: string): string => `${vehicle(id)}/drivers/${encodeURIComponent(of)}`;

interface ExportQuestion {
  readonly from: number;
  readonly to?: number | undefined;
  /** For tables: which signals; without them the usual ones. */
  readonly signals?: readonly string[] | undefined;
}

/** The address of a file that the browser downloads by itself. */
export const exportAddress = (id: string, format: ExportFormat, { from, to, signals }: ExportQuestion): string => {
  const isTable = format === 'csv' || format === 'parquet';
  return addressOf(`${vehicle(id)}/export`, { format, from, to, signals: isTable ? signals?.join(',') : undefined });
};

/** What is asked of changes of status. */
export type StatusQuery = RouteQuery<'listStatusChanges'>;

export const changesCsvAddress = (query: StatusQuery): string => addressOf('/v1/status', { ...query, format: 'csv' });

export const auditCsvAddress = (query: RouteQuery<'listAudit'>): string => addressOf('/v1/audit', { ...query, format: 'csv' });

export const warningsCsvAddress = (query: RouteQuery<'listWarnings'>): string =>
  addressOf('/v1/warnings', { ...query, format: 'csv' });

/** All vehicles that fit, as a file. */
export const vehiclesCsvAddress = (query: RouteQuery<'listVehicles'>): string =>
  addressOf('/v1/vehicles', { ...query, format: 'csv' });

/** A report as a file, and a file that was made by schedule. */
export const reportCsvAddress = (query: RouteQuery<'readFleetReport'>): string =>
  addressOf('/v1/fleet-reports', { ...query, format: 'csv' });
export const myExportAddress = (id: string): string => `/v1/me/exports/${encodeURIComponent(id)}/file`;
export const reportFileAddress = (id: string): string => `/v1/report-files/${encodeURIComponent(id)}`;

const reportSchedule = (id: string): string => `/v1/report-schedules/${encodeURIComponent(id)}`;

export const api = {
  config: () => call<'readConfig'>('GET', '/v1/config'),
  counts: (query: RouteQuery<'countVehicles'> = {}, signal?: AbortSignal) =>
    call<'countVehicles'>('GET', '/v1/vehicles/counts', { query, signal }),
  vehicles: (query: RouteQuery<'listVehicles'>, signal?: AbortSignal) =>
    call<'listVehicles'>('GET', '/v1/vehicles', { query, signal }),
  vehicle: (id: string, signal?: AbortSignal) => call<'readVehicle'>('GET', vehicle(id), { signal }),
  customers: (query: RouteQuery<'listCustomers'>) => call<'listCustomers'>('GET', '/v1/customers', { query }),
  statusChanges: (id: string, query: RouteQuery<'readVehicleStatus'>, signal?: AbortSignal) =>
    call<'readVehicleStatus'>('GET', `${vehicle(id)}/status`, { query, signal }),
  history: (id: string, query: RouteQuery<'readHistory'>, signal?: AbortSignal) =>
    call<'readHistory'>('GET', `${vehicle(id)}/history`, { query, signal }),
  trips: (id: string, query: RouteQuery<'listTrips'>, signal?: AbortSignal) =>
    call<'listTrips'>('GET', `${vehicle(id)}/trips`, { query, signal }),
  trip: (id: string, trip: string, signal?: AbortSignal) =>
    call<'readTrip'>('GET', `${vehicle(id)}/trips/${encodeURIComponent(trip)}`, { signal }),
  stops: (id: string, query: RouteQuery<'listStops'>, signal?: AbortSignal) =>
    call<'listStops'>('GET', `${vehicle(id)}/stops`, { query, signal }),
  charging: (id: string, query: RouteQuery<'listCharging'>, signal?: AbortSignal) =>
    call<'listCharging'>('GET', `${vehicle(id)}/charging`, { query, signal }),
  mileage: (id: string, query: RouteQuery<'readMileage'>, signal?: AbortSignal) =>
    call<'readMileage'>('GET', `${vehicle(id)}/mileage`, { query, signal }),
  tireTrends: (id: string, query: RouteQuery<'readTireTrends'>, signal?: AbortSignal) =>
    call<'readTireTrends'>('GET', `${vehicle(id)}/tires`, { query, signal }),
  /** The whole fleet as of a moment: docs/formats/map-frame.md. */
  fleetFrame: (atMs: number) => bytes('/v1/fleet', { at: atMs, format: 'frame' }, frameTimeoutMs),
  changes: (query: StatusQuery, signal?: AbortSignal) => call<'listStatusChanges'>('GET', '/v1/status', { query, signal }),
  warnings: (query: RouteQuery<'listWarnings'>, signal?: AbortSignal) =>
    call<'listWarnings'>('GET', '/v1/warnings', { query, signal }),
  warningCounts: () => call<'countWarnings'>('GET', '/v1/warnings/counts'),
  seeWarnings: (until: string) => call<'seeWarnings'>('PUT', '/v1/warnings/seen', { body: { until } }),
  signals: () => call<'listSignals'>('GET', '/v1/signals'),
  createVehicle: (body: RouteBody<'createVehicle'>) => call<'createVehicle'>('POST', '/v1/vehicles', { body }),
  createDevice: (body: RouteBody<'createDevice'>) => call<'createDevice'>('POST', '/v1/devices', { body }),
  system: (signal?: AbortSignal) => call<'readSystem'>('GET', '/v1/system', { signal }),
  startRebuild: (body: RouteBody<'startRebuild'>) => call<'startRebuild'>('POST', '/v1/system/rebuild', { body }),
  cancelRebuild: () => call<'cancelRebuild'>('DELETE', '/v1/system/rebuild'),
  drivers: (query: RouteQuery<'listDrivers'>, signal?: AbortSignal) =>
    call<'listDrivers'>('GET', '/v1/drivers', { query, signal }),
  driver: (id: string, signal?: AbortSignal) => call<'readDriver'>('GET', driver(id), { signal }),
  createDriver: (body: RouteBody<'createDriver'>) => call<'createDriver'>('POST', '/v1/drivers', { body }),
  changeDriver: (id: string, body: RouteBody<'changeDriver'>) => call<'changeDriver'>('PATCH', driver(id), { body }),
  endDriver: (id: string) => call<'endDriver'>('DELETE', driver(id)),
  importDrivers: (csv: string, isDryRun: boolean) =>
    call<'importDrivers'>('POST', '/v1/drivers/csv', { csv, query: { dryRun: String(isDryRun) } }),
  driverVehicles: (id: string, query: RouteQuery<'listDriverAssignments'>, signal?: AbortSignal) =>
    call<'listDriverAssignments'>('GET', `${driver(id)}/vehicles`, { query, signal }),
  driverTrips: (id: string, query: RouteQuery<'listDriverTrips'>, signal?: AbortSignal) =>
    call<'listDriverTrips'>('GET', `${driver(id)}/trips`, { query, signal }),
  driverHarshEvents: (id: string, query: RouteQuery<'listDriverHarshEvents'>, signal?: AbortSignal) =>
    call<'listDriverHarshEvents'>('GET', `${driver(id)}/harsh-events`, { query, signal }),
  vehicleDrivers: (id: string, query: RouteQuery<'listVehicleDrivers'>, signal?: AbortSignal) =>
    call<'listVehicleDrivers'>('GET', `${vehicle(id)}/drivers`, { query, signal }),
  assignDriver: (id: string, body: RouteBody<'assignDriver'>) => call<'assignDriver'>('POST', `${vehicle(id)}/drivers`, { body }),
  changeAssignment: (id: string, of: string, body: RouteBody<'changeDriverAssignment'>) =>
    call<'changeDriverAssignment'>('PATCH', assignment(id, of), { body }),
  removeAssignment: (id: string, of: string) => call<'removeDriverAssignment'>('DELETE', assignment(id, of)),
  privatePeriods: (id: string, query: RouteQuery<'listPrivatePeriods'>, signal?: AbortSignal) =>
    call<'listPrivatePeriods'>('GET', `${vehicle(id)}/private`, { query, signal }),
  makePrivate: (id: string, body: RouteBody<'makePrivate'>) => call<'makePrivate'>('POST', `${vehicle(id)}/private`, { body }),
  endPrivate: (id: string) => call<'endPrivate'>('DELETE', `${vehicle(id)}/private`),
  fleetReport: (query: RouteQuery<'readFleetReport'>, signal?: AbortSignal) =>
    call<'readFleetReport'>('GET', '/v1/fleet-reports', { query, signal }),
  reportSchedules: () => call<'listReportSchedules'>('GET', '/v1/report-schedules'),
  createReportSchedule: (body: RouteBody<'createReportSchedule'>) =>
    call<'createReportSchedule'>('POST', '/v1/report-schedules', { body }),
  runReportSchedule: (id: string) => call<'runReportSchedule'>('POST', `${reportSchedule(id)}/run`),
  deleteReportSchedule: (id: string) => call<'deleteReportSchedule'>('DELETE', reportSchedule(id)),
  reportFiles: () => call<'listReportFiles'>('GET', '/v1/report-files'),
  deleteReportFile: (id: string) => call<'deleteReportFile'>('DELETE', reportFileAddress(id)),
  signIn: (body: RouteBody<'signIn'>) => call<'signIn'>('POST', '/v1/session', { body, isProof: true }),
  consent: (id: string, signal?: AbortSignal) => call<'readConsent'>('GET', `/v1/consents/${encodeURIComponent(id)}`, { signal }),
  answerConsent: (id: string, body: RouteBody<'answerConsent'>) =>
    call<'answerConsent'>('POST', `/v1/consents/${encodeURIComponent(id)}`, { body }),
  consents: (signal?: AbortSignal) => call<'listConsents'>('GET', '/v1/consents', { signal }),
  catalogue: (signal?: AbortSignal) => call<'readCatalogue'>('GET', '/v1/catalogue', { signal }),
  receipts: (query: RouteQuery<'listReceipts'>, signal?: AbortSignal) =>
    call<'listReceipts'>('GET', '/v1/receipts', { query, signal }),
  apps: (query: RouteQuery<'listApps'>, signal?: AbortSignal) => call<'listApps'>('GET', '/v1/apps', { query, signal }),
  approveApp: (id: string) => call<'approveApp'>('POST', `/v1/apps/${encodeURIComponent(id)}/approval`),
  people: (query: RouteQuery<'listPeople'>, signal?: AbortSignal) => call<'listPeople'>('GET', '/v1/people', { query, signal }),
  suspendPerson: (id: string, reason: string) =>
    call<'suspendPerson'>('POST', `/v1/people/${encodeURIComponent(id)}/suspension`, { body: { reason } }),
  endSuspension: (id: string) => call<'endSuspension'>('DELETE', `/v1/people/${encodeURIComponent(id)}/suspension`),
  audit: (query: RouteQuery<'listAudit'>, signal?: AbortSignal) => call<'listAudit'>('GET', '/v1/audit', { query, signal }),
  appLimits: (signal?: AbortSignal) => call<'listAppLimits'>('GET', '/v1/app-limits', { signal }),
  setAppQuota: (partnerId: string, app: string, requestsPerMinute: number) =>
    call<'setAppQuota'>('PUT', `${partnerApp(partnerId, app)}/quota`, { body: { requestsPerMinute } }),
  suspendApp: (id: string, reason: string) =>
    call<'suspendApp'>('POST', `/v1/apps/${encodeURIComponent(id)}/suspension`, { body: { reason } }),
  makePartner: (name: string) => call<'makePartner'>('POST', '/v1/partners', { body: { name } }),
  partner: (id: string, signal?: AbortSignal) => call<'readPartner'>('GET', partner(id), { signal }),
  makePartnerApp: (id: string, body: RouteBody<'makePartnerApp'>) =>
    call<'makePartnerApp'>('POST', `${partner(id)}/apps`, { body }),
  changePartnerApp: (id: string, app: string, body: RouteBody<'changePartnerApp'>) =>
    call<'changePartnerApp'>('PATCH', partnerApp(id, app), { body }),
  declarePurpose: (id: string, app: string, purpose: string, body: RouteBody<'declarePurpose'>) =>
    call<'declarePurpose'>('PUT', `${partnerApp(id, app)}/purposes/${encodeURIComponent(purpose)}`, { body }),
  webhooks: (id: string, app: string, signal?: AbortSignal) =>
    call<'listWebhooks'>('GET', `${partnerApp(id, app)}/webhooks`, { signal }),
  makeWebhook: (id: string, app: string, body: RouteBody<'makeWebhook'>) =>
    call<'makeWebhook'>('POST', `${partnerApp(id, app)}/webhooks`, { body }),
  endWebhook: (id: string, app: string, webhook: string) => call<'endWebhook'>('DELETE', appWebhook(id, app, webhook)),
  rotateWebhookSecret: (id: string, app: string, webhook: string) =>
    call<'rotateWebhookSecret'>('POST', `${appWebhook(id, app, webhook)}/secrets`),
  pingWebhook: (id: string, app: string, webhook: string) => call<'pingWebhook'>('POST', `${appWebhook(id, app, webhook)}/ping`),
  webhookDeliveries: (id: string, app: string, webhook: string, signal?: AbortSignal) =>
    call<'listWebhookDeliveries'>('GET', `${appWebhook(id, app, webhook)}/deliveries`, { signal }),
  replayWebhook: (id: string, app: string, webhook: string, body: RouteBody<'replayWebhook'>) =>
    call<'replayWebhook'>('POST', `${appWebhook(id, app, webhook)}/replay`, { body }),
  sandboxCars: (id: string, app: string, signal?: AbortSignal) =>
    call<'listSandboxCars'>('GET', `${partnerApp(id, app)}/sandbox/cars`, { signal }),
  makeSandboxCar: (id: string, app: string) => call<'makeSandboxCar'>('POST', `${partnerApp(id, app)}/sandbox/cars`),
  endSandboxCar: (id: string, app: string, car: string) =>
    call<'endSandboxCar'>('DELETE', `${partnerApp(id, app)}/sandbox/cars/${encodeURIComponent(car)}`),
  triggerSandboxCar: (id: string, app: string, car: string, body: RouteBody<'triggerSandboxCar'>) =>
    call<'triggerSandboxCar'>('POST', `${partnerApp(id, app)}/sandbox/cars/${encodeURIComponent(car)}/triggers`, { body }),
  appVehicles: (id: string, app: string, cursor: string | undefined, signal?: AbortSignal) =>
    call<'listAppVehicles'>('GET', `${partnerApp(id, app)}/vehicles`, { query: { cursor }, signal }),
  appVehicle: (id: string, app: string, car: string, signal?: AbortSignal) =>
    call<'readAppVehicle'>('GET', `${partnerApp(id, app)}/vehicles/${encodeURIComponent(car)}`, { signal }),
  makeAppSecret: (id: string, app: string) => call<'makeAppSecret'>('POST', `${partnerApp(id, app)}/secrets`),
  endAppSecret: (id: string, app: string, secret: string) =>
    call<'endAppSecret'>('DELETE', `${partnerApp(id, app)}/secrets/${encodeURIComponent(secret)}`),
  appUsage: (id: string, app: string, query: RouteQuery<'listAppUsage'>, signal?: AbortSignal) =>
    call<'listAppUsage'>('GET', `${partnerApp(id, app)}/usage`, { query, signal }),
  ownVehicles: (query: RouteQuery<'listOwnVehicles'>, signal?: AbortSignal) =>
    call<'listOwnVehicles'>('GET', '/v1/me/vehicles', { query, signal }),
  inviteDriver: (body: RouteBody<'inviteDriver'>) => call<'inviteDriver'>('POST', '/v1/driver-invitations', { body }),
  invitations: (signal?: AbortSignal) => call<'listDriverInvitations'>('GET', '/v1/driver-invitations', { signal }),
  invitationsOfLink: (code: string, signal?: AbortSignal) =>
    call<'readDriverInvitations'>('POST', '/v1/driver-invitation-links', { body: { code }, signal }),
  answerInvitation: (id: string, body: RouteBody<'answerDriverInvitation'>) =>
    call<'answerDriverInvitation'>('PUT', `${invitation(id)}/answer`, { body }),
  withdrawInvitation: (id: string) => call<'withdrawDriverInvitation'>('DELETE', invitation(id)),
  grants: (query: RouteQuery<'listGrants'>, signal?: AbortSignal) => call<'listGrants'>('GET', '/v1/grants', { query, signal }),
  grant: (id: string, signal?: AbortSignal) => call<'readGrant'>('GET', grant(id), { signal }),
  changeGrant: (id: string, body: RouteBody<'changeGrant'>) => call<'changeGrant'>('PATCH', grant(id), { body }),
  endGrant: (id: string) => call<'endGrant'>('DELETE', grant(id)),
  partnerBlocks: (signal?: AbortSignal) => call<'listPartnerBlocks'>('GET', '/v1/me/partner-blocks', { signal }),
  blockPartner: (id: string, body: RouteBody<'blockPartner'>) => call<'blockPartner'>('PUT', partnerBlock(id), { body }),
  unblockPartner: (id: string) => call<'unblockPartner'>('DELETE', partnerBlock(id)),
  myExports: (signal?: AbortSignal) => call<'listMyExports'>('GET', '/v1/me/exports', { signal }),
  startMyExport: () => call<'startMyExport'>('POST', '/v1/me/exports'),
  removeMyExport: (id: string) => call<'removeMyExport'>('DELETE', `/v1/me/exports/${encodeURIComponent(id)}`),
  myErasure: (signal?: AbortSignal) => call<'readMyErasure'>('GET', '/v1/me/erasure', { signal }),
  startMyErasure: () => call<'startMyErasure'>('POST', '/v1/me/erasure'),
  takeBackMyErasure: () => call<'takeBackMyErasure'>('DELETE', '/v1/me/erasure'),
  erasureProof: (code: string, signal?: AbortSignal) =>
    call<'readErasureProof'>('POST', '/v1/erasure-proofs', { body: { code }, signal }),
  signOut: () => call<'endSession'>('DELETE', '/v1/session'),
  askSignUp: (body: RouteBody<'askSignUp'>) => call<'askSignUp'>('POST', '/v1/sign-ups', { body }),
  link: (body: RouteBody<'readLink'>) => call<'readLink'>('POST', '/v1/links', { body }),
  signUp: (body: RouteBody<'signUp'>) => call<'signUp'>('POST', '/v1/accounts', { body }),
  askPasswordReset: (body: RouteBody<'askPasswordReset'>) => call<'askPasswordReset'>('POST', '/v1/password-resets', { body }),
  resetPassword: (body: RouteBody<'resetPassword'>) => call<'resetPassword'>('PUT', '/v1/password-resets', { body }),
  changeEmail: (code: string) => call<'changeEmail'>('PUT', '/v1/emails', { body: { code } }),
  makeFirstOperator: (body: RouteBody<'makeFirstOperator'>) => call<'makeFirstOperator'>('POST', '/v1/first-operator', { body }),
  me: (signal?: AbortSignal) => call<'readMe'>('GET', '/v1/me', { signal }),
  changeMe: (body: RouteBody<'changeMe'>) => call<'changeMe'>('PATCH', '/v1/me', { body }),
  confirmMe: (body: RouteBody<'confirmMe'>) => call<'confirmMe'>('POST', '/v1/me/confirmations', { body, isProof: true }),
  askEmailChange: (email: string) => call<'askEmailChange'>('POST', '/v1/me/email', { body: { email } }),
  changePassword: (password: string) => call<'changePassword'>('PUT', '/v1/me/password', { body: { password } }),
  startSecondFactor: () => call<'startSecondFactor'>('POST', '/v1/me/second-factor'),
  confirmSecondFactor: (code: string) => call<'confirmSecondFactor'>('PUT', '/v1/me/second-factor', { body: { code } }),
  removeSecondFactor: () => call<'removeSecondFactor'>('DELETE', '/v1/me/second-factor'),
  mySessions: (signal?: AbortSignal) => call<'listMySessions'>('GET', '/v1/me/sessions', { signal }),
  endMySession: (id: string) => call<'endMySession'>('DELETE', `/v1/me/sessions/${encodeURIComponent(id)}`),
  endMyOtherSessions: () => call<'endMyOtherSessions'>('DELETE', '/v1/me/sessions'),
  organisations: (query: RouteQuery<'listOrganisations'>, signal?: AbortSignal) =>
    call<'listOrganisations'>('GET', '/v1/organisations', { query, signal }),
  organisation: (id: string, signal?: AbortSignal) =>
    call<'readOrganisation'>('GET', `/v1/organisations/${encodeURIComponent(id)}`, { signal }),
  members: (id: string, signal?: AbortSignal) => call<'listMembers'>('GET', members(id), { signal }),
  addMember: (id: string, body: RouteBody<'addMember'>) => call<'addMember'>('POST', members(id), { body }),
  changeMember: (id: string, personId: string, body: RouteBody<'changeMember'>) =>
    call<'changeMember'>('PATCH', `${members(id)}/${encodeURIComponent(personId)}`, { body }),
  removeMember: (id: string, personId: string) =>
    call<'removeMember'>('DELETE', `${members(id)}/${encodeURIComponent(personId)}`),
  holders: (id: string, signal?: AbortSignal) => call<'listHolders'>('GET', `${vehicle(id)}/holders`, { signal }),
  makeClaimCode: (id: string) => call<'makeClaimCode'>('POST', `${vehicle(id)}/claim-codes`),
  claimVehicle: (code: string) => call<'claimVehicle'>('POST', '/v1/claims', { body: { code } }),
  breakGlass: (id: string, reason: string) => call<'breakGlass'>('POST', `${vehicle(id)}/broken-glass`, { body: { reason } }),
  myTokens: (signal?: AbortSignal) => call<'listMyTokens'>('GET', '/v1/me/tokens', { signal }),
  makeMyToken: (body: RouteBody<'makeMyToken'>) => call<'makeMyToken'>('POST', '/v1/me/tokens', { body }),
  endMyToken: (id: string) => call<'endMyToken'>('DELETE', `/v1/me/tokens/${encodeURIComponent(id)}`),
  enterDemo: (as: DemoRole) => call<'enterDemo'>('POST', '/v1/demo/session', { body: { as } }),
  waysIn: (signal?: AbortSignal) => call<'readWaysIn'>('GET', '/v1/ways-in', { signal }),
  askPasskeySignIn: () => call<'askPasskeySignIn'>('POST', '/v1/session/passkey-questions'),
  signInByPasskey: (answer: RouteBody<'signInByPasskey'>['answer']) =>
    call<'signInByPasskey'>('POST', '/v1/session/passkeys', { body: { answer }, isProof: true }),
  askPasskeyConfirmation: () => call<'askPasskeyConfirmation'>('POST', '/v1/me/confirmations/passkey-questions'),
  confirmMeByPasskey: (answer: RouteBody<'confirmMeByPasskey'>['answer']) =>
    call<'confirmMeByPasskey'>('POST', '/v1/me/confirmations/passkeys', { body: { answer }, isProof: true }),
  beginOutsideSignIn: (provider: string, to: string) =>
    call<'beginOutsideSignIn'>('POST', '/v1/session/outside-errands', { body: { provider, to } }),
  finishOutside: (query: string) => call<'finishOutside'>('POST', '/v1/session/outside', { body: { query }, isProof: true }),
  beginOutsideLink: (provider: string) => call<'beginOutsideLink'>('POST', '/v1/me/outside-errands', { body: { provider } }),
  myIdentities: (signal?: AbortSignal) => call<'listMyIdentities'>('GET', '/v1/me/identities', { signal }),
  unlinkMyIdentity: (id: string) => call<'unlinkMyIdentity'>('DELETE', `/v1/me/identities/${encodeURIComponent(id)}`),
  myPasskeys: (signal?: AbortSignal) => call<'listMyPasskeys'>('GET', '/v1/me/passkeys', { signal }),
  askNewPasskey: () => call<'askNewPasskey'>('POST', '/v1/me/passkey-questions'),
  addMyPasskey: (body: RouteBody<'addMyPasskey'>) => call<'addMyPasskey'>('POST', '/v1/me/passkeys', { body }),
  renameMyPasskey: (id: string, name: string) =>
    call<'renameMyPasskey'>('PATCH', `/v1/me/passkeys/${encodeURIComponent(id)}`, { body: { name } }),
  removeMyPasskey: (id: string) => call<'removeMyPasskey'>('DELETE', `/v1/me/passkeys/${encodeURIComponent(id)}`),
  myActivity: (query: RouteQuery<'listMyActivity'>, signal?: AbortSignal) =>
    call<'listMyActivity'>('GET', '/v1/me/activity', { query, signal }),
};
