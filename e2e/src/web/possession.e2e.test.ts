import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, type Visit, visit } from '../support/browser.ts';
import { addDrivenVehicle } from '../support/driven-vehicle.ts';
import { linkTo } from '../support/mails.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
const stranger = { isSignedIn: false, expects: /400|401|403|404|410/ } as const;
const password = 'a horse of my own';
let milepost: Milepost;
let browser: Browser;
let operator: OperatorClient;
let driven: Awaited<ReturnType<typeof addDrivenVehicle>>;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  driven = await addDrivenVehicle(milepost, Date.now());
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);

/** Finishes an account by the link in the mail to an address. */
const finishAccount = async (page: Page, email: string, name: string): Promise<void> => {
  await page.goto(await linkTo(milepost, email));
  await fill(page, 'Your name', name);
  await fill(page, 'New password', password);
  await button(page, 'Make an account').click();
  await page.waitForURL(/\/$/);
};

const signUp = async (email: string, name: string, viewport?: typeof phone): Promise<Visit> => {
  const seen = await visit(browser, milepost, '/sign-up', { ...stranger, ...(viewport ? { viewport } : {}) });
  await fill(seen.page, 'E-mail', email);
  await button(seen.page, 'Send me a link').click();
  await seen.page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await finishAccount(seen.page, email, name);
  return seen;
};

test(
  'somebody adds their car by its code on a phone, and hands it over; nothing of before is seen by the next',
  options,
  async () => {
    const { code } = await operator.call('makeClaimCode', { id: driven.van.id });
    const ana = await signUp('ana@example.com', 'Ana Ruiz', phone);
    await ana.page.getByRole('heading', { level: 1, name: 'You have no vehicles yet' }).waitFor();
    await ana.page.getByRole('link', { name: 'Add your car' }).first().click();
    await ana.page.getByRole('heading', { level: 1, name: 'Add your car' }).waitFor();
    assert.deepEqual(await accessibilityProblems(ana.page), []);
    await fill(ana.page, 'Code', 'AAAA BBBB CCCC');
    await button(ana.page, 'Add the car').click();
    await ana.page
      .getByRole('alert')
      .getByText(/This code is unknown/)
      .waitFor();
    await fill(ana.page, 'Code', code.toLowerCase());
    await button(ana.page, 'Add the car').click();
    await ana.page.getByRole('heading', { level: 1, name: /is yours now/ }).waitFor();
    await ana.page.getByRole('link', { name: 'To the car' }).click();
    await ana.page.getByText(/^Yours since/).waitFor();
    assert.deepEqual(await accessibilityProblems(ana.page), []);
    await ana.page.goto(`${milepost.origin}/vehicles/${driven.van.id}?tab=trips`);
    await ana.page.getByText('No trips').first().waitFor();

    await ana.page.goto(`${milepost.origin}/vehicles/${driven.van.id}`);
    await button(ana.page, 'Hand it over').click();
    await button(ana.page, 'Make a code').click();
    const handed = (await ana.page.locator('.made code').textContent()) ?? '';
    assert.match(handed, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/);

    const bo = await signUp('bo@example.com', 'Bo Lind');
    await bo.page.goto(`${milepost.origin}/claim`);
    await fill(bo.page, 'Code', handed);
    await button(bo.page, 'Add the car').click();
    await bo.page.getByRole('heading', { level: 1, name: /is yours now/ }).waitFor();
    await ana.page.reload();
    await ana.page.getByText(/^Yours until/).waitFor();
    assert.equal(await button(ana.page, 'Hand it over').count(), 0);
    await ana.close();
    await bo.close();
  },
);

test('a manager adds a viewer by mail, gives them another role, and takes it back', options, async () => {
  const { items } = await operator.call('listOrganisations', { query: { kind: 'customer', q: 'Demo' } });
  const fleet = items[0] ?? assert.fail('no fleet');
  await operator.call('createVehicle', { body: { vin: 'WVWZZZ1JZ00000099', customer: fleet.name, plate: 'VAN 99' } });
  await operator.call('addMember', { id: fleet.id, body: { email: 'mia@example.com', role: 'manager' } });
  const mia = await visit(browser, milepost, '/sign-up', stranger);
  await finishAccount(mia.page, 'mia@example.com', 'Mia Berg');
  await mia.page.goto(`${milepost.origin}/organisations`);
  await mia.page.getByRole('link', { name: fleet.name }).click();
  await mia.page.getByText('Mia Berg').waitFor();
  assert.deepEqual(await accessibilityProblems(mia.page), []);
  await fill(mia.page, 'E-mail', 'vic@example.com');
  await mia.page.getByRole('radio', { name: /^Viewer/ }).check();
  await button(mia.page, 'Add').click();
  await mia.page.getByText('A link went to vic@example.com.').waitFor();

  const vic = await visit(browser, milepost, '/sign-up', stranger);
  await finishAccount(vic.page, 'vic@example.com', 'Vic Vega');
  await vic.page.goto(`${milepost.origin}/vehicles`);
  await vic.page.locator('tr[data-vehicle]').first().waitFor();
  await vic.page.getByRole('button', { name: 'More', exact: true }).click();
  await vic.page.getByRole('dialog', { name: 'More pages' }).waitFor();
  assert.equal(await vic.page.getByRole('link', { name: 'Connect a device' }).count(), 0, 'only what is for viewers');

  await mia.page.reload();
  const stored = mia.page.waitForResponse((answer) => /\/members\//.test(answer.url()) && answer.ok());
  await mia.page.getByLabel('Role of Vic Vega').selectOption('manager');
  await stored;
  await mia.page.reload();
  assert.equal(await mia.page.getByLabel('Role of Vic Vega').inputValue(), 'manager');
  await mia.page.getByRole('button', { name: 'Remove Vic Vega' }).click();
  await mia.page.getByText('Vic Vega').waitFor({ state: 'detached' });
  await vic.page.reload();
  await vic.page.getByRole('heading', { level: 1, name: 'You have no vehicles yet' }).waitFor();
  await mia.close();
  await vic.close();
});
