import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { RouteResponse } from '@milepost/contract/api';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

// A drive around Višnjan, from gpxpy's tests (server/src/protocols/gpx/recorded/SOURCE.md), its times shifted so that it ended half an hour ago.
const recorded = resolve(import.meta.dirname, '../../../server/src/protocols/gpx/recorded/around-visnjan-with-car.gpx');
const pointCount = 104;
const endedMs = Date.now() - 30 * 60_000;

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
let gpx: string;
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  fleet = await addFleet(milepost, [
    { plate: 'VAN 1', customer: 'Demo' },
    { plate: 'VAN 2', customer: 'Demo' },
  ]);
  const text = await readFile(recorded, 'utf8');
  const times = [...text.matchAll(/<time>([^<]+)<\/time>/g)].map(([, time]) => Date.parse(time ?? ''));
  const shiftMs = endedMs - Math.max(...times);
  gpx = text.replaceAll(
    /<time>([^<]+)<\/time>/g,
    (_, time: string) => `<time>${new Date(Date.parse(time) + shiftMs).toISOString()}</time>`,
  );
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const openImport = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByRole('dialog', { name: 'Import what was recorded elsewhere' }).waitFor();
};
const dialog = (page: Page) => page.getByRole('dialog');
const choose = (page: Page, name: string, mimeType: string, text: string): Promise<void> =>
  page.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType, buffer: Buffer.from(text) });

test('a GPX file is looked at, imported, and is a trip', options, async () => {
  const id = fleet[0]?.id ?? '';
  const { page, close } = await visit(browser, milepost, `/vehicles/${id}?hours=3`);
  await openImport(page);
  await choose(page, 'drive.gpx', 'application/gpx+xml', gpx);
  await dialog(page).getByRole('button', { name: 'Check' }).click();
  await page.getByText(`${pointCount} samples would be stored`).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await dialog(page).getByRole('button', { name: 'Import' }).click();
  await page.getByText(`${pointCount} samples were stored`).waitFor();
  await dialog(page).getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('link', { name: /map/i }).last().waitFor();
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const { items } = await until(
    (): Promise<RouteResponse<'listTrips'>> => operator.call('listTrips', { id }),
    (page_) => page_.items.length === 1,
    'one trip',
  );
  assert.ok((items[0]?.distanceKm ?? 0) > 2, JSON.stringify(items[0]));
  await close();
});

test('the columns of a CSV file are named; what is wrong with a line is told', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${fleet[1]?.id}`);
  await openImport(page);
  const at = (n: number): string => new Date(endedMs + n * 1000).toISOString();
  const csv = `When;Pace (mph);Note\r\n${at(0)};10,5;a\r\n${at(1)};fast;b\r\n${at(2)};12,5;c\r\n`;
  await choose(page, 'drive.csv', 'text/csv', csv);
  // Not what a time is called, so the form asks.
  assert.equal(await page.getByLabel('Column of the time', { exact: true }).inputValue(), 'When');
  assert.equal(await page.getByLabel('Decimals').inputValue(), 'comma');
  assert.equal(await dialog(page).getByRole('button', { name: 'Check' }).isDisabled(), true);
  await page.getByLabel('What Pace (mph) is').selectOption({ value: 'Vehicle.Speed' });
  await page.getByLabel('Unit of Pace (mph)').selectOption('mph');
  await dialog(page).getByRole('button', { name: 'Check' }).click();
  await page.getByText('2 samples would be stored').waitFor();
  await page.getByRole('row', { name: /3 Pace \(mph\) fast not a number/ }).waitFor();
  await dialog(page).getByRole('button', { name: 'Import' }).click();
  await page.getByText('2 samples were stored').waitFor();
  await close();
});
