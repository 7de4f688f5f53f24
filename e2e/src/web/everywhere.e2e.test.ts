import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  fleet = await addFleet(milepost, [
    { plate: 'VAN 1', customer: 'Atlas' },
    { plate: 'VAN 2', customer: 'Demo' },
  ]);
  const signals = { [signal.latitude]: 34, [signal.longitude]: -6.8, [signal.speed]: 20 };
  await Promise.all(fleet.map((vehicle) => vehicle.report({ time: Date.now(), signals })));
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

test('who is not signed in is told how to', options, async () => {
  const { page, close } = await visit(browser, milepost, '/', { isSignedIn: false, expects: /401/ });
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await close();
});

test('keys lead to pages, and the palette to any vehicle', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await page.getByRole('row', { name: 'VAN 1' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.waitForURL((url) => url.pathname === '/');
  await page.locator('canvas.overlay').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('v');
  await page.waitForURL((url) => url.pathname === '/vehicles');
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('combobox', { name: 'Find a vehicle or page' });
  await palette.waitFor();
  await palette.fill('van 2');
  await page.getByRole('option', { name: /VAN 2/ }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'VAN 2' }).waitFor();
  await page.keyboard.press('Control+k');
  await palette.waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await palette.fill('settings');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await close();
});

test('a menu that is pressed before it has come opens when it comes', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await page.getByRole('row', { name: 'VAN 1' }).waitFor();
  let come = (): void => {};
  const held = new Promise<void>((resolve) => {
    come = resolve;
  });
  let asked = 0;
  await page.route(/\/AppMenu[^/]*\.js$/, async (route) => {
    asked++;
    await held;
    await route.continue();
  });
  await page.reload();
  await page.getByRole('row', { name: 'VAN 1' }).waitFor();
  await until(
    () => Promise.resolve(asked),
    (times) => times > 0,
    'the menu is fetched',
  );
  await page.getByRole('button', { name: 'More', exact: true }).click();
  come();
  const menu = page.getByRole('dialog', { name: 'More pages' });
  await menu.waitFor();
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await menu.waitFor();
  await menu.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await menu.waitFor({ state: 'detached' });
  await close();
});

test('the keys are told, and lead to every page of the navigation', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles');
  await page.getByRole('row', { name: 'VAN 1' }).waitFor();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  const letters = await help.locator('dl').first().locator('dd').allInnerTexts();
  assert.ok(letters.length >= 3);
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  for (const letter of letters.map((text) => text.trim().at(-1) ?? '')) {
    const left = new URL(page.url()).pathname;
    await page.keyboard.press('g');
    await page.keyboard.press(letter);
    await page.waitForURL((url) => url.pathname !== left);
    await page.locator('nav [aria-current="page"], nav button.current').waitFor();
    await page.locator('main h1').first().waitFor({ state: 'attached' });
  }
  await close();
});

test('on a phone the pages are under the thumb', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles', { viewport: { width: 390, height: 844 } });
  const bar = page.getByRole('navigation', { name: 'Pages' });
  await bar.getByRole('link', { name: 'Map' }).waitFor();
  const box = await bar.boundingBox();
  assert.ok(box && box.y + box.height === 844 && box.height >= 48, `at the lower edge: ${JSON.stringify(box)}`);
  await bar.getByRole('button', { name: 'More' }).click();
  const sheet = page.getByRole('dialog', { name: 'More pages' });
  await sheet.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await sheet.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await sheet.waitFor({ state: 'detached' });
  await close();
});

test('the theme follows the system until somebody chooses', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles', { colorScheme: 'dark' });
  const theme = (): Promise<string | undefined> => page.evaluate('document.documentElement.dataset.theme');
  await until(theme, (now) => now === 'dark', 'it is that of the system');
  await page.emulateMedia({ colorScheme: 'light' });
  await until(theme, (now) => now === 'light', 'it follows');
  await page.getByRole('button', { name: /^Theme/ }).click();
  await page.getByRole('button', { name: /^Theme/ }).click();
  await until(theme, (now) => now === 'dark', 'it is chosen');
  await page.reload();
  await until(theme, (now) => now === 'dark', 'it stays chosen');
  await close();
});

test('when the server is away the page says so, and goes on by itself when it is back', options, async () => {
  const { page, close } = await visit(browser, milepost, '/', { expects: /ERR_CONNECTION_REFUSED|WebSocket|Failed to load/ });
  const rows = page.getByRole('region', { name: 'Vehicles' }).locator('[data-row]');
  await until(
    () => rows.count(),
    (count) => count === 2,
    'two vehicles',
  );
  // The map comes after the list, and its workers after the map.
  await until(
    () => Promise.resolve(page.workers().length),
    (count) => count > 0,
    'the workers of the map',
  );
  await page.waitForLoadState('networkidle');
  await milepost.stop();
  await page.getByText('No connection to the server.').waitFor();
  assert.equal(await rows.count(), 2);
  await milepost.start();
  await page.getByText('No connection to the server.').waitFor({ state: 'detached', timeout: 40_000 });
  const positionBefore = await rows.first().getAttribute('data-position');
  await Promise.all(
    fleet.map((vehicle) =>
      vehicle.report({ time: Date.now(), signals: { [signal.latitude]: 34.01, [signal.longitude]: -6.79 } }),
    ),
  );
  await until(
    () => rows.first().getAttribute('data-position'),
    (now) => now !== positionBefore,
    'positions come again',
  );
  await close();
});

test('a part beside the page that did not come is fetched again, and is shown with its style', options, async () => {
  const { page, close } = await visit(browser, milepost, '/', { expects: /ERR_FAILED/ });
  await page.getByRole('button', { name: 'More' }).waitFor();
  const parts = /assets\/(WarningBell|AppMenu)-[^/]*\.(js|css)$/;
  await page.route(parts, (route) => route.abort());
  const missing = page.waitForEvent('requestfailed', (request) => parts.test(request.url()));
  await page.goto(`${milepost.origin}/settings`);
  await missing;
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  const bell = page.getByRole('banner').getByRole('button', { name: /warning/i });
  assert.equal(await bell.count(), 0);
  await page.unroute(parts);
  await bell.click();
  assert.equal(
    await page.evaluate(`getComputedStyle(document.querySelector('.bell')).position`),
    'relative',
    'its style came, too',
  );
  await page.getByRole('dialog', { name: 'Warnings' }).waitFor();
  await close();
});

test(
  'a part that a page is for says that it did not come while the server is away, and opens when it is back',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/vehicles', {
      expects: /ERR_CONNECTION_REFUSED|Failed to (load|fetch)|Unable to preload|503/,
    });
    await page.getByRole('link', { name: 'VAN 1' }).click();
    await page.getByRole('heading', { level: 1, name: 'VAN 1' }).waitFor();
    await milepost.stop();
    await page.getByRole('link', { name: 'Mileage' }).click();
    await page.getByRole('heading', { name: 'This page did not come' }).waitFor();
    await page.getByRole('heading', { level: 1, name: 'VAN 1' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.waitForEvent('requestfailed', (request) => request.url().endsWith('/healthz'));
    await milepost.start();
    await page.getByRole('heading', { name: 'This page did not come' }).waitFor({ state: 'detached', timeout: 40_000 });
    await page.getByRole('heading', { level: 1, name: 'VAN 1' }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('tab'), 'mileage');
    await close();
  },
);

test('a map whose worker does not come says so, and is there when it has come', options, async () => {
  const { page, close } = await visit(browser, milepost, '/settings', { expects: /ERR_FAILED|Failed to (load|fetch)/ });
  let refused = 0;
  await page.route(/maplibre-gl-worker/, (route) => (refused++ === 0 ? route.abort() : route.continue()));
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Map' }).click();
  await page.getByRole('heading', { name: 'This page did not come' }).waitFor();
  assert.equal(await page.locator('canvas.maplibregl-canvas').count(), 0, 'no map that stays empty');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('canvas.maplibregl-canvas').waitFor();
  await close();
});

test('a page that cannot be fetched while the server is away opens when it is back', options, async () => {
  const { page, close } = await visit(browser, milepost, '/settings', { expects: /ERR_CONNECTION_REFUSED|Failed to load|503/ });
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await milepost.stop();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Vehicles' }).click();
  await page.getByRole('heading', { level: 1, name: 'This page did not come' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  const looked = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/healthz'));
  await page.getByRole('button', { name: 'Try again' }).click();
  await looked;
  await page.getByRole('heading', { level: 1, name: 'This page did not come' }).waitFor();
  await page.waitForEvent('requestfailed', (request) => request.url().endsWith('/healthz'));
  await milepost.start();
  await page.getByRole('row', { name: 'VAN 1' }).waitFor({ timeout: 40_000 });
  assert.equal(new URL(page.url()).pathname, '/vehicles');
  await close();
});
