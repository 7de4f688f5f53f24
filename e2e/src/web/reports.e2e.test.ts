import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { FleetReport } from '@milepost/contract/api';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Monday of last week, UTC. */
const today = Math.floor(Date.now() / dayMs);
const monday = (today - ((today + 3) % 7) - 7) * dayMs;

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
let report: FleetReport;
const options = { skip: noBrowser };

/** A quarter of an hour at `speedKmh` to the north, then a stop. */
const drive = (vehicle: TestVehicle, atMs: number, speedKmh: number): Promise<void> =>
  vehicle.report(
    ...Array.from({ length: 130 }, (_, n) => {
      const moved = (Math.min(n, 90) * 10 * speedKmh) / 3.6;
      return {
        time: atMs + n * 10_000,
        signals: {
          [signal.speed]: n < 90 ? speedKmh : 0,
          [signal.latitude]: 34 + moved / 111_200,
          [signal.longitude]: -6.8,
          [signal.mileage]: 10_000_000 + moved,
        },
      };
    }),
  );

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  fleet = await addFleet(milepost, [
    { plate: 'VAN 1', customer: 'Atlas' },
    { plate: 'VAN 2', customer: 'Atlas' },
    { plate: 'VAN 3', customer: 'Demo' },
    { plate: 'VAN 4', customer: 'Demo', groups: ['pool'] },
  ]);
  const [a, b, c] = fleet as [TestVehicle, TestVehicle, TestVehicle];
  await drive(a, monday + 8 * hourMs, 36);
  await drive(b, monday + dayMs + 8 * hourMs, 50);
  await drive(c, monday + 2 * dayMs + 8 * hourMs, 72);
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  await until(
    async () => {
      report = await operator.call('readFleetReport', { query: { period: 'lastWeek', by: 'customer' } });
      return report;
    },
    ({ total }) => total.trips === 3,
    'three trips',
  );
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const rowOf = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name} `) });
const names = (page: Page) => page.locator('tbody tr:not(.space) th').allTextContents();

test('last week by customer: the figures of the API, in the address, as a file', options, async () => {
  const { page, close } = await visit(browser, milepost, '/reports');
  await page.getByLabel('Period').selectOption('Last week');
  await page.getByLabel('A row for each').selectOption('Customer');
  await page.waitForURL(/period=lastWeek.*by=customer|by=customer.*period=lastWeek/);
  await rowOf(page, 'Atlas').waitFor();
  for (const row of [...report.rows, { ...report.total, name: 'Total' }]) {
    const text = (await rowOf(page, row.name ?? '').innerText()).replaceAll('\u00a0', ' ');
    assert.match(text, new RegExp(`\\b${(row.distanceKm ?? 0).toFixed(1)}\\s*km`), text);
    const cells = await rowOf(page, row.name ?? '')
      .locator('td')
      .allInnerTexts();
    assert.equal(cells[2], String(row.trips));
    assert.equal(cells[5], '–', 'energy is not known');
  }
  await page.getByRole('button', { name: 'Distance' }).click();
  await page.waitForURL(/sort=-distance/);
  await until(
    () => names(page),
    ([first]) =>
      first ===
      (report.rows[0] && report.rows[1] && (report.rows[0].distanceKm ?? 0) > (report.rows[1].distanceKm ?? 0)
        ? 'Atlas'
        : 'Demo'),
    'the longest way is first',
  );
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download as CSV' }).click(),
  ]);
  const lines = (await readFile((await download.path()) ?? '', 'utf8')).trimEnd().split('\r\n');
  assert.deepEqual(
    lines.map((line) => line.split(',')[0]),
    ['kind', 'row', 'row', 'total'],
  );
  assert.equal(lines[1]?.split(',')[9], String(report.rows[0]?.distanceKm));
  await close();
});

test('a row leads to what it is made of; a vehicle of which nothing is known has no figures', options, async () => {
  const { page, close } = await visit(browser, milepost, '/reports?period=lastWeek&by=customer');
  await page.getByRole('link', { name: 'Demo' }).click();
  await page.waitForURL(/customer=Demo/);
  await rowOf(page, 'VAN 4').waitFor();
  await page.getByText('1 of 2 vehicles known').waitFor();
  const cells = await rowOf(page, 'VAN 4').locator('td').allInnerTexts();
  assert.deepEqual(cells.slice(0, 6), ['–', '–', '–', '–', '–', '–']);
  await page.getByLabel('A row for each').selectOption('Day');
  await until(
    () => names(page),
    (all) => all.some((name) => name.startsWith('Wed')),
    'the day of the drive',
  );
  await page.getByLabel('Period').selectOption('From day to day');
  await page.getByLabel('First day').waitFor();
  assert.equal(await page.getByLabel('First day').inputValue(), new Date(monday).toISOString().slice(0, 10));
  assert.equal(await page.getByRole('button', { name: 'Schedule' }).isDisabled(), true);
  await close();
});

test('a schedule is made, runs, and leaves a file that can be read and removed', options, async () => {
  const { page, close } = await visit(browser, milepost, '/reports?period=lastWeek&by=customer');
  await rowOf(page, 'Atlas').waitFor();
  await page.getByRole('button', { name: 'Schedule' }).click();
  await page.getByLabel('Name').fill('Customers by week');
  await page.getByRole('radio', { name: 'Weekly' }).check({ force: true });
  await page.getByLabel('Weekday').selectOption('Tuesday');
  await page.getByLabel('Hour').selectOption('05:00');
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await page.getByText('Customers by week').waitFor();
  await page.getByText('No file was made yet.').waitFor();
  await page.getByRole('button', { name: 'Make it now' }).click();
  const file = page.getByRole('link', { name: /^customers-by-week-/ });
  await file.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  const [download] = await Promise.all([page.waitForEvent('download'), file.click()]);
  const text = await readFile((await download.path()) ?? '', 'utf8');
  assert.match(text, /row,Atlas,/);
  await page.getByRole('button', { name: /^Remove the file/ }).click();
  await page.getByText('No file was made yet.').waitFor();
  await page.getByRole('button', { name: 'Remove the schedule Customers by week' }).click();
  await page.getByText('Customers by week').waitFor({ state: 'detached' });
  await close();
});
