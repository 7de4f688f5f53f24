import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Milepost } from './start-milepost.ts';
import { actionMs } from './until.ts';

const usualPath = '/usr/bin/chromium';
const path = process.env['CHROMIUM_PATH'] || (existsSync(usualPath) ? usualPath : undefined);

/** For the option `skip` of a test: false, or why there is no browser to test with. */
export const noBrowser: string | false = path ? false : 'no Chromium: set CHROMIUM_PATH';

/** Without these Chromium's own connections go out, many at a time, and are refused. */
const quietFlags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: path ?? usualPath,
    args: process.getuid?.() === 0 ? ['--no-sandbox', ...quietFlags] : quietFlags,
  });

export interface Visit {
  readonly page: Page;
  /** Ends the visit; fails when the page threw or wrote an error that nobody expected. */
  readonly close: () => Promise<void>;
}

export type VisitOptions = BrowserContextOptions & { readonly isSignedIn?: boolean; readonly expects?: RegExp };

/** The first operator of the servers of tests. */
export const operatorAccount = { email: 'operator@example.com', name: 'Olga Operator', password: 'correct horse battery' };

/** By the printed link: makes the first operator, or lets in the one that was made; a demo lets in whoever has the link. */
const signIn = async (page: Page, { origin, signInLink }: Milepost): Promise<void> => {
  await page.goto(signInLink);
  const { pathname, hash } = new URL(page.url());
  const { email: login, password } = operatorAccount;
  const post = async (address: string, data: object): Promise<void> => {
    const answer = await page.request.post(origin + address, { headers: { origin }, data });
    assert.ok(answer.ok(), await answer.text());
  };
  if (pathname === '/first-operator') await post('/v1/first-operator', { code: hash.slice(1), ...operatorAccount });
  else if (pathname === '/sign-in') await post('/v1/session', { login, password });
  else assert.equal(pathname, '/');
};

const sessions = new WeakMap<Milepost, Awaited<ReturnType<Awaited<ReturnType<Browser['newContext']>>['storageState']>>>();

const contextOf = async (browser: Browser, milepost: Milepost, options: BrowserContextOptions, isSignedIn: boolean) => {
  const known = sessions.get(milepost);
  const context = await browser.newContext({ ...options, ...(isSignedIn && known ? { storageState: known } : {}) });
  context.setDefaultTimeout(actionMs);
  if (isSignedIn && !known) {
    const page = await context.newPage();
    await signIn(page, milepost);
    sessions.set(milepost, await context.storageState());
    await page.close();
  }
  return context;
};

/** Opens an address of the web app as somebody who signed in by the printed link; speaks English and counts in kilometres unless told. */
export const visit = async (
  browser: Browser,
  milepost: Milepost,
  address: string,
  { isSignedIn = true, expects, ...options }: VisitOptions = {},
): Promise<Visit> => {
  const usual = { viewport: { width: 1280, height: 800 }, locale: 'en-IE', timezoneId: 'UTC' };
  const context = await contextOf(browser, milepost, { ...usual, ...options }, isSignedIn);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(`${error.name}: ${error.stack || error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !expects?.test(message.text()))
      errors.push(`${message.text()} (${JSON.stringify(message.location())})`);
  });
  await page.goto(milepost.origin + address);
  return {
    page,
    close: async () => {
      await context.close();
      assert.deepEqual(errors, []);
    },
  };
};

/** What axe finds wrong with the page as it is: nothing is the only right answer. */
export const accessibilityProblems = async (page: Page): Promise<string[]> => {
  // Without frames of other origins, in the page itself: half the time of a second page for the verdict.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
  );
};

export { until } from './until.ts';
