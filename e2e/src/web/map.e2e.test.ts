import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, repeat, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

const rabat = { latitude: 34.0, longitude: -6.8 };
const austin = { latitude: 30.27, longitude: -97.74 };
/** Drives north-east, a new position each turn. */
const stepDegrees = 0.0002;

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
let stopDriving: () => Promise<void>;

const position = (turn: number, n: number, city: typeof rabat) => ({
  [signal.latitude]: city.latitude + n * 0.004 + turn * stepDegrees,
  [signal.longitude]: city.longitude + n * 0.006 + turn * stepDegrees,
});

const drive = async (turn: number): Promise<void> => {
  const time = Date.now();
  await Promise.all(
    fleet.map((vehicle, n) => {
      const isBus = vehicle.name.startsWith('BUS');
      const where = position(vehicle.name === 'VAN 5' ? 0 : turn, n, isBus ? austin : rabat);
      const signals = {
        ...where,
        [signal.heading]: 40,
        [signal.speed]: vehicle.name === 'VAN 5' ? 0 : 36,
        [signal.energy]: 60 + n,
      };
      return vehicle.report({ time, signals: { ...signals, [signal.faultCodes]: n === 2 ? ['P0A0F'] : [] } });
    }),
  );
};

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  const vans = Array.from({ length: 6 }, (_, n) => ({
    plate: `VAN ${n + 1}`,
    customer: n % 2 === 0 ? 'Atlas' : 'Demo',
    model: 'Twizy',
    groups: [n < 2 ? 'couriers' : 'pool'],
  }));
  const buses = Array.from({ length: 3 }, (_, n) => ({ plate: `BUS ${n + 1}`, customer: 'Metro', model: 'C40' }));
  fleet = await addFleet(milepost, [...vans, ...buses]);
  await drive(0);
  stopDriving = repeat(400, drive);
});
after(async () => {
  await stopDriving?.();
  await browser?.close();
  await milepost?.close();
});

const list = (page: Page): Locator => page.getByRole('region', { name: 'Vehicles' });
const row = (page: Page, name: string): Locator =>
  list(page).getByRole('button', { name: new RegExp(`^Online ${name}|${name}`) });
const names = (page: Page): Promise<string[]> => list(page).locator('[data-row] .name').allTextContents();

/** What is needed of the browser's canvas; the tests are compiled without its types. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(
    kind: '2d',
  ): { getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray } } | null;
}

/** Pixels of the overlay that are not empty. */
const drawnPixels = (page: Page): Promise<number> =>
  page.locator('canvas.overlay').evaluate((element) => {
    const canvas = element as unknown as Canvas;
    const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) count++;
    return count;
  });

const options = { skip: noBrowser };

test('vehicles move on the map, and the first view is the city with most of them', options, async () => {
  const { page, close } = await visit(browser, milepost, '/');
  await row(page, 'VAN 1').waitFor();
  const seen = new Set<string | null>();
  await until(
    async () => seen.add(await row(page, 'VAN 1').getAttribute('data-position')).size,
    (size) => size >= 3,
    'VAN 1 is at ever new positions',
  );
  const [latitude, longitude] = ((await row(page, 'VAN 1').getAttribute('data-position')) ?? '').split(',').map(Number);
  assert.ok((latitude ?? 0) > rabat.latitude && (longitude ?? 0) > rabat.longitude, `${latitude}, ${longitude}`);
  await until(
    () => drawnPixels(page),
    (count) => count > 200,
    'marks are drawn',
  );
  await close();
});

test('who needs attention is first, with the reason in words', options, async () => {
  const { page, close } = await visit(browser, milepost, '/');
  await row(page, 'VAN 3').waitFor();
  await until(
    () => names(page),
    ([first]) => first === 'VAN 3',
    'VAN 3 is first',
  );
  await list(page).getByText('Fault code P0A0F').waitFor();
  await list(page)
    .getByRole('button', { name: /1\s*need attention/ })
    .click();
  assert.deepEqual(
    await until(
      () => names(page),
      ({ length }) => length === 1,
      'one is left',
    ),
    ['VAN 3'],
  );
  await close();
});

test('search and filters stand in the address, and the address brings them back', options, async () => {
  const { page, close } = await visit(browser, milepost, '/');
  await row(page, 'VAN 1').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('van');
  await until(
    () => names(page),
    ({ length }) => length === 6,
    'six vans',
  );
  await page.waitForURL(/[?&]q=van/);
  await page.getByRole('button', { name: 'Filters', exact: true }).click();
  await page.getByLabel('Customer').selectOption('Demo');
  await page.getByLabel('Group').selectOption('pool');
  await page.waitForURL(/customer=Demo.*group=pool|group=pool.*customer=Demo/);
  const found = await until(
    () => names(page),
    ({ length }) => length === 2,
    'two of Demo in the pool',
  );
  await page.reload();
  await row(page, 'VAN 4').waitFor();
  assert.deepEqual((await names(page)).toSorted(), found.toSorted());
  await list(page).getByText('2 of 9 vehicles').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await until(
    () => Promise.resolve(page.url()),
    (url) => !url.includes('customer='),
    'the address is clear',
  );
  await close();
});

test('a vehicle that is pressed on the map opens its card, which leads to its page', options, async () => {
  const latitude = rabat.latitude + 4 * 0.004;
  const longitude = rabat.longitude + 4 * 0.006;
  const { page, close } = await visit(browser, milepost, `/?at=${latitude},${longitude},15`);
  await until(
    () => drawnPixels(page),
    (count) => count > 50,
    'marks are drawn',
  );
  const box = (await page.locator('canvas.overlay').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const card = page.getByRole('region', { name: 'Selected vehicle' });
  await card.getByRole('heading', { name: 'VAN 5' }).waitFor();
  await page.waitForURL(new RegExp(`vehicle=${fleet[4]?.id}`));
  await card.getByText('64').waitFor();
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });
  await row(page, 'VAN 5').click();
  await card.getByRole('link', { name: 'Open vehicle' }).click();
  await page.waitForURL(new RegExp(`/vehicles/${fleet[4]?.id}$`));
  await page.getByRole('heading', { level: 1, name: 'VAN 5' }).waitFor();
  await close();
});

test('arrow keys go through the list; less motion is respected', options, async () => {
  const { page, close } = await visit(browser, milepost, '/', { reducedMotion: 'reduce' });
  await row(page, 'VAN 1').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Selected vehicle' }).waitFor();
  await close();
});

/** In the page: what waits until a picture was seen waits until it is let go; counts what is noted in the address. */
const holdNotes = `(() => {
  const held = [];
  const later = setTimeout;
  window.setTimeout = (act, ms, ...rest) => (ms ? later(act, ms, ...rest) : (held.push(act), 0));
  let notes = 0;
  const note = history.replaceState.bind(history);
  history.replaceState = (...of) => {
    notes++;
    note(...of);
  };
  const picture = () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  window.letGo = async (pictures) => {
    for (let i = 0; i < pictures; i++) {
      held.shift()?.();
      await picture();
    }
    return notes;
  };
})()`;

test('the map stays where it was moved to, however late its address hears of it', options, async () => {
  const { page, close } = await visit(browser, milepost, '/?at=34.1,-6.7,9', { reducedMotion: 'reduce' });
  await row(page, 'VAN 1').waitFor();
  await page.locator('canvas.overlay').waitFor();
  await page.evaluate(holdNotes);
  for (const by of [-200, 90]) {
    await page.mouse.move(800, 400);
    await page.mouse.down();
    await page.mouse.move(800 + by, 400, { steps: 3 });
    await page.mouse.up();
  }
  assert.equal(await page.evaluate('letGo(30)'), 2, 'each move is noted once');
  assert.notEqual(new URL(page.url()).searchParams.get('at'), '34.1,-6.7,9');
  await close();
});

test('a box on the map chooses the vehicles in it, stands in the address, and leads to them as a list', options, async () => {
  const { page, close } = await visit(browser, milepost, '/?at=34.1,-6.7,9');
  await row(page, 'BUS 1').waitFor();
  // The list is there first.
  await page.locator('canvas.overlay').waitFor();
  const chosen = page.getByRole('group', { name: 'Chosen area' });
  await page.keyboard.down('Shift');
  await page.mouse.move(420, 80);
  await page.mouse.down();
  await page.mouse.move(1180, 690, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await chosen.getByText('6 vehicles').waitFor();
  await page.waitForURL(/[?&]bbox=/);
  assert.ok((await names(page)).every((name) => name.startsWith('VAN')));
  await list(page).getByText('6 of 9 vehicles').waitFor();
  // Where the map stands, the drag has not moved it.
  assert.equal(new URL(page.url()).searchParams.get('at'), '34.1,-6.7,9');
  await page.reload();
  await chosen.getByText('6 vehicles').waitFor();
  await chosen.getByRole('link', { name: 'As a list' }).click();
  const rows = page.locator('tr[data-vehicle]');
  await until(
    () => rows.count(),
    (count) => count === 6,
    'six rows',
  );
  await page.getByRole('button', { name: 'Leave the area' }).click();
  await until(
    () => rows.count(),
    (count) => count === 9,
    'all rows',
  );
  await close();
});

test('without a mouse what the map shows can be chosen; Escape leaves the tool', options, async () => {
  const { page, close } = await visit(browser, milepost, '/?at=34.1,-6.7,9');
  await row(page, 'VAN 1').waitFor();
  const tool = page.getByRole('button', { name: 'Choose an area' });
  await tool.press('Enter');
  const group = page.getByRole('group', { name: 'Choose an area' });
  await group.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('Escape');
  await group.waitFor({ state: 'detached' });
  await tool.press('Enter');
  await group.getByRole('button', { name: 'Take what the map shows' }).press('Enter');
  await list(page).getByText('6 of 9 vehicles').waitFor();
  await page.getByRole('button', { name: 'Clear the area' }).click();
  await list(page).getByText('9 vehicles', { exact: true }).waitFor();
  assert.ok(!page.url().includes('bbox='));
  await close();
});

test('the page is accessible, with a card, in light, dark and on a phone', options, async () => {
  for (const [colorScheme, viewport] of [
    ['light', { width: 1280, height: 800 }],
    ['dark', { width: 1280, height: 800 }],
    ['light', { width: 390, height: 844 }],
  ] as const) {
    const { page, close } = await visit(browser, milepost, `/?vehicle=${fleet[2]?.id}`, { colorScheme, viewport });
    await page.getByRole('region', { name: 'Selected vehicle' }).getByText('Fault code').waitFor();
    await page.locator('canvas.overlay').waitFor();
    assert.deepEqual(await accessibilityProblems(page), [], `${colorScheme} ${viewport.width}`);
    await close();
  }
});
