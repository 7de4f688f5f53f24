import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeManualClock } from '../../kernel/index.ts';
import { isOwnHost } from './check-host.ts';
import { checkOrigin } from './check-origin.ts';
import { readCookie, writeCookie } from './cookies.ts';
import { accessLimits, makeOperatorAccess } from './operator-access.ts';
import { contentSecurityPolicy } from './security-headers.ts';

const t0 = 1_795_000_000_000;
const token = 'a-token-of-the-operator';

/** Keeps the notes that processes share. */
const makeUsed = () => {
  const used = new Set<string>();
  return (digest: Uint8Array): Promise<boolean> => {
    const key = Buffer.from(digest).toString('hex');
    const isNew = !used.has(key);
    used.add(key);
    return Promise.resolve(isNew);
  };
};
const useCode = makeUsed();

test('a sign-in code works once, on whichever process, and not after its time', async () => {
  const clock = makeManualClock(t0);
  const shared = { token, clock, useCode: makeUsed() };
  const [access, other] = [makeOperatorAccess(shared), makeOperatorAccess(shared)];
  const code = access.createSignInCode();
  assert.equal(await access.consumeSignInCode('another'), false);
  assert.equal(await access.consumeSignInCode(`${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`), false);
  assert.equal(await other.consumeSignInCode(code), true);
  assert.equal(await access.consumeSignInCode(code), false);
  assert.equal(await other.consumeSignInCode(code), false);
  const late = access.createSignInCode();
  clock.advance(accessLimits.codeLifetimeMs);
  assert.equal(await access.consumeSignInCode(late), false);
});

test('a code of another operator token is refused, and so is one that was changed in any character', async () => {
  const clock = makeManualClock(t0);
  const access = makeOperatorAccess({ token, clock, useCode });
  const stranger = makeOperatorAccess({ token: 'a-token-that-is-new', clock, useCode });
  assert.equal(await access.consumeSignInCode(stranger.createSignInCode()), false);
  assert.notEqual(access.cookieName, stranger.cookieName);
  const code = access.createSignInCode();
  for (let i = 0; i < code.length; i++) {
    const other = code[i] === '1' ? '2' : '1';
    assert.equal(await access.consumeSignInCode(code.slice(0, i) + other + code.slice(i + 1)), false, `character ${i}`);
  }
  for (const text of ['', '.', '..', 'x.y.z', `${t0 * 2}.aaaaaaaaaaaa.`])
    assert.equal(await access.consumeSignInCode(text), false);
});

test('cookies are read by their whole name and written so that scripts and other sites have none', () => {
  assert.equal(readCookie('ab=1; b=2', 'b'), '2');
  assert.equal(readCookie('ab=1', 'b'), undefined);
  assert.equal(readCookie(undefined, 'b'), undefined);
  assert.equal(readCookie(`b=${'x'.repeat(9000)}`, 'b'), undefined);
  assert.equal(
    writeCookie('a', 'v', { maxAgeSeconds: 60, isSecure: true }),
    'a=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure',
  );
});

test('only loopback names with our port and configured names are hosts of ours', () => {
  const own = (host: string | undefined, port = 8080): boolean =>
    isOwnHost(host, { localAddress: '::ffff:192.0.2.5', localPort: port }, ['milepost.example', 'lan.example:8443']);
  for (const host of [
    'localhost:8080',
    '127.0.0.1:8080',
    '[::1]:8080',
    'LOCALHOST:8080',
    'milepost.example',
    'lan.example:8443',
    '192.0.2.5:8080',
  ])
    assert.equal(own(host), true, host);
  for (const host of [
    undefined,
    '',
    'localhost',
    'localhost:8081',
    '192.0.2.5',
    '192.0.2.6:8080',
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
