import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, type Sample, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
let fleet: TestVehicle[];
const options = { skip: noBrowser };
const minuteMs = 60_000;

/** Where the van is while it is private, and where before. */
/** Of so many digits that no time on the page holds them. */
const home = { latitude: 48.23457, longitude: 11.61283 };
const work = { latitude: 48.1, longitude: 11.5 };
const sample = (at: { latitude: number; longitude: number }, mileageKm: number, time = Date.now()): Sample => ({
  time,
  signals: {
    [signal.latitude]: at.latitude,
    [signal.longitude]: at.longitude,
    [signal.mileage]: mileageKm * 1000,
    [signal.speed]: 0,
  },
});
/** Ten minutes on the road half an hour ago, with one harsh braking. */
const drive = (): Sample[] =>
  Array.from({ length: 40 }, (_, i): Sample => {
    const isDriven = i > 0 && i < 20;
    const base = sample({ ...work, latitude: work.latitude + Math.min(i, 20) * 0.003 }, 1000 + Math.min(i, 20) / 3);
    const braking = i === 10 ? { 'Vehicle.Acceleration.Longitudinal': -6.5 } : {};
    const time = Date.now() - 40 * minuteMs + i * 30_000;
    return { time, signals: { ...base.signals, ...braking, [signal.speed]: isDriven ? 40 : 0 } };
  });

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  fleet = await addFleet(milepost, [
    { plate: 'VAN 17', customer: 'North' },
    { plate: 'BUS 3', customer: 'South' },
  ]);
  await fleet[0]?.report(...drive());
  await fleet[0]?.report(sample(work, 1010));
  await fleet[1]?.report(sample({ latitude: 52.5, longitude: 13.4 }, 500));
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const van = (): string => fleet[0]?.id ?? '';
const addDriver = async (page: Page, name: string, number: string): Promise<void> => {
  await page.getByRole('button', { name: 'Add a driver' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a driver' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Customer').fill('North');
  await dialog.getByLabel('Number').fill(number);
  assert.deepEqual(await accessibilityProblems(page), []);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
};

test('somebody is added, gets a vehicle, and has its trips and harsh events', options, async () => {
  const { page, close } = await visit(browser, milepost, '/drivers', { expects: /409/ });
  await page.getByRole('heading', { name: 'No drivers yet' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await addDriver(page, 'Ana Ruiz', 'A1');
  await page.getByRole('heading', { level: 1, name: 'Ana Ruiz' }).waitFor();
  await page.getByText('Assigned to no vehicle so far.').waitFor();
  await page.getByText('No trips: none began').waitFor();

  await page.getByRole('button', { name: 'Assign a vehicle' }).click();
  const dialog = page.getByRole('dialog', { name: 'What does Ana Ruiz drive?' });
  await dialog.getByRole('searchbox').fill('van');
  await dialog.getByRole('radio', { name: /VAN 17/ }).check();
  await dialog.getByRole('combobox', { name: 'From' }).selectOption({ label: 'the very beginning' });
  assert.deepEqual(await accessibilityProblems(page), []);
  await dialog.getByRole('button', { name: 'Assign', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('all the time').waitFor();
  await page.getByRole('region', { name: 'Trips' }).getByRole('link').first().waitFor();
  await page.getByRole('region', { name: 'Harsh events' }).getByRole('link', { name: 'Harsh braking' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);

  await page.goto(`${milepost.origin}/drivers?q=ana`);
  await page.getByRole('row', { name: /Ana Ruiz.*A1.*VAN 17.*North/ }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await addDriver(page, 'Somebody else', 'A1');
  const refused = page.getByRole('dialog').getByRole('alert');
  await refused.getByRole('link', { name: 'Open the one that is there' }).click();
  await page.getByRole('heading', { level: 1, name: 'Ana Ruiz' }).waitFor();
  await close();
});

test(
  'private: neither the map nor the page shows where it is, mileage goes on; off: the next report shows it',
  options,
  async () => {
    const map = await visit(browser, milepost, '/');
    const row = map.page.locator(`[data-vehicle="${van()}"]`);
    const placed = (): Promise<string | null> => row.getAttribute('data-position');
    await until(placed, (place) => place !== null, 'the van on the map');

    const { page, close } = await visit(browser, milepost, `/vehicles/${van()}`);
    const section = page.getByRole('region', { name: 'Driver' });
    await section.getByRole('link', { name: 'Ana Ruiz' }).first().waitFor();
    const onMap = page.getByRole('link', { name: 'Show on the map' });
    await onMap.waitFor();
    const toggle = section.getByRole('switch', { name: 'Private now' });
    await toggle.click();
    await section.getByText('Where it is is hidden from everybody but Ana Ruiz.').waitFor();
    await onMap.waitFor({ state: 'detached' });
    await until(placed, (place) => place === null, 'no van on the map');
    assert.equal(await toggle.getAttribute('aria-checked'), 'true');
    assert.deepEqual(await accessibilityProblems(page), []);

    await fleet[0]?.report(sample(home, 1234));
    await page.getByText('1,234').first().waitFor();
    assert.equal(await onMap.count(), 0);
    assert.equal(await placed(), null);
    assert.ok(!(await page.content()).includes(String(home.latitude)));
    const list = await visit(browser, milepost, '/vehicles');
    await list.page.getByRole('row', { name: /VAN 17.*Private: where it is is hidden/ }).waitFor();
    await list.close();

    await toggle.click();
    await section.getByText('While this is on, nobody who uses Milepost sees').waitFor();
    assert.equal(await placed(), null, 'its last report was private');
    await fleet[0]?.report(sample(work, 1240));
    await onMap.waitFor();
    await until(placed, (place) => place !== null, 'the van on the map again');
    await section.getByText('Private periods').click();
    assert.equal(await section.locator('.periods li').count(), 1);
    await close();
    await map.close();
  },
);

test('a trip is made private, somebody else takes the vehicle over, a period is corrected', options, async () => {
  const { page, close } = await visit(browser, milepost, '/drivers');
  await page.getByRole('link', { name: 'Ana Ruiz' }).click();
  const trips = page.getByRole('region', { name: 'Trips' });
  await trips.getByRole('button', { name: 'Make private' }).last().click();
  const sure = page.getByRole('alertdialog');
  assert.deepEqual(await accessibilityProblems(page), []);
  await sure.getByRole('button', { name: 'Make private' }).click();
  await trips.getByText('Private', { exact: true }).first().waitFor();

  await page.goto(`${milepost.origin}/drivers`);
  await addDriver(page, 'Ben Koch', 'B2');
  await page.getByRole('heading', { level: 1, name: 'Ben Koch' }).waitFor();
  await page.goto(`${milepost.origin}/vehicles/${van()}`);
  const section = page.getByRole('region', { name: 'Driver' });
  await section.getByRole('button', { name: 'Somebody else' }).click();
  const dialog = page.getByRole('dialog', { name: 'Who drives VAN 17?' });
  await dialog.getByRole('radio', { name: /Ben Koch/ }).check();
  await dialog.getByRole('button', { name: 'Assign', exact: true }).click();
  await section.getByRole('link', { name: 'Ben Koch' }).first().waitFor();
  await section.getByText('Who drove when').click();
  assert.equal(await section.locator('[data-assignment]').count(), 2);

  await section.getByRole('button', { name: 'Correct the period of Ben Koch' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'It never was' }).click();
  await section.getByText('Nobody is assigned.').waitFor();
  await close();
});

const file = `name;number;customer;vehicle;from;to
Cleo Marín;;South;BUS 3;2026-01-01;
Dora Lind;D4;South;;;
;;South;;;
`;

test('drivers come from a file: what would become of it is shown first', options, async () => {
  const { page, close } = await visit(browser, milepost, '/drivers');
  await page.getByRole('link', { name: 'From a file' }).click();
  await page.getByRole('heading', { level: 1, name: 'Drivers from a file' }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByLabel('Choose a file').setInputFiles({ name: 'drivers.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
  await page.getByRole('heading', { name: 'What would become of it' }).waitFor();
  await page.getByText('2 new').waitFor();
  await page.getByRole('row', { name: /4.*wrong/ }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('button', { name: 'Store 2 lines' }).click();
  await page.getByRole('heading', { name: 'Stored' }).waitFor();
  await page.getByRole('link', { name: 'Cleo Marín' }).click();
  await page.getByRole('link', { name: 'BUS 3' }).first().waitFor();
  await close();
});
