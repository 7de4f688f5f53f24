import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type ApiRoute,
  type ApiRouteName,
  apiRoutes,
  type Problem,
  type RouteBody,
  type RouteResponse,
} from '@milepost/contract/api';
import { peopleLimits } from '../people/index.ts';
import { makeAuthenticator } from '../people/testing/software-authenticator.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

const clock = makeSettableClock(Date.UTC(2026, 10, 22, 12));
const password = 'correct horse battery';
const origin = 'https://milepost.example';
let server: TestServer;

before(async () => {
  server = await openTestServer('http-passkeys', { isHttps: true }, { clock });
});
after(() => server.close());

type Answered<Name extends ApiRouteName> = {
  readonly status: number;
  readonly json: (RouteResponse<Name> extends undefined ? object : RouteResponse<Name>) & Partial<Problem>;
};

/** A browser: keeps its cookies, and says where it comes from. */
const makeBrowser = () => {
  const cookies = new Map<string, string>();
  const ask = async <Name extends ApiRouteName>(
    name: Name,
    { id = '', body }: { readonly id?: string; readonly body?: RouteBody<Name> } = {},
  ): Promise<Answered<Name>> => {
    const route: ApiRoute = apiRoutes[name];
    const answer = await fetch(server.origin + route.path.replace('{id}', id), {
      method: route.method,
      headers: {
        origin: server.origin,
        cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; '),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const set of answer.headers.getSetCookie()) {
      assert.match(set, /HttpOnly; SameSite=Lax; .*Secure$/);
      const [key, value] = (set.split(';')[0] as string).split('=') as [string, string];
      if (value === '') cookies.delete(key);
      else cookies.set(key, value);
    }
    const text = await answer.text();
    return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Answered<Name>['json'] };
  };
  return { ask, cookies };
};

test('a passkey is made, named, used in a browser that was asked, and removed', async () => {
  const browser = makeBrowser();
  const code = server.access.createSignInCode();
  const account = { code, email: 'root@example.com', name: 'Root', password };
  assert.equal((await browser.ask('makeFirstOperator', { body: account })).status, 201);
  assert.equal((await browser.ask('readWaysIn')).json.passkeyOrigin, origin);

  const authenticator = makeAuthenticator(origin);
  const question = (await browser.ask('askNewPasskey')).json;
  assert.deepEqual([question.rpId, question.credentials], ['milepost.example', []]);
  assert.equal(Buffer.from(question.userHandle, 'base64url').toString('utf8'), (await browser.ask('readMe')).json.id);
  const credential = authenticator.make(question);
  const body = { name: 'Laptop', credential: { ...credential, transports: [...credential.transports] } };
  const made = await browser.ask('addMyPasskey', { body });
  assert.deepEqual([made.status, made.json.name, made.json.lastUsedAt], [201, 'Laptop', null]);
  assert.deepEqual((await browser.ask('askNewPasskey')).json.credentials, [{ id: credential.id, transports: ['internal'] }]);
  assert.equal((await browser.ask('renameMyPasskey', { id: made.json.id, body: { name: 'Old laptop' } })).status, 204);

  const fresh = makeBrowser();
  const asked = (await fresh.ask('askPasskeySignIn')).json;
  const stolen = authenticator.answer(asked);
  const thief = makeBrowser();
  assert.equal((await thief.ask('signInByPasskey', { body: { answer: stolen } })).json.code, 'unauthorized');
  await thief.ask('askPasskeySignIn');
  assert.equal((await thief.ask('signInByPasskey', { body: { answer: stolen } })).json.code, 'unauthorized');
  const second = (await fresh.ask('askPasskeySignIn')).json;
  assert.notEqual(second.challenge, asked.challenge);
  const isIn = await fresh.ask('signInByPasskey', { body: { answer: authenticator.answer(asked) } });
  assert.deepEqual([isIn.status, isIn.json.name], [200, 'Root'], 'a page that was opened later spoils nothing');
  assert.equal((await fresh.ask('listVehicles')).status, 200);

  clock.set(clock.now() + peopleLimits.confirmedForMs + 1);
  assert.equal((await fresh.ask('askNewPasskey')).json.code, 'confirmation_needed');
  assert.equal((await fresh.ask('removeMyPasskey', { id: made.json.id })).json.code, 'confirmation_needed');
  const toConfirm = authenticator.answer((await fresh.ask('askPasskeyConfirmation')).json);
  assert.equal((await browser.ask('confirmMeByPasskey', { body: { answer: toConfirm } })).json.code, 'unauthorized');
  const again = authenticator.answer((await fresh.ask('askPasskeyConfirmation')).json);
  assert.equal((await fresh.ask('confirmMeByPasskey', { body: { answer: again } })).status, 204);
  const [listed] = (await fresh.ask('listMyPasskeys')).json.items;
  assert.equal(listed?.name, 'Old laptop');
  assert.equal((await fresh.ask('removeMyPasskey', { id: made.json.id })).status, 204);
  assert.equal((await fresh.ask('removeMyPasskey', { id: made.json.id })).json.code, 'not_found');
});

test('who is not signed in reaches nothing of it, and an answer that is none is refused', async () => {
  const browser = makeBrowser();
  for (const name of ['listMyPasskeys', 'askNewPasskey', 'askPasskeyConfirmation'] as const)
    assert.equal((await browser.ask(name)).status, 401, name);
  const { challenge, rpId } = (await browser.ask('askPasskeySignIn')).json;
  assert.deepEqual([rpId, challenge.length > 40], ['milepost.example', true]);
  const answer = { id: 'AAAA', clientDataJSON: 'e30', authenticatorData: 'AAAA', signature: 'AAAA' };
  assert.equal((await browser.ask('signInByPasskey', { body: { answer } })).json.code, 'unauthorized');
  const wrong = { ...answer, signature: 'not base64url!' };
  assert.equal((await browser.ask('signInByPasskey', { body: { answer: wrong } })).json.code, 'invalid_field');
});
