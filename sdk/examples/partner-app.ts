/**
 * An app of a partner: signs people in by OAuth, asks an owner without a browser, reads what was granted, and shows it on a page of its own.
 *
 *   MILEPOST_SERVER=http://127.0.0.1:8080 CLIENT_ID=app_… CLIENT_SECRET=mps_… PORT=3900 node sdk/examples/partner-app.ts
 *
 * Its redirect address is `http://127.0.0.1:<PORT>/back`. With `ASK=<VIN or e-mail>` it asks that owner at once. Tokens are kept in the file
 * STATE, so that it goes on after a restart. What it declares at Milepost is in `asks.ts`. docs/partner.md
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import * as oauth from 'openid-client';
import { ApiError, PartnerClient } from '../src/index.ts';
import { exampleApp, type ExampleAsk, exampleAsks } from './asks.ts';

const setting = (name: string, fallback?: string): string => {
  const value = process.env[name] ?? fallback;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const server = setting('MILEPOST_SERVER');
const port = Number(setting('PORT', '3900'));
const stateFile = setting('STATE', 'partner-app.json');
const redirectAddress = `http://127.0.0.1:${port}/back`;
const readEveryMs = 5000;
/** Tokens are renewed so long before they end. */
const renewBeforeMs = 60_000;
const tellsMax = 20;

/** One answer of an owner: its tokens, and what was read by them last. */
interface Agreement {
  readonly purpose: string;
  access: string;
  refresh: string;
  endsMs: number;
}
type Cars = Awaited<ReturnType<PartnerClient['vehicle']>>[];

/** What outlives a restart. */
interface State {
  readonly agreements: Agreement[];
  /** An owner was asked for this purpose and has not answered. */
  asked?: { readonly purpose: string; readonly request: oauth.BackchannelAuthenticationResponse } | undefined;
}
const readState = (): State => {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8')) as State;
  } catch {
    return { agreements: [] };
  }
};
const kept = readState();
const { agreements } = kept;
const cars = new Map<Agreement, Cars>();
const told: string[] = [];
const tell = (line: string): void => {
  told.unshift(`${new Date().toISOString().slice(11, 19)} ${line}`);
  told.length = Math.min(told.length, tellsMax);
  process.stdout.write(`Example app: ${line}\n`);
};
/** What an OAuth server says, too. */
const explained = (error: unknown): string =>
  error instanceof oauth.ResponseBodyError ? `${error.error}: ${error.error_description ?? ''}` : String(error);
const keep = (): void => writeFileSync(stateFile, JSON.stringify(kept), { mode: 0o600 });

const isPlain = new URL(server).protocol === 'http:';
const config = await oauth.discovery(
  new URL(server),
  setting('CLIENT_ID'),
  undefined,
  oauth.ClientSecretBasic(setting('CLIENT_SECRET')),
  // On the own machine alone: everywhere else a server has TLS.
  isPlain ? { execute: [oauth.allowInsecureRequests] } : {},
);

const detailsOf = ({ purpose, items, backDays }: ExampleAsk): string =>
  JSON.stringify([{ type: 'vehicle_data', purpose, items, backDays }]);

const agreed = (purpose: string, tokens: Awaited<ReturnType<typeof oauth.refreshTokenGrant>>): Agreement => ({
  purpose,
  access: tokens.access_token,
  refresh: tokens.refresh_token ?? '',
  endsMs: Date.now() + (tokens.expiresIn() ?? 0) * 1000,
});
const add = (agreement: Agreement): void => {
  agreements.push(agreement);
  keep();
};
const drop = (agreement: Agreement): void => {
  agreements.splice(agreements.indexOf(agreement), 1);
  cars.delete(agreement);
  keep();
};

/** The token of an answer, renewed in time. Each refresh token works once. */
const tokenOf = async (agreement: Agreement): Promise<string> => {
  if (agreement.endsMs - Date.now() < renewBeforeMs) {
    Object.assign(agreement, agreed(agreement.purpose, await oauth.refreshTokenGrant(config, agreement.refresh)));
    keep();
  }
  return agreement.access;
};

const read = async (agreement: Agreement): Promise<void> => {
  const client = new PartnerClient(server, () => tokenOf(agreement));
  try {
    const list = await client.vehicles();
    cars.set(agreement, await Promise.all(list.map(({ vehicle }) => client.vehicle(vehicle))));
  } catch (error) {
    const isOver = error instanceof oauth.ResponseBodyError || (error instanceof ApiError && error.status === 401);
    if (isOver) drop(agreement);
    tell(isOver ? `nothing may be read for ${agreement.purpose} any more` : `not read: ${explained(error)}`);
  }
};

/** Asks without a browser (CIBA), unless it has asked before, and waits for the answer. Answers whether it was yes. */
const askOwner = async (hint: string, ask: ExampleAsk): Promise<boolean> => {
  const { purpose } = ask;
  if (kept.asked?.purpose !== purpose) {
    const request = await oauth.initiateBackchannelAuthentication(config, {
      scope: 'openid',
      login_hint: hint,
      binding_message: ask.message,
      authorization_details: detailsOf(ask),
    });
    kept.asked = { purpose, request };
    keep();
  }
  tell(`asked for ${purpose}; waiting for an answer`);
  try {
    const tokens = await oauth.pollBackchannelAuthenticationGrant(config, kept.asked.request);
    kept.asked = undefined;
    add(agreed(purpose, tokens));
    tell(`granted: ${purpose}`);
    return true;
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) kept.asked = undefined;
    keep();
    tell(`${purpose}: ${explained(error)}`);
    return false;
  }
};
const askAll = async (hint: string): Promise<void> => {
  for (const ask of exampleAsks) {
    if (agreements.some(({ purpose }) => purpose === ask.purpose)) continue;
    if (!(await askOwner(hint, ask))) return;
  }
};

/** Of browsers that were sent to Milepost and are not back yet. */
const begun = new Map<string, string>();
const begunMax = 100;
const connect = async (response: ServerResponse): Promise<void> => {
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  begun.set(state, verifier);
  for (const old of begun.keys()) if (begun.size > begunMax) begun.delete(old);
  const address = await oauth.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: redirectAddress,
    scope: 'openid',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    authorization_details: detailsOf(exampleAsks[0]),
  });
  response.writeHead(303, { location: address.href }).end();
};
const back = async (address: URL, response: ServerResponse): Promise<void> => {
  const state = address.searchParams.get('state') ?? '';
  const verifier = begun.get(state);
  begun.delete(state);
  if (verifier === undefined) throw new Error('nobody was sent for that');
  const tokens = await oauth.authorizationCodeGrant(config, address, { pkceCodeVerifier: verifier, expectedState: state });
  add(agreed(exampleAsks[0].purpose, tokens));
  tell('somebody signed in by Milepost');
  response.writeHead(303, { location: '/' }).end();
};

const escape = (text: unknown): string => String(text).replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
const rowOf = ([path, { value, unit, time, precision }]: [string, Cars[number]['signals'][string]]): string =>
  `<tr><td>${escape(path)}</td><td>${escape(value)} ${escape(unit ?? '')}</td><td>${escape(time)}</td><td>${escape(Object.values(precision).join(', '))}</td></tr>`;
const carOf = ({ vehicle, signals, withheld }: Cars[number]): string =>
  `<h3>${escape(vehicle)}</h3><table><tr><th>What</th><th>Value</th><th>Of</th><th>How finely</th></tr>${Object.entries(signals).map(rowOf).join('')}</table>
   <p>Withheld: ${withheld.map(({ item, reason }) => `${escape(item)} (${escape(reason)})`).join(', ') || 'nothing'}</p>`;
const page = (): string => `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>${exampleApp.name}</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ccc}a{display:inline-block;padding:.5rem 1rem;border:1px solid}</style>
<h1>${exampleApp.name}</h1><p>${escape(exampleApp.about)}</p><p><a href="/connect">Sign in with Milepost</a></p>
${agreements.map((one) => `<h2>For ${escape(one.purpose)}</h2>${(cars.get(one) ?? []).map(carOf).join('')}`).join('')}
<h2>What happened</h2><ul>${told.map((line) => `<li>${escape(line)}</li>`).join('')}</ul></html>`;

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const address = new URL(request.url ?? '/', redirectAddress);
  if (address.pathname === '/connect') return connect(response);
  if (address.pathname === '/back') return back(address, response);
  response.writeHead(address.pathname === '/' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' }).end(page());
};
const listener = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    tell(explained(error));
    response.writeHead(303, { location: '/' }).end();
  });
});
listener.listen(port, '127.0.0.1', () => tell(`http://127.0.0.1:${port}`));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
process.once('disconnect', () => process.exit(0));

const { ASK: hint } = process.env;
if (hint !== undefined) askAll(hint).catch((error: unknown) => tell(explained(error)));
for (;;) {
  await Promise.all(agreements.map(read));
  await wait(readEveryMs);
}
