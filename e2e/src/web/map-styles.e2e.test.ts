import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal } from '../support/fleet.ts';
import { makePmtiles } from '../support/pmtiles.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let browser: Browser;
let folder: string;
before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), 'milepost-e2e-tiles-'));
});
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

const startWith = async (mapStyle: string, settings: Readonly<Record<string, string>> = {}): Promise<Milepost> => {
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_MAP_STYLE: mapStyle, ...settings } });
  const [vehicle] = await addFleet(milepost, [{ plate: 'VAN 1', customer: 'Atlas' }]);
  await vehicle?.report({ time: Date.now(), signals: { [signal.latitude]: 20, [signal.longitude]: 20 } });
  return milepost;
};

/** What the browser paints at a point of the page, as `#rrggbb`; `at` in pixels. */
const colourAt = async (page: Page, at: { readonly x: number; readonly y: number }): Promise<string> => {
  const picture = (await page.screenshot({ clip: { ...at, width: 1, height: 1 } })).toString('base64');
  return page.evaluate(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${picture}';
    await image.decode();
    const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    context.drawImage(image, 0, 0);
    return '#' + [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
  })()`);
};

/** West of the middle is land in the tiny archive, east of it is water. */
const [west, east] = [
  { x: 700, y: 560 },
  { x: 1180, y: 560 },
] as const;
const middle = '/?at=0,0,2';
const missing = 'Streets could not be loaded; outlines are shown.';
const options = { skip: noBrowser };

test('a PMTiles file is served by the server and drawn, light and dark, with its attribution', options, async () => {
  const file = join(folder, 'world.pmtiles');
  await writeFile(file, makePmtiles());
  const milepost = await startWith(file);
  try {
    for (const [colorScheme, land, water] of [
      ['light', '#e2dfda', '#80deea'],
      ['dark', '#1f1f1f', '#31353f'],
    ] as const) {
      const { page, close } = await visit(browser, milepost, middle, { colorScheme });
      for (const [at, expected] of [
        [{ x: 500, y: 560 }, land],
        [{ x: 1000, y: 560 }, water],
      ] as const)
        await until(
          () => colourAt(page, at),
          (colour) => colour === expected,
          `${colorScheme} at ${at.x}`,
        );
      await page.locator('.maplibregl-ctrl-attrib').getByText('Tiny tiles').waitFor();
      assert.equal(await page.getByText(missing).count(), 0);
      await close();
    }
    const stranger = await fetch(`${milepost.origin}/map/tiles.pmtiles`, { headers: { range: 'bytes=0-9' } });
    assert.equal(stranger.status, 401);
  } finally {
    await milepost.close();
  }
});

test(
  'without its streets the map has outlines, says so once, and takes the streets when they are there again',
  options,
  async () => {
    // Another origin of this machine, on which nobody listens.
    const style = 'http://127.0.0.1:9/style.json';
    const milepost = await startWith(style);
    try {
      const { page, close } = await visit(browser, milepost, middle, { expects: /Failed to load resource/ });
      await page.getByText(missing).waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
      const colour = (name: string): Promise<string> =>
        page.evaluate(`getComputedStyle(document.documentElement).getPropertyValue('--map-${name}').trim()`);
      const [sea, land] = [await colour('sea'), await colour('land')];
      assert.notEqual(sea, land);
      await until(
        () => colourAt(page, east),
        (found) => found === sea || found === land,
        'outlines are drawn',
      );
      const painted = '#123456';
      await page.route(style, (route) =>
        route.fulfill({
          headers: { 'access-control-allow-origin': '*' },
          json: { version: 8, sources: {}, layers: [{ id: 'all', type: 'background', paint: { 'background-color': painted } }] },
        }),
      );
      await page.getByRole('button', { name: 'Try again' }).click();
      await until(
        () => colourAt(page, west),
        (found) => found === painted,
        'the style is drawn',
      );
      await page.getByText(missing).waitFor({ state: 'detached' });
      await close();
    } finally {
      await milepost.close();
    }
  },
);

test('an archive with layers that nobody knows is not drawn as an empty map', options, async () => {
  const file = join(folder, 'other.pmtiles');
  await writeFile(file, makePmtiles(['terrain', 'contours']));
  const milepost = await startWith(file);
  try {
    const { page, close } = await visit(browser, milepost, middle);
    await page.getByText(missing).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText(missing).waitFor({ state: 'detached' });
    await close();
  } finally {
    await milepost.close();
  }
});
