import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PersonView } from '@milepost/contract/api';
import { Secret, TOTP } from 'otpauth';
import { peopleLimits } from '../people/index.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

const clock = makeSettableClock(Date.UTC(2026, 10, 22, 12));
const password = 'correct horse battery';
let server: TestServer;

before(async () => {
  server = await openTestServer('http-people', {}, { clock });
});
after(() => server.close());

/** A browser: keeps its cookie, and says where it comes from. */
const makeBrowser = () => {
  let cookie = '';
  const call = async (method: string, path: string, body?: unknown) => {
    const headers = { cookie, origin: server.origin, 'user-agent': 'A browser', authorization: '' };
    const answer = await fetch(server.origin + path, {
      method,
      headers: {
        ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = answer.headers.getSetCookie()[0]?.split(';')[0];
    if (set) cookie = set;
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? {} : JSON.parse(text) };
  };
  return { call, cookie: () => cookie };
};
type TestBrowser = ReturnType<typeof makeBrowser>;

const codeOfLink = (email: string): string => {
  const mail = server.mails.findLast(({ to }) => to === email);
  return /code=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? assert.fail(`no link for ${email}`);
};

const signUp = async (email: string, name: string): Promise<TestBrowser> => {
  const browser = makeBrowser();
  assert.equal((await browser.call('POST', '/v1/sign-ups', { email })).status, 204);
  const code = codeOfLink(email);
  assert.equal((await browser.call('POST', '/v1/links', { code, purpose: 'sign_up' })).json.email, email);
  const made = await browser.call('POST', '/v1/accounts', { code, name, password });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  return browser;
};

test('the link of the first start leads to the page of the first operator, who may then do everything', async () => {
  const code = server.access.createSignInCode();
  const link = await fetch(`${server.origin}/signin?code=${code}`, { redirect: 'manual' });
  assert.equal(link.headers.get('location'), `/first-operator#${code}`);
  const browser = makeBrowser();
  const account = { code, email: 'root@example.com', name: 'Root', password: 'short' };
  const refused = await browser.call('POST', '/v1/first-operator', account);
  assert.deepEqual([refused.status, refused.json.field, refused.json.value], [400, 'password', '(hidden)']);
  assert.equal((await browser.call('POST', '/v1/first-operator', { ...account, code: 'x', password })).json.code, 'link_used');
  const made = await browser.call('POST', '/v1/first-operator', { ...account, password });
  assert.equal(made.status, 201, 'a password that was too short did not use the link up');
  const { memberships } = made.json as PersonView;
  assert.deepEqual(
    memberships.map(({ kind, role }) => [kind, role]),
    [['platform', 'operator']],
  );
  assert.equal((await browser.call('GET', '/v1/vehicles')).status, 200);
  assert.equal((await makeBrowser().call('POST', '/v1/first-operator', { ...account, password })).json.code, 'already_exists');
  const again = await fetch(`${server.origin}/signin?code=${code}`, { redirect: 'manual' });
  assert.equal(again.headers.get('location'), '/sign-in');
});

test('somebody with an account and no role sees the own account and nothing else', async () => {
  const browser = await signUp('ana@example.com', 'Ana Ruiz');
  assert.equal((await browser.call('GET', '/v1/me')).json.name, 'Ana Ruiz');
  assert.deepEqual((await browser.call('GET', '/v1/config')).json.you, { name: 'Ana Ruiz', isOperator: false });
  for (const path of ['/v1/vehicles', '/v1/system', '/v1/customers', '/v1/signals']) {
    const { status, json } = await browser.call('GET', path);
    assert.deepEqual([status, json.code], [403, 'forbidden'], path);
  }
  const changed = await browser.call('PATCH', '/v1/me', { userName: 'Ana', language: 'es-MX' });
  assert.deepEqual([changed.json.userName, changed.json.language], ['ana', 'es-MX']);
  const second = makeBrowser();
  assert.equal((await second.call('POST', '/v1/session', { login: 'ANA', password })).status, 200);
  assert.equal((await second.call('POST', '/v1/session', { login: 'ana', password: `${password}!` })).status, 401);
  const { items } = (await browser.call('GET', '/v1/me/sessions')).json;
  assert.deepEqual(items.map(({ isThisOne }: { isThisOne: boolean }) => isThisOne).sort(), [false, true]);
  assert.equal((await browser.call('DELETE', '/v1/me/sessions')).json.ended, 1);
  assert.equal((await second.call('GET', '/v1/me')).status, 401);
  const { items: acts } = (await browser.call('GET', '/v1/me/activity?limit=2')).json;
  assert.deepEqual(
    acts.map(({ act }: { act: string }) => act),
    ['session_ended', 'sign_in_failed'],
  );
});

test('what lets somebody in is changed only after the password was given once more', async () => {
  const browser = await signUp('bo@example.com', 'Bo Lind');
  clock.set(clock.now() + peopleLimits.confirmedForMs + 1);
  const acts = [
    ['PUT', '/v1/me/password', { password: 'another horse battery' }],
    ['POST', '/v1/me/email', { email: 'else@example.com' }],
    ['POST', '/v1/me/second-factor', undefined],
    ['DELETE', '/v1/me/second-factor', undefined],
    ['POST', '/v1/me/tokens', { name: 'x', items: ['read'], days: 1 }],
  ] as const;
  for (const [method, path, body] of acts)
    assert.equal((await browser.call(method, path, body)).json.code, 'confirmation_needed', path);
  assert.equal((await browser.call('POST', '/v1/me/confirmations', { password: 'wrong horse battery' })).status, 401);
  assert.equal((await browser.call('POST', '/v1/me/confirmations', { password })).status, 204);
  const { secret } = (await browser.call('POST', '/v1/me/second-factor')).json;
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = app.generate({ timestamp: clock.now() });
  assert.equal((await browser.call('PUT', '/v1/me/second-factor', { code })).status, 204);
  const login = await makeBrowser().call('POST', '/v1/session', { login: 'bo@example.com', password });
  assert.deepEqual([login.status, login.json.code], [401, 'second_factor_needed']);
});

test('an access token reads or writes as its operator, and never becomes an account', async () => {
  const browser = makeBrowser();
  assert.equal((await browser.call('POST', '/v1/session', { login: 'root@example.com', password })).status, 200);
  const make = async (items: string[]): Promise<{ text: string; id: string }> => {
    const { json } = await browser.call('POST', '/v1/me/tokens', { name: 'Nightly', items, days: 7 });
    return { text: json.text, id: json.token.id };
  };
  const [read, write] = [await make(['read']), await make(['read', 'write'])];
  const call = (text: string, method: string, path: string, body?: unknown) =>
    server.call(method, path, body, { authorization: `Bearer ${text}` });
  assert.equal((await call(read.text, 'GET', '/v1/customers')).status, 200);
  assert.equal((await call(read.text, 'POST', '/v1/customers', { name: 'No' })).problem?.code, 'forbidden');
  assert.equal((await call(write.text, 'POST', '/v1/customers', { name: 'By token' })).status, 201);
  assert.equal((await call(write.text, 'GET', '/v1/me')).problem?.code, 'forbidden');
  assert.equal((await browser.call('DELETE', `/v1/me/tokens/${write.id}`)).status, 204);
  assert.equal((await call(write.text, 'GET', '/v1/customers')).status, 401);
  clock.set(clock.now() + 8 * 86_400_000);
  assert.equal((await call(read.text, 'GET', '/v1/customers')).status, 401);
});

test('a reset takes one link, and a new address the link that was sent there', async () => {
  const browser = await signUp('cy@example.com', 'Cy Young');
  assert.equal((await browser.call('POST', '/v1/me/email', { email: 'cy2@example.com' })).status, 204);
  assert.equal((await makeBrowser().call('PUT', '/v1/emails', { code: codeOfLink('cy2@example.com') })).status, 204);
  assert.equal((await browser.call('GET', '/v1/me')).json.email, 'cy2@example.com');
  assert.equal((await makeBrowser().call('POST', '/v1/password-resets', { email: 'cy2@example.com' })).status, 204);
  const reset = { code: codeOfLink('cy2@example.com'), password: 'a newer horse battery' };
  assert.equal((await makeBrowser().call('PUT', '/v1/password-resets', reset)).status, 204);
  assert.equal((await makeBrowser().call('PUT', '/v1/password-resets', reset)).json.code, 'link_used');
  assert.equal((await browser.call('GET', '/v1/me')).status, 401);
  assert.equal(
    (await makeBrowser().call('POST', '/v1/session', { login: 'cy2@example.com', password: reset.password })).status,
    200,
  );
});

test('a page of another origin can neither sign somebody in nor out', async () => {
  for (const [method, path] of [
    ['POST', '/v1/session'],
    ['DELETE', '/v1/session'],
    ['POST', '/v1/accounts'],
  ] as const) {
    const answer = await fetch(server.origin + path, {
      method,
      headers: { origin: 'http://evil.example', 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
    assert.equal(((await answer.json()) as { code: string }).code, 'forbidden_origin', path);
  }
});
