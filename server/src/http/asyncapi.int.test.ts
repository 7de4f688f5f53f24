import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import * as client from 'openid-client';
import { until } from '../storage/testing/wait.ts';
import { openReceiver } from './testing/open-receiver.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { openTestPartner } from './testing/test-partner.ts';
import { openEvents } from './testing/test-stream.ts';

// What apps are told is what the document of events says, for each channel of it.

interface Document {
  readonly asyncapi: string;
  readonly channels: Readonly<
    Record<string, { readonly address: string | null; readonly messages: Readonly<Record<string, Reference>> }>
  >;
  readonly operations: Readonly<Record<string, { readonly channel: Reference; readonly messages: readonly Reference[] }>>;
  readonly components: { readonly messages: Readonly<Record<string, { readonly payload: TSchema }>> };
}
interface Reference {
  readonly $ref: string;
}

let server: TestServer;
let document: Document;
before(async () => {
  server = await openTestServer('http-asyncapi');
  const answer = await fetch(`${server.origin}/v1/asyncapi.json`);
  assert.equal(answer.status, 200);
  document = (await answer.json()) as Document;
});
after(() => server?.close());

const at = ({ $ref }: Reference): unknown =>
  $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);

/** Names of the messages of a channel that say that it may be so. */
const named = (channel: string, value: unknown): string[] =>
  Object.entries(document.channels[channel]?.messages ?? {})
    .filter(([, reference]) => Compile((at(reference) as { readonly payload: TSchema }).payload).Check(value))
    .map(([name]) => name);

test('it is an AsyncAPI document whose references lead somewhere', () => {
  assert.equal(document.asyncapi, '3.0.0');
  const references = [
    ...Object.values(document.channels).flatMap(({ messages }) => Object.values(messages)),
    ...Object.values(document.operations).flatMap(({ channel, messages }) => [channel, ...messages]),
  ];
  assert.ok(references.length > 10);
  for (const reference of references) assert.ok(at(reference), reference.$ref);
  const { stream } = document.channels;
  assert.equal(stream?.address, '/v1/partner/stream');
});

test('each event of a stream, and each delivery, is one message of it', async () => {
  const receiver = await openReceiver();
  const volt = await openTestPartner(server, [{ item: 'mileage' }, { item: 'position' }]);
  const car = await volt.addCar(1);
  const params = { id: volt.app.partnerId, app: volt.app.id };
  const made = await volt.owner.ask('makeWebhook', { params, body: { address: receiver.address } });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const webhook = made.json.webhook.id;
  assert.equal((await volt.owner.ask('pingWebhook', { params: { ...params, webhook } })).status, 201);
  const token = await volt.give([car], [{ item: 'mileage' }, { item: 'position', place: 'about1km' }]);
  const stream = await openEvents(server, token);
  const signals = {
    'Vehicle.TraveledDistance': 5000,
    'Vehicle.CurrentLocation.Latitude': 48.1,
    'Vehicle.CurrentLocation.Longitude': 11.5,
  };
  await car.report([{ time: Date.now(), signals }]);
  await stream.next(({ type }) => type === 'vehicle.changed');
  await volt.change({ items: [{ item: 'mileage' }] });
  await stream.next(({ type }) => type === 'grant.narrowed');
  const delivered = () => receiver.events<unknown>();
  await until('all is delivered', () => new Set(delivered().flatMap((one) => named('webhook', one))).size === 3);
  await client.tokenRevocation(volt.app.config, token);
  await until('the stream has ended', () => stream.ended() !== undefined);
  for (const one of delivered()) assert.equal(named('webhook', one).length, 1, JSON.stringify(one));
  for (const event of stream.heard) assert.equal(named('stream', event).length, 1, JSON.stringify(event));
  const told = new Set(stream.heard.flatMap((one) => named('stream', one)));
  assert.ok(
    told.has('streamOpened') && told.has('vehicleChanged') && told.has('grantChanged') && told.has('streamClosing'),
    [...told].join(),
  );
  const [first] = stream.heard;
  assert.deepEqual(named('stream', { ...first, more: 1 }), [], 'what is not in the document is no message');
  receiver.close();
});
