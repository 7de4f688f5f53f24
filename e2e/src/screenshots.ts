/**
 * Takes the pictures of docs/screenshots from the demo: each page in light, dark and on a phone, and the first-device page of an empty
 * Milepost. Usage: node tools/run.mjs e2e/src/screenshots.ts [seconds that the demo runs before]; it shows the web app as it was built
 * last.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RouteResponse } from '@milepost/contract/api';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page } from 'playwright-core';
import { noBrowser, openBrowser, until, visit } from './support/browser.ts';
import { untilPastIsTold } from './support/demo-past.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const folder = resolve(import.meta.dirname, '../../docs/screenshots');
const looks = {
  light: { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
} as const;

interface Picture {
  readonly name: string;
  readonly address: string;
  /** Waits until the page shows what it is for. */
  readonly ready: (page: Page) => Promise<unknown>;
  readonly isWhole?: boolean;
}

const take = async (browser: Browser, milepost: Milepost, { name, address, ready, isWhole = false }: Picture): Promise<void> => {
  for (const [look, options] of Object.entries(looks)) {
    const { page, close } = await visit(browser, milepost, address, options);
    await ready(page);
    await page.waitForLoadState('networkidle');
    if (isWhole) await showWhole(page, options.viewport.width);
    await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
    process.stdout.write(`${name}-${look}.png\n`);
    await close();
  }
};

/** The page scrolls inside its frame: the window grows until nothing is hidden. */
const showWhole = async (page: Page, width: number): Promise<void> => {
  const hidden = await page.locator('main').evaluate((main) => (main as unknown as { scrollHeight: number }).scrollHeight);
  await page.setViewportSize({ width, height: hidden + 49 });
  await page.waitForLoadState('networkidle');
};

const drawn = (page: Page): Promise<unknown> =>
  until(
    () => page.locator('[data-row]').count(),
    (count) => count > 0,
    'vehicles in the list',
  ).then(() => page.locator('canvas.overlay').waitFor());

/** A vehicle that something is wrong with shows more of the page. */
const remarkable = async (milepost: Milepost): Promise<string> => {
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const list = (query: Record<string, string>): Promise<RouteResponse<'listVehicles'>> =>
    operator.call('listVehicles', { query });
  const found = [
    ...(await list({ warning: 'true', status: 'online', limit: '1' })).items,
    ...(await list({ limit: '1' })).items,
  ][0];
  if (!found) throw new Error('the demo has no vehicle');
  return found.id;
};

const takeDemo = async (browser: Browser, waitSeconds: number): Promise<void> => {
  const milepost = await startMilepost({ mode: 'demo' });
  try {
    await untilPastIsTold(milepost);
    const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
    const online = async (): Promise<number> => (await operator.call('countVehicles')).byStatus.online;
    const endMs = performance.now() + waitSeconds * 1000;
    while (performance.now() < endMs || (await online()) === 0) await new Promise((done) => setTimeout(done, 500));
    const id = await remarkable(milepost);
    await take(browser, milepost, { name: 'map', address: '/', ready: drawn });
    await take(browser, milepost, {
      name: 'vehicles',
      address: '/vehicles',
      ready: (page) => page.locator('tr[data-vehicle]').first().waitFor(),
    });
    await take(browser, milepost, {
      name: 'connections',
      address: '/connections',
      ready: (page) => page.locator('tr[data-vehicle]').first().waitFor(),
    });
    await take(browser, milepost, {
      name: 'connections-history',
      address: `/connections?vehicle=${id}`,
      ready: (page) => page.locator('.history .band').waitFor(),
    });
    await take(browser, milepost, {
      name: 'connections-changes',
      address: '/connections?view=changes',
      ready: (page) => page.locator('tr[data-vehicle]').first().waitFor(),
    });
    await take(browser, milepost, {
      name: 'warnings',
      address: '/warnings',
      ready: (page) =>
        page
          .locator('tr[data-warning]')
          .or(page.getByRole('heading', { name: 'No warnings' }))
          .first()
          .waitFor(),
    });
    await take(browser, milepost, {
      name: 'vehicle',
      address: `/vehicles/${id}`,
      ready: (page) => page.locator('.plot .u-over').or(page.getByText('Nothing was reported')).first().waitFor(),
      isWhole: true,
    });
    await take(browser, milepost, {
      name: 'signals',
      address: `/vehicles/${id}?tab=signals&range=6h`,
      ready: (page) => page.locator('.plot .u-over').first().waitFor(),
      isWhole: true,
    });
    await take(browser, milepost, {
      name: 'status',
      address: `/vehicles/${id}?tab=status&range=24h`,
      ready: (page) => page.locator('.band').waitFor(),
      isWhole: true,
    });
    await take(browser, milepost, {
      name: 'values',
      address: `/vehicles/${id}?tab=values`,
      ready: (page) => page.locator('tr[data-path]').first().waitFor(),
      isWhole: true,
    });
  } finally {
    await milepost.close();
  }
};

const takeEmpty = async (browser: Browser): Promise<void> => {
  const milepost = await startMilepost({ mode: 'empty' });
  try {
    await take(browser, milepost, {
      name: 'welcome',
      address: '/welcome',
      ready: (page) => page.getByLabel('Customer').waitFor(),
    });
  } finally {
    await milepost.close();
  }
};

if (noBrowser) throw new Error(noBrowser);
await mkdir(folder, { recursive: true });
const browser = await openBrowser();
try {
  await takeEmpty(browser);
  await takeDemo(browser, Number(process.argv[2] ?? 30));
} finally {
  await browser.close();
}
