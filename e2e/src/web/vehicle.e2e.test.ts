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
let driveStartMs = 0;
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
  driveStartMs = Date.now() - 120 * minuteMs;
  const past = Array.from({ length: 180 }, (_, n) => ({
    time: driveStartMs + n * 10_000,
    signals: {
      [signal.speed]: 30 + (n % 20),
      [signal.energy]: 90 - n / 20,
      [signal.latitude]: 34 + n * 0.0004,
      [signal.longitude]: -6.85 + n * 0.0003,
    },
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
  await attention.getByText(/tire pressure is low/).waitFor();
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
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=values`);
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
  await attention.getByText(/tire pressure is low/).waitFor();
  await close();
});

test('each value says which signal and device it comes from, and leads to its chart', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=values`);
  await page.getByRole('searchbox', { name: 'Find a value' }).fill('mileage');
  await page.waitForURL(/q=mileage/);
  await until(
    () => page.locator('tr[data-path]').count(),
    (count) => count === 1,
    'one value',
  );
  await page.getByRole('button', { name: 'Mileage' }).click();
  const source = page.locator('tr.source');
  await source.getByText(signal.mileage).waitFor();
  await source.getByText('350000000000000 · vehicle').waitFor();
  await source.getByRole('link', { name: 'Show as a chart' }).click();
  await page.waitForURL(/tab=signals/);
  await page.getByRole('img', { name: /^Mileage: from/ }).waitFor();
  await close();
});

/** Of the part of a chart between two moments, how many pixels have the colour of its line; -1: it is not drawn yet. */
const linePixels = (page: Page, fromMs: number, toMs: number, [red, green, blue]: readonly [number, number, number]) =>
  // As text, since the tests know no types of the browser's document.
  page.evaluate<number>(`(() => {
    const host = document.querySelector('.plot');
    const canvas = host?.querySelector('canvas');
    // Whenever its data came anew, the chart is built anew.
    if (!canvas || !host.querySelector('.u-over')) return -1;
    const over = host.querySelector('.u-over').getBoundingClientRect();
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    const { from, to } = host.dataset;
    const x = (ms) => Math.round((over.left - box.left + ((ms - from) / (to - from)) * over.width) * ratio);
    const [left, right] = [x(${fromMs}), x(${toMs})];
    const { data } = canvas.getContext('2d').getImageData(left, 0, right - left, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const off = Math.abs(data[i] - ${red}) + Math.abs(data[i + 1] - ${green}) + Math.abs(data[i + 2] - ${blue});
      if (data[i + 3] > 128 && off < 24) count++;
    }
    return count;
  })()`);

test('a chart draws what was observed and hatches what was not: no line crosses the gap', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=signals&panes=${signal.speed}&range=6h`);
  const chart = page.getByRole('img', { name: /^Speed: from/ });
  await until(
    () => chart.getAttribute('data-gaps'),
    (gaps) => gaps === '2',
    'before and after the drive',
  );
  await page.getByText('hatched: nothing was reported').waitFor();
  /** --series-1 in the light theme. */
  const line = [0x0b, 0x5f, 0x66] as const;
  await until(
    () => linePixels(page, driveStartMs, driveStartMs + 30 * minuteMs, line),
    (count) => count > 50,
    'the drive is drawn',
  );
  const pixelsBetween = (fromMs: number, toMs: number): Promise<number> =>
    until(
      () => linePixels(page, fromMs, toMs, line),
      (count) => count >= 0,
      'the chart is drawn',
    );
  assert.equal(await pixelsBetween(driveStartMs + 32 * minuteMs, Date.now() - 5 * minuteMs), 0, 'the gap is empty');
  assert.equal(await pixelsBetween(driveStartMs - 90 * minuteMs, driveStartMs - 3 * minuteMs), 0);
  await close();
});

test('dragging over a chart zooms until every sample is seen, and back again', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=signals&panes=${signal.speed}&range=6h`);
  const chart = page.getByRole('img', { name: /^Speed: from/ });
  await chart.locator('.u-over').waitFor();
  await page.getByText('each point: 15 s').waitFor();
  const box = await chart.locator('.u-over').boundingBox();
  assert.ok(box);
  // Four hours of six have gone when the drive begins.
  const x = (hours: number): number => box.x + (hours / 6) * box.width;
  await page.mouse.move(x(4.1), box.y + 20);
  await page.mouse.down();
  await page.mouse.move(x(4.4), box.y + 20, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await page.getByText('each point:').waitFor({ state: 'detached' });
  const seen = Number(await chart.getAttribute('data-to')) - Number(await chart.getAttribute('data-from'));
  assert.ok(Math.abs(seen - 18 * minuteMs) < 2 * minuteMs, `${seen / minuteMs} min`);
  await page.getByRole('button', { name: 'Zoom back' }).click();
  await page.waitForURL(/range=6h|panes=[^&]*$/);
  await page.getByText('each point: 15 s').waitFor();
  await close();
});

test('charts of any signals are picked by name, shared by the address, read by keys and as a table', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=signals&panes=none`);
  await page.getByText('No chart is open.').waitFor();
  await page.getByRole('button', { name: 'Add a chart' }).click();
  const find = page.getByRole('combobox', { name: 'Find a signal by name, path or group' });
  await find.fill('battery level');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/panes=Vehicle\.Powertrain\.TractionBattery\.StateOfCharge\.Displayed/);
  await page.reload();
  await page.getByRole('img', { name: /^Battery level: from/ }).waitFor();
  const slider = page.getByRole('slider', { name: 'Moment in the charts' });
  await slider.focus();
  assert.match((await slider.getAttribute('aria-valuetext')) ?? '', /Battery level 62\s%/);
  await page.keyboard.press('Home');
  await until(
    () => slider.getAttribute('aria-valuetext'),
    (text) => text?.includes('Battery level not observed') === true,
    'nothing was seen then',
  );
  await page.getByRole('button', { name: 'As a table' }).click();
  const table = page.getByRole('region', { name: 'The charts as a table' });
  await table.getByRole('row').filter({ hasText: '%' }).first().waitFor();
  assert.ok((await table.getByText('not observed').count()) > 10);
  await page.getByRole('button', { name: 'As charts' }).click();
  await page.getByRole('button', { name: 'Remove Battery level' }).click();
  await page.waitForURL(/panes=none/);
  await close();
});

test('the overview has one cursor for map and charts', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?hours=3`);
  const charts = page.locator('.plot .u-over');
  await until(
    () => charts.count(),
    (count) => count === 2,
    'speed and energy',
  );
  const overlay = page.locator('canvas.overlay');
  await overlay.waitFor();
  assert.equal(await overlay.getAttribute('data-pieces'), '2', 'two tracks with a gap between');
  const box = await charts.first().boundingBox();
  assert.ok(box);
  // The drive began an hour after the period did, and took half an hour.
  await page.mouse.move(box.x + box.width * (75 / 180), box.y + 30);
  await until(
    () => overlay.getAttribute('data-cursor'),
    (place) => /^34\.0\d+,-6\.8\d+$/.test(place ?? ''),
    'the map shows where it was then',
  );
  await page.mouse.move(box.x + box.width * (140 / 180), box.y + 30);
  await until(
    () => overlay.getAttribute('data-cursor'),
    (place) => place === '',
    'nobody knows where it was in the gap',
  );
  await page.getByLabel('Period', { exact: true }).selectOption('24');
  await page.waitForURL(/hours=24/);
  await close();
});

test('what the charts show can be had as a file', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=signals&panes=${signal.speed}&range=6h`);
  await page.getByRole('img', { name: /^Speed: from/ }).waitFor();
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
  assert.ok(names.includes(signal.speed) && !names.includes(signal.mileage), head);
  const speeds = rows.map((row) => Number(row.split(',')[names.indexOf(signal.speed)]));
  assert.deepEqual(
    speeds.slice(0, 180),
    Array.from({ length: 180 }, (_, n) => 30 + (n % 20)),
  );
  await close();
});

test('the status of a period stands as a band, as shares and as a list', options, async () => {
  const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}?tab=status&range=1h`);
  await page.getByRole('img', { name: /Online [\d.]+ %/ }).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Online' }).first().waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Never seen' }).first().waitFor();
  await page.locator('.range summary').click();
  await page.getByRole('button', { name: 'Last 30 days' }).click();
  await page.waitForURL(/range=30d/);
  await close();
});

test('an address that leads nowhere says so', options, async () => {
  const { page, close } = await visit(browser, milepost, '/vehicles/veh_nobody', { expects: /404/ });
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  await close();
});

test('what opens in the parts of the page is accessible, in light and, dark, on a phone', options, async () => {
  const parts = { '?tab=signals&range=24h': '.plot .u-over', '?tab=values': 'tr[data-path]' };
  for (const [query, ready] of Object.entries(parts)) {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      const { page, close } = await visit(browser, milepost, `/vehicles/${van.id}${query}`, {
        colorScheme,
        viewport: { width, height: 800 },
      });
      await page.locator(ready).first().waitFor();
      if (query.includes('signals')) await page.locator('.range summary').click();
      if (query.includes('values')) await page.locator('tr[data-path] button').first().click();
      assert.deepEqual(await accessibilityProblems(page), [], `${query} ${colorScheme} ${width}`);
      await close();
    }
  }
});
