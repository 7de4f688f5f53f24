import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
const options = { skip: noBrowser };
/** A warning is over when it has been gone for a while. */
const overMs = 40_000;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  fleet = await addFleet(
    milepost,
    Array.from({ length: 9 }, (_, n) => ({ plate: `VAN ${17 + n}`, customer: n % 2 === 0 ? 'Atlas' : 'Demo' })),
  );
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const say = async (vehicle: number, signals: Readonly<Record<string, boolean | readonly string[]>>): Promise<void> => {
  await fleet[vehicle]?.report({ time: Date.now(), signals });
};
const toasts = (page: Page) => page.getByRole('region', { name: 'New warnings' });
const bell = (page: Page) => page.getByRole('button', { name: /^Warnings/ });
const rowOf = (page: Page, name: string) => page.getByRole('row', { name });

test(
  'a warning rings on any page, is counted, listed and leads to its vehicle; when it is over the list says so',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/vehicles');
    await page.getByRole('row', { name: 'VAN 17' }).waitFor();
    await bell(page).waitFor();
    await say(0, { [signal.rearLeftIsLow]: true });
    await toasts(page).getByText('Rear left tire pressure is low').waitFor();
    await page.getByRole('status').filter({ hasText: 'VAN 17: Rear left tire pressure is low.' }).waitFor();
    await page.getByRole('button', { name: 'Warnings: 1 new' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);

    await bell(page).click();
    const panel = page.getByRole('dialog', { name: 'Warnings' });
    await panel.getByRole('link', { name: /VAN 17 Rear left tire pressure is low new/ }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole('button', { name: 'Warnings', exact: true }).waitFor();
    await panel.getByRole('link', { name: /VAN 17/ }).click();
    await page.getByRole('heading', { level: 1, name: 'VAN 17' }).waitFor();
    await panel.waitFor({ state: 'detached' });

    await say(0, { [signal.rearLeftIsLow]: false });
    await bell(page).click();
    await panel.getByText(/^over after/).waitFor({ timeout: overMs });
    await panel.getByRole('link', { name: 'All warnings' }).click();
    await page.getByRole('heading', { level: 1, name: 'Warnings' }).waitFor();
    await rowOf(page, 'VAN 17').getByText('Over', { exact: true }).waitFor();
    await close();
  },
);

test('a toast leads to the vehicle; critical ones stay until they are closed; many are three and a number', options, async () => {
  const { page, close } = await visit(browser, milepost, '/warnings?state=open');
  await page.getByRole('heading', { level: 1, name: 'Warnings' }).waitFor();
  await page.getByText('No warning fits').waitFor();
  await bell(page).waitFor();
  await Promise.all([1, 2, 3, 4, 5].map((n) => say(n, { [signal.faultCodes]: ['P0420'] })));
  await until(
    () => page.locator('tr[data-warning]').count(),
    (count) => count === 5,
    'five rows by themselves',
  );
  await say(6, { 'Vehicle.IsBrokenDown': true });
  await page.getByRole('alert').filter({ hasText: 'VAN 23: It has broken down.' }).waitFor();
  await toasts(page).getByText('3 more').waitFor();
  await until(
    () => toasts(page).getByRole('link').count(),
    (count) => count === 4,
    'three and a number',
  );
  // Those that are not critical go by themselves.
  await until(
    () => toasts(page).getByRole('link').count(),
    (count) => count === 1,
    'the critical one alone',
  );
  await toasts(page).getByText('It has broken down').click();
  await page.getByRole('heading', { level: 1, name: 'VAN 23' }).waitFor();
  await toasts(page).waitFor({ state: 'detached' });
  await close();
});

test('the list is searched and filtered, by address and by keys, and is there as a table', options, async () => {
  const { page, close } = await visit(browser, milepost, '/warnings?severity=critical');
  await rowOf(page, 'VAN 23').waitFor();
  assert.equal(await page.locator('tr[data-warning]').count(), 1);
  await page.getByLabel('Urgency').selectOption('');
  await page.getByRole('searchbox').fill('demo');
  await page.waitForURL(/q=demo/);
  await until(
    () => page.locator('tr[data-warning]').count(),
    (count) => count === 3,
    'those of Demo',
  );
  assert.match(await rowOf(page, 'VAN 18').innerText(), /Fault code P0420 \(the catalyst is worn\)/);
  await page.getByRole('combobox', { name: 'Period' }).selectOption('1h');
  await page.waitForURL(/last=1h/);
  await page.reload();
  await rowOf(page, 'VAN 18').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Table (CSV)' }).click()]);
  assert.equal(download.suggestedFilename(), 'warnings.csv');
  await page.keyboard.press('/');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /^VAN/ }).waitFor();
  await page.goBack();
  await page.getByRole('combobox', { name: 'Period' }).selectOption('custom');
  await page.getByLabel('From', { exact: true }).fill('2020-01-01T10:00');
  await page.getByLabel('To', { exact: true }).fill('2020-01-02T10:00');
  await page.getByRole('heading', { name: 'No warning fits' }).waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await rowOf(page, 'VAN 23').waitFor();
  assert.equal(new URL(page.url()).search, '');
  await close();
});

test('on a phone the bell leads to the page; pages are accessible in light, dark and on a phone', options, async () => {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const) {
    const { page, close } = await visit(browser, milepost, '/vehicles', { colorScheme, viewport: { width, height: 800 } });
    if (width === 390) await bell(page).click();
    else {
      await bell(page).click();
      await page.getByRole('dialog', { name: 'Warnings' }).getByText('VAN 23').waitFor();
      assert.deepEqual(await accessibilityProblems(page), [], `panel ${colorScheme}`);
      await page.getByRole('link', { name: 'All warnings' }).click();
    }
    await page.waitForURL(/\/warnings$/);
    await page.getByText('VAN 23').waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `${colorScheme} ${width}`);
    await close();
  }
});

/** The page's stream goes through here, and can be cut. */
const holdStream = async (page: Page): Promise<(isAway: boolean) => Promise<void>> => {
  let isAway = false;
  let open: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/v1\/stream$/, (socket) => {
    if (isAway) return void socket.close();
    socket.connectToServer();
    open.push(socket);
  });
  await page.reload();
  return async (away) => {
    isAway = away;
    if (!away) return;
    await Promise.all(open.map((socket) => socket.close()));
    open = [];
  };
};

test('what came while a page could not hear is in its lists when it hears again', options, async () => {
  const unheard = { expects: /WebSocket/ };
  const warnings = await visit(browser, milepost, '/warnings', unheard);
  const changes = await visit(browser, milepost, '/connections?view=changes', unheard);
  const cuts = [];
  for (const { page } of [warnings, changes]) {
    cuts.push(await holdStream(page));
    await rowOf(page, 'VAN 23').first().waitFor();
  }
  for (const cut of cuts) await cut(true);
  for (const { page } of [warnings, changes]) await page.getByText('No connection to the server.').waitFor();
  await say(8, { [signal.rearLeftIsLow]: true });
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  await until(
    () => operator.call('listWarnings', { query: { state: 'open' } }),
    ({ items }) => items.some(({ plate }) => plate === 'VAN 25'),
    'it warns',
  );
  for (const { page } of [warnings, changes]) assert.equal(await rowOf(page, 'VAN 25').count(), 0);
  for (const cut of cuts) await cut(false);
  await rowOf(warnings.page, 'VAN 25').getByText('Rear left tire pressure is low').waitFor();
  await rowOf(changes.page, 'VAN 25').getByText('Online').first().waitFor();
  for (const { close } of [warnings, changes]) await close();
});

test('a restart of the server rings nothing again', options, async () => {
  const { page, close } = await visit(browser, milepost, '/warnings', {
    expects: /ERR_CONNECTION_REFUSED|WebSocket|Failed to load/,
  });
  await rowOf(page, 'VAN 23').waitFor();
  const before_ = await page.locator('tr[data-warning]').count();
  await page.waitForLoadState('networkidle');
  await milepost.stop();
  await page.getByText('No connection to the server.').waitFor();
  await milepost.start();
  await page.getByText('No connection to the server.').waitFor({ state: 'detached', timeout: 40_000 });
  // What comes after the restart is told, so whatever the restart itself had rung would be there before.
  await say(7, { [signal.rearLeftIsLow]: true });
  await toasts(page).getByText('Rear left tire pressure is low').waitFor();
  assert.equal(await toasts(page).getByRole('link').count(), 1);
  await until(
    () => page.locator('tr[data-warning]').count(),
    (count) => count === before_ + 1,
    'one row more',
  );
  await close();
});
