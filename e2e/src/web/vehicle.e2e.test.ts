import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
let van: TestVehicle;
const options = { skip: noBrowser };
const minuteMs = 60_000;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  const [first] = await addFleet(milepost, [
    {
      plate: 'VAN 17',
      customer: 'Demo',
      model: 'Twizy',
      grossWeightKg: 690,
      tirePlacardKpa: [210, 210, 220, 220],
      note: 'Replayed: tire pressure is modelled.',
    },
  ]);
  assert.ok(first);
  van = first;
  // Two hours ago it drove for half an hour, and fell silent: a gap that no line may cross.
  const start = Date.now() - 120 * minuteMs;
  const past = Array.from({ length: 180 }, (_, n) => ({
    time: start + n * 10_000,
    signals: { [signal.speed]: 30 + (n % 20), [signal.energy]: 90 - n / 20 },
  }));
  await van.report(...past);
  await van.report({
    time: Date.now(),
    signals: {
      [signal.latitude]: 34.0209,
      [signal.longitude]: -6.8416,
      [signal.speed]: 51,
      [signal.energy]: 62,
      [signal.range]: 84_000,
      [signal.mileage]: 18_204_000,
      [signal.weight]: 712,
      [signal.rearLeftPressure]: 168,
      [signal.rearLeftIsLow]: true,
    },
  });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const value = (page: Page, path: string) => page.locator(`tr[data-path="${path}"]`);

test('the first glance: state, warnings in words, figures with unit and age', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`);
  await page.getByRole('heading', { level: 1, name: 'VAN 17' }).waitFor();
  const attention = page.getByRole('region', { name: 'Needs attention' });
  await attention.getByText(/Tire pressure is low/).waitFor();
  await attention.getByText(/Heavier than allowed/).waitFor();
  const text = await page.locator('.glance').innerText();
  assert.match(text, /Energy\s+62\s*%/);
  assert.match(text, /Range now\s+84\s*km/);
  assert.match(text, /Mileage\s+18,204\s*km/);
  assert.match(text, /Weight\s+712\s*kg/);
  assert.match(text, /22 kg over the allowed 690 kg/);
  assert.match(text, /1\.7\s*bar\s+low\s+placard 2\.2/);
  await page.getByText('Replayed: tire pressure is modelled.').waitFor();
  await close();
});

test('latest values stand in groups with their ages, and follow each report', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`);
  const speed = value(page, signal.speed);
  await speed.waitFor();
  assert.match(await page.getByRole('table', { name: 'Motion' }).innerText(), /Speed/);
  assert.match(await page.getByRole('table', { name: 'Tires' }).innerText(), /Rear left tire pressure\s+1\.7\s*bar/);
  await van.report({ time: Date.now(), signals: { [signal.speed]: 77 } });
  await until(
    () => speed.innerText(),
    (text) => /77\s*km\/h/.test(text),
    'the new speed, without a reload',
  );
  await until(
    () => speed.locator('time').innerText(),
    (text) => Number.parseInt(text, 10) < 5,
    'a new age',
  );
  // The age grows by itself while nothing is reported.
  await until(
    () => speed.locator('time').innerText(),
    (text) => Number.parseInt(text, 10) >= 2,
    'a growing age',
  );
  const range = await value(page, signal.range).locator('time').innerText();
  assert.ok(Number.parseInt(range, 10) >= 2 || range.includes('min'), range);
  await close();
});

test('a warning goes when its cause has gone', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`);
  const attention = page.getByRole('region', { name: 'Needs attention' });
  await attention.getByText(/Heavier than allowed/).waitFor();
  await van.report({ time: Date.now(), signals: { [signal.weight]: 600 } });
  await attention.getByText(/Heavier than allowed/).waitFor({ state: 'detached' });
  await attention.getByText(/Tire pressure is low/).waitFor();
  await close();
});

test('the chart shows what was observed, and hatches what was not', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`);
  const chart = page.getByRole('img', { name: 'Speed over the last 3 hours' });
  await chart.waitFor();
  await page.getByText('hatched: nothing was reported').waitFor();
  const gaps = await until(
    () => chart.locator('.gap').count(),
    (count) => count >= 2,
    'before and after the drive',
  );
  assert.ok(gaps >= 2);
  // No piece of the line reaches over the silence of an hour and a half.
  const widths = await chart
    .locator('.line')
    .evaluateAll((lines) => lines.map((line) => (line as unknown as { getBBox(): { width: number } }).getBBox().width));
  const whole = 720;
  for (const width of widths) assert.ok(width < whole / 4, `a line of ${width} of ${whole}`);
  await page.getByLabel('Hours', { exact: true }).selectOption('24');
  await page.waitForURL(/hours=24/);
  await page.getByRole('img', { name: 'Energy over the last 24 hours' }).waitFor();
  await close();
});

test('what the chart shows can be had as a file', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`);
  await page.getByText('Export', { exact: true }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Table (CSV)' }).click();
  const download = await downloading;
  assert.match(download.suggestedFilename(), /^van-17_\d{8}T\d{4}_\d{8}T\d{4}\.csv$/);
  const [head = '', ...rows] = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n');
  const names = head.split(',');
  assert.equal(names[0], 'time');
  const speeds = rows.map((row) => Number(row.split(',')[names.indexOf(signal.speed)]));
  assert.deepEqual(
    speeds.slice(0, 180),
    Array.from({ length: 180 }, (_, n) => 30 + (n % 20)),
  );
  await close();
});

test('the status history says since when and why', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`);
  await page.getByRole('listitem').filter({ hasText: 'Online' }).first().waitFor();
  await close();
});

test('an address that leads nowhere says so', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles/veh_nobody', { expects: /404/ });
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  await close();
});

test('the page is accessible in light, dark and on a phone', options, async () => {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const) {
    const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}`, {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await page.getByRole('img', { name: /Speed over/ }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `${colorScheme} ${width}`);
    await close();
  }
});
