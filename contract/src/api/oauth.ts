import Type, { type Static } from 'typebox';
import { consentItem, consentLimits, vehicleDataDetail } from './consent.ts';
import { appEnvironments, appPurpose } from './partners.ts';
import { byId, partner, person } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

/** Named limits of answers to what apps ask. docs/limits.md says what happens at each. */
export const oauthApiLimits = {
  consentsListedMax: 100,
  givenMax: 50,
  vehicleIdCharactersMax: 64,
} as const;

const askedItem = closed({
  ...consentItem.properties,
  reason: Type.String({ description: 'Why, as the app says; empty: it no longer does' }),
});

export const askedConsent = closed({
  id: opaqueId,
  method: oneOf(['oauth', 'ciba'], { description: 'The app sent the browser here, or asked without one' }),
  app: closed({
    id: opaqueId,
    name: Type.String(),
    about: Type.String(),
    homepage: Type.String(),
    privacyPage: Type.String(),
    environment: oneOf(appEnvironments),
    partner: Type.String({ description: 'Name of the organisation' }),
  }),
  asks: Type.Array(
    closed({
      vehicles: nullable(Type.Array(Type.String(), { description: 'VINs; null: the owner chooses' })),
      items: Type.Array(askedItem),
      purpose: appPurpose,
      until: nullable(Type.String()),
      backDays: Type.Integer({ minimum: 0, maximum: consentLimits.backDaysMax }),
    }),
    { description: 'Empty: the app asks who you are, and no more' },
  ),
  bindingMessage: nullable(Type.String({ description: 'A text that the app shows as well' })),
  returnsToHost: nullable(Type.String({ description: 'Where the browser goes after the answer; null: it stays' })),
  expiresAt: isoTime,
});
export type AskedConsentView = Static<typeof askedConsent>;

const given = closed({
  ask: Type.Integer({ minimum: 0, maximum: oauthApiLimits.givenMax, description: 'Which entry of `asks`' }),
  vehicles: Type.Array(Type.String({ minLength: 1, maxLength: oauthApiLimits.vehicleIdCharactersMax }), {
    minItems: 1,
    maxItems: consentLimits.vehiclesPerRequestMax,
    description: 'Ids of own vehicles',
  }),
  items: Type.Array(consentItem, { minItems: 1, maxItems: consentLimits.itemsPerRequestMax }),
  until: Type.Optional(nullable(Type.String({ format: 'date-time', maxLength: 40 }))),
  backDays: Type.Optional(Type.Integer({ minimum: 0, maximum: consentLimits.backDaysMax })),
});

/** What was given, as tokens tell it. */
export const givenDetail = closed({
  ...vehicleDataDetail.properties,
  vehicles: Type.Array(opaqueId, { description: 'Opaque ids of vehicles, of this app alone' }),
});
export type GivenDetail = Static<typeof givenDetail>;

export const partnerTokenView = closed({
  app: closed({ id: opaqueId, name: Type.String(), environment: oneOf(appEnvironments) }),
  partner: closed({ id: opaqueId, name: Type.String() }),
  details: Type.Array(givenDetail, { description: '`authorization_details` as they were given' }),
  expiresAt: isoTime,
});

const tag = 'consent';

/** What apps ask people for, and what they answer; what a partner's token is. */
export const oauthRoutes = {
  listConsents: person({
    method: 'GET',
    path: '/v1/consents',
    summary: 'List what apps have asked of you and you have not answered',
    description: 'Those that asked without a browser (CIBA). What an app asks by sending a browser is on the page that it opens.',
    tag,
    status: 200,
    response: closed({ items: Type.Array(askedConsent, { maxItems: oauthApiLimits.consentsListedMax }) }),
  }),
  readConsent: person({
    method: 'GET',
    path: '/v1/consents/{id}',
    summary: 'Read what an app asks: who, what, why, until when',
    description: 'What an app asked by sending a browser is read in that browser alone.',
    tag,
    params: byId,
    status: 200,
    response: askedConsent,
  }),
  answerConsent: person({
    method: 'POST',
    path: '/v1/consents/{id}',
    summary: 'Answer what an app asks',
    description: 'Each item and vehicle is given or not; what is not named is not. Answers where the browser goes on.',
    tag,
    params: byId,
    body: closed({
      isAllowed: Type.Boolean(),
      given: Type.Optional(Type.Array(given, { maxItems: oauthApiLimits.givenMax })),
      language: Type.String({
        pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$',
        maxLength: 35,
        description: 'BCP 47: in which the page was read',
      }),
    }),
    status: 200,
    response: closed({ continueAt: nullable(Type.String({ description: 'An address; null: there is nowhere to go' })) }),
  }),
  readPartnerToken: partner({
    method: 'GET',
    path: '/v1/partner/token',
    summary: 'Read what the token is of, and what it opens',
    tag: 'partners',
    status: 200,
    response: partnerTokenView,
  }),
} as const;
