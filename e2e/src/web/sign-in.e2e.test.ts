import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, operatorAccount, visit } from '../support/browser.ts';
import { linkTo } from '../support/mails.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
const stranger = { isSignedIn: false, expects: /400|401|403|410/ } as const;
let milepost: Milepost;
let browser: Browser;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);
const signIn = async (page: Page, login: string, password: string): Promise<void> => {
  await fill(page, 'E-mail or user name', login);
  await fill(page, 'Password', password);
  await button(page, 'Sign in').click();
};

test('the printed link makes the first operator, once; after that people sign in', options, async () => {
  const { page, close } = await visit(browser, milepost, '/', stranger);
  await page.waitForURL(/\/sign-in$/);
  await page.goto(milepost.signInLink);
  await page.getByRole('heading', { level: 1, name: 'Welcome to Milepost' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await fill(page, 'Your name', operatorAccount.name);
  await fill(page, 'E-mail', operatorAccount.email);
  await fill(page, 'New password', 'too short');
  await button(page, 'Begin').click();
  await page
    .getByRole('alert')
    .getByText(/12 to 256 characters/)
    .waitFor();
  await fill(page, 'New password', operatorAccount.password);
  await button(page, 'Show the password').click();
  assert.equal(await page.getByLabel('New password', { exact: true }).inputValue(), operatorAccount.password);
  await button(page, 'Begin').click();
  await page.getByRole('heading', { name: 'Connect your first device' }).waitFor();
  await page.goto(milepost.signInLink);
  await page.waitForURL(/\/sign-in$/);

  await page.goto(`${milepost.origin}/account`);
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { level: 1, name: 'Your session has ended' }).waitFor();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL(/\/sign-in\?to=\/account$/);
  assert.deepEqual(await accessibilityProblems(page), []);
  await signIn(page, operatorAccount.email, 'wrong horse battery');
  await page.getByRole('alert').getByText('The name or the password is wrong.').waitFor();
  await signIn(page, operatorAccount.email.toUpperCase(), operatorAccount.password);
  await page.waitForURL(/\/account$/);
  await page.getByText('Milepost: Operator').waitFor();
  await close();
});

test('an account begins with a mail, on a phone; without a role it sees itself and no vehicle', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles', { ...stranger, viewport: { width: 390, height: 844 } });
  await page.waitForURL(/\/sign-in\?to=\/vehicles$/);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await fill(page, 'E-mail', 'ana@example.com');
  assert.deepEqual(await accessibilityProblems(page), []);
  await button(page, 'Send me a link').click();
  await page.getByRole('heading', { level: 1, name: 'Look into your mail' }).waitFor();
  const link = await linkTo(milepost, 'ana@example.com');
  await page.goto(link);
  await page.getByText('An account for ana@example.com').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await fill(page, 'Your name', 'Ana Ruiz');
  await fill(page, 'New password', 'a horse of my own');
  await button(page, 'Make an account').click();
  await page.getByRole('heading', { level: 1, name: 'You have no vehicles yet' }).waitFor();
  await page.getByRole('link', { name: 'Add your car' }).first().waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.goto(link);
  await page.getByRole('heading', { level: 1, name: 'This link does not work any more' }).waitFor();
  await close();
});

test('who forgot the password sets a new one by mail, and every session ends', options, async () => {
  const { page, close } = await visit(browser, milepost, '/sign-in', stranger);
  await page.getByRole('link', { name: 'Forgotten your password?' }).click();
  await fill(page, 'E-mail', 'ana@example.com');
  await button(page, 'Send me a link').click();
  await page.getByText(/If ana@example\.com can be written to/).waitFor();
  await page.goto(await linkTo(milepost, 'ana@example.com', 2));
  await fill(page, 'New password', 'a newer horse of mine');
  await button(page, 'Set the password').click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'ana@example.com', 'a newer horse of mine');
  await page.getByRole('heading', { level: 1, name: 'You have no vehicles yet' }).waitFor();
  await close();
});

test('the own account: name, sessions, a second factor that is asked for, a token, and what happened', options, async () => {
  const { page, close } = await visit(browser, milepost, '/sign-in?to=/account', stranger);
  await signIn(page, 'ana@example.com', 'a newer horse of mine');
  await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await fill(page, 'User name', 'ana');
  await button(page, 'Save').click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await button(page, 'End all others').click();
  await button(page, 'End all others').waitFor({ state: 'detached' });

  await button(page, 'Set up an app').click();
  await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  const key = (await page.locator('.key code').innerText()).replaceAll(' ', '');
  const app = new TOTP({ secret: Secret.fromBase32(key) });
  assert.deepEqual(await accessibilityProblems(page), []);
  await fill(page, 'Then type the code that it shows', app.generate());
  await button(page, 'Switch on').click();
  await page.getByText('Signing in asks for a code of your authenticator app.').waitFor();

  await button(page, 'Make a token').click();
  await fill(page, 'What it is for', 'Nightly export');
  await button(page, 'Make a token').click();
  const text = await page.getByText(/^mpt_/).innerText();
  await page.locator('[data-token]').getByText('Nightly export').waitFor();
  const asToken = (path: string) => fetch(milepost.origin + path, { headers: { authorization: `Bearer ${text}` } });
  assert.deepEqual([(await asToken('/v1/config')).status, (await asToken('/v1/system')).status], [200, 403]);
  await button(page, 'End the token Nightly export').click();
  await page.getByText('None yet.').waitFor();
  assert.equal((await asToken('/v1/config')).status, 401);
  for (const act of ['token_ended', 'token_made', 'totp_set', 'session_ended', 'password_reset', 'account_made'])
    await page.locator(`[data-act="${act}"]`).first().waitFor();

  await button(page, 'Sign out').click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'ana', 'a newer horse of mine');
  const code = page.getByLabel(/^Code of your authenticator app/);
  await code.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  // The code that confirmed the app is used: its next one is taken early.
  await code.fill(app.generate({ timestamp: Date.now() + 30_000 }));
  await button(page, 'Sign in').click();
  await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  await close();
});
