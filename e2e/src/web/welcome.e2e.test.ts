import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { OperatorClient } from '@milepost/sdk';
import type { Browser } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, visit } from '../support/browser.ts';
import { logIn, reportAs, signal } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
const options = { skip: noBrowser };
const imei = '356938035643809';

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'empty' });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

test('an empty Milepost leads to its first device, and turns green when the report arrives', options, async () => {
  const { page, close } = await visit(browser, milepost, '/');
  await page.waitForURL(/\/welcome$/);
  await page.getByRole('heading', { level: 1, name: 'Connect your first device' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);

  await page.getByLabel('Customer').fill('Atlas');
  await page.getByLabel('Plate').fill('FIRST 1');
  await page.getByLabel('VIN').fill('WVWZZZ1JZXW000001');
  await page.getByLabel('IMEI of the device').fill(imei);
  await page.getByRole('button', { name: 'Add vehicle and device' }).click();
  const secret = await page.getByTestId('secret').innerText();
  assert.ok(secret.length >= 20, secret);
  const waiting = page.getByRole('status').filter({ hasText: 'Waiting for the first report' });
  await waiting.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);

  const token = await logIn(milepost, imei, secret);
  await reportAs(milepost, token, [
    { time: Date.now(), signals: { [signal.latitude]: 34, [signal.longitude]: -6.8, [signal.speed]: 20 } },
  ]);
  await page.getByText('The report arrived.').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('link', { name: 'Open the map' }).click();
  await page.getByRole('region', { name: 'Selected vehicle' }).getByRole('heading', { name: 'FIRST 1' }).waitFor();
  await close();
});

test('the command that the page shows reports when it is pasted into a shell', options, async () => {
  const { page, close } = await visit(browser, milepost, '/welcome');
  await page.getByRole('button', { name: 'Fill in an example' }).click();
  await page.getByRole('button', { name: 'Add vehicle and device' }).click();
  const command = await page.getByLabel('Send a report').innerText();
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  assert.match(stdout, /"stored":1/);
  await page.getByText('The report arrived.').waitFor();
  await close();
});

test('a vehicle that is there already is named, and what was typed stays', options, async () => {
  const vin = 'WVWZZZ1JZXW000002';
  await new OperatorClient(milepost.origin, milepost.operatorToken).createVehicle({ vin, customer: 'Atlas' });
  const { page, close } = await visit(browser, milepost, '/welcome', { expects: /409/ });
  await page.getByLabel('Customer').fill('Atlas');
  await page.getByLabel('VIN').fill(vin);
  await page.getByLabel('IMEI of the device').fill('490154203237518');
  await page.getByRole('button', { name: 'Add vehicle and device' }).click();
  await page.getByRole('alert').getByRole('link', { name: 'Open it' }).waitFor();
  assert.equal(await page.getByLabel('VIN').inputValue(), vin);
  await close();
});

test('a wrong field is marked, with what was expected', options, async () => {
  const { page, close } = await visit(browser, milepost, '/welcome', { expects: /400/ });
  await page.getByLabel('Customer').fill('Atlas');
  await page.getByLabel('VIN').fill('WVWZZZ1JZXW00000O');
  await page.getByLabel('IMEI of the device').fill('490154203237518');
  await page.getByRole('button', { name: 'Add vehicle and device' }).click();
  await page
    .getByRole('alert')
    .getByText(/17 letters and digits/)
    .waitFor();
  assert.equal(await page.getByLabel('VIN').getAttribute('aria-invalid'), 'true');
  await close();
});
