import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { erasedWhat, type PersonErasureProof, staysWhat } from '@milepost/contract/api';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, type Visit, visit } from '../support/browser.ts';
import { addDrivenVehicle } from '../support/driven-vehicle.ts';
import { linkTo } from '../support/mails.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
const stranger = { isSignedIn: false, expects: /400|401|403|404|409|410/ } as const;
let milepost: Milepost;
let browser: Browser;
let operator: OperatorClient;
let van: { readonly id: string };

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  ({ van } = await addDrivenVehicle(milepost, Date.now()));
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);
const section = (page: Page) => page.locator('[data-erasure]');

const signUp = async (email: string, name: string): Promise<Visit> => {
  const seen = await visit(browser, milepost, '/sign-up', { ...stranger, viewport: phone });
  const { page } = seen;
  await fill(page, 'E-mail', email);
  await button(page, 'Send me a link').click();
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await page.goto(await linkTo(milepost, email));
  await fill(page, 'Your name', name);
  await fill(page, 'New password', 'a horse of my own');
  await button(page, 'Make an account').click();
  await page.waitForURL(/\/$/);
  return seen;
};

test('somebody asks on a phone to be erased, follows it by the link without signing in, and takes it back', options, async () => {
  const { page, close } = await signUp('ana@example.com', 'Ana Ruiz');
  const { code } = await operator.call('makeClaimCode', { id: van.id });
  await page.goto(`${milepost.origin}/claim`);
  await fill(page, 'Code', code);
  await button(page, 'Add the car').click();
  await page.getByRole('heading', { level: 1, name: /is yours now/ }).waitFor();
  await page.goto(`${milepost.origin}/account`);
  await button(page, 'Erase me…').click();
  await section(page).getByText('VAN 17', { exact: false }).waitFor();
  const start = button(page, 'Erase everything of me');
  assert.ok(await start.isDisabled(), 'not before it is understood');
  await page.getByLabel('I understand that this cannot be undone').check();
  assert.deepEqual(await accessibilityProblems(page), []);
  await start.click();
  await section(page).getByText('Until then it can be taken back').waitFor();
  const link = (await section(page).locator('code').textContent()) ?? '';
  assert.match(link, /\/erasure\?code=[\w-]{43}$/);
  assert.deepEqual(await accessibilityProblems(page), []);

  const beside = await visit(browser, milepost, link.slice(milepost.origin.length), { ...stranger, viewport: phone });
  await beside.page.locator('[data-state="waiting"]').waitFor();
  assert.deepEqual(await accessibilityProblems(beside.page), []);

  await button(page, 'Take it back').click();
  await button(page, 'Erase me…').waitFor();
  await beside.page.reload();
  await beside.page.getByText('It was taken back. Nothing was erased.').waitFor();
  await beside.close();
  await close();
});

test('the last operator is told who has to be in charge first', options, async () => {
  const { page, close } = await visit(browser, milepost, '/account');
  await button(page, 'Erase me…').click();
  await section(page).getByText('Nobody else is in charge of').waitFor();
  await section(page).getByRole('link', { name: 'Milepost' }).waitFor();
  assert.equal(await button(page, 'Erase everything of me').count(), 0);
  await close();
});

test('the report says of everything what was erased, what stays and why', options, async () => {
  const at = '2026-11-03T08:15:00.000Z';
  const proof: PersonErasureProof = {
    id: 'pea_0123456789abcdef',
    state: 'done',
    percent: 100,
    askedAt: at,
    dueAt: at,
    beganAt: at,
    endedAt: at,
    report: {
      format: 'milepost person erasure 1',
      erased: erasedWhat.map((what, i) => ({ what, count: i * 7, method: 'deleted', at })),
      stays: staysWhat.map((what) => ({ what, why: 'security', until: at })),
    },
  };
  const { page, close } = await visit(browser, milepost, '/erasure?code=none', { ...stranger, viewport: phone });
  // A week does not go by in a test: what the server says of one that is done is looked at in person-erasure.int.test.ts.
  await page.route('**/v1/erasure-proofs', (route) => route.fulfill({ json: proof }));
  await page.reload();
  await page.locator('[data-state="done"]').waitFor();
  assert.equal(await page.locator('[data-erased]').count(), erasedWhat.length - 1, 'none of which there was none');
  assert.equal(await page.locator('[data-stays]').count(), staysWhat.length);
  assert.doesNotMatch((await page.locator('article').textContent()) ?? '', /erasure\.\w/);
  assert.deepEqual(await accessibilityProblems(page), []);
  const isWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth');
  assert.ok(!isWide, 'nothing sticks out');
  await close();
});
