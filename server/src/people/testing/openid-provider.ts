import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { OutsideProvider } from '../types.ts';

export interface TestAccount {
  readonly email: string;
  readonly isVerified: boolean;
  readonly name: string;
}

export interface TestOpenidProvider {
  readonly provider: OutsideProvider;
  /** By subject. */
  readonly accounts: Map<string, TestAccount>;
  /** As a browser of somebody who signs in there with this subject; answers the address to which it is sent back. */
  visit(url: string, subject: string): Promise<URL>;
  close(): Promise<void>;
}

const stepsMax = 20;

/** A real provider of OpenID Connect on a free port of loopback, with its own pages for signing in and consent. */
export const openOpenidProvider = async (redirectUri: string): Promise<TestOpenidProvider> => {
  const accounts = new Map<string, TestAccount>();
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [clientId, clientSecret] = ['milepost', 'a secret of the two'];
  const oidc = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
    cookies: { keys: ['a key of the tests'] },
    findAccount: (_context, subject) => {
      const account = accounts.get(subject);
      if (!account) return undefined;
      const { email, isVerified, name } = account;
      return { accountId: subject, claims: () => ({ sub: subject, email, email_verified: isVerified, name, locale: 'es' }) };
    },
  });
  const answer = oidc.callback();
  server.on('request', (request, response) => void answer(request, response));

  const visit = async (start: string, subject: string): Promise<URL> => {
    const jar = new Map<string, string>();
    let request: { url: string; body?: URLSearchParams } = { url: start };
    for (let step = 0; step < stepsMax; step++) {
      const cookie = [...jar].map(([key, value]) => `${key}=${value}`).join('; ');
      const method = request.body ? 'POST' : 'GET';
      const said = await fetch(request.url, {
        method,
        redirect: 'manual',
        headers: { cookie },
        ...(request.body ? { body: request.body } : {}),
      });
      for (const set of said.headers.getSetCookie()) {
        const [pair = ''] = set.split(';');
        jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      const location = said.headers.get('location');
      if (location) {
        const to = new URL(location, request.url);
        if (to.href.startsWith(redirectUri)) return to;
        request = { url: to.href };
        continue;
      }
      const page = await said.text();
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (!prompt) throw new Error(`the provider shows neither a form nor a way on: ${page.slice(0, 500)}`);
      const fields: Record<string, string> = prompt === 'login' ? { prompt, login: subject, password: 'any' } : { prompt };
      request = { url: request.url, body: new URLSearchParams(fields) };
    }
    throw new Error('the provider sends the browser in circles');
  };
  return {
    provider: { id: 'corp', name: 'Example Corp', issuer, clientId, clientSecret },
    accounts,
    visit,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
