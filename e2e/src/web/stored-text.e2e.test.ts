import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import type { Browser } from 'playwright-core';
import { noBrowser, openBrowser, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { callAs, makeLiveApp, type PartnerApp } from '../support/partner-app.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

// Whatever people call things, it is text on every page: nothing of it becomes an element or runs.

const options = { skip: noBrowser };
const markup = '<img src=x onerror=evil=1>';
const evil = '{{evil=1}}"\'><script>evil=1</script>';
let milepost: Milepost;
let browser: Browser;
let operator: OperatorClient;
let car: TestVehicle;
let own: TestVehicle;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  [car, own] = (await addFleet(milepost, [
    { plate: markup, customer: markup, model: markup },
    { plate: evil.slice(0, 20), customer: markup, model: markup },
  ])) as [TestVehicle, TestVehicle];
  for (const one of [car, own])
    await one.report({
      time: Date.now(),
      signals: { [signal.latitude]: 48.1, [signal.longitude]: 11.5, [signal.mileage]: 5_000_000 },
    });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

/** What the pages show of things that have such names. */
const makeThings = async (page: Parameters<typeof callAs>[0]): Promise<PartnerApp> => {
  await callAs(page, 'PATCH', '/v1/me', { name: markup });
  await callAs(page, 'PATCH', `/v1/vehicles/${car.id}`, { note: markup });
  const driver = await callAs<{ id: string }>(page, 'POST', '/v1/drivers', {
    name: markup,
    number: evil.slice(0, 30),
    customer: markup,
  });
  await callAs(page, 'POST', `/v1/vehicles/${car.id}/drivers`, { driverId: driver.id });
  const app = await makeLiveApp(page, milepost, {
    partner: markup,
    name: markup,
    purpose: 'insurance',
    terms: `${markup} ${evil}`,
    items: [{ item: 'mileage', reason: `${markup} ${evil}` }],
  });
  const { code } = await operator.call('makeClaimCode', { id: own.id });
  await callAs(page, 'POST', '/v1/claims', { code });
  await app.ask('WVWZZZ1JZ00000001', { purpose: 'insurance', items: [{ item: 'mileage' }] });
  return app;
};

test('names with markup in them are shown as they are, on every page that shows them', options, async () => {
  const { page, close } = await visit(browser, milepost, '/account');
  const app = await makeThings(page);
  const { items: drivers } = await callAs<{ items: { id: string }[] }>(page, 'GET', '/v1/drivers');
  const { items: organisations } = await callAs<{ items: { id: string; name: string }[] }>(page, 'GET', '/v1/organisations');
  const { items: asked } = await callAs<{ items: { id: string }[] }>(page, 'GET', '/v1/consents');
  assert.equal(asked.length, 1);
  const fleet = organisations.find(({ name }) => name === markup) ?? assert.fail('no organisation of that name');
  const shown: string[] = [];
  for (const address of [
    '/',
    '/vehicles',
    ...['overview', 'trips', 'status', 'values'].map((tab) => `/vehicles/${car.id}?tab=${tab}`),
    '/connections',
    '/reports',
    '/drivers',
    `/drivers/${drivers[0]?.id}`,
    '/organisations',
    `/organisations/${fleet.id}`,
    '/apps',
    '/people',
    '/audit',
    '/limits',
    '/partners',
    `/partners/${app.partnerId}`,
    '/requests',
    `/consent/${asked[0]?.id}`,
    '/access',
    '/activity',
    '/account',
  ]) {
    await page.goto(milepost.origin + address);
    await page.locator('h1, canvas.overlay').first().waitFor();
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('img[src="x"]').count(), 0, address);
    assert.equal(await page.evaluate('typeof evil'), 'undefined', address);
    const text = await page.locator('body').innerText();
    const fields = await page.evaluate<string>(
      '[...document.querySelectorAll("input, textarea")].map((one) => one.value).join()',
    );
    if (`${text} ${fields}`.includes(markup)) shown.push(address);
  }
  assert.ok(shown.length >= 12, `shown on ${shown.length} pages: ${shown.join(' ')}`);
  // A refusal of the OAuth server names what it was sent.
  const refused = await fetch(
    `${milepost.origin}/oauth/authorize?client_id=${encodeURIComponent(evil)}&request_uri=${encodeURIComponent(markup)}`,
  );
  assert.doesNotMatch(await refused.text(), /<img src=x|<script>evil/);
  await close();
});
