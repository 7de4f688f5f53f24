import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, visit } from '../support/browser.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const options = { skip: noBrowser };
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

test('whoever comes by reads and searches what data there are, without signing in', options, async () => {
  const seen = await visit(browser, milepost, '/catalogue', {
    isSignedIn: false,
    viewport: { width: 390, height: 844 },
    expects: /401/,
  });
  const { page } = seen;
  await page.locator('[data-item="Vehicle.Speed"]').waitFor();
  assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits a phone');
  await page.getByRole('searchbox').fill('tire pressure');
  await page.waitForURL(/q=tire/);
  const shown = page.locator('[data-item]');
  await page.locator('[data-item="Vehicle.Speed"]').waitFor({ state: 'detached' });
  assert.ok((await shown.count()) >= 4);
  await shown.first().getByRole('button').click();
  await shown.first().getByText('Product data: the vehicle makes it').waitFor();
  await shown.first().getByText('GET /v1/partner/vehicles/{id}/history').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('searchbox').fill('no such thing');
  await page.getByRole('heading', { name: 'Nothing fits' }).waitFor();
  await seen.close();
});
