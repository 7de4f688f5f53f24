import Type, { type Static } from 'typebox';
import { consentItemName, consentLimits, placePrecisions, timePrecisions } from './consent.ts';
import { byId, operator, person } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

/** Named limits of partners and their apps. docs/limits.md says what happens at each. */
export const partnerApiLimits = {
  aboutCharactersMax: 500,
  addressCharactersMax: 500,
  redirectAddressesMax: 20,
  appItemsMax: 100,
  reasonCharactersMax: 300,
  termsCharactersMax: 8000,
  suspensionReasonCharactersMax: 500,
  appsListedMax: 1000,
  requestsPerMinuteMax: 100_000,
} as const;

/** `sandbox`: works at once, for people of the partner alone. `live`: for everybody, once the platform has approved it. */
export const appEnvironments = ['sandbox', 'live'] as const;
export type AppEnvironment = (typeof appEnvironments)[number];

export const appStates = ['waiting', 'active', 'suspended'] as const;
export type AppState = (typeof appStates)[number];

export const partnerRoles = ['administrator', 'developer'] as const;
export type PartnerRole = (typeof partnerRoles)[number];

const name = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax });
const address = (description: string) =>
  Type.String({ minLength: 1, maxLength: partnerApiLimits.addressCharactersMax, description });
const pageAddress = address('https://…; a sandbox app also http:// of this machine');
const about = Type.String({
  minLength: 1,
  maxLength: partnerApiLimits.aboutCharactersMax,
  description: 'What the app does for its users',
});
const redirectAddresses = Type.Array(
  address(
    'Where a browser is sent back to; compared character by character. https, or for a sandbox app http:// of this machine',
  ),
  { maxItems: partnerApiLimits.redirectAddressesMax },
);
const purposeName = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]*$',
  minLength: 1,
  maxLength: consentLimits.purposeCharactersMax,
  description: 'Small letters a to z, digits, _ and -',
});
const language = Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', maxLength: 35, description: 'BCP 47' });
const termsText = Type.String({
  minLength: 1,
  maxLength: partnerApiLimits.termsCharactersMax,
  description: 'What the data are used for, as the owner reads it',
});

/** One item that an app may ask for, and why it needs it. */
export const appItem = closed({
  item: consentItemName,
  reason: Type.String({ minLength: 1, maxLength: partnerApiLimits.reasonCharactersMax, description: 'As the owner reads it' }),
  place: Type.Optional(oneOf(placePrecisions, { description: 'The finest that is asked for' })),
  time: Type.Optional(oneOf(timePrecisions, { description: 'The finest that is asked for' })),
});
export type AppItem = Static<typeof appItem>;

const items = Type.Array(appItem, { maxItems: partnerApiLimits.appItemsMax });

export const appPurpose = closed({
  purpose: purposeName,
  version: Type.Integer({ minimum: 1, maximum: 100_000, description: 'Grows with each text; a grant keeps that of its answer' }),
  language,
  terms: Type.String(),
  declaredAt: isoTime,
});
export type AppPurposeView = Static<typeof appPurpose>;

export const appSecret = closed({ id: opaqueId, createdAt: isoTime });

export const partnerApp = closed({
  id: Type.String({ description: 'The `client_id` of OAuth' }),
  name: Type.String(),
  about: Type.String(),
  homepage: Type.String(),
  privacyPage: Type.String(),
  environment: oneOf(appEnvironments),
  state: oneOf(appStates),
  suspendedFor: nullable(Type.String({ description: 'Why the platform suspended it' })),
  redirectAddresses: Type.Array(Type.String()),
  pingAddress: nullable(Type.String({ description: 'Where CIBA tells that there is an answer; null: the app polls' })),
  items: Type.Array(appItem),
  purposes: Type.Array(appPurpose, { description: 'The newest version of each' }),
  secrets: Type.Array(appSecret),
  requestsPerMinute: Type.Integer({
    minimum: 1,
    maximum: partnerApiLimits.requestsPerMinuteMax,
    description: 'How often it may ask; the platform sets it',
  }),
  createdAt: isoTime,
});
export type PartnerAppView = Static<typeof partnerApp>;

export const partnerView = closed({
  id: opaqueId,
  name: Type.String(),
  role: oneOf(partnerRoles, { description: 'Of who asks' }),
  apps: Type.Array(partnerApp),
});
export type PartnerView = Static<typeof partnerView>;

const listedApp = closed({
  ...partnerApp.properties,
  partner: closed({ id: opaqueId, name: Type.String() }),
});
export type ListedAppView = Static<typeof listedApp>;

const appParams = closed({ id: opaqueId, app: opaqueId });
const tag = 'partners';

/** Partners: their organisations, apps and secrets; the platform's word about them. */
export const partnerRoutes = {
  makePartner: person({
    method: 'POST',
    path: '/v1/partners',
    summary: 'Make an organisation of kind partner',
    description: 'Who makes it becomes its `administrator`.',
    tag,
    body: closed({ name }),
    status: 201,
    response: partnerView,
  }),
  readPartner: person({
    method: 'GET',
    path: '/v1/partners/{id}',
    summary: 'Read an own partner organisation and its apps',
    tag,
    params: byId,
    status: 200,
    response: partnerView,
  }),
  makePartnerApp: person({
    method: 'POST',
    path: '/v1/partners/{id}/apps',
    summary: 'Make an app',
    description: 'A sandbox app works at once; a live one waits for approval. It has no secret yet.',
    tag,
    params: byId,
    body: closed({
      name,
      about,
      homepage: pageAddress,
      privacyPage: pageAddress,
      environment: oneOf(appEnvironments),
      redirectAddresses,
      pingAddress: Type.Optional(nullable(address('Where CIBA tells that there is an answer'))),
      items,
    }),
    status: 201,
    response: partnerApp,
  }),
  readPartnerApp: person({
    method: 'GET',
    path: '/v1/partners/{id}/apps/{app}',
    summary: 'Read an app',
    tag,
    params: appParams,
    status: 200,
    response: partnerApp,
  }),
  changePartnerApp: person({
    method: 'PATCH',
    path: '/v1/partners/{id}/apps/{app}',
    summary: 'Change an app',
    description: 'null removes the ping address. What was granted stays as it was granted.',
    tag,
    params: appParams,
    body: closed(
      {
        name: Type.Optional(name),
        about: Type.Optional(about),
        homepage: Type.Optional(pageAddress),
        privacyPage: Type.Optional(pageAddress),
        redirectAddresses: Type.Optional(redirectAddresses),
        pingAddress: Type.Optional(nullable(address('Where CIBA tells that there is an answer'))),
        items: Type.Optional(items),
      },
      { minProperties: 1 },
    ),
    status: 200,
    response: partnerApp,
  }),
  endPartnerApp: person({
    method: 'DELETE',
    path: '/v1/partners/{id}/apps/{app}',
    summary: 'End an app, its secrets and its access',
    tag,
    params: appParams,
    status: 204,
  }),
  declarePurpose: person({
    method: 'PUT',
    path: '/v1/partners/{id}/apps/{app}/purposes/{purpose}',
    summary: 'Declare what data are used for',
    description: 'Another text becomes the next version; the same text changes nothing.',
    tag,
    params: closed({ id: opaqueId, app: opaqueId, purpose: purposeName }),
    body: closed({ language, terms: termsText }),
    status: 200,
    response: appPurpose,
  }),
  makeAppSecret: person({
    method: 'POST',
    path: '/v1/partners/{id}/apps/{app}/secrets',
    summary: 'Make a secret of an app; its text is shown this once',
    description: 'Two live at a time, so that one takes the place of the other without a gap.',
    tag,
    params: appParams,
    status: 201,
    response: closed({ text: Type.String(), secret: appSecret }),
  }),
  endAppSecret: person({
    method: 'DELETE',
    path: '/v1/partners/{id}/apps/{app}/secrets/{secret}',
    summary: 'End a secret of an app',
    tag,
    params: closed({ id: opaqueId, app: opaqueId, secret: opaqueId }),
    status: 204,
  }),
  listApps: operator({
    method: 'GET',
    path: '/v1/apps',
    summary: 'List the apps of all partners, those that wait first',
    tag,
    query: closed({ state: Type.Optional(oneOf(appStates)), environment: Type.Optional(oneOf(appEnvironments)) }),
    status: 200,
    response: closed({ items: Type.Array(listedApp, { maxItems: partnerApiLimits.appsListedMax }) }),
  }),
  approveApp: operator({
    method: 'POST',
    path: '/v1/apps/{id}/approval',
    summary: 'Approve an app that waits or is suspended',
    tag,
    params: byId,
    status: 204,
  }),
  suspendApp: operator({
    method: 'POST',
    path: '/v1/apps/{id}/suspension',
    summary: 'Suspend an app: its access ends at once',
    description: 'Its tokens end. What owners granted stays, and is of no use to it until it is approved again.',
    tag,
    params: byId,
    body: closed({
      reason: Type.String({ minLength: 1, maxLength: partnerApiLimits.suspensionReasonCharactersMax }),
    }),
    status: 204,
  }),
  setAppQuota: operator({
    method: 'PUT',
    path: '/v1/partners/{id}/apps/{app}/quota',
    summary: 'Set how often an app may ask',
    description: 'It counts with the next request. 600 a minute unless set.',
    tag,
    params: appParams,
    body: closed({
      requestsPerMinute: Type.Integer({ minimum: 1, maximum: partnerApiLimits.requestsPerMinuteMax }),
    }),
    status: 204,
  }),
} as const;
