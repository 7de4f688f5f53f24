import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiRoute, type ApiRouteName, apiRoutes, type Problem, type RouteResponse } from '@milepost/contract/api';
import { Secret, TOTP } from 'otpauth';
import { peopleLimits } from '../people/index.ts';
import { openTestServer, type Parts, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

const clock = makeSettableClock(Date.UTC(2026, 10, 22, 12));
const password = 'correct horse battery';
let server: TestServer;

before(async () => {
  server = await openTestServer('http-people', {}, { clock });
});
after(() => server.close());

type Answered<Name extends ApiRouteName> = {
  readonly status: number;
  readonly json: (RouteResponse<Name> extends undefined ? object : RouteResponse<Name>) & Partial<Problem>;
};

/** A browser: keeps its cookie, and says where it comes from. */
const makeBrowser = () => {
  let cookie = '';
  const ask = async <Name extends ApiRouteName>(name: Name, parts: Parts<Name> = {}): Promise<Answered<Name>> => {
    const { id = '', query, body } = parts;
    const route: ApiRoute = apiRoutes[name];
    const search = query ? `?${new URLSearchParams(query as Record<string, string>).toString()}` : '';
    const answer = await fetch(server.origin + route.path.replace('{id}', id) + search, {
      method: route.method,
      headers: {
        origin: server.origin,
        'user-agent': 'A browser',
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = answer.headers.getSetCookie()[0]?.split(';')[0];
    if (set) cookie = set;
    const text = await answer.text();
    return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Answered<Name>['json'] };
  };
  return { ask };
};
type TestBrowser = ReturnType<typeof makeBrowser>;

const codeOfLink = (email: string): string => {
  const mail = server.mails.findLast(({ to }) => to === email);
  return /code=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? assert.fail(`no link for ${email}`);
};

const signUp = async (email: string, name: string): Promise<TestBrowser> => {
  const browser = makeBrowser();
  assert.equal((await browser.ask('askSignUp', { body: { email } })).status, 204);
  const code = codeOfLink(email);
  assert.equal((await browser.ask('readLink', { body: { code, purpose: 'sign_up' } })).json.email, email);
  const made = await browser.ask('signUp', { body: { code, name, password } });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  return browser;
};

test('the link of the first start leads to the page of the first operator, who may then do everything', async () => {
  const code = server.access.createSignInCode();
  const link = await fetch(`${server.origin}/signin?code=${code}`, { redirect: 'manual' });
  assert.equal(link.headers.get('location'), `/first-operator#${code}`);
  const browser = makeBrowser();
  const account = { code, email: 'root@example.com', name: 'Root', password: 'short' };
  const refused = await browser.ask('makeFirstOperator', { body: account });
  assert.deepEqual([refused.status, refused.json.field, refused.json.value], [400, 'password', '(hidden)']);
  assert.equal((await browser.ask('makeFirstOperator', { body: { ...account, code: 'x', password } })).json.code, 'link_used');
  const made = await browser.ask('makeFirstOperator', { body: { ...account, password } });
  assert.equal(made.status, 201, 'a password that was too short did not use the link up');
  const { memberships } = made.json;
  assert.deepEqual(
    memberships.map(({ kind, role }) => [kind, role]),
    [['platform', 'operator']],
  );
  assert.equal((await browser.ask('listVehicles')).status, 200);
  assert.equal((await makeBrowser().ask('makeFirstOperator', { body: { ...account, password } })).json.code, 'already_exists');
  const again = await fetch(`${server.origin}/signin?code=${code}`, { redirect: 'manual' });
  assert.equal(again.headers.get('location'), '/sign-in');
});

test('somebody with an account and no role sees the own account, and no vehicle', async () => {
  const browser = await signUp('ana@example.com', 'Ana Ruiz');
  assert.equal((await browser.ask('readMe')).json.name, 'Ana Ruiz');
  assert.deepEqual((await browser.ask('readConfig')).json.you, {
    name: 'Ana Ruiz',
    isOperator: false,
    isStaff: false,
    customers: [],
    partners: [],
    hasVehicles: false,
  });
  for (const name of ['listVehicles', 'listCustomers', 'listDrivers', 'listWarnings'] as const)
    assert.deepEqual((await browser.ask(name)).json.items, [], name);
  for (const name of ['readSystem', 'listDevices', 'listReportSchedules'] as const) {
    const { status, json } = await browser.ask(name);
    assert.deepEqual([status, json.code], [403, 'forbidden'], name);
  }
  const changed = await browser.ask('changeMe', { body: { userName: 'Ana', language: 'es-MX' } });
  assert.deepEqual([changed.json.userName, changed.json.language], ['ana', 'es-MX']);
  const second = makeBrowser();
  assert.equal((await second.ask('signIn', { body: { login: 'ANA', password } })).status, 200);
  assert.equal((await second.ask('signIn', { body: { login: 'ana', password: `${password}!` } })).status, 401);
  const { items } = (await browser.ask('listMySessions')).json;
  assert.deepEqual([items.length, items.filter(({ isThisOne }) => isThisOne).length], [2, 1]);
  assert.equal((await browser.ask('endMyOtherSessions')).json.ended, 1);
  assert.equal((await second.ask('readMe')).status, 401);
  const { items: acts } = (await browser.ask('listMyActivity', { query: { limit: 2 } })).json;
  assert.deepEqual(
    acts.map(({ act }) => act),
    ['session_ended', 'sign_in_failed'],
  );
});

test('what lets somebody in is changed only after the password was given once more', async () => {
  const browser = await signUp('bo@example.com', 'Bo Lind');
  clock.set(clock.now() + peopleLimits.confirmedForMs + 1);
  const acts = [
    browser.ask('changePassword', { body: { password: 'another horse battery' } }),
    browser.ask('askEmailChange', { body: { email: 'else@example.com' } }),
    browser.ask('startSecondFactor'),
    browser.ask('removeSecondFactor'),
    browser.ask('makeMyToken', { body: { name: 'x', items: ['read'], days: 1 } }),
  ];
  for (const { json } of await Promise.all(acts)) assert.equal((json as Partial<Problem>).code, 'confirmation_needed');
  assert.equal((await browser.ask('confirmMe', { body: { password: 'wrong horse battery' } })).status, 401);
  assert.equal((await browser.ask('confirmMe', { body: { password } })).status, 204);
  const { secret } = (await browser.ask('startSecondFactor')).json;
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = app.generate({ timestamp: clock.now() });
  assert.equal((await browser.ask('confirmSecondFactor', { body: { code } })).status, 204);
  const login = await makeBrowser().ask('signIn', { body: { login: 'bo@example.com', password } });
  assert.deepEqual([login.status, login.json.code], [401, 'second_factor_needed']);
});

test('an access token reads or writes as its operator, and never becomes an account', async () => {
  const browser = makeBrowser();
  assert.equal((await browser.ask('signIn', { body: { login: 'root@example.com', password } })).status, 200);
  const make = async (items: ('read' | 'write')[]): Promise<{ text: string; id: string }> => {
    const { json } = await browser.ask('makeMyToken', { body: { name: 'Nightly', items, days: 7 } });
    return { text: json.text, id: json.token.id };
  };
  const [read, write] = [await make(['read']), await make(['read', 'write'])];
  const call = (text: string, method: string, path: string, body?: unknown) =>
    server.call(method, path, body, { authorization: `Bearer ${text}` });
  assert.equal((await call(read.text, 'GET', '/v1/customers')).status, 200);
  assert.equal((await call(read.text, 'POST', '/v1/customers', { name: 'No' })).problem?.code, 'forbidden');
  assert.equal((await call(write.text, 'POST', '/v1/customers', { name: 'By token' })).status, 201);
  assert.equal((await call(write.text, 'GET', '/v1/me')).problem?.code, 'forbidden');
  assert.equal((await browser.ask('endMyToken', { id: write.id })).status, 204);
  assert.equal((await call(write.text, 'GET', '/v1/customers')).status, 401);
  clock.set(clock.now() + 8 * 86_400_000);
  assert.equal((await call(read.text, 'GET', '/v1/customers')).status, 401);
});

test('a reset takes one link, and a new address the link that was sent there', async () => {
  const browser = await signUp('cy@example.com', 'Cy Young');
  assert.equal((await browser.ask('askEmailChange', { body: { email: 'cy2@example.com' } })).status, 204);
  assert.equal((await makeBrowser().ask('changeEmail', { body: { code: codeOfLink('cy2@example.com') } })).status, 204);
  assert.equal((await browser.ask('readMe')).json.email, 'cy2@example.com');
  assert.equal((await makeBrowser().ask('askPasswordReset', { body: { email: 'cy2@example.com' } })).status, 204);
  const reset = { code: codeOfLink('cy2@example.com'), password: 'a newer horse battery' };
  assert.equal((await makeBrowser().ask('resetPassword', { body: reset })).status, 204);
  assert.equal((await makeBrowser().ask('resetPassword', { body: reset })).json.code, 'link_used');
  assert.equal((await browser.ask('readMe')).status, 401);
  assert.equal((await makeBrowser().ask('signIn', { body: { login: 'cy2@example.com', password: reset.password } })).status, 200);
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
