import Type, { type TSchema } from 'typebox';
import { grantFeedEvent, grantFeedTypes, vehicleChanged } from './feed.ts';
import { closed, isoTime, oneOf } from './shared.ts';

const cursor = Type.String({ description: 'From where to go on: `Last-Event-ID`, or `cursor` in the address' });
const withCursor = (schema: { readonly properties: Record<string, TSchema> }, description: string): TSchema =>
  closed({ ...schema.properties, cursor }, { description });

/** Why a stream is ended by the server. */
export const streamEndReasons = ['token_ended', 'unavailable', 'too_slow', 'going_away'] as const;

const opened = closed(
  { type: Type.Literal('stream.opened'), cursor },
  { description: 'The first event: what changes from here on is told' },
);
const closing = closed(
  { type: Type.Literal('stream.closing'), reason: oneOf(streamEndReasons), detail: Type.String() },
  { description: 'The last event, by server-sent events; by WebSocket the close frame says the same' },
);
const ping = closed(
  { id: Type.String(), type: Type.Literal('ping'), time: isoTime },
  { description: 'Asked for by the partner, to try a webhook' },
);

/** CloudEvents 1.0 in structured mode. */
const cloudEvent = (data: TSchema, types: readonly [string, ...string[]], description: string): TSchema =>
  closed(
    {
      specversion: Type.Literal('1.0'),
      id: Type.String({ description: 'The same when it is delivered again' }),
      source: Type.String(),
      type: oneOf(types),
      time: isoTime,
      subject: Type.Optional(Type.String({ description: 'The vehicle, as the app calls it' })),
      datacontenttype: Type.Literal('application/json'),
      data,
    },
    { description },
  );

interface EventMessage {
  readonly title: string;
  readonly summary: string;
  readonly contentType: string;
  readonly payload: TSchema;
}

const json = 'application/json';
const cloudEvents = 'application/cloudevents+json';
const streamMessages: Readonly<Record<string, EventMessage>> = {
  streamOpened: { title: 'stream.opened', summary: 'The stream is open', contentType: json, payload: opened },
  vehicleChanged: {
    title: 'vehicle.changed',
    summary: 'New values of a vehicle, as far and as finely as they are granted',
    contentType: json,
    payload: withCursor(vehicleChanged, 'New values of a vehicle, with the cursor after them'),
  },
  grantChanged: {
    title: grantFeedTypes.join(', '),
    summary: 'What may be read of a vehicle is another',
    contentType: json,
    payload: withCursor(grantFeedEvent, 'What became of a grant, with the cursor after it'),
  },
  streamClosing: { title: 'stream.closing', summary: 'The stream ends, and why', contentType: json, payload: closing },
};
const webhookMessages: Readonly<Record<string, EventMessage>> = {
  vehicleChangedDelivery: {
    title: 'vehicle.changed',
    summary: 'New values of a vehicle',
    contentType: cloudEvents,
    payload: cloudEvent(vehicleChanged, ['vehicle.changed'], 'New values of a vehicle'),
  },
  grantChangedDelivery: {
    title: grantFeedTypes.join(', '),
    summary: 'What may be read of a vehicle is another',
    contentType: cloudEvents,
    payload: cloudEvent(grantFeedEvent, grantFeedTypes, 'What became of a grant'),
  },
  pingDelivery: {
    title: 'ping',
    summary: 'A try',
    contentType: cloudEvents,
    payload: cloudEvent(ping, ['ping'], 'A try of a webhook'),
  },
};

const referTo = (kind: string, names: Readonly<Record<string, unknown>>): Record<string, { $ref: string }> =>
  Object.fromEntries(Object.keys(names).map((name) => [name, { $ref: `#/components/${kind}/${name}` }]));
const messagesOf = (channel: string, names: Readonly<Record<string, unknown>>): { $ref: string }[] =>
  Object.keys(names).map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));

/** Everything that apps of partners are told without asking for it each time: AsyncAPI 3.0, made of the contract's own schemas. */
export const asyncApiDocument = (version: string) => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Milepost: what apps are told',
    version,
    description:
      'The same events on a stream, by webhooks and in pages of `GET /v1/partner/changes`. Each is told at least once; what comes again has the same `id`. docs/partner.md',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: json,
  channels: {
    stream: {
      address: '/v1/partner/stream',
      title: 'The stream of an app',
      description:
        'By WebSocket, or without an upgrade by server-sent events, with an access token that has `authorization_details`.',
      messages: referTo('messages', streamMessages),
      parameters: {},
      bindings: { ws: { method: 'GET', query: closed({ cursor: Type.Optional(cursor) }) } },
    },
    webhook: {
      address: null,
      title: 'An address of the partner',
      description: 'CloudEvents 1.0, signed in the header `milepost-signature`.',
      messages: referTo('messages', webhookMessages),
    },
  },
  operations: {
    hearStream: {
      action: 'send',
      channel: { $ref: '#/channels/stream' },
      summary: 'The server tells an app what changes, as it comes',
      security: [{ $ref: '#/components/securitySchemes/partnerToken' }],
      messages: messagesOf('stream', streamMessages),
    },
    deliver: {
      action: 'send',
      channel: { $ref: '#/channels/webhook' },
      summary: 'The server delivers what changes, until it is taken',
      messages: messagesOf('webhook', webhookMessages),
    },
  },
  components: {
    messages: { ...streamMessages, ...webhookMessages },
    securitySchemes: {
      partnerToken: { type: 'http', scheme: 'bearer', description: 'The access token that a person gave to an app' },
    },
  },
});
