import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal, type TestVehicle } from '../support/fleet.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
let van: TestVehicle;
const options = { skip: noBrowser };
const tireTemperature = 'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.AirTemperature';

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  const [first] = await addFleet(milepost, [
    { plate: 'VAN 17', customer: 'Demo', grossWeightKg: 690, tirePlacardKpa: [210, 210, 220, 220] },
  ]);
  assert.ok(first);
  van = first;
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
      [signal.rearLeftPressure]: 218,
      [tireTemperature]: 21.5,
    },
  });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const language = (page: Page): Promise<string> => page.evaluate('document.documentElement.lang');
const valueOf = (page: Page, path: string) => page.locator(`tr[data-path="${path}"] .value`);

test('language and units change everything at once, and stay', options, async () => {
  const { page, close } = await visit(browser, milepost, '/settings');
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.getByText('42.0 km at 50 km/h, 16.4 kWh/100 km').waitFor();
  await page.getByRole('group', { name: 'Distance and speed' }).getByText('Miles').click();
  await page.getByText('26.1 mi at 31 mph, 3.8 mi/kWh').waitFor();
  await page.getByRole('group', { name: 'Tire pressure' }).getByText('psi').click();
  await page.getByRole('group', { name: 'Temperature' }).getByText('°F').click();
  await page.getByRole('combobox', { name: 'Language' }).selectOption({ label: 'Deutsch' });
  await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();
  assert.equal(await language(page), 'de');
  await page.getByText('26,1 mi mit 31 mph, 3,8 mi/kWh').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);

  const link = page.getByRole('navigation', { name: 'Seiten' }).getByRole('link', { name: 'Fahrzeuge' });
  await link.click();
  await page
    .getByRole('row', { name: /VAN 17/ })
    .getByText(/52\s*mi/)
    .waitFor();
  await page.goto(`${milepost.origin}/vehicles/${van.id}`);
  await page.getByRole('heading', { level: 1, name: 'VAN 17' }).waitFor();
  const glance = await page.locator('.glance').innerText();
  assert.match(glance, /Reichweite jetzt\s+52\s*mi/);
  assert.match(glance, /Laufleistung\s+11\.311\s*mi/);
  assert.match(glance, /Geschwindigkeit\s+32\s*mph/);
  assert.match(glance, /32\s*psi/);
  assert.match(glance, /Soll 32/);
  assert.match(glance, /22 kg über den zulässigen 690 kg/);
  await page.getByRole('navigation', { name: 'Teile des Fahrzeugs' }).getByRole('link', { name: 'Werte' }).click();
  assert.match(await valueOf(page, tireTemperature).innerText(), /71\s*°F/);
  assert.match(await valueOf(page, 'Vehicle.CurrentLocation.Latitude').innerText(), /34,02090\s*°/);
  await page.reload();
  await page.getByRole('searchbox', { name: 'Wert suchen' }).waitFor();
  await page.getByRole('rowheader', { name: 'Reifentemperatur hinten links' }).waitFor();
  assert.match(await valueOf(page, signal.mileage).innerText(), /11\.311\s*mi/);
  await close();
});

test('who comes from the United States reads miles, psi and °F from the start, in the chosen time zone', options, async () => {
  const { page, close } = await visit(browser, milepost, '/settings', { locale: 'en-US', timezoneId: 'America/New_York' });
  await page.getByText('26.1 mi at 31 mph').waitFor();
  await page.getByText('A tire with 35 psi').waitFor();
  await page.getByText('The week begins on Sunday.', { exact: false }).waitFor();
  const zone = page.getByRole('combobox', { name: 'Time zone' });
  await zone.getByRole('option', { name: 'As this device: America/New York' }).waitFor({ state: 'attached' });
  const sample = page.getByText(/^It is /);
  const here = await sample.innerText();
  await zone.selectOption('Asia/Tokyo');
  await until(
    () => sample.innerText(),
    (now) => now !== here,
    'the time of Tokyo is another',
  );
  const expected = new Intl.DateTimeFormat('en-US', { timeZone: 'Asia/Tokyo', hour: 'numeric' }).format(Date.now());
  assert.ok((await sample.innerText()).includes(`${Number.parseInt(expected, 10)}:`), await sample.innerText());
  await close();
});

test('a Spanish browser is spoken to in Spanish, and what is asked and refused too', options, async () => {
  const { page, close } = await visit(browser, milepost, '/welcome', { locale: 'es-ES', expects: /40\d/ });
  await page.getByRole('heading', { level: 1, name: 'Conecte su primer dispositivo' }).waitFor();
  assert.equal(await language(page), 'es');
  await page.getByRole('button', { name: 'Rellenar un ejemplo' }).click();
  await page.getByLabel('VIN').fill('CORTO');
  await page.getByRole('button', { name: 'Añadir vehículo y dispositivo' }).click();
  await page.getByRole('alert').filter({ hasText: 'Un campo tiene un valor no permitido: vin' }).waitFor();
  await close();
});

test('signing out ends the session of this browser', options, async () => {
  const own = await startMilepost({ mode: 'serve' });
  try {
    const { page, close } = await visit(browser, own, '/settings', { expects: /401/ });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await page.reload();
    await page.waitForURL(/\/sign-in\?to=(\/|%2F)settings$/);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await close();
  } finally {
    await own.close();
  }
});
