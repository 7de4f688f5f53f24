import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, repeat, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
let stopReports: () => Promise<void>;
const options = { skip: noBrowser };
/** Unlike any digits of their VINs. */
const plateOf = (n: number): string => `VAN ${500 + n}`;
/** More than a page of the list holds. */
const count = 130;
/** Those that go on reporting; the others fall silent or were never heard. */
const talking = [3, 4, 5];
const silent = [0, 1, 2];

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({
    mode: 'serve',
    settings: { MILEPOST_LATE_AFTER_SECONDS: '6', MILEPOST_OFFLINE_AFTER_SECONDS: '12' },
  });
  fleet = await addFleet(
    milepost,
    Array.from({ length: count }, (_, n) => ({
      plate: plateOf(n),
      customer: n % 2 === 0 ? 'Atlas' : 'Demo',
      model: n < 10 ? 'Twizy' : 'Kangoo',
    })),
  );
  const report = (n: number): Promise<void> | undefined =>
    fleet[n]?.report({ time: Date.now(), signals: { [signal.latitude]: 34 + n / 100, [signal.longitude]: -6.8 } });
  for (const n of silent) await report(n);
  stopReports = repeat(500, async () => {
    for (const n of talking) await report(n);
  });
});
after(async () => {
  await stopReports?.();
  await browser?.close();
  await milepost?.close();
});

const rows = (page: Page) => page.locator('tr[data-vehicle]');
const rowOf = (page: Page, name: string) => page.getByRole('row', { name });
const names = (page: Page): Promise<string[]> => page.locator('tr[data-vehicle] .name').allInnerTexts();
const historyOf = (page: Page) => page.getByRole('complementary', { name: 'History of the vehicle' });

test(
  'who is silent longest is first; a silent vehicle is found by its plate, with since when, why and its history',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/connections');
    await rowOf(page, 'VAN 500').getByText('Offline').waitFor();
    await until(
      () => names(page),
      (all) => silent.every((n) => all.slice(0, 3).includes(plateOf(n))),
      'the silent ones are on top',
    );
    await page.getByRole('button', { name: /^3\s*Offline/ }).waitFor();
    await page.getByRole('button', { name: /3 fell silent/ }).waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type('van 501');
    await page.waitForURL(/q=van(\+|%20)501/);
    await until(
      () => rows(page).count(),
      (now) => now === 1,
      'one vehicle',
    );
    const row = rowOf(page, 'VAN 501');
    assert.match(await row.innerText(), /Offline\s*fell silent/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/vehicle=/);
    await historyOf(page).getByText('fell silent').first().waitFor();
    await until(
      () => historyOf(page).innerText(),
      (text) => /Offline[\s\S]*Late[\s\S]*Online/.test(text.slice(text.indexOf('Last 7 days'))),
      'its changes, newest first',
    );
    assert.deepEqual(await accessibilityProblems(page), []);

    // Whoever gets the address sees the same.
    const address = new URL(page.url());
    const other = await visit(browser, milepost, address.pathname + address.search);
    await historyOf(other.page).getByRole('heading', { name: 'VAN 501' }).waitFor();
    await other.close();

    await page.keyboard.press('Escape');
    await historyOf(page).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement?.textContent'), 'VAN 501', 'the keyboard goes on where it was');
    await close();
  },
);

test('statuses and reasons filter, customers stand apart with the silent ones first', options, async () => {
  const { page, close } = await visit(browser, milepost, '/connections');
  await page.getByRole('button', { name: /Online$/ }).click();
  await page.waitForURL(/status=online/);
  await until(
    () => names(page),
    (all) => all.length === talking.length && all.every((name) => talking.some((n) => name === plateOf(n))),
    'those that report',
  );
  await page.getByRole('button', { name: /Online$/ }).click();
  await page.getByRole('button', { name: /fell silent/ }).click();
  await page.waitForURL(/reason=silent/);
  await until(
    () => rows(page).count(),
    (now) => now === silent.length,
    'those that fell silent',
  );
  await page.getByRole('button', { name: /fell silent/ }).click();
  await page.getByRole('button', { name: 'By customer' }).click();
  await page.waitForURL(/by=customer/);
  const headings = page.getByRole('heading', { level: 2 });
  await until(
    () => headings.allInnerTexts(),
    ([first = '', second = '']) => first.startsWith('Atlas') && second.startsWith('Demo'),
    'Atlas has two silent ones, Demo one',
  );
  await page.getByRole('button', { name: /^Demo/ }).click();
  await rowOf(page, 'VAN 501').waitFor();
  assert.ok((await names(page)).every((name) => Number(name.slice(4)) % 2 === 1));
  assert.deepEqual(await accessibilityProblems(page), []);
  await close();
});

test(
  'changes are searched by text, status, customer and time; new ones come on top, or wait while one reads',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/connections?view=changes');
    await rowOf(page, 'VAN 500').first().waitFor();
    await page.getByLabel('Became').selectOption('offline');
    await until(
      () => rows(page).count(),
      (now) => now === silent.length,
      'three fell offline',
    );
    await page.getByLabel('Customer', { exact: true }).selectOption('Demo');
    await until(
      () => names(page),
      (all) => all.join() === 'VAN 501',
      'the one of Demo',
    );
    await page.getByRole('combobox', { name: 'Period' }).selectOption('1h');
    await page.waitForURL(/last=1h/);
    await page.getByRole('searchbox').fill('501');
    await page.waitForURL(/q=501/);
    await until(
      () => names(page),
      (all) => all.join() === 'VAN 501',
      'it is still there',
    );
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Table (CSV)' }).click(),
    ]);
    const csv = await readFile(await download.path(), 'utf8');
    assert.match(csv, /^at,from,to,reason,plate,vin,customer,vehicleId\r\n[^,]+,late,offline,silent,VAN 501,/);
    assert.equal(csv.trimEnd().split('\r\n').length, 2);
    await page.getByRole('combobox', { name: 'Period' }).selectOption('custom');
    await page.getByLabel('To', { exact: true }).fill('2020-01-02T10:00');
    await page.getByRole('heading', { name: 'No change fits' }).waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await rowOf(page, 'VAN 500').first().waitFor();

    // At the top a change comes by itself.
    await fleet[10]?.report({ time: Date.now(), signals: {} });
    await rowOf(page, 'VAN 510').first().waitFor();
    assert.equal((await names(page))[0], 'VAN 510');
    assert.deepEqual(await accessibilityProblems(page), []);
    await close();
  },
);

test('while one reads further below nothing moves; what is new waits behind a button', options, async () => {
  // Enough changes to scroll through.
  await Promise.all(fleet.slice(40, 120).map((vehicle) => vehicle.report({ time: Date.now(), signals: {} })));
  const { page, close } = await visit(browser, milepost, '/connections?view=changes');
  await until(
    () => rows(page).count(),
    (now) => now >= 20,
    'many changes',
  );
  const main = page.getByRole('main');
  await main.evaluate((element) => (element as unknown as { scrollTo(x: number, y: number): void }).scrollTo(0, 900));
  const topOf = async (): Promise<string> => (await names(page)).join();
  await until(
    async () => [await topOf(), await topOf()],
    ([a, b]) => a === b,
    'it has come to rest',
  );
  await fleet[11]?.report({ time: Date.now(), signals: {} });
  const button = page.getByRole('button', { name: /new change/ });
  await button.waitFor();
  assert.equal(await rowOf(page, 'VAN 511').count(), 0);
  await button.click();
  await rowOf(page, 'VAN 511').first().waitFor();
  await button.waitFor({ state: 'detached' });
  await close();
});

test('the page is accessible in light, dark and on a phone, where the history lies over the list', options, async () => {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const) {
    const { page, close } = await visit(browser, milepost, '/connections', { colorScheme, viewport: { width, height: 800 } });
    await rowOf(page, 'VAN 500').waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `now ${colorScheme} ${width}`);
    await rowOf(page, 'VAN 500').getByRole('button').click();
    await historyOf(page).getByRole('heading', { name: 'VAN 500' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `history ${colorScheme} ${width}`);
    await historyOf(page).getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Changes', exact: true }).click();
    await rows(page).first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `changes ${colorScheme} ${width}`);
    await close();
  }
});
