import assert from 'node:assert/strict';
import type { RouteBody } from '@milepost/contract/api';
import * as client from 'openid-client';
import type { TestServer } from './open-test-server.ts';
import type { TestBrowser } from './test-browser.ts';

export const testRedirect = 'http://127.0.0.1:3999/back';

/** An app of a partner, as its own server knows it. */
export interface TestApp {
  readonly id: string;
  readonly partnerId: string;
  readonly secret: string;
  readonly secretId: string;
  readonly config: client.Configuration;
}

/** Made by somebody in a browser, with one secret. */
export const makeTestApp = async (
  server: TestServer,
  browser: TestBrowser,
  partnerId: string,
  changes: Partial<RouteBody<'makePartnerApp'>> = {},
): Promise<TestApp> => {
  const body: RouteBody<'makePartnerApp'> = {
    name: 'Volt Drive',
    about: 'Pays back what careful driving saves.',
    homepage: 'https://volt.example/',
    privacyPage: 'https://volt.example/privacy',
    environment: 'sandbox',
    redirectAddresses: [testRedirect],
    items: [],
    ...changes,
  };
  const made = await browser.ask('makePartnerApp', { params: { id: partnerId }, body });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const secret = await browser.ask('makeAppSecret', { params: { id: partnerId, app: made.json.id } });
  assert.equal(secret.status, 201, JSON.stringify(secret.json));
  const config = await client.discovery(
    new URL(server.origin),
    made.json.id,
    undefined,
    client.ClientSecretBasic(secret.json.text),
    { execute: [client.allowInsecureRequests] },
  );
  return { id: made.json.id, partnerId, secret: secret.json.text, secretId: secret.json.secret.id, config };
};

export interface Begun {
  readonly verifier: string;
  readonly state: string;
  /** Where the browser is sent. */
  readonly address: URL;
}

/** As the app's server does it: pushes the request (PAR) with PKCE. */
export const beginCodeFlow = async (
  { config }: Pick<TestApp, 'config'>,
  parameters: Record<string, string> = {},
): Promise<Begun> => {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const address = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: testRedirect,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...parameters,
  });
  return { verifier, state, address };
};

/** The browser is led to the page of consent. Answers the id of the request. */
export const openConsent = async (browser: TestBrowser, address: URL): Promise<string> => {
  const asked = await browser.open(address.pathname + address.search);
  const location = asked.headers.get('location') ?? '';
  assert.equal(asked.status, 303, `${asked.status} ${await asked.text()}`);
  return /\/consent\/([\w-]+)$/.exec(location)?.[1] ?? assert.fail(`not to the page of consent but to ${location}`);
};

/** The person says yes (or what is given instead). Answers where the app gets its browser back. */
export const answerConsent = async (
  browser: TestBrowser,
  id: string,
  body: Partial<RouteBody<'answerConsent'>> = {},
): Promise<URL> => {
  const { status, json } = await browser.ask('answerConsent', {
    params: { id },
    body: { isAllowed: true, language: 'en', ...body },
  });
  assert.equal(status, 200, JSON.stringify(json));
  assert.ok(json.continueAt, 'there is somewhere to go');
  const back = await browser.open(new URL(json.continueAt).pathname);
  const location = back.headers.get('location');
  assert.ok(location, `${back.status} ${await back.text()}`);
  return new URL(location);
};

/** All of it: the app's browser comes back with a code. */
export const getCode = async (
  app: TestApp,
  browser: TestBrowser,
  parameters: Record<string, string> = {},
  body: Partial<RouteBody<'answerConsent'>> = {},
): Promise<Begun & { readonly back: URL }> => {
  const begun = await beginCodeFlow(app, parameters);
  return { ...begun, back: await answerConsent(browser, await openConsent(browser, begun.address), body) };
};

export const exchange = (
  { config }: Pick<TestApp, 'config'>,
  { back, verifier, state }: Pick<Begun, 'verifier' | 'state'> & { readonly back: URL },
) => client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true });

/** What the app is told when it is refused. */
export const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    const { error: code } = error as { error?: string };
    return code ?? (error as Error).message;
  }
};
