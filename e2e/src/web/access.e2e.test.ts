import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { VehicleDataDetail } from '@milepost/contract/api';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, type Visit, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { linkTo } from '../support/mails.ts';
import { makeLiveApp, type PartnerApp } from '../support/partner-app.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
const password = 'a horse of my own';
let milepost: Milepost;
let browser: Browser;
let operator: OperatorClient;
let operatorVisit: Visit;
let app: PartnerApp;
let car: TestVehicle;
let ana: Visit;

const detail: Omit<VehicleDataDetail, 'type'> = {
  purpose: 'insurance',
  items: [{ item: 'mileage' }, { item: 'position', place: 'about100m' }, { item: 'energy' }],
};
const vin = 'WVWZZZ1JZ00000000';

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  operatorVisit = await visit(browser, milepost, '/account');
  app = await makeLiveApp(operatorVisit.page, milepost, {
    partner: 'Volt Insurance',
    name: 'Volt Drive',
    purpose: 'insurance',
    terms: 'We set your price by how far you drive.',
    items: [
      { item: 'mileage', reason: 'The price follows it.' },
      { item: 'position', reason: 'Where you park counts.', place: 'about100m' },
      { item: 'energy', reason: 'To tell you when to charge.' },
    ],
  });
  [car] = (await addFleet(milepost, [{ plate: 'ANA 1', customer: 'Demo', model: 'Twizy' }])) as [TestVehicle];
});
after(async () => {
  await operatorVisit?.close();
  await browser?.close();
  await milepost?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);
const toggle = (page: Page, name: string) => page.getByRole('switch', { name, exact: true });
/** The guess on the page is what the server knows, too. */
const isStored = (page: Page, method: 'PATCH' | 'DELETE') =>
  page.waitForResponse((answer) => /\/v1\/grants\/./.test(answer.url()) && answer.request().method() === method && answer.ok());
const grant = (page: Page) => page.locator('[data-grant]').first();

/** Signs up by the link in the mail, and claims the car, as its owner would. */
const ownerOnPhone = async (): Promise<Visit> => {
  const seen = await visit(browser, milepost, '/sign-up', {
    isSignedIn: false,
    viewport: phone,
    expects: /400|401|403|404|409|410|503/,
  });
  const { page } = seen;
  await fill(page, 'E-mail', 'ana@example.com');
  await button(page, 'Send me a link').click();
  await page.goto(await linkTo(milepost, 'ana@example.com'));
  await fill(page, 'Your name', 'Ana Ruiz');
  await fill(page, 'New password', password);
  await button(page, 'Make an account').click();
  await page.waitForURL(/\/$/);
  const { code } = await operator.call('makeClaimCode', { id: car.id });
  await page.goto(`${milepost.origin}/claim`);
  await fill(page, 'Code', code);
  await button(page, 'Add the car').click();
  await page.getByRole('heading', { level: 1, name: /is yours now/ }).waitFor();
  return seen;
};
const reasons = async (token: string): Promise<Record<string, string>> => {
  const { withheld } = await app.read(token, 'mileage,position,energy');
  return Object.fromEntries(withheld.map(({ item, reason }) => [item, reason]));
};

test(
  'a partner asks by the VIN; its owner sees that something waits, looks at it on a phone, and gives a part',
  options,
  async () => {
    ana = await ownerOnPhone();
    const { page } = ana;
    await page.goto(`${milepost.origin}/requests`);
    await page.getByRole('heading', { name: 'Nobody waits for an answer' }).waitFor();
    const request = await app.ask(vin, detail);
    await page.goto(`${milepost.origin}/vehicles`);
    await page
      .getByRole('navigation')
      .getByRole('link', { name: /Requests 1/ })
      .click();
    await page.locator('[data-request]').getByText('Volt Drive asks you').waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole('link', { name: 'Look and answer: Volt Drive' }).click();
    await page.getByText('We set your price by how far you drive.').waitFor();
    for (const item of ['mileage', 'position', 'energy']) await page.locator(`[data-item="${item}"] input`).check();
    await button(page, 'Allow').click();
    await page.getByRole('heading', { name: 'Your answer is given' }).waitFor();
    const token = await app.tokenFor(request);
    await car.report({
      time: Date.now(),
      signals: { [signal.mileage]: 5_000_000, [signal.latitude]: 48.1371, [signal.longitude]: 11.5754 },
    });
    await until(
      () => app.read(token, 'mileage'),
      ({ signals }) => signals[signal.mileage]?.value === 5_000_000,
      'the partner never read what was given',
    );

    await page.getByRole('link', { name: 'Who has access' }).click();
    await page.getByRole('heading', { level: 2, name: 'Volt Drive' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      true,
      'nothing is wider than the phone',
    );

    await toggle(page, 'Where it is').click();
    await until(
      () => reasons(token),
      (told) => told['position'] === 'revoked',
      'the switch did not count',
    );
    await grant(page).getByText('off: to read it again, they must ask again').waitFor();
    assert.equal((await app.read(token, 'mileage')).signals[signal.mileage]?.value, 5_000_000, 'the rest goes on');

    await toggle(page, 'Sharing: ANA 1').click();
    await until(
      () => reasons(token),
      (told) => told['mileage'] === 'paused',
      'the pause did not count',
    );
    await toggle(page, 'Sharing: ANA 1').click();
    await until(
      () => reasons(token),
      (told) => told['mileage'] === undefined,
      'it did not go on',
    );

    await button(page, 'Purpose and history').click();
    await page.getByText('We set your price by how far you drive.').waitFor();
    const events = (): Promise<string[]> =>
      page.evaluate(`[...document.querySelectorAll('[data-event]')].map((one) => one.dataset.event)`);
    assert.deepEqual(await events(), ['resumed', 'paused', 'narrowed', 'given']);
    assert.match(page.url(), /open=grt_/);
    assert.deepEqual(await accessibilityProblems(page), []);
  },
);

test(
  'it stands under the car and under the item as well; a coarser time counts, and the address holds the view',
  options,
  async () => {
    const { page } = ana;
    await page.goto(`${milepost.origin}/access?by=car`);
    await page.getByRole('heading', { level: 2, name: 'ANA 1' }).waitFor();
    await page.getByRole('radio', { name: 'Item' }).check({ force: true });
    await page.waitForURL(/by=item/);
    await page.getByRole('heading', { level: 2, name: 'How far it has gone' }).waitFor();
    await page
      .getByRole('button', { name: /^Tell it more coarsely/ })
      .first()
      .click();
    const stored = isStored(page, 'PATCH');
    await page.getByLabel('Time').selectOption('day');
    await page.getByText('once a day').first().waitFor();
    await stored;
    await page.reload();
    await page.locator('[data-item]').getByText('once a day').waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
  },
);

test('the owner sees how often the partner and the staff have read what, by week', options, async () => {
  const { page } = ana;
  await operator.call('readMileage', { id: car.id });
  await page.goto(`${milepost.origin}/activity`);
  await page.getByRole('heading', { level: 2, name: 'Volt Drive' }).waitFor();
  await page
    .locator('[data-read="mileage"]')
    .getByText(/^([2-9]|\d{2,}) times$/)
    .waitFor();
  await page.getByRole('heading', { level: 2, name: 'The operator’s access token' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the phone');
  await page.getByLabel('Who read', { exact: true }).selectOption('staff');
  await page.waitForURL(/reader=staff/);
  assert.equal(await page.locator('[data-read]').count(), 1);
  await button(page, 'The week before').click();
  await page.getByRole('heading', { name: 'Nobody read anything this week' }).waitFor();
  await page.goBack();
  await page.goto(`${milepost.origin}/activity?by=item`);
  await page.getByRole('heading', { level: 2, name: 'How far it has gone' }).waitFor();
});

test('the owner has a file of everything made, and fetches it', options, async () => {
  const { page } = ana;
  await page.goto(`${milepost.origin}/account`);
  await button(page, 'Export everything').click();
  const link = page.getByRole('link', { name: 'Download' });
  await link.waitFor();
  const fetching = page.waitForEvent('download');
  await link.click();
  assert.equal((await fetching).suggestedFilename(), 'milepost-everything.zip');
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the phone');
  await page.getByRole('button', { name: /^Remove the file of/ }).click();
  await link.waitFor({ state: 'detached' });
});

test('what the server refuses is said, and shown as it is', options, async () => {
  const { page } = ana;
  await page.goto(`${milepost.origin}/access`);
  await toggle(page, 'Energy and charging').waitFor();
  const isChange = (url: URL): boolean => /^\/v1\/grants\/./.test(url.pathname);
  await page.route(isChange, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: 'about:blank', title: 'x', status: 503, code: 'unavailable' }),
    }),
  );
  await toggle(page, 'Energy and charging').click();
  await grant(page)
    .getByRole('alert')
    .getByText(/Try again in a moment/)
    .waitFor();
  assert.equal(await toggle(page, 'Energy and charging').getAttribute('aria-checked'), 'true');
  await page.unroute(isChange);
});

test('ending takes one press, and a blocked partner asks in vain', options, async () => {
  const { page } = ana;
  await page.goto(`${milepost.origin}/access`);
  const stored = isStored(page, 'DELETE');
  await page.getByRole('button', { name: 'End access: ANA 1' }).click();
  await grant(page).getByText('Ended', { exact: true }).waitFor();
  await stored;
  await page.reload();
  await page.getByRole('heading', { name: 'Nobody reads anything of your cars' }).waitFor();
  await page.getByRole('checkbox', { name: 'Also what has ended' }).check();
  await page.locator('[data-state="ended"]').waitFor();

  await page.getByRole('button', { name: 'Block Volt Insurance' }).click();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Block', exact: true }).click();
  await page.locator(`[data-blocked="${app.partnerId}"]`).waitFor();
  await app.ask(vin, detail);
  await page.goto(`${milepost.origin}/requests`);
  await page.getByRole('heading', { name: 'Nobody waits for an answer' }).waitFor();
  await page.goto(`${milepost.origin}/access`);
  await page.getByRole('button', { name: 'Let Volt Insurance ask again' }).click();
  await page.locator(`[data-blocked="${app.partnerId}"]`).waitFor({ state: 'detached' });
  await ana.close();
});

test(
  'a holder invites a driver by mail on a phone; who has no account makes one, and sees the car until it ends',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/sign-in', {
      isSignedIn: false,
      viewport: phone,
      expects: /401|404/,
    });
    await fill(page, 'E-mail or user name', 'ana@example.com');
    await fill(page, 'Password', password);
    await button(page, 'Sign in').click();
    await page.waitForURL(/\/$/);
    await page.goto(`${milepost.origin}/access`);
    await page.getByRole('link', { name: 'Invite a driver' }).click();
    await fill(page, 'Their e-mail', 'bea@example.com');
    await page.getByRole('checkbox', { name: 'Where it is' }).check();
    await page.getByLabel('Place').selectOption('about1km');
    await page.getByRole('checkbox', { name: 'Energy and charging' }).check();
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      true,
      'nothing is wider than the phone',
    );
    await button(page, 'Send the invitation').click();
    await page.getByRole('heading', { name: 'The invitation is sent' }).waitFor();

    const bea = await visit(browser, milepost, '/sign-up', { isSignedIn: false, viewport: phone, expects: /401|404|410/ });
    await bea.page.goto(await linkTo(milepost, 'bea@example.com'));
    await bea.page.getByRole('link', { name: 'Make an account' }).click();
    await fill(bea.page, 'E-mail', 'bea@example.com');
    await button(bea.page, 'Send me a link').click();
    await bea.page.goto(await linkTo(milepost, 'bea@example.com', 2));
    await fill(bea.page, 'Your name', 'Bea Lind');
    await fill(bea.page, 'New password', password);
    await button(bea.page, 'Make an account').click();
    await bea.page.waitForURL(/\/$/);
    await bea.page
      .getByRole('navigation')
      .getByRole('link', { name: /Requests 1/ })
      .click();
    await bea.page.getByRole('heading', { name: /^Ana Ruiz shares ANA 1/ }).waitFor();
    assert.deepEqual(await accessibilityProblems(bea.page), []);
    await bea.page.getByRole('button', { name: /^Accept/ }).click();
    await bea.page.getByRole('heading', { name: 'Nobody waits for an answer' }).waitFor();
    await car.report({
      time: Date.now(),
      signals: { [signal.latitude]: 48.1371, [signal.longitude]: 11.5754, [signal.energy]: 64, [signal.mileage]: 5_000_100 },
    });
    await bea.page.goto(`${milepost.origin}/vehicles`);
    await bea.page.getByText('ANA 1').first().waitFor();
    await bea.page.goto(`${milepost.origin}/vehicles/${car.id}?tab=values`);
    await bea.page.locator(`tr[data-path="${signal.energy}"]`).waitFor();
    assert.equal(await bea.page.locator(`tr[data-path="${signal.mileage}"]`).count(), 0, 'nothing that was not granted');
    await bea.page.goto(`${milepost.origin}/vehicles/${car.id}`);
    await bea.page.locator('.glance').waitFor();
    assert.deepEqual(await accessibilityProblems(bea.page), []);

    await page.goto(`${milepost.origin}/access`);
    await page.getByRole('heading', { level: 2, name: 'Bea Lind' }).waitFor();
    await page.getByRole('button', { name: 'End access: ANA 1' }).click();
    await grant(page).getByText('Ended', { exact: true }).waitFor();
    await bea.page.goto(`${milepost.origin}/vehicles`);
    await bea.page.getByText('ANA 1').waitFor({ state: 'detached' });
    await bea.page.goto(`${milepost.origin}/vehicles/${car.id}`);
    await bea.page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    await bea.close();
    await close();
  },
);
