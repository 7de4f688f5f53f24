import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

/** More than a page of the list holds. */
const vehicleCount = 130;

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({
    mode: 'serve',
    settings: { MILEPOST_LATE_AFTER_SECONDS: '6', MILEPOST_OFFLINE_AFTER_SECONDS: '14' },
  });
  fleet = await addFleet(
    milepost,
    Array.from({ length: vehicleCount }, (_, n) => ({
      plate: `VAN ${String(n + 1).padStart(3, '0')}`,
      customer: n % 2 === 0 ? 'Atlas' : 'Demo',
      model: n < 10 ? 'Twizy' : 'Kangoo',
    })),
  );
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const rows = (page: Page) => page.locator('tr[data-vehicle]');
const rowOf = (page: Page, name: string) => page.getByRole('row', { name });
const names = (page: Page): Promise<string[]> => page.locator('tr[data-vehicle] .name').allTextContents();

test(
  'a report turns its vehicle online; silence turns it late, then offline, and the page follows by itself',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/vehicles?q=005');
    await rowOf(page, 'VAN 005').getByText('Never seen').waitFor();
    await fleet[4]?.report({
      time: Date.now(),
      signals: { [signal.energy]: 47, [signal.range]: 84_000, [signal.latitude]: 34, [signal.longitude]: -6.8 },
    });
    await rowOf(page, 'VAN 005').getByText('Online').waitFor();
    await until(
      () => rowOf(page, 'VAN 005').innerText(),
      (text) => /47\s*%[\s\S]*84\s*km/.test(text),
      'energy and range',
    );
    await rowOf(page, 'VAN 005').getByText('Late').waitFor();
    await rowOf(page, 'VAN 005').getByText('Offline').waitFor();
    await rowOf(page, 'VAN 005').getByText('fell silent').waitFor();
    await close();
  },
);

test('search, filters and order stand in the address', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await rowOf(page, 'VAN 001').waitFor();
  await page.getByRole('searchbox', { name: 'Search vehicles' }).fill('twizy');
  await page.waitForURL(/q=twizy/);
  await until(
    () => rows(page).count(),
    (count) => count === 10,
    'ten Twizys',
  );
  await page.getByLabel('Customer').selectOption('Demo');
  await page.waitForURL(/customer=Demo/);
  await until(
    () => rows(page).count(),
    (count) => count === 5,
    'five of Demo',
  );
  await page.getByRole('button', { name: 'Vehicle', exact: true }).click();
  await page.waitForURL(/sort=-name/);
  await until(
    () => names(page),
    ([first]) => first?.trim() === 'VAN 010',
    'the last name is first',
  );
  assert.equal(await page.getByRole('columnheader', { name: 'Vehicle' }).getAttribute('aria-sort'), 'descending');
  await page.reload();
  await until(
    () => names(page),
    (all) => all.length === 5 && all[0]?.trim() === 'VAN 010',
    'the address brings it back',
  );
  await page.getByRole('searchbox').fill('nobody');
  await page.getByRole('heading', { name: 'No vehicle fits' }).waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await rowOf(page, 'VAN 130').or(rowOf(page, 'VAN 001')).first().waitFor();
  await close();
});

test('the list goes on when one scrolls, until the last', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await rowOf(page, 'VAN 001').waitFor();
  const seen = new Set<string>();
  await until(
    async () => {
      for (const name of await names(page)) seen.add(name.trim());
      assert.ok((await rows(page).count()) < 80, 'only what is in sight is drawn');
      await page.mouse.move(400, 500);
      await page.mouse.wheel(0, 400);
      return seen.size;
    },
    (count) => count === vehicleCount,
    'all rows',
  );
  await page.getByText('That is all.').waitFor();
  const last = page.locator('tr[data-vehicle]').last();
  assert.equal(await last.getAttribute('aria-rowindex'), String(vehicleCount + 1));
  await close();
});

test('arrow keys go from row to row, Enter opens', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await rowOf(page, 'VAN 001').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'VAN 002' }).waitFor();
  await close();
});

test('grouped by customer: counts of each, and the vehicles of the one that is opened', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await page.getByLabel('Group by').selectOption('By customer');
  await page.waitForURL(/by=customer/);
  const atlas = page.getByRole('button', { name: /^Atlas/ });
  await atlas.getByText('65 vehicles').waitFor();
  await page.getByRole('button', { name: /^Demo/ }).getByText('65 vehicles').waitFor();
  await page.getByLabel('Search vehicles').fill('twizy');
  await atlas.getByText('5 vehicles').waitFor();
  await atlas.click();
  await page.waitForURL(/open=Atlas/);
  await until(
    () => names(page),
    (all) => all.length === 5 && all[0]?.trim() === 'VAN 001',
    'the five Twizys of Atlas',
  );
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByLabel('Group by').selectOption('By group');
  await page
    .getByRole('button', { name: /^In no group/ })
    .getByText('10 vehicles')
    .waitFor();
  await close();
});

test('a view is named, comes back with its columns, and its vehicles go into a file', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await page.getByLabel('Customer').selectOption('Demo');
  await page.getByText('Columns', { exact: true }).click();
  await page.getByRole('checkbox', { name: 'Speed' }).check();
  await page.getByRole('checkbox', { name: 'Model' }).uncheck();
  await page.keyboard.press('Escape');
  await page.getByRole('columnheader', { name: 'Speed' }).waitFor();
  assert.equal(await page.getByRole('columnheader', { name: 'Model' }).count(), 0);
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByLabel('Name of the view').fill('Demo by speed');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'All vehicles' }).click();
  await page.getByRole('columnheader', { name: 'Model' }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Demo by speed' }).click();
  await page.waitForURL(/customer=Demo/);
  await page.getByRole('columnheader', { name: 'Speed' }).waitFor();
  await page.getByText('65 vehicles').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download as CSV' }).click(),
  ]);
  const lines = (await readFile((await download.path()) ?? '', 'utf8')).trimEnd().split('\r\n');
  assert.equal(download.suggestedFilename(), 'vehicles.csv');
  assert.equal(lines.length, 66);
  assert.ok(lines.slice(1).every((line) => line.includes(',Demo,')));
  await page.getByRole('button', { name: 'Remove the view Demo by speed' }).click();
  await page.getByRole('button', { name: 'Save view' }).waitFor();
  await close();
});

test('dense rows are lower, and stay chosen', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  const height = async (): Promise<number> => (await rowOf(page, 'VAN 001').boundingBox())?.height ?? 0;
  const comfortable = await height();
  await page.getByRole('button', { name: 'Dense rows' }).click();
  await until(height, (now) => now > 0 && now < comfortable, 'lower rows');
  await page.reload();
  await rowOf(page, 'VAN 001').waitFor();
  assert.ok((await height()) < comfortable);
  await close();
});
