import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openOpenidProvider, type TestOpenidProvider } from '../../../server/src/people/testing/openid-provider.ts';
import { accessibilityProblems, noBrowser, openBrowser, operatorAccount, visit } from '../support/browser.ts';
import { notOnCluster } from '../support/not-on-cluster.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const skip = noBrowser || notOnCluster.providers;
const options = { skip };
let folder: string;
let milepost: Milepost;
let browser: Browser;
let outside: TestOpenidProvider;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'milepost-e2e-providers-'));
  const providers = join(folder, 'providers.json');
  await writeFile(providers, '[]');
  await writeFile(join(folder, 'corp.secret'), '');
  milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_OPENID_PROVIDERS: providers } });
  // Each of the two has to know the other's address: that of the server is known now.
  outside = await openOpenidProvider(`${milepost.origin}/outside`);
  const { clientSecret, ...provider } = outside.provider;
  await writeFile(join(folder, 'corp.secret'), clientSecret);
  await writeFile(providers, JSON.stringify([{ ...provider, clientSecretFile: 'corp.secret' }]));
  await milepost.stop();
  await milepost.start();
  browser = await openBrowser();
  // The first operator has an account from here on.
  await (await visit(browser, milepost, '/account')).close();
});
after(async () => {
  await browser?.close();
  await milepost?.close();
  await outside?.close();
  if (folder) await rm(folder, { recursive: true });
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Answers that a stranger gets; the provider’s pages want fonts from elsewhere, and a picture that it has not. */
const expects = /401|403|409|404|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED/;

/** On the provider's own pages: somebody signs in there, and lets their address be told. */
const signInThere = async (page: Page, subject: string): Promise<void> => {
  await page.waitForURL((url) => url.origin === new URL(outside.provider.issuer).origin);
  await page.locator('input[name=login]').fill(subject);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
  await page.locator('button[type=submit]').click();
};

test('whom a provider vouches for gets an account, and comes back by the same button', options, async () => {
  outside.accounts.set('carla', { email: 'carla@example.com', isVerified: true, name: 'Carla Gil' });
  for (const round of ['first', 'again']) {
    const { page, close } = await visit(browser, milepost, '/sign-in', { isSignedIn: false, expects });
    await button(page, 'Sign in with Example Corp').click();
    await signInThere(page, 'carla');
    await page.getByRole('heading', { level: 1, name: 'You have no vehicles yet' }).waitFor();
    await page.goto(`${milepost.origin}/account`);
    await page.locator('[data-identity]').getByText('carla@example.com').waitFor();
    if (round === 'first') assert.deepEqual(await accessibilityProblems(page), []);
    await close();
  }
});

test('an address that has an account is linked by its person alone, who then signs in by it', options, async () => {
  outside.accounts.set('olga', { email: operatorAccount.email, isVerified: true, name: 'Somebody' });
  const stranger = await visit(browser, milepost, '/sign-in', { isSignedIn: false, expects });
  await button(stranger.page, 'Sign in with Example Corp').click();
  await signInThere(stranger.page, 'olga');
  await stranger.page.getByRole('heading', { level: 1, name: 'You are not signed in' }).waitFor();
  await stranger.page.getByText(/There is an account with this address already/).waitFor();
  assert.deepEqual(await accessibilityProblems(stranger.page), []);
  await stranger.close();

  const { page, close } = await visit(browser, milepost, '/account', { expects });
  await button(page, 'Link Example Corp').click();
  await signInThere(page, 'olga');
  await page.waitForURL(/\/account/);
  await page.locator('[data-identity]').getByText(operatorAccount.email).waitFor();
  await button(page, 'Sign out').click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await button(page, 'Sign in with Example Corp').click();
  // The provider knows the browser and asks nothing.
  await page.waitForURL(/\/account$/);
  await page.getByText('Milepost: Operator').waitFor();
  await button(page, 'Unlink Example Corp').click();
  await page.locator('[data-identity]').waitFor({ state: 'detached' });
  await close();
});

test('a provider that vouches for no address makes no account', options, async () => {
  outside.accounts.set('nobody', { email: 'unsure@example.com', isVerified: false, name: 'No Body' });
  const { page, close } = await visit(browser, milepost, '/sign-in', { isSignedIn: false, expects });
  await button(page, 'Sign in with Example Corp').click();
  await signInThere(page, 'nobody');
  await page.getByText(/The provider vouches for no e-mail address of yours/).waitFor();
  await close();
});
