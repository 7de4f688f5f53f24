import assert from 'node:assert/strict';
import {
  type ApiRoute,
  type ApiRouteName,
  apiRoutes,
  type Problem,
  type RouteBody,
  type RouteResponse,
} from '@milepost/contract/api';
import { Value } from 'typebox/value';
import type { TestServer } from './open-test-server.ts';

export interface Answered<Name extends ApiRouteName> {
  readonly status: number;
  readonly json: (RouteResponse<Name> extends undefined ? object : RouteResponse<Name>) & Partial<Problem>;
}

export interface Asked<Name extends ApiRouteName> {
  /** Parts of the path by their names. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: RouteBody<Name>;
}

/** A browser: keeps its cookies by name and path, and says where it comes from. */
export interface TestBrowser {
  ask<Name extends ApiRouteName>(name: Name, asked?: Asked<Name>): Promise<Answered<Name>>;
  /** Opens an address of this server, without following where it leads. */
  open(address: string): Promise<Response>;
}

export const testPassword = 'correct horse battery';

/** `signedIn`: the cookie of a session, as `name=value`. */
export const makeTestBrowser = (server: Pick<TestServer, 'origin'>, signedIn?: string): TestBrowser => {
  const cookies = new Map<string, { readonly pair: string; readonly path: string }>();
  if (signedIn !== undefined) cookies.set(`${signedIn.split('=')[0]} /`, { pair: signedIn, path: '/' });
  const send = async (address: string, init: RequestInit): Promise<Response> => {
    const { pathname } = new URL(address, server.origin);
    const cookie = [...cookies.values()].filter(
      ({ path }) => path === '/' || pathname === path || pathname.startsWith(`${path}/`),
    );
    const headers = { ...(init.headers as Record<string, string>), 'user-agent': 'A browser' };
    const sent = cookie.length > 0 ? { ...headers, cookie: cookie.map(({ pair }) => pair).join('; ') } : headers;
    const answer = await fetch(new URL(address, server.origin), { ...init, headers: sent, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const path = /; ?path=([^;]+)/i.exec(line)?.[1] ?? '/';
      const key = `${pair.split('=')[0]} ${path}`;
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(line)) cookies.delete(key);
      else cookies.set(key, { pair, path });
    }
    return answer;
  };
  return {
    open: (address) => send(address, { headers: { accept: 'text/html' } }),
    ask: async (name, { params = {}, query, body } = {}) => {
      const route: ApiRoute = apiRoutes[name];
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(params[part] ?? ''));
      const search = query ? `?${new URLSearchParams(query).toString()}` : '';
      const answer = await send(path + search, {
        method: route.method,
        headers: { origin: server.origin, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      const json = (text === '' ? {} : JSON.parse(text)) as never;
      if (answer.ok && route.response && text !== '')
        assert.deepEqual(Value.Errors(route.response, json), [], `${name}: ${text}`);
      return { status: answer.status, json };
    },
  };
};

/** Somebody with an account, in a browser of their own. */
export const signUpIn = async (server: TestServer, email: string, name: string): Promise<TestBrowser> => {
  const browser = makeTestBrowser(server);
  assert.equal((await browser.ask('askSignUp', { body: { email } })).status, 204);
  const mail = server.mails.findLast(({ to }) => to === email);
  const code = /code=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? assert.fail(`no link for ${email}`);
  const made = await browser.ask('signUp', { body: { code, name, password: testPassword } });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  return browser;
};
