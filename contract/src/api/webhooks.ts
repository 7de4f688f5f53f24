import Type, { type Static } from 'typebox';
import { grantFeedTypes } from './feed.ts';
import { partnerApiLimits } from './partners.ts';
import { person } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId, timeField } from './shared.ts';

export const webhookTypes = ['vehicle.changed', ...grantFeedTypes] as const;

const address = Type.String({
  minLength: 1,
  maxLength: partnerApiLimits.addressCharactersMax,
  description: 'https://… of the public internet',
});
const types = Type.Array(oneOf(webhookTypes), { maxItems: webhookTypes.length, description: 'None: all' });

export const webhook = closed({
  id: opaqueId,
  address: Type.String(),
  types,
  secrets: Type.Array(closed({ id: opaqueId, createdAt: isoTime }), { description: 'Both sign while there are two' }),
  createdAt: isoTime,
});
export type WebhookView = Static<typeof webhook>;

export const madeWebhook = closed({ webhook, secret: Type.String({ description: 'Shown this once' }) });

export const webhookDeliveryStates = ['waiting', 'delivered', 'withheld', 'dead'] as const;
export const webhookDelivery = closed({
  id: opaqueId,
  type: Type.String(),
  state: oneOf(webhookDeliveryStates, { description: 'withheld: what it would have told was taken back first; dead: given up' }),
  attempts: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  createdAt: isoTime,
  nextAt: Type.Union([nullable(isoTime)], { description: 'When it is tried next' }),
  doneAt: nullable(isoTime),
  lastStatus: nullable(Type.Integer({ minimum: 0, maximum: 999 })),
  lastError: nullable(Type.String()),
});
export type WebhookDeliveryView = Static<typeof webhookDelivery>;

const tag = 'partners';
const appParams = closed({ id: opaqueId, app: opaqueId });
const params = closed({ id: opaqueId, app: opaqueId, webhook: opaqueId });
const path = '/v1/partners/{id}/apps/{app}/webhooks';

/** Where apps are told of changes, as the partner's members manage it. docs/partner.md */
export const webhookRoutes = {
  makeWebhook: person({
    method: 'POST',
    path,
    summary: 'Have an app told of what changes, from now on',
    tag,
    params: appParams,
    body: closed({ address, types: Type.Optional(types) }),
    status: 201,
    response: madeWebhook,
  }),
  listWebhooks: person({
    method: 'GET',
    path,
    summary: 'List the webhooks of an app',
    tag,
    params: appParams,
    status: 200,
    response: closed({ items: Type.Array(webhook) }),
  }),
  endWebhook: person({
    method: 'DELETE',
    path: `${path}/{webhook}`,
    summary: 'End a webhook, and what waits for it',
    tag,
    params,
    status: 204,
  }),
  rotateWebhookSecret: person({
    method: 'POST',
    path: `${path}/{webhook}/secrets`,
    summary: 'Make a further secret: it and the newest before it sign from now on',
    tag,
    params,
    status: 201,
    response: closed({ secret: Type.String({ description: 'Shown this once' }) }),
  }),
  pingWebhook: person({
    method: 'POST',
    path: `${path}/{webhook}/ping`,
    summary: 'Deliver a ping',
    tag,
    params,
    status: 201,
    response: closed({ delivery: opaqueId }),
  }),
  listWebhookDeliveries: person({
    method: 'GET',
    path: `${path}/{webhook}/deliveries`,
    summary: 'List the newest deliveries of a webhook',
    tag,
    params,
    status: 200,
    response: closed({ items: Type.Array(webhookDelivery) }),
  }),
  replayWebhook: person({
    method: 'POST',
    path: `${path}/{webhook}/replay`,
    summary: 'Deliver again: one delivery, all since a moment, or all that were given up',
    description: 'Of the last 7 days, at most 1,000 at once. Nothing is told that was taken back since.',
    tag,
    params,
    body: Type.Union([closed({ delivery: opaqueId }), closed({ from: timeField }), closed({ state: Type.Literal('dead') })]),
    status: 200,
    response: closed({ deliveries: Type.Integer({ minimum: 0, maximum: 1_000_000 }) }),
  }),
} as const;
