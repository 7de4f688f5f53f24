import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as client from 'openid-client';
import { oauthLimits } from '../oauth/index.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import {
  answerConsent,
  beginCodeFlow,
  exchange,
  getCode,
  makeTestApp,
  openConsent,
  refusalOf,
  type TestApp,
  testRedirect,
} from './testing/test-app.ts';
import { makeTestBrowser, signUpIn, type TestBrowser } from './testing/test-browser.ts';

const clock = makeSettableClock(Date.now());
let server: TestServer;
let ada: TestBrowser;
let app: TestApp;
let other: TestApp;

before(async () => {
  server = await openTestServer('http-oauth', {}, { clock });
  ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  const partner = await ada.ask('makePartner', { body: { name: 'Volt' } });
  app = await makeTestApp(server, ada, partner.json.id);
  other = await makeTestApp(server, ada, partner.json.id, { name: 'Another' });
});
after(() => server.close());

/** As the app sends it, without a library that would not. */
const post = async (path: string, parameters: Record<string, string>, { id, secret }: Pick<TestApp, 'id' | 'secret'> = app) => {
  const answer = await fetch(`${server.origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ client_id: id, ...parameters }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
};
const isActive = async (token: string, by: TestApp = app): Promise<boolean> =>
  (await client.tokenIntrospection(by.config, token)).active;

test('discovery names what is taken, under the issuer, with the headers of every answer', async () => {
  const metadata = app.config.serverMetadata();
  assert.equal(metadata.issuer, server.origin);
  assert.deepEqual(
    [
      metadata.response_types_supported,
      metadata.code_challenge_methods_supported,
      metadata.require_pushed_authorization_requests,
    ],
    [['code'], ['S256'], true],
  );
  assert.deepEqual([metadata.id_token_signing_alg_values_supported, metadata.subject_types_supported], [['ES256'], ['pairwise']]);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  const answer = await fetch(`${server.origin}/.well-known/oauth-authorization-server`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  assert.equal(((await answer.json()) as { issuer: string }).issuer, server.origin);
});

test('a person is asked on a page of ours, says yes, and the app has a token and an id of its own for them', async () => {
  const { address, ...begun } = await beginCodeFlow(app);
  const id = await openConsent(ada, address);
  const asked = await ada.ask('readConsent', { params: { id } });
  assert.equal(asked.status, 200, JSON.stringify(asked.json));
  assert.deepEqual(
    [asked.json.app.name, asked.json.app.partner, asked.json.asks, asked.json.returnsToHost],
    ['Volt Drive', 'Volt', [], '127.0.0.1:3999'],
  );
  const back = await answerConsent(ada, id);
  assert.equal(back.searchParams.get('iss'), server.origin);
  const tokens = await exchange(app, { ...begun, back });
  assert.match(tokens.access_token, /^mpa_[\w-]{43}$/);
  assert.match(tokens.refresh_token ?? '', /^mpr_[\w-]{43}$/);
  const sub = tokens.claims()?.sub ?? '';
  const userinfo = await client.fetchUserInfo(app.config, tokens.access_token, sub);
  assert.deepEqual(userinfo, { sub }, 'nothing but the id');
  const others = await exchange(other, await getCode(other, ada));
  assert.notEqual(others.claims()?.sub, sub, 'another app knows another id');
  assert.equal(await isActive(tokens.access_token), true);
  assert.equal((await ada.ask('readConsent', { params: { id } })).json.code, 'link_used');
  const { items } = (await ada.ask('listMyActivity', { query: { limit: '1' } })).json;
  assert.equal(items[0]?.act, 'consent_given');
  await client.tokenRevocation(app.config, tokens.access_token);
  assert.equal(await isActive(tokens.access_token), false);
});

test('who says no sends the app away; who is not signed in signs in first; who is elsewhere cannot answer', async () => {
  const { address } = await beginCodeFlow(app);
  const refused = await answerConsent(ada, await openConsent(ada, address), { isAllowed: false });
  assert.deepEqual([refused.searchParams.get('error'), refused.searchParams.get('code')], ['access_denied', null]);
  const stranger = makeTestBrowser(server);
  const led = (await stranger.open((await beginCodeFlow(app)).address.href)).headers.get('location') ?? '';
  assert.match(led, /^\/sign-in\?to=%2Fconsent%2F[\w-]+$/);
  const id = decodeURIComponent(led).split('/').at(-1) ?? '';
  for (const name of ['readConsent', 'answerConsent'] as const) {
    const body = name === 'answerConsent' ? { body: { isAllowed: true, language: 'en' } } : {};
    assert.equal(
      (await ada.ask(name, { params: { id }, ...(body as object) })).json.code,
      'link_used',
      'begun in another browser',
    );
  }
});

test('a sandbox app is for people of its partner alone', async () => {
  const bob = await signUpIn(server, 'bob@example.com', 'Bob Ross');
  const id = await openConsent(bob, (await beginCodeFlow(app)).address);
  assert.equal((await bob.ask('readConsent', { params: { id } })).json.code, 'forbidden');
});

test('refused: without PKCE, plain PKCE, without PAR, without or with a wrong secret', async () => {
  const request = { response_type: 'code', redirect_uri: testRedirect, scope: 'openid', state: 'x' };
  const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier());
  assert.equal((await post('/oauth/par', request)).json['error'], 'invalid_request');
  const plain = { ...request, code_challenge: challenge, code_challenge_method: 'plain' };
  assert.equal((await post('/oauth/par', plain)).json['error'], 'invalid_request');
  const right = { ...request, code_challenge: challenge, code_challenge_method: 'S256' };
  const pushed = await post('/oauth/par', right);
  assert.equal(pushed.status, 201, JSON.stringify(pushed.json));
  assert.equal((await post('/oauth/par', right, { id: app.id, secret: other.secret })).json['error'], 'invalid_client');
  assert.equal((await post('/oauth/par', right, { id: 'app_none', secret: app.secret })).json['error'], 'invalid_client');
  const direct = await ada.open(`/oauth/authorize?${new URLSearchParams({ ...right, client_id: app.id }).toString()}`);
  assert.equal(
    new URL(direct.headers.get('location') ?? '').searchParams.get('error'),
    'invalid_request',
    'PAR is not by choice',
  );
  assert.equal((await post('/oauth/par', { ...right, response_type: 'token' })).json['error'], 'unsupported_response_type');
});

test('refused: a redirect address that is not the same, character by character', async () => {
  const variants = [
    'http://127.0.0.1:3999/Back',
    'http://127.0.0.1:3998/back',
    'http://127.0.0.1/back',
    'http://127.0.0.1:3999/back/',
    'http://127.0.0.1:3999/back/more',
    'http://127.0.0.1:3999/back?x=1',
    'http://127.0.0.1:3999/back#x',
    'http://localhost:3999/back',
    'http://127.0.0.1:3999.evil.example/back',
    'http://127.0.0.1:3999/x/../back',
    'https://127.0.0.1:3999/back',
  ];
  for (const redirect_uri of variants)
    assert.equal(await refusalOf(beginCodeFlow(app, { redirect_uri })), 'invalid_request', redirect_uri);
  const { back, verifier } = await getCode(app, ada);
  const code = back.searchParams.get('code') ?? '';
  const parameters = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: `${testRedirect}/` };
  assert.equal((await post('/oauth/token', parameters)).json['error'], 'invalid_grant');
});

test('a code works once: the second time ends the tokens of the first; another app and another verifier get nothing', async () => {
  const got = await getCode(app, ada);
  assert.equal(await refusalOf(exchange(other, got)), 'invalid_grant');
  assert.equal(await refusalOf(exchange(app, { ...got, verifier: client.randomPKCECodeVerifier() })), 'invalid_grant');
  const tokens = await exchange(app, got);
  assert.equal(await isActive(tokens.access_token), true);
  assert.equal(await refusalOf(exchange(app, got)), 'invalid_grant');
  assert.equal(await isActive(tokens.access_token), false);
  assert.equal(await refusalOf(client.refreshTokenGrant(app.config, tokens.refresh_token ?? '')), 'invalid_grant');
});

test('a refresh token works once, a reused one ends its family, and of four at once one wins', async () => {
  const first = await exchange(app, await getCode(app, ada));
  const refresh = (token: string | undefined, by: TestApp = app) => client.refreshTokenGrant(by.config, token ?? '');
  assert.equal(await refusalOf(refresh(first.refresh_token, other)), 'invalid_grant');
  const second = await refresh(first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(await isActive(second.access_token), true);
  const four = await Promise.allSettled([1, 2, 3, 4].map(() => refresh(second.refresh_token)));
  const won = four.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  assert.equal(won.length, 1);
  const third = won[0] as client.TokenEndpointResponse;
  assert.equal(await isActive(third.access_token), true, 'three that came at the same time took nothing from it');
  clock.set(clock.now() + oauthLimits.reuseGraceMs + 1);
  assert.equal(await refusalOf(refresh(second.refresh_token)), 'invalid_grant');
  for (const token of [first, second, third]) assert.equal(await isActive(token.access_token), false);
  assert.equal(await refusalOf(refresh(third.refresh_token)), 'invalid_grant');
});

test('refused: what has expired, tokens of nobody, alg none, and a token that is for something else', async () => {
  const late = await getCode(app, ada);
  const tokens = await exchange(app, await getCode(app, ada));
  const call = async (token: string): Promise<number> =>
    (await fetch(`${server.origin}/v1/partner/token`, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.equal(await call(tokens.access_token), 401, 'it is for nothing but to know who signed in');
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ sub: 'x', aud: `${server.origin}/v1/partner` })).toString('base64url')}.`;
  for (const token of [
    none,
    tokens.id_token ?? '',
    tokens.refresh_token ?? '',
    `mpa_${'A'.repeat(43)}`,
    'operator-token-of-the-tests',
  ])
    assert.equal(await call(token), 401, token);
  assert.equal(
    (await server.call('GET', '/v1/vehicles', undefined, { authorization: `Bearer ${tokens.access_token}` })).status,
    401,
  );
  assert.equal(await refusalOf(beginCodeFlow(app, { resource: 'https://elsewhere.example/' })), 'invalid_target');
  assert.equal(await refusalOf(beginCodeFlow(app, { request: none })), 'request_not_supported');
  assert.equal((await post('/oauth/introspection', { token: none })).json['active'] ?? false, false);
  clock.set(clock.now() + oauthLimits.codeLifetimeMs + 1);
  assert.equal(await refusalOf(exchange(app, late)), 'invalid_grant');
  clock.set(clock.now() + oauthLimits.accessTokenLifetimeMs);
  assert.equal(await isActive(tokens.access_token), false);
  assert.equal(await isActive(tokens.access_token, other), false);
});

test('a suspended app is nobody at once; another secret takes the place of one that ended', async () => {
  const tokens = await exchange(app, await getCode(app, ada));
  assert.equal((await server.ask('suspendApp', { id: app.id, body: { reason: 'No.' } })).status, 204);
  assert.equal((await post('/oauth/introspection', { token: 'x' })).json['error'], 'invalid_client');
  assert.equal((await server.ask('approveApp', { id: app.id })).status, 204);
  assert.equal(await refusalOf(client.refreshTokenGrant(app.config, tokens.refresh_token ?? '')), 'invalid_grant');
  const params = { id: app.partnerId, app: app.id };
  assert.equal((await ada.ask('confirmMe', { body: { password: 'correct horse battery' } })).status, 204);
  const next = await ada.ask('makeAppSecret', { params });
  assert.equal((await post('/oauth/introspection', { token: 'x' }, { id: app.id, secret: next.json.text })).status, 200);
  assert.equal((await post('/oauth/introspection', { token: 'x' })).status, 200, 'both live');
  assert.equal((await ada.ask('endAppSecret', { params: { ...params, secret: app.secretId } })).status, 204);
  assert.equal((await post('/oauth/introspection', { token: 'x' })).status, 401);
});

test('keys rotate: what the one before signed is still read', async () => {
  const kids = async (): Promise<string[]> =>
    ((await (await fetch(`${server.origin}/oauth/jwks`)).json()) as { keys: { kid: string; d?: string }[] }).keys.map(
      ({ kid, d }) => {
        assert.equal(d, undefined);
        return kid;
      },
    );
  const [before_] = await kids();
  clock.set(clock.now() + 1000);
  await server.oauth.rotateKeys();
  const rotated = await kids();
  assert.equal(rotated.length, 2);
  assert.equal(rotated[1], before_);
  clock.set(clock.now() + oauthLimits.keyPublishedAfterMs + 1);
  await server.oauth.tend();
  assert.deepEqual(await kids(), rotated.slice(0, 1));
});
