import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addDrivenVehicle, type DrivenTimes, lostRows } from '../support/driven-vehicle.ts';
import type { TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

// An owner looks at recorded drives of a Renault Twizy: where it went, what it took, and whether it keeps well.

let milepost: Milepost;
let browser: Browser;
let van: TestVehicle;
let times: DrivenTimes;
const options = { skip: noBrowser };

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  ({ van, times } = await addDrivenVehicle(milepost, Date.now()));
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const rows = (page: Page) => page.locator('[data-trip]');
const overlay = (page: Page) => page.locator('canvas.overlay');
const slider = (page: Page) => page.getByRole('slider', { name: 'Moment of the trip' });
const placeOf = (page: Page) => overlay(page).getAttribute('data-cursor');
const at = async (page: Page): Promise<number> => Number(await slider(page).inputValue()) * 1000;
const seekTo = (page: Page, ms: number) => slider(page).fill(String(Math.round(ms / 1000)));

test('trips stand by day with stops between them; the newest is open: figures that say how they are known', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=trips`);
  await rows(page).first().waitFor();
  const newest = await rows(page).first().innerText();
  // By the recording: 15.5 km in 18 min, from 78.9 to 49.2 % of 6.1 kWh.
  assert.match(newest, /15\.[45]\s*km/);
  assert.match(newest, /18 min · 1\.8\s*kWh modelled · ø 52\s*km\/h · top 80\s*km\/h/);
  assert.match(newest, /33\.95\d, -6\.85\d → 33\.98\d, -6\.72\d/);
  assert.match(newest, /1 gap/);
  await page.getByText(/^Parked since/).waitFor();
  await page.getByText('Parked 25 min').waitFor();
  const detail = page.locator('.detail');
  await detail.getByText('modelled from the battery level, 79 % → 49 %').waitFor();
  await detail.getByText('by the odometer', { exact: true }).waitFor();
  await close();
});

test(
  'a trip is played on the map in step with its graphs, by button and by keys, and the address keeps the moment',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=trips`);
    await rows(page).nth(1).click();
    await page.waitForURL(/trip=trip_/);
    await page.getByRole('img', { name: /^Speed: from/ }).waitFor();
    await overlay(page).waitFor();
    assert.equal(await overlay(page).getAttribute('data-pieces'), '1', 'nothing was lost of the first trip');
    const start = await at(page);
    assert.ok(Math.abs(start - times.firstStartMs) < 60_000);
    const placeBefore = await placeOf(page);
    await page.getByRole('combobox', { name: 'Speed of the playback' }).selectOption('60');
    await page.getByRole('button', { name: 'Play' }).click();
    await until(
      () => at(page),
      (ms) => ms > start + 60_000,
      'a minute has passed',
    );
    assert.notEqual(await placeOf(page), placeBefore, 'it moves on the map');
    // The space bar pauses; what stands is in the address.
    await page.locator('h1').click();
    await page.keyboard.press('Space');
    await page.waitForURL(/t=20/);
    assert.ok((await page.getByRole('button', { name: 'Play' }).count()) === 1);
    const paused = await at(page);
    await page.keyboard.press('ArrowRight');
    assert.equal(await at(page), paused + 10_000);
    await page.keyboard.press('Shift+ArrowLeft');
    assert.equal(await at(page), paused - 50_000);
    assert.match((await slider(page).getAttribute('aria-valuetext')) ?? '', /km\/h · \d+\s%/);
    await until(
      () => Promise.resolve(new URL(page.url()).searchParams.get('t')),
      (t) => Math.abs(Date.parse(t ?? '') - (paused - 50_000)) < 1000,
      'the moment in the address',
    );
    await page.reload();
    await slider(page).waitFor();
    assert.ok(Math.abs((await at(page)) - (paused - 50_000)) < 1000, 'shared with the address');
    await close();
  },
);

test('what was lost on the way is named, is no line on the map, and playback passes it', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=trips`);
  await rows(page).first().waitFor();
  await overlay(page).waitFor();
  assert.equal(await overlay(page).getAttribute('data-pieces'), '2');
  const gaps = page.getByRole('region', { name: 'Not observed' });
  await gaps.getByText(/, for 7 min/).waitFor();
  await gaps.getByText(/8\.\d\skm driven meanwhile, by the odometer before and after/).waitFor();
  const middle = times.secondStartMs + ((lostRows.from + lostRows.to) / 2) * 1000;
  await seekTo(page, middle);
  await until(
    () => placeOf(page),
    (place) => place === '',
    'nobody knows where it was',
  );
  assert.match((await slider(page).getAttribute('aria-valuetext')) ?? '', /not observed/);
  await seekTo(page, times.secondStartMs + (lostRows.from - 40) * 1000);
  await page.getByRole('combobox', { name: 'Speed of the playback' }).selectOption('30');
  await page.getByRole('button', { name: 'Play' }).click();
  await until(
    () => at(page),
    (ms) => ms > times.secondStartMs + lostRows.to * 1000,
    'seven minutes that nobody saw take about a second',
  );
  await page.getByRole('button', { name: 'Pause' }).click();
  assert.notEqual(await placeOf(page), '');
  await close();
});

test('a trip can be had as a file, of its time alone', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=trips`);
  await rows(page).nth(1).click();
  await page.waitForURL(/trip=trip_/);
  await page.getByText('Export', { exact: true }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Track (GPX)' }).click();
  const gpx = readFileSync(await (await downloading).path(), 'utf8');
  const found = [...gpx.matchAll(/<time>([^<]+)<\/time>/g)].map(([, time]) => Date.parse(time ?? ''));
  const points = found.filter((ms) => ms >= times.firstStartMs && ms < times.secondStartMs);
  assert.ok(points.length > 100, `${points.length} points`);
  // Besides them a file says only when it was made.
  assert.ok(found.length - points.length <= 1, `${found.length} times, ${points.length} of the trip`);
  await close();
});

test('on a phone the list comes first, and a way back to it', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=trips`, {
    viewport: { width: 390, height: 800 },
  });
  await rows(page).first().waitFor();
  assert.equal(await page.locator('.playback').count(), 0);
  await rows(page).first().click();
  await page.locator('.playback').waitFor();
  assert.equal(await rows(page).first().isVisible(), false);
  await page.getByRole('link', { name: 'All trips' }).click();
  await rows(page).first().waitFor();
  await close();
});

test('a charge: what it added, its power and level, and that they are modelled', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=charging`);
  const row = page.locator('[data-session]').first();
  await row.waitFor();
  assert.match(await row.innerText(), /1\.8\s*kWh added \(modelled\)\s+49\s*% → 79\s*%/);
  const detail = page.locator('.detail');
  assert.match(await detail.locator('dl').innerText(), /Peak power\s+1\.8\s*kW\s+modelled from the battery level/);
  await page.getByRole('img', { name: /^Battery level: from 49\s% to 79\s%/ }).waitFor();
  await close();
});

test('mileage: in total, today and on average, with what it takes and how that is known', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=mileage`);
  const figures = page.locator('.figures');
  await figures.waitFor();
  const text = await figures.innerText();
  assert.match(text, /Total\s+18,2\d\d\s*km/);
  assert.match(text, /over 8 days/);
  assert.match(text, /a day\s+2\d\.\d\s*km/);
  assert.match(text, /\d\.\d\s*kWh\/100 km\s+modelled from the battery level, with a battery of 6\.1\skWh/);
  // One less while the newest sample is of yesterday, just after midnight.
  assert.ok((await page.locator('.day .bar').count()) >= 7);
  assert.ok((await page.locator('.day.hatched').count()) >= 20, 'days of which nothing is known are no zeros');
  await page.getByRole('img', { name: /^Range at full charge: from 100\skm/ }).waitFor();
  await page.getByText(/Rear left tire is losing air: 2\.08\sbar, was 2\.29\sbar on/).waitFor();
  await page.getByText(/^Front right: 2\.35\sbar, keeps its air/).waitFor();
  await page.getByRole('link', { name: 'Overview' }).click();
  const attention = page.getByRole('region', { name: 'Needs attention' });
  await attention.getByText(/Rear left tire is losing air/).waitFor();
  await page.getByText(/today [\d.]+\skm · [\d.]+\skm a day on average/).waitFor();
  await close();
});

test('what a row of the lists opens is accessible on a phone, dark', options, async () => {
  const parts = { trips: '[data-trip]', charging: '[data-session]' };
  const look = { colorScheme: 'dark', viewport: { width: 390, height: 800 } } as const;
  for (const [tab, row] of Object.entries(parts)) {
    const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=${tab}`, look);
    await page.locator(row).first().click();
    await page.locator('.plot .u-over').first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], tab);
    await close();
  }
});
