import type { DemoRole } from '@milepost/contract/api';
import type { Page } from 'playwright-core';

/** A picture of a page of the web app. */
export interface Picture {
  readonly name: string;
  readonly address: string;
  /** Selector of what is there when the page shows what it is for. */
  readonly ready: string;
  /** What somebody does then. */
  readonly act?: (page: Page) => Promise<unknown>;
  /** The window grows until nothing is hidden. */
  readonly isWhole?: boolean;
  /** Who looks, of the demo; its first operator unless told. */
  readonly as?: DemoRole;
}

/** Of the demo: whom the pictures are about. */
export interface Cast {
  /** A car that somebody drives, with trips and charging. */
  readonly driven: string;
  /** One that something is wrong with. */
  readonly remarkable: string;
  readonly driver: string;
  /** A working day, some hours ago, ISO 8601. */
  readonly past: string;
}

const rows = 'tr[data-vehicle]';
const chart = '.plot .u-over';

const fleetPictures = ({ driven, past }: Cast): Picture[] => [
  { name: 'map', address: '/', ready: '[data-row]' },
  { name: 'map-vehicle', address: `/?vehicle=${driven}`, ready: '[data-row]' },
  { name: 'map-past', address: `/?t=${past}`, ready: '[data-row]' },
  { name: 'map-box', address: '/?bbox=-97.78,30.22,-97.69,30.31', ready: '[data-row]' },
  { name: 'vehicles', address: '/vehicles', ready: rows },
  { name: 'vehicles-by-customer', address: '/vehicles?by=customer', ready: 'h1' },
  { name: 'connections', address: '/connections', ready: rows },
  { name: 'connections-history', address: `/connections?vehicle=${driven}`, ready: '.history .band' },
  { name: 'connections-changes', address: '/connections?view=changes', ready: rows },
  { name: 'warnings', address: '/warnings', ready: 'tr[data-warning]' },
  { name: 'reports', address: '/reports', ready: 'tbody tr' },
];

const vehiclePictures = ({ driven, remarkable }: Cast): Picture[] => [
  { name: 'vehicle', address: `/vehicles/${remarkable}`, ready: chart, isWhole: true },
  { name: 'trips', address: `/vehicles/${driven}?tab=trips`, ready: '[data-trip]', isWhole: true },
  {
    name: 'trip',
    address: `/vehicles/${driven}?tab=trips`,
    ready: '[data-trip]',
    act: async (page) => {
      await page.locator('[data-trip]').nth(1).click();
      await page.locator('canvas.overlay').waitFor();
      await page.getByRole('slider', { name: 'Moment of the trip' }).press('PageUp');
    },
    isWhole: true,
  },
  { name: 'charging', address: `/vehicles/${driven}?tab=charging`, ready: '[data-session]', isWhole: true },
  { name: 'mileage', address: `/vehicles/${remarkable}?tab=mileage`, ready: '.plot .day', isWhole: true },
  { name: 'signals', address: `/vehicles/${driven}?tab=signals&range=24h`, ready: chart, isWhole: true },
  { name: 'status', address: `/vehicles/${driven}?tab=status&range=7d`, ready: '.band', isWhole: true },
  { name: 'values', address: `/vehicles/${driven}?tab=values`, ready: 'tr[data-path]', isWhole: true },
  {
    name: 'import',
    address: `/vehicles/${driven}`,
    ready: '.glance',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import' }).first().click();
      const buffer = Buffer.from(recordedElsewhere);
      await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'logger.csv', mimeType: 'text/csv', buffer });
      await page.getByRole('combobox').nth(1).waitFor();
    },
  },
];

const recordedElsewhere = `time;lat;lon;kmh;soc
2026-11-02T07:30:00Z;34.0012;-6.8416;0;81
2026-11-02T07:30:30Z;34.0021;-6.8422;24.5;80.8
2026-11-02T07:31:00Z;34.0039;-6.8431;41.2;80.5
2026-11-02T07:31:30Z;34.0061;-6.8447;38.9;80.1
`;

const otherPictures = ({ driver }: Cast): Picture[] => [
  { name: 'drivers', address: '/drivers', ready: 'tbody tr' },
  { name: 'driver', address: `/drivers/${driver}`, ready: '[data-assignment]', isWhole: true },
  { name: 'drivers-import', address: '/drivers/import', ready: 'pre' },
  {
    name: 'driver-assign',
    address: `/drivers/${driver}`,
    ready: '[data-assignment]',
    act: async (page) => {
      await page.getByRole('button', { name: 'Assign a vehicle' }).click();
      await page.getByRole('dialog').getByRole('radio').first().waitFor();
    },
  },
  { name: 'system', address: '/system', ready: '.halves', isWhole: true },
  { name: 'settings', address: '/settings', ready: 'select', isWhole: true },
  { name: 'not-found', address: '/no/such/page', ready: 'h1' },
  {
    name: 'palette',
    address: '/vehicles',
    ready: rows,
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Find a vehicle or page' }).fill('2');
      await page.getByRole('dialog').getByRole('option').first().waitFor();
    },
  },
];

/** Opens the first of a list. */
const openFirst = (link: string) => async (page: Page) => {
  await page.locator(`main ${link}`).first().click();
  await page.waitForLoadState('networkidle');
};

const peoplePictures: readonly Picture[] = [
  { name: 'organisations', address: '/organisations', ready: 'h1' },
  { name: 'people', address: '/people', ready: 'h1' },
  { name: 'audit', address: '/audit', ready: 'h1' },
  { name: 'apps', address: '/apps', ready: 'h1' },
  { name: 'limits', address: '/limits', ready: 'h1' },
  { name: 'catalogue', address: '/catalogue', ready: 'h1' },
  { name: 'owner-map', address: '/', ready: '[data-row]', as: 'owner' },
  { name: 'access', address: '/access', ready: '[data-grant]', isWhole: true, as: 'owner' },
  { name: 'requests', address: '/requests', ready: 'h1', as: 'owner' },
  { name: 'activity', address: '/activity', ready: 'h1', isWhole: true, as: 'owner' },
  { name: 'owner-account', address: '/account', ready: '[data-act]', isWhole: true, as: 'owner' },
  { name: 'partners', address: '/partners', ready: 'h1', as: 'partner' },
  { name: 'partner', address: '/partners', ready: 'h1', act: openFirst('a[href*="/partners/"]'), isWhole: true, as: 'partner' },
  {
    name: 'partner-app',
    address: '/partners',
    ready: 'h1',
    act: async (page) => {
      await openFirst('a[href*="/partners/"]')(page);
      await openFirst('a[href*="app=app_"]')(page);
    },
    isWhole: true,
    as: 'partner',
  },
];

export const demoPictures = (cast: Cast): readonly Picture[] => [
  ...fleetPictures(cast),
  ...vehiclePictures(cast),
  ...otherPictures(cast),
  ...peoplePictures,
];

export const emptyPictures: readonly Picture[] = [
  { name: 'welcome', address: '/welcome', ready: 'input[name="customer"]' },
  { name: 'sign-in', address: '/sign-in', ready: 'form' },
  { name: 'sign-up', address: '/sign-up', ready: 'form' },
  { name: 'account', address: '/account', ready: '[data-act]', isWhole: true },
];
