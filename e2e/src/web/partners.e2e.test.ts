import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
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
const fill = (page: Page, label: string | RegExp, value: string) =>
  page.getByLabel(label, typeof label === 'string' ? { exact: true } : {}).fill(value);
const fitsPhone = async (page: Page): Promise<void> => {
  await page.setViewportSize(phone);
  await until(
    () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'),
    (beyondPx) => beyondPx <= 0,
    'it is as wide as a phone',
  );
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.setViewportSize({ width: 1280, height: 800 });
};

test('a developer begins as a partner, makes a sandbox app with a key that works, and asks to go live', options, async () => {
  const { page, close } = await visit(browser, milepost, '/partners');
  await fill(page, 'Name of your organisation', 'Volt Insurance');
  await button(page, 'Begin').click();
  await page.getByRole('heading', { name: 'No app yet' }).waitFor();
  await page.getByRole('link', { name: 'New app' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'New app' }).waitFor();
  await fill(page, 'Name of the app', 'Volt Drive');
  await fill(page, 'What it does for its users', 'Pays back what careful driving saves.');
  await fill(page, 'Homepage', 'https://volt.example/');
  await fill(page, 'Its words on data protection', 'https://volt.example/privacy');
  await fill(page, /^Where browsers are sent back to/, 'http://127.0.0.1:3999/back\nhttps://volt.example/back');
  await page.getByRole('checkbox', { name: 'How far it has gone' }).check();
  await fill(page, 'Why it needs: How far it has gone', 'The price follows it.');
  await fitsPhone(page);
  await button(page, 'Make the app').click();
  await page.getByRole('heading', { level: 1, name: 'Volt Drive' }).waitFor();
  assert.match(page.url(), /app=app_/);

  await button(page, 'Make a key').click();
  const key = (await page.locator('.made code').textContent()) ?? '';
  const id = new URL(page.url()).searchParams.get('app') ?? '';
  const authorization = `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`;
  const asked = await fetch(`${milepost.origin}/oauth/introspection`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ token: 'mpa_none' }),
  });
  assert.equal(asked.status, 200, 'the key works');
  await page.reload();
  await page.locator('[data-secret]').waitFor();
  assert.equal(await page.locator('.made').count(), 0, 'it was shown that once');

  await fill(page, 'Name (small letters)', 'insurance');
  await fill(page, 'The words for the owner', 'We set your price by how far you drive.');
  await button(page, 'Declare').click();
  await page.locator('[data-purpose="insurance"]').getByText('insurance, version 1').waitFor();
  await page.getByRole('button', { name: 'New version of insurance' }).click();
  await fill(page, 'The words for the owner', 'We set your price by how far you drive, and by nothing else.');
  await button(page, 'Declare').click();
  await page.locator('[data-purpose="insurance"]').getByText('insurance, version 2').waitFor();
  await page.getByText('It may ask 600 times a minute').waitFor();
  await fitsPhone(page);

  await page.getByRole('link', { name: 'Ask to go live' }).click();
  await page.getByRole('heading', { level: 1, name: 'New app' }).waitFor();
  assert.equal(await page.getByLabel('Name of the app').inputValue(), 'Volt Drive');
  await button(page, 'Make the app').click();
  await page.locator('.head [data-state="waiting"]').waitFor();
  await page.getByText('We set your price by how far you drive, and by nothing else.').first().waitFor();
  const appPage = page.url();
  const live = new URL(appPage).searchParams.get('app') ?? '';
  // As an operator of the platform, who the same person is here.
  await page.goto(`${milepost.origin}/apps?state=waiting`);
  await fitsPhone(page);
  await page.getByRole('button', { name: 'Approve Volt Drive' }).click();
  await page.getByRole('heading', { name: 'No app fits' }).waitFor();
  await page.goto(`${milepost.origin}/apps`);
  const judged = page.locator(`[data-app="${live}"]`);
  await judged.locator('[data-state="active"]').waitFor();
  await judged.getByRole('button', { name: 'Suspend Volt Drive' }).click();
  await fill(page, 'Why? The partner reads it.', 'The privacy page cannot be read.');
  await judged.getByRole('button', { name: 'Suspend', exact: true }).click();
  await judged.locator('[data-state="suspended"]').waitFor();
  await page.goto(`${milepost.origin}/partners/${new URL(appPage).pathname.split('/').at(-1)}?app=${live}`);
  await page.locator('.head [data-state="suspended"]').waitFor();
  await page.getByText('The privacy page cannot be read.').waitFor();
  await page.getByRole('link', { name: 'All apps of Volt Insurance' }).click();
  await page.locator('li[data-app]').nth(1).waitFor();
  await fitsPhone(page);
  await close();
});
