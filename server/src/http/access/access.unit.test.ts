import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeManualClock } from '../../kernel/index.ts';
import { authenticate } from './authenticate.ts';
import { isOwnHost } from './check-host.ts';
import { checkOrigin } from './check-origin.ts';
import { readCookie, writeCookie } from './cookies.ts';
import { accessLimits, makeOperatorAccess } from './operator-access.ts';
import { contentSecurityPolicy } from './security-headers.ts';

const t0 = 1_795_000_000_000;
const token = 'a-token-of-the-operator';

test('a sign-in code works once and not after its time', () => {
  const clock = makeManualClock(t0);
  const access = makeOperatorAccess({ token, clock });
  const code = access.createSignInCode();
  assert.equal(access.consumeSignInCode('another'), false);
  assert.equal(access.consumeSignInCode(code), true);
  assert.equal(access.consumeSignInCode(code), false);
  const late = access.createSignInCode();
  clock.advance(accessLimits.codeLifetimeMs);
  assert.equal(access.consumeSignInCode(late), false);
});

test('of too many codes the oldest is forgotten', () => {
  const access = makeOperatorAccess({ token, clock: makeManualClock(t0) });
  const codes = Array.from({ length: accessLimits.codesMax + 1 }, () => access.createSignInCode());
  assert.equal(access.consumeSignInCode(codes[0] as string), false);
  assert.equal(access.consumeSignInCode(codes[1] as string), true);
});

test('a session outlives a restart, ends after its time, and with another operator token', () => {
  const clock = makeManualClock(t0);
  const { value, expiresAt } = makeOperatorAccess({ token, clock }).createSession();
  assert.equal(expiresAt, t0 + accessLimits.sessionLifetimeMs);
  assert.equal(makeOperatorAccess({ token, clock }).sessionExpiry(value), expiresAt);
  assert.equal(makeOperatorAccess({ token: 'a-token-that-is-new', clock }).sessionExpiry(value), undefined);
  clock.advance(accessLimits.sessionLifetimeMs);
  assert.equal(makeOperatorAccess({ token, clock }).sessionExpiry(value), undefined);
});

test('a session that was changed in any character is refused', () => {
  const access = makeOperatorAccess({ token, clock: makeManualClock(t0) });
  const { value } = access.createSession();
  for (let i = 0; i < value.length; i++) {
    const other = value[i] === '1' ? '2' : '1';
    assert.equal(access.sessionExpiry(value.slice(0, i) + other + value.slice(i + 1)), undefined, `character ${i}`);
  }
  for (const text of ['', '.', '..', 'x.y.z', `${t0 * 2}.aaaaaaaaaaaa.`]) assert.equal(access.sessionExpiry(text), undefined);
});

test('the caller is the bearer of the token, or a browser with a session; a wrong token is not helped by a cookie', () => {
  const access = makeOperatorAccess({ token, clock: makeManualClock(t0) });
  const { value, expiresAt } = access.createSession();
  const cookie = `other=1; ${access.cookieName}=${value}`;
  assert.deepEqual(authenticate({ authorization: `Bearer ${token}` }, access), {
    actor: 'operator',
    by: 'token',
    expiresAt: null,
  });
  assert.deepEqual(authenticate({ cookie }, access), { actor: 'operator', by: 'cookie', expiresAt });
  for (const headers of [
    {},
    { authorization: 'Bearer nobody' },
    { authorization: token },
    { authorization: 'Bearer nobody', cookie },
    { cookie: 'a=b' },
  ]) {
    assert.throws(() => authenticate(headers, access), { code: 'unauthorized' });
  }
});

test('cookies are read by their whole name and written so that scripts and other sites have none', () => {
  assert.equal(readCookie('ab=1; b=2', 'b'), '2');
  assert.equal(readCookie('ab=1', 'b'), undefined);
  assert.equal(readCookie(undefined, 'b'), undefined);
  assert.equal(readCookie(`b=${'x'.repeat(9000)}`, 'b'), undefined);
  assert.equal(
    writeCookie('a', 'v', { maxAgeSeconds: 60, isSecure: true }),
    'a=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure',
  );
});

test('only loopback names with our port and configured names are hosts of ours', () => {
  const own = (host: string | undefined, port = 8080): boolean => isOwnHost(host, port, ['milepost.example', 'lan.example:8443']);
  for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST:8080', 'milepost.example', 'lan.example:8443'])
    assert.equal(own(host), true, host);
  for (const host of [
    undefined,
    '',
    'localhost',
    'localhost:8081',
    'evil.example:8080',
    '127.0.0.1.evil.example:8080',
    'lan.example',
    'milepost.example.evil',
  ]) {
    assert.equal(own(host), false, host ?? 'none');
  }
  assert.equal(own('localhost', 80), true);
});

test('a foreign origin is refused; none is allowed to programs but not to browsers with a session', () => {
  const options = { host: 'localhost:8080', allowedOrigins: ['http://localhost:9000'], isRequired: false };
  for (const origin of [undefined, 'http://localhost:8080', 'https://localhost:8080', 'http://localhost:9000'])
    checkOrigin(origin, options);
  for (const origin of ['null', 'http://localhost:8081', 'http://evil.example', 'http://localhost:8080.evil.example', '']) {
    assert.throws(() => checkOrigin(origin, options), { code: 'forbidden_origin' }, origin);
  }
  assert.throws(() => checkOrigin(undefined, { ...options, isRequired: true }), { code: 'forbidden_origin' });
});

test('the policy of pages allows a configured map style its origin and nothing else outside', () => {
  assert.match(contentSecurityPolicy([]), /connect-src 'self';/);
  const policy = contentSecurityPolicy(['https://tiles.example/style.json?key=1', '/style.json', 'https://fonts.example']);
  assert.match(policy, /connect-src 'self' https:\/\/tiles\.example https:\/\/fonts\.example;/);
  assert.match(policy, /frame-ancestors 'none'/);
});
