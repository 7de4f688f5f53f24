import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoRole } from '@milepost/contract/api';
import type { Browser, Page } from 'playwright-core';
import { visit } from './browser.ts';
import { callAs } from './partner-app.ts';
import type { Picture } from './pictures.ts';
import type { Milepost } from './start-milepost.ts';

export const looks = {
  light: { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
} as const;
export type Look = keyof typeof looks;

/** Longer than this a page is cut: nobody looks further. */
const heightMax = 2600;
/** A third of the bytes of a PNG; no difference is seen. */
const quality = 0.8;

/** The page scrolls inside its frame: the window grows until nothing is hidden. */
const showWhole = async (page: Page, { width, height }: { width: number; height: number }): Promise<void> => {
  const hidden = await page.locator('main').evaluate((main) => {
    const { scrollHeight, clientHeight } = main as unknown as { scrollHeight: number; clientHeight: number };
    return scrollHeight - clientHeight;
  });
  if (hidden > 0) await page.setViewportSize({ width, height: Math.min(heightMax, height + hidden) });
};

/** What lies under the vehicles comes last: with it, whose it is. */
const untilMapIsDrawn = async (page: Page): Promise<void> => {
  const map = page.locator('main .maplibregl-map').first();
  if ((await map.count()) === 0) return;
  await map.locator('.maplibregl-ctrl-attrib').waitFor();
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
};

/** By Chromium itself, which reads and writes WebP. */
const toWebp = async (page: Page, png: Buffer): Promise<Buffer> => {
  const address = JSON.stringify(`data:image/png;base64,${png.toString('base64')}`);
  const encoded: string = await page.evaluate(`(async () => {
    const image = await createImageBitmap(await (await fetch(${address})).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext('2d').drawImage(image, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: ${quality} });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  })()`);
  return Buffer.from(encoded, 'base64');
};

/** Takes pictures in one look, one after the other on one page. */
const takeLook = async (browser: Browser, milepost: Milepost, look: Look, pictures: readonly Picture[], folder: string) => {
  const options = looks[look];
  // The mobile browser tells of a preference that it does not know.
  const { page, close } = await visit(browser, milepost, '/settings', { ...options, timezoneId: 'Africa/Casablanca' });
  const encoder = await browser.newPage();
  let who: DemoRole | undefined;
  for (const { name, address, ready, act, isWhole, as } of pictures) {
    await page.setViewportSize(options.viewport);
    if (as !== undefined && as !== who) await callAs(page, 'POST', '/v1/demo/session', { as });
    who = as;
    await page.goto(milepost.origin + address);
    await page.locator(`main ${ready}`).first().waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle');
    await act?.(page);
    if (isWhole) await showWhole(page, options.viewport);
    await page.waitForLoadState('networkidle');
    await untilMapIsDrawn(page);
    const png = await page.screenshot({ animations: 'disabled' });
    const file = `${name}-${look}.webp`;
    await writeFile(join(folder, file), await toWebp(encoder, png));
    process.stdout.write(`${file}\n`);
  }
  await encoder.close();
  await close();
};

/** Takes each picture in light, dark and on a phone. */
export const takePictures = async (
  browser: Browser,
  milepost: Milepost,
  pictures: readonly Picture[],
  folder: string,
): Promise<void> => {
  if (pictures.length === 0) return;
  for (const look of Object.keys(looks) as Look[]) await takeLook(browser, milepost, look, pictures, folder);
};
