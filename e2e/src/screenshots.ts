/**
 * Takes the pictures of docs/screenshots: each page of the demo, and what an empty Milepost shows first, in light, dark and on a
 * phone. Usage: node tools/run.mjs e2e/src/screenshots.ts [name …]; it shows the web app as it was built last.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OperatorClient } from '@milepost/sdk';
import { noBrowser, openBrowser } from './support/browser.ts';
import { untilPastIsTold } from './support/demo-past.ts';
import { type Cast, demoPictures, emptyPictures, type Picture } from './support/pictures.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';
import { takePictures } from './support/take-pictures.ts';

const folder = resolve(import.meta.dirname, '../../docs/screenshots');
const wanted = process.argv.slice(2);
const chosen = (pictures: readonly Picture[]): readonly Picture[] =>
  wanted.length === 0 ? pictures : pictures.filter(({ name }) => wanted.includes(name));

const hourMs = 3_600_000;

/** Noon of the last day that was over at noon: vehicles are on the road. */
const lastNoon = (nowMs: number): string => {
  const noonMs = Math.floor((nowMs - 12 * hourMs) / (24 * hourMs)) * 24 * hourMs + 12 * hourMs;
  return new Date(noonMs).toISOString().replace('.000Z', 'Z');
};

const findCast = async (milepost: Milepost): Promise<Cast> => {
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const { items: drivers } = await operator.call('listDrivers');
  const driver = drivers.find(({ vehicle }) => vehicle !== null);
  const { items: warned } = await operator.call('listVehicles', { query: { warning: 'true', limit: '100' } });
  const remarkable = warned.find(({ warnings }) => warnings.some(({ code }) => code === 'tire_pressure_low')) ?? warned[0];
  if (!driver?.vehicle || !remarkable) throw new Error('the demo has no driver, or nothing is wrong with any vehicle');
  return { driven: driver.vehicle.id, remarkable: remarkable.id, driver: driver.id, past: lastNoon(Date.now()) };
};

if (noBrowser) throw new Error(noBrowser);
await mkdir(folder, { recursive: true });
const browser = await openBrowser();
try {
  for (const mode of ['empty', 'demo'] as const) {
    const ofEmpty = chosen(emptyPictures).length;
    if (mode === 'empty' ? ofEmpty === 0 : wanted.length > 0 && wanted.length === ofEmpty) continue;
    const milepost = await startMilepost({ mode });
    try {
      if (mode === 'demo') await untilPastIsTold(milepost);
      const pictures = mode === 'demo' ? demoPictures(await findCast(milepost)) : emptyPictures;
      await takePictures(browser, milepost, chosen(pictures), folder);
    } finally {
      await milepost.close();
    }
  }
} finally {
  await browser.close();
}
