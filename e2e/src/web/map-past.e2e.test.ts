import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Locator, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const minuteMs = 60_000;
/** The vehicles drove from two hours to half an hour ago, and have stood silent since. */
const startMs = Math.floor((Date.now() - 120 * minuteMs) / minuteMs) * minuteMs;
const driveMs = 90 * minuteMs;
const everyMs = 10_000;
/** VAN 2 said nothing for so long in the middle. */
const gap = { fromMs: startMs + 30 * minuteMs, toMs: startMs + 50 * minuteMs };

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];

/** Where it was: north-east, a little further with each second. */
const placeAt = (n: number, ms: number) => ({
  latitude: 34 + n * 0.02 + (ms - startMs) / 1e8,
  longitude: -6.8 + n * 0.02 + (ms - startMs) / 1e8,
});
const sampleAt = (n: number, time: number) => {
  const { latitude, longitude } = placeAt(n, time);
  const faultCodes = n === 2 && time < startMs + 20 * minuteMs ? ['P0A0F'] : [];
  return {
    time,
    signals: {
      [signal.latitude]: latitude,
      [signal.longitude]: longitude,
      [signal.heading]: 45,
      [signal.speed]: 36 + n,
      [signal.energy]: 80 - Math.floor((time - startMs) / (10 * minuteMs)),
      [signal.faultCodes]: faultCodes,
    },
  };
};

const drive = async (vehicle: TestVehicle, n: number): Promise<void> => {
  const times = Array.from({ length: driveMs / everyMs }, (_, i) => startMs + i * everyMs).filter(
    (time) => n !== 1 || time < gap.fromMs || time >= gap.toMs,
  );
  for (let from = 0; from < times.length; from += 100)
    await vehicle.report(...times.slice(from, from + 100).map((time) => sampleAt(n, time)));
};

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  fleet = await addFleet(
    milepost,
    Array.from({ length: 3 }, (_, n) => ({ plate: `VAN ${n + 1}`, customer: 'Atlas', model: 'Twizy' })),
  );
  await Promise.all(fleet.map(drive));
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const options = { skip: noBrowser };
const text = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const list = (page: Page): Locator => page.getByRole('region', { name: 'Vehicles' });
const row = (page: Page, n: number): Locator => list(page).locator(`[data-vehicle="${fleet[n]?.id}"]`);
const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Moment that is shown' });
const momentOf = (page: Page): string | null => new URL(page.url()).searchParams.get('t');
const positionOf = async (page: Page, n: number): Promise<[number, number]> => {
  const [latitude, longitude] = ((await row(page, n).getAttribute('data-position')) ?? '').split(',').map(Number);
  return [latitude ?? Number.NaN, longitude ?? Number.NaN];
};
/** Writes down, in the page itself, where a row says that its vehicle is: whoever looks from outside sees only some of it. */
const notePositions = (page: Page, n: number): Promise<void> =>
  page.evaluate(`((id) => {
    window.notedPositions = new Set();
    const observer = new MutationObserver((changes) => {
      for (const { target } of changes)
        if (target.dataset.vehicle === id) window.notedPositions.add(target.dataset.position);
    });
    observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-position'] });
  })(${JSON.stringify(fleet[n]?.id)})`);
const notedPositions = (page: Page): Promise<string[]> => page.evaluate('[...window.notedPositions]');
const near = ([latitude, longitude]: [number, number], n: number, ms: number): boolean => {
  const place = placeAt(n, ms);
  return Math.abs(latitude - place.latitude) < 1e-6 && Math.abs(longitude - place.longitude) < 1e-6;
};

/** What the API answers for a moment. */
const fleetAt = async (ms: number) =>
  (await new OperatorClient(milepost.origin, milepost.operatorToken).call('readFleetAt', { query: { at: String(ms) } })).items;

test('the address shows the fleet where it was, as the API tells it, and says that it is the past', options, async () => {
  const atMs = startMs + 15 * minuteMs;
  const { page, close } = await visit(browser, milepost, `/?t=${text(atMs)}`);
  await list(page).getByText('As it was').waitFor();
  await row(page, 0).waitFor();
  for (const [n, vehicle] of (await fleetAt(atMs)).entries()) {
    assert.ok(vehicle.position);
    const shown = await positionOf(page, n);
    assert.ok(Math.abs(shown[0] - vehicle.position.latitude) < 1e-6 && near(shown, n, atMs), `${vehicle.plate} ${shown.join()}`);
  }
  // VAN 3 had a fault then, and has none now.
  await row(page, 2).getByText('Fault codes').waitFor();
  await list(page)
    .getByRole('button', { name: /1\s*need attention/ })
    .waitFor();
  await page.getByRole('button', { name: 'Live', exact: true }).click();
  await list(page).getByText('As it was').waitFor({ state: 'detached' });
  await list(page)
    .getByRole('button', { name: /need attention/ })
    .waitFor({ state: 'detached' });
  assert.ok(near(await positionOf(page, 0), 0, startMs + driveMs - everyMs));
  await until(
    () => Promise.resolve(momentOf(page)),
    (moment) => moment === null,
    'the address is of now',
  );
  await close();
});

test('keys step through the seconds, and the address follows', options, async () => {
  const atMs = startMs + 15 * minuteMs;
  const { page, close } = await visit(browser, milepost, `/?t=${text(atMs)}`);
  await row(page, 0).waitFor();
  const goes = async (key: string, toMs: number): Promise<void> => {
    await slider(page).press(key);
    await until(
      () => Promise.resolve(momentOf(page)),
      (moment) => moment === text(toMs),
      `${key} leads to ${text(toMs)}`,
    );
  };
  await goes('ArrowLeft', atMs - 1000);
  // Between two reports it is where it was heard last.
  await until(
    () => positionOf(page, 0),
    (shown) => near(shown, 0, atMs - 10_000),
    'VAN 1 is where it was ten seconds before',
  );
  await goes('ArrowRight', atMs);
  await goes('Shift+ArrowRight', atMs + 10_000);
  await until(
    () => positionOf(page, 0),
    (shown) => near(shown, 0, atMs + 10_000),
    'VAN 1 went on',
  );
  await goes('Control+ArrowLeft', atMs - 50_000);
  await goes('PageUp', atMs + 10_000);
  await page.goBack();
  await close();
});

test('the past is played, and ends when the slider is moved', options, async () => {
  const atMs = startMs + 15 * minuteMs;
  const { page, close } = await visit(browser, milepost, `/?t=${text(atMs)}`);
  await row(page, 0).waitFor();
  await page.getByLabel('Speed').selectOption('300');
  await notePositions(page, 0);
  await page.getByRole('button', { name: 'Play' }).click();
  await until(
    () => positionOf(page, 0),
    ([latitude]) => latitude > placeAt(0, startMs + 40 * minuteMs).latitude,
    'VAN 1 drives north',
  );
  const seen = await notedPositions(page);
  // Where answers are slow, frames are up to half an hour apart.
  assert.ok(seen.length >= 2, `seen at ${seen.join('; ')}`);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  const paused = Number(await slider(page).inputValue()) * 1000;
  await until(
    () => Promise.resolve(momentOf(page)),
    (moment) => moment === text(paused),
    'the address says where it stopped',
  );
  const expected = (await fleetAt(paused))[0]?.position;
  assert.ok(expected);
  await until(
    () => positionOf(page, 0),
    ([latitude]) => Math.abs(latitude - expected.latitude) < 1e-6,
    'the list is of the moment where it stopped',
  );
  await close();
});

test('the card shows values as they were, with the age they had, and who was silent is not made to drive', options, async () => {
  const silentMs = gap.fromMs + 10 * minuteMs;
  const { page, close } = await visit(browser, milepost, `/?t=${text(silentMs)}&vehicle=${fleet[1]?.id}`);
  const card = page.getByRole('region', { name: 'Selected vehicle' });
  await card.getByText('Position from 10 min before').waitFor();
  await card.getByText('78').waitFor();
  assert.ok(near(await positionOf(page, 1), 1, gap.fromMs - everyMs));
  await close();
});

test('it is accessible, in light, dark and on a phone', options, async () => {
  for (const [colorScheme, viewport] of [
    ['light', { width: 1280, height: 800 }],
    ['dark', { width: 1280, height: 800 }],
    ['light', { width: 390, height: 844 }],
  ] as const) {
    const { page, close } = await visit(browser, milepost, `/?t=${text(startMs + 5 * minuteMs)}`, { colorScheme, viewport });
    await page.getByRole('region', { name: 'Time' }).getByText('Shows the past:').waitFor({ state: 'attached' });
    await row(page, 0).waitFor({ state: 'attached' });
    await page.locator('canvas.overlay').waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `${colorScheme} ${viewport.width}`);
    await close();
  }
});
