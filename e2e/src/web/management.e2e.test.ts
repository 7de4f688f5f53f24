import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, type Visit, visit } from '../support/browser.ts';
import { linkTo } from '../support/mails.ts';
import { makeLiveApp } from '../support/partner-app.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

// What an operator manages, and what who manages a fleet sees of it.

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };
const pictures = process.env['MILEPOST_PICTURES_TO'];
let milepost: Milepost;
let browser: Browser;
let maria: Visit;

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) });

/** Makes an account by the link in its mail; a member of the fleet at once if it was invited. */
const signUp = async (email: string, name: string): Promise<Visit> => {
  const seen = await visit(browser, milepost, '/sign-up', { isSignedIn: false, expects: /400|401|403|404|410/ });
  await seen.page.getByLabel('E-mail', { exact: true }).fill(email);
  await button(seen.page, 'Send me a link').click();
  await seen.page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await seen.page.goto(await linkTo(milepost, email));
  await seen.page.getByLabel('Your name', { exact: true }).fill(name);
  await seen.page.getByLabel('New password', { exact: true }).fill('a horse of my own');
  await button(seen.page, 'Make an account').click();
  await seen.page.waitForURL(/\/$/);
  return seen;
};

const look = async (page: Page, name: string): Promise<void> => {
  for (const size of [phone, desk]) {
    await page.setViewportSize(size);
    await until(
      () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'),
      (beyondPx) => beyondPx <= 0,
      `${name} is as wide as ${size.width}`,
    );
    if (!pictures) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${pictures}/${name}-${size.width}-${colorScheme}.png` });
    }
    await page.emulateMedia({ colorScheme: null });
  }
  assert.deepEqual(await accessibilityProblems(page), []);
};

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  await operator.call('createCustomer', { body: { name: 'Fleet A' } });
  // The first operator is made before anybody else is.
  await (await visit(browser, milepost, '/settings')).close();
  maria = await signUp('maria@example.com', 'Maria Manager');
  const { items } = await operator.call('listOrganisations', { query: { q: 'Fleet A' } });
  await operator.call('addMember', { id: items[0]?.id ?? '', body: { email: 'maria@example.com', role: 'manager' } });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

test('an operator finds somebody, suspends the account and lets them in again; the audit log tells of it', options, async () => {
  const ben = await signUp('ben@example.com', 'Ben Lind');
  const { page, close } = await visit(browser, milepost, '/people');
  await page.locator('li[data-person]').nth(2).waitFor();
  await look(page, 'people');
  await page.getByRole('searchbox', { name: 'Name, e-mail or user name' }).fill('lind');
  const row = page.locator('li[data-person]', { hasText: 'ben@example.com' });
  await page.waitForURL(/q=lind/);
  await row.getByText('Signed in with 1 browser').waitFor();
  await button(page, 'Suspend Ben Lind').click();
  await page.getByLabel(/^Why/).fill('A stranger had the password.');
  await look(page, 'people-suspend');
  await row.getByRole('button', { name: 'Suspend', exact: true }).click();
  await row.getByText('A stranger had the password.').waitFor();
  await row.getByText('Not signed in').waitFor();
  await ben.page.goto(`${milepost.origin}/account`);
  await ben.page.waitForURL(/\/sign-in/);
  await page.getByRole('searchbox', { name: 'Name, e-mail or user name' }).fill('');
  await page.getByLabel('State', { exact: true }).selectOption('suspended');
  await page.waitForURL(/state=suspended/);
  await button(page, 'Let Ben Lind in again').click();
  await page.getByText('Nobody fits').waitFor();
  await page.goto(`${milepost.origin}/people?q=lind`);
  await page.getByRole('link', { name: 'Audit log of Ben Lind' }).click();
  await page.locator('[data-act="person_let_in"]').waitFor();
  const suspended = page.locator('[data-act="person_suspended"]');
  await suspended.getByText('A stranger had the password.').waitFor();
  await look(page, 'audit');
  await suspended.getByRole('button', { name: 'Only by Olga Operator' }).click();
  await page.waitForURL(/actor=per_/);
  await page.getByLabel('Act', { exact: true }).selectOption('person_suspended');
  await page.waitForURL(/act=person_suspended/);
  await page.locator('[data-act="person_let_in"]').waitFor({ state: 'detached' });
  const href = (await page.getByRole('link', { name: 'CSV' }).getAttribute('href')) ?? '';
  const csv = await (await page.request.get(milepost.origin + href)).text();
  assert.equal(csv.trim().split('\n').length, 2, csv);
  assert.ok(csv.includes('A stranger had the password.'));
  await ben.close();
  await close();
});

test('an operator sets how often an app may ask', options, async () => {
  const { page, close } = await visit(browser, milepost, '/limits');
  await page.getByText('No partner has made an app yet').waitFor();
  await makeLiveApp(page, milepost, {
    partner: 'Volt Insurance',
    name: 'Volt Drive',
    purpose: 'insurance',
    terms: 'We set your price by how far you drive.',
    items: [{ item: 'mileage', reason: 'The price follows it.' }],
  });
  await page.reload();
  const perMinute = page.getByRole('spinbutton', { name: 'Requests a minute of Volt Drive' });
  assert.equal(await perMinute.inputValue(), '600');
  const set = button(page, 'Set the limit of Volt Drive');
  assert.equal(await set.isDisabled(), true);
  await perMinute.fill('0');
  assert.equal(await set.isDisabled(), true);
  await perMinute.fill('1200');
  await look(page, 'limits');
  const stored = page.waitForResponse((answer) => answer.url().endsWith('/quota') && answer.status() === 204);
  await set.click();
  await stored;
  await page.reload();
  await perMinute.waitFor();
  assert.equal(await perMinute.inputValue(), '1200');
  await close();
});

test('who manages a fleet reads what was done with its members, and is led to nothing else of this', options, async () => {
  const { page } = maria;
  await page.goto(`${milepost.origin}/audit`);
  await page.getByText('What was done with the members of your fleet').waitFor();
  await page.locator('[data-act="member_added"]').waitFor();
  assert.equal(await page.locator('[data-act^="person_"]').count(), 0);
  await look(page, 'audit-manager');
  await page.goto(`${milepost.origin}/people`);
  await page
    .getByRole('alert')
    .or(page.getByRole('heading', { level: 1 }))
    .first()
    .waitFor();
  assert.equal(await page.locator('li[data-person]').count(), 0);
  await maria.close();
});
