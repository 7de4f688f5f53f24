import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, visit } from '../support/browser.ts';
import { callAs } from '../support/partner-app.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
let milepost: Milepost;
let browser: Browser;
/** Where the app gets its browser back. */
let app: Server;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  app = createServer((_request, response) => response.end('Back at the app'));
  await new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  app?.close();
  await browser?.close();
  await milepost?.close();
});

test('a person signs in to an app on a phone: asked on our page, sent back with a code, or without one', options, async () => {
  const { page, close } = await visit(browser, milepost, '/account', { expects: /403|410/ });
  await page.setViewportSize(phone);
  const back = `http://127.0.0.1:${(app.address() as AddressInfo).port}/back`;
  const partner = await callAs<{ id: string }>(page, 'POST', '/v1/partners', { name: 'Volt Insurance' });
  const made = await callAs<{ id: string }>(page, 'POST', `/v1/partners/${partner.id}/apps`, {
    name: 'Volt Drive',
    about: 'Pays back what careful driving saves.',
    homepage: 'https://volt.example/',
    privacyPage: 'https://volt.example/privacy',
    environment: 'sandbox',
    redirectAddresses: [back],
    items: [],
  });
  const { text: secret } = await callAs<{ text: string }>(page, 'POST', `/v1/partners/${partner.id}/apps/${made.id}/secrets`);
  const authorization = `Basic ${Buffer.from(`${made.id}:${secret}`).toString('base64')}`;
  const post = async (path: string, parameters: Record<string, string>): Promise<Record<string, string>> => {
    const body = new URLSearchParams({ client_id: made.id, ...parameters });
    const answer = await fetch(milepost.origin + path, { method: 'POST', headers: { authorization }, body });
    return (await answer.json()) as Record<string, string>;
  };
  const verifier = randomBytes(32).toString('base64url');
  const begin = async (): Promise<void> => {
    const pushed = await post('/oauth/par', {
      response_type: 'code',
      redirect_uri: back,
      scope: 'openid',
      state: 'of-the-app',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const search = new URLSearchParams({ client_id: made.id, request_uri: pushed['request_uri'] ?? '' });
    await page.goto(`${milepost.origin}/oauth/authorize?${search.toString()}`);
    await page.getByRole('heading', { level: 1, name: 'Volt Drive asks you' }).waitFor();
  };

  await begin();
  assert.match(page.url(), /\/consent\/[\w-]+$/);
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.equal(
    await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
    true,
    'nothing is wider than the phone',
  );
  const asked = page.url();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.waitForURL(`${back}**`);
  const came = new URL(page.url()).searchParams;
  assert.deepEqual([came.get('state'), came.get('iss')], ['of-the-app', milepost.origin]);
  const code = came.get('code') ?? '';
  const tokens = await post('/oauth/token', {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: back,
  });
  assert.match(tokens['access_token'] ?? '', /^mpa_/, JSON.stringify(tokens));

  await page.goto(asked);
  await page.getByRole('heading', { name: 'There is nothing to answer here' }).waitFor();

  await begin();
  await page.getByRole('button', { name: 'Refuse', exact: true }).click();
  await page.waitForURL(`${back}**`);
  assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied');
  await close();
});
