import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { VehicleDataDetail } from '@milepost/contract/api';
import * as client from 'openid-client';
import { type ConsentAnswer, oauthLimits } from '../oauth/index.ts';
import { until } from '../storage/testing/wait.ts';
import { openReceiver, type TestReceiver } from './testing/open-receiver.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { beginCodeFlow, exchange, getCode, makeTestApp, openConsent, refusalOf, type TestApp } from './testing/test-app.ts';
import { signUpIn, type TestBrowser } from './testing/test-browser.ts';

const clock = makeSettableClock(Date.now());
const vin = 'WVWZZZ1KZAW000123';
const password = 'correct horse battery';
/** What was answered, in place of grants: which of them are still there is decided by the tests. */
const answered: ConsentAnswer[] = [];
const left = new Set<string>();
/** Of grants that another process gave. */
const unheard: string[] = [];
let isHeard = true;
const blocked = new Set<string>();
let holderId = '';
let server: TestServer;
let ada: TestBrowser;
let app: TestApp;
let pings: TestReceiver;

const answers = {
  give: (given: readonly ConsentAnswer[]) => {
    answered.push(...given);
    const grantIds = given.map((_, i) => `gra_${answered.length}_${i}`);
    for (const id of grantIds) left.add(id);
    const details = given.map(({ asked, vehicles, items }) => ({
      ...asked,
      vehicles: vehicles.map((id) => `opaque_${id}`),
      items: [...items],
    }));
    return Promise.resolve({ grantIds, details });
  },
  isAnyLeft: (ids: readonly string[]) => ids.some((id) => left.has(id)),
  catchUp: () => {
    if (isHeard) for (const id of unheard.splice(0)) left.add(id);
    return Promise.resolve(isHeard);
  },
};

const items = [
  { item: 'mileage', reason: 'The price follows how far you drive.' },
  { item: 'position', reason: 'Whether it is parked off the street.', place: 'about1km', time: 'hour' },
] as const;

before(async () => {
  pings = await openReceiver();
  const findHolder = (asked: string) => Promise.resolve(asked === vin ? holderId : undefined);
  const isBlocked = (_app: string, person: string): boolean => blocked.has(person);
  server = await openTestServer('http-oauth-data', {}, { clock, answers, findHolder, isBlocked });
  ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  holderId = (await ada.ask('readMe')).json.id;
  const partner = await ada.ask('makePartner', { body: { name: 'Volt' } });
  app = await makeTestApp(server, ada, partner.json.id, { items: [...items] });
  const params = { id: partner.json.id, app: app.id, purpose: 'insurance' };
  const declared = await ada.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  assert.equal(declared.status, 200);
});
after(async () => {
  pings.close();
  await server.close();
});

const detailOf = (changes: Partial<VehicleDataDetail> = {}): VehicleDataDetail => ({
  type: 'vehicle_data',
  items: [{ item: 'mileage' }, { item: 'position', place: 'about1km', time: 'hour' }],
  purpose: 'insurance',
  ...changes,
});
const asking = (...details: unknown[]) => ({
  authorization_details: JSON.stringify(details.length > 0 ? details : [detailOf()]),
});
const given = [{ ask: 0, vehicles: ['veh_1'], items: [{ item: 'mileage' }] }];
const callPartner = async (token: string) => {
  const answer = await fetch(`${server.origin}/v1/partner/token`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, json: (await answer.json()) as { details: VehicleDataDetail[]; app: { name: string } } };
};

test('an app asks for no more than it has declared', async () => {
  const wrong: unknown[] = [
    detailOf({ items: [{ item: 'tires' }] }),
    detailOf({ items: [{ item: 'position', place: 'exact', time: 'hour' }] }),
    detailOf({ items: [{ item: 'position', place: 'about1km' }] }),
    detailOf({ items: [{ item: 'mileage' }, { item: 'mileage', time: 'day' }] }),
    detailOf({ items: [] }),
    detailOf({ purpose: 'advertising' }),
    detailOf({ until: new Date(clock.now() - 1).toISOString() }),
    detailOf({ until: '2200-01-01T00:00:00.000Z' }),
    detailOf({ backDays: -1 }),
    { ...detailOf(), vehicles: ['no VIN'] },
    { ...detailOf(), more: true },
    { type: 'account_information' },
  ];
  for (const detail of wrong)
    assert.equal(await refusalOf(beginCodeFlow(app, asking(detail))), 'invalid_authorization_details', JSON.stringify(detail));
  const many = Array.from({ length: oauthLimits.detailsMax + 1 }, () => detailOf());
  assert.equal(await refusalOf(beginCodeFlow(app, asking(...many))), 'invalid_authorization_details');
});

test('the person gives less than was asked for, and the token tells that and nothing else', async () => {
  const { address, ...begun } = await beginCodeFlow(app, asking());
  const id = await openConsent(ada, address);
  const { json: asked } = await ada.ask('readConsent', { params: { id } });
  assert.deepEqual(
    asked.asks[0]?.items.map(({ item, reason }) => [item, reason]),
    items.map(({ item, reason }) => [item, reason]),
  );
  assert.deepEqual(
    [asked.asks[0]?.purpose.terms, asked.asks[0]?.until, asked.asks[0]?.vehicles],
    ['We set your price by it.', null, null],
  );
  const answer = (one: object) =>
    ada.ask('answerConsent', {
      params: { id },
      body: { isAllowed: true, language: 'de', given: [{ ...given[0], ...one }] as never },
    });
  for (const more of [
    { items: [{ item: 'position', place: 'about100m', time: 'hour' }] },
    { items: [{ item: 'tires' }] },
    { backDays: 1 },
    { ask: 1 },
  ])
    assert.equal((await answer(more)).json.code, 'invalid_field', JSON.stringify(more));
  assert.equal(
    (await ada.ask('answerConsent', { params: { id }, body: { isAllowed: true, language: 'de' } })).json.code,
    'invalid_field',
  );
  assert.equal(answered.length, 0);
  const said = await answer({});
  assert.equal(said.status, 200, JSON.stringify(said.json));
  const [one] = answered;
  assert.deepEqual(
    [one?.app.id, one?.vehicles, one?.purposeVersion, one?.language, one?.method],
    [app.id, ['veh_1'], 1, 'de', 'oauth'],
  );
  const back = new URL((await ada.open(new URL(said.json.continueAt ?? '').pathname)).headers.get('location') ?? '');
  const tokens = await exchange(app, { ...begun, back });
  const details = tokens['authorization_details'] as unknown as VehicleDataDetail[];
  assert.deepEqual(
    details.map(({ vehicles, items: told }) => [vehicles, told]),
    [[['opaque_veh_1'], [{ item: 'mileage' }]]],
  );
  const seen = await client.tokenIntrospection(app.config, tokens.access_token);
  assert.deepEqual([seen.active, seen.aud, seen['authorization_details']], [true, `${server.origin}/v1/partner`, details]);
  assert.equal(seen.sub, tokens.claims()?.sub);
  const called = await callPartner(tokens.access_token);
  assert.deepEqual([called.status, called.json.app.name, called.json.details], [200, 'Volt Drive', details]);
  const refreshed = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
  assert.deepEqual(refreshed['authorization_details'], details);
  assert.equal((await callPartner(refreshed.access_token)).status, 200);
  unheard.push(...left);
  left.clear();
  isHeard = false;
  assert.equal((await callPartner(tokens.access_token)).status, 503, 'it is not known whether they are gone');
  isHeard = true;
  assert.equal((await callPartner(tokens.access_token)).status, 200, 'grants of which only another process knew');
  left.clear();
  assert.equal((await callPartner(tokens.access_token)).status, 401, 'its grants are gone: at the next call');
});

test('what ends a token ends it at the next call: revocation, a suspended app, time', async () => {
  const get = async () => exchange(app, await getCode(app, ada, asking(), { given }));
  const [one, two, three] = [await get(), await get(), await get()];
  for (const { access_token } of [one, two, three]) assert.equal((await callPartner(access_token)).status, 200);
  await client.tokenRevocation(app.config, one.access_token);
  assert.equal((await callPartner(one.access_token)).status, 401);
  await client.tokenRevocation(app.config, two.refresh_token ?? '');
  assert.equal((await callPartner(two.access_token)).status, 401);
  assert.equal((await callPartner(three.access_token)).status, 200);
  clock.set(clock.now() + oauthLimits.accessTokenLifetimeMs + 1);
  assert.equal((await callPartner(three.access_token)).status, 401);
});

test('a token that is remembered costs next to nothing', async () => {
  const { access_token } = await exchange(app, await getCode(app, ada, asking(), { given }));
  const { tokens } = server.oauth;
  assert.ok(await tokens.find(access_token));
  const rounds = 5000;
  const begin = process.cpuUsage();
  for (let i = 0; i < rounds; i++) assert.ok(tokens.find(access_token));
  const { user, system } = process.cpuUsage(begin);
  assert.ok((user + system) / rounds < 50, `${((user + system) / rounds).toFixed(1)} µs`);
});

const ask = (hint: string, more: Record<string, string> = {}, by: TestApp = app) =>
  client.initiateBackchannelAuthentication(by.config, { scope: 'openid', login_hint: hint, ...asking(), ...more });
const poll = (request: client.BackchannelAuthenticationResponse, by: TestApp = app) =>
  client.genericGrantRequest(by.config, 'urn:openid:params:grant-type:ciba', { auth_req_id: request.auth_req_id });

test('an app that knows a VIN asks; the holder answers on the own page; the app polls (CIBA)', async () => {
  const request = await ask(vin.toLowerCase(), { binding_message: 'Volt-4711' });
  assert.equal(await refusalOf(poll(request)), 'authorization_pending');
  const { items: waiting } = (await ada.ask('listConsents')).json;
  assert.deepEqual(
    waiting.map(({ method, bindingMessage, app: { name } }) => [method, bindingMessage, name]),
    [['ciba', 'Volt-4711', 'Volt Drive']],
  );
  const id = waiting[0]?.id ?? '';
  const bob = await signUpIn(server, 'bob@example.com', 'Bob Ross');
  assert.equal((await bob.ask('readConsent', { params: { id } })).json.code, 'link_used', 'it is for somebody else');
  assert.deepEqual((await bob.ask('listConsents')).json.items, []);
  const before_ = answered.length;
  const both = await Promise.all(
    [0, 1].map(() => ada.ask('answerConsent', { params: { id }, body: { isAllowed: true, language: 'en', given } })),
  );
  assert.deepEqual(
    both.map(({ status }) => status).sort((a, b) => a - b),
    [200, 410],
    'of two at once one is the answer',
  );
  assert.equal(answered.length, before_ + 1);
  assert.equal(both.find(({ status }) => status === 200)?.json.continueAt, null);
  assert.equal(answered.at(-1)?.method, 'ciba');
  const tokens = await poll(request);
  assert.equal((await callPartner(tokens.access_token)).status, 200);
  assert.equal(await refusalOf(poll(request)), 'invalid_grant', 'once');
  assert.equal((await callPartner(tokens.access_token)).status, 401, 'and who has it twice has nothing');
  const another = await ask('ada@example.com');
  const refused = (await ada.ask('listConsents')).json.items[0]?.id ?? '';
  assert.equal(
    (await ada.ask('answerConsent', { params: { id: refused }, body: { isAllowed: false, language: 'en' } })).status,
    200,
  );
  assert.equal(await refusalOf(poll(another)), 'access_denied');
  // Written beside the answer, not before it.
  const asked = async (): Promise<number> =>
    (await ada.ask('listMyActivity')).json.items.filter(({ act }: { readonly act: string }) => act === 'consent_asked').length;
  await until('both requests are in the log of who was asked', async () => (await asked()) === 2);
});

test('who is not here, or has blocked the partner, looks like an owner who never answers', async () => {
  const shapeOf = (one: client.BackchannelAuthenticationResponse) => [
    Object.keys(one).sort(),
    one.expires_in,
    one.auth_req_id.length,
  ];
  const known = await ask('bob@example.com');
  blocked.add(holderId);
  const quiet = await ask('ADA@example.com');
  blocked.clear();
  const unknown = await ask('nobody@example.com');
  const unknownVin = await ask('WVWZZZ1KZAW999999');
  for (const one of [quiet, unknown, unknownVin]) {
    assert.deepEqual(shapeOf(one), shapeOf(known));
    assert.equal(await refusalOf(poll(one)), 'authorization_pending');
  }
  assert.deepEqual((await ada.ask('listConsents')).json.items, []);
  clock.set(clock.now() + oauthLimits.backchannelLifetimeMs + 1);
  for (const one of [known, quiet, unknown, unknownVin]) assert.equal(await refusalOf(poll(one)), 'expired_token');
  assert.equal(await refusalOf(ask('neither')), 'invalid_request');
});

test('requests of one app to one VIN or address are few, whoever it is', async () => {
  const results: string[] = [];
  for (let i = 0; i < 6; i++) results.push(await refusalOf(ask('often@example.com')));
  assert.deepEqual(results, ['done', 'done', 'done', 'done', 'done', 'invalid_request']);
});

test('an app with a ping address is told that there is an answer, with its own token', async () => {
  assert.equal((await ada.ask('confirmMe', { body: { password } })).status, 204);
  const pinged = await makeTestApp(server, ada, app.partnerId, { name: 'Pinged', items: [...items], pingAddress: pings.address });
  const request = await client.initiateBackchannelAuthentication(pinged.config, {
    scope: 'openid',
    login_hint: 'ada@example.com',
    client_notification_token: 'a-token-of-the-app',
  });
  const id = (await ada.ask('listConsents')).json.items[0]?.id ?? '';
  assert.equal((await ada.ask('answerConsent', { params: { id }, body: { isAllowed: true, language: 'en' } })).status, 200);
  await until('the ping', () => pings.received.length > 0);
  assert.deepEqual(
    pings.received.map(({ headers, body }) => ({ authorization: headers.authorization, body })),
    [{ authorization: 'Bearer a-token-of-the-app', body: JSON.stringify({ auth_req_id: request.auth_req_id }) }],
  );
  const tokens = await poll(request, pinged);
  assert.equal((await callPartner(tokens.access_token)).status, 401, 'it asked for nothing of vehicles');
});
