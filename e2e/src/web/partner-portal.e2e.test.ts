import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

// A developer tries an app out in the portal alone: a simulated car, what can happen to it, webhooks with their deliveries, and the car as its owner sees it.

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
let milepost: Milepost;
let browser: Browser;
let receiver: Server;
let address = '';
let status = 204;
const received: { readonly type: string }[] = [];

before(async () => {
  if (noBrowser) return;
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString('utf8');
    });
    request.on('end', () => {
      received.push(JSON.parse(body) as { type: string });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  browser = await openBrowser();
  // In a demo alone webhooks reach this machine.
  milepost = await startMilepost({ mode: 'demo' });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
  receiver?.close();
});

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
const fill = (page: Page, label: string | RegExp, value: string) =>
  page.getByLabel(label, typeof label === 'string' ? { exact: true } : {}).fill(value);
const shots = process.env['MILEPOST_SHOTS'];
const looksRight = async (page: Page, name: string): Promise<void> => {
  assert.deepEqual(await accessibilityProblems(page), [], name);
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  await page.setViewportSize(phone);
  // The map takes its new width a moment after the page.
  const overflows = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  await until(overflows, (pixels) => pixels <= 0, `${name} is as wide as a phone`);
  assert.deepEqual(await accessibilityProblems(page), [], `${name} on a phone`);
  if (shots) await page.screenshot({ path: `${shots}/${name}-phone.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
};

test('webhooks, the sandbox and the cars of an app, by the portal alone', options, async () => {
  const { page, close } = await visit(browser, milepost, '/map');
  const { origin } = milepost;
  const entered = await page
    .context()
    .request.post(`${origin}/v1/demo/session`, { data: { as: 'partner' }, headers: { origin } });
  assert.equal(entered.ok(), true, await entered.text());
  await page.goto(`${origin}/partners`);
  await fill(page, 'Name of your organisation', 'Volt Insurance');
  await button(page, 'Begin').click();
  await page.getByRole('link', { name: 'New app' }).first().click();
  await fill(page, 'Name of the app', 'Volt Drive');
  await fill(page, 'What it does for its users', 'Pays back what careful driving saves.');
  await fill(page, 'Homepage', 'https://volt.example/');
  await fill(page, 'Its words on data protection', 'https://volt.example/privacy');
  for (const name of ['How far it has gone', 'Where it is', 'Tires']) {
    await page.getByRole('checkbox', { name }).check();
    await fill(page, `Why it needs: ${name}`, 'The price follows it.');
  }
  await button(page, 'Make the app').click();
  await page.getByRole('heading', { level: 1, name: 'Volt Drive' }).waitFor();
  await fill(page, 'Name (small letters)', 'insurance');
  await fill(page, 'The words for the owner', 'We set your price by how far you drive.');
  await button(page, 'Declare').click();
  await page.locator('[data-purpose="insurance"]').waitFor();

  await page.getByRole('link', { name: 'Webhooks' }).click();
  await page.getByText('No webhook yet.').waitFor();
  await fill(page, /^Address/, address);
  await button(page, 'Make a webhook').click();
  const secret = await page.locator('[data-webhook] .made code').textContent();
  assert.match(secret ?? '', /^whs_/);
  await button(page, /^Send a ping to/).click();
  await page.locator('[data-delivery][data-state="delivered"]').waitFor();
  assert.equal(received[0]?.type, 'ping');
  await button(page, /^New secret for/).click();
  await page.getByText('2 secrets').waitFor();

  await page.getByRole('link', { name: 'Sandbox' }).click();
  await page.getByText('No car yet.').waitFor();
  await looksRight(page, 'sandbox-empty');
  await button(page, 'Make a car').click();
  const car = page.locator('li[data-car]');
  await car.getByText('This app may read nothing of it yet.').waitFor();
  assert.equal(await button(page, 'Narrow the grant').isDisabled(), true);
  await button(page, 'Grant all items').click();
  await car.getByText(/^This app may read: .*Where it is/).waitFor();
  await button(page, 'Low tire').click();
  await car.getByText('its holder is warned').waitFor();
  await looksRight(page, 'sandbox');

  await page.getByRole('link', { name: 'See what the app sees' }).click();
  const picture = page.locator('article[data-car]');
  await picture.getByText('12,000').first().waitFor();
  await picture.locator('[data-signal="Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure"]').waitFor();
  await looksRight(page, 'cars');
  await page.goBack();
  await button(page, 'Narrow the grant').click();
  await car.getByText('The grant tells less from now on.').waitFor();
  await page.getByRole('link', { name: 'See what the app sees' }).click();
  await picture.locator('[data-withheld="tires"]').getByText('taken back by its owner').waitFor();
  assert.equal(await picture.locator('[data-signal*="Tire"]').count(), 0, 'the drawing has nothing of it either');
  await looksRight(page, 'cars-withheld');

  status = 500;
  await page.getByRole('link', { name: 'Sandbox', exact: true }).click();
  await button(page, 'Let it expire').click();
  await car.getByText('The grant has ended').waitFor();
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await button(page, /^Deliveries to/).click();
  const waits = page.locator('[data-delivery][data-state="waiting"]').first();
  await waits.getByText('answered 500').waitFor();
  await waits.getByText(/next try/).waitFor();
  await looksRight(page, 'webhooks');
  status = 204;
  await waits.getByRole('button', { name: /^Deliver again/ }).click();
  await page.locator('[data-delivery][data-state="waiting"]').first().waitFor({ state: 'detached' });
  const begun = received.length;
  await button(page, 'Deliver all again').click();
  await until(
    () => Promise.resolve(received.length),
    (count) => count > begun,
    'they come again',
  );
  await page.emulateMedia({ colorScheme: 'dark' });
  await looksRight(page, 'webhooks-dark');
  await page.getByRole('link', { name: 'Cars' }).click();
  await page.getByText('No car is granted to this app.').waitFor();
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await button(page, /^End the webhook to/).click();
  await page.getByText('No webhook yet.').waitFor();
  await page.getByRole('link', { name: 'Sandbox', exact: true }).click();
  await button(page, /^End the car/).click();
  await page.getByText('No car yet.').waitFor();
  await close();
});
