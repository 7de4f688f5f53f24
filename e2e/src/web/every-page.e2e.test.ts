import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import type { Browser, Page, Route } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, type Visit, visit } from '../support/browser.ts';
import { addDrivenVehicle } from '../support/driven-vehicle.ts';
import { signal } from '../support/fleet.ts';
import { callAs, makeLiveApp } from '../support/partner-app.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

// What holds for every page: one server and one page of a browser, which goes from address to address. What a page is for, its own file tests.

const options = { skip: noBrowser };
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };

interface PageUnderTest {
  readonly title: string | RegExp;
  /** In the address, after the path. */
  readonly query?: string;
  /** What is there when the page shows what it is for. */
  readonly ready: string;
  /** Which calls of the API fail where its error is looked at; undefined: it reads nothing. */
  readonly reads?: RegExp;
  /** What stands there when there is no vehicle at all; undefined: the same as else. */
  readonly empty?: string;
  /** Of who is not signed in: no bar to skip. */
  readonly isEntry?: true;
  /** Made for a moment that is over here: the page says so. */
  readonly isGone?: true;
}

const all = /^\/v1\/(?!config|signals$|warnings\/)/;
const ofVehicle = /^\/v1\/vehicles\/[^/]+\/./;
const row = 'tr[data-vehicle]';
/** By the name of the route; those of a vehicle by its tab too. */
const pages: Readonly<Record<string, PageUnderTest>> = {
  map: { title: 'Map', ready: 'canvas.overlay', reads: all, empty: 'Connect your first device' },
  vehicles: { title: 'Vehicles', ready: row, reads: all, empty: 'Connect your first device' },
  'vehicle/overview': { title: 'VAN 17', ready: '.glance', reads: all },
  'vehicle/trips': { title: 'VAN 17 · Trips', ready: '[data-trip]', reads: ofVehicle },
  'vehicle/charging': { title: 'VAN 17 · Charging', ready: '[data-session]', reads: ofVehicle },
  'vehicle/mileage': { title: 'VAN 17 · Mileage', ready: '.plot .day', reads: ofVehicle },
  'vehicle/signals': { title: 'VAN 17 · Signals', query: '&range=6h', ready: '.plot .u-over', reads: ofVehicle },
  'vehicle/status': { title: 'VAN 17 · Status', ready: '.band', reads: ofVehicle },
  'vehicle/values': { title: 'VAN 17 · Values', ready: 'tr[data-path]' },
  reports: { title: 'Reports', ready: 'tbody tr', reads: all, empty: 'Nothing to report' },
  drivers: { title: 'Drivers', ready: 'tbody tr', reads: all, empty: 'No drivers yet' },
  driverImport: { title: 'Drivers from a file', ready: 'pre' },
  driver: { title: 'Ana Ruiz', ready: '[data-assignment]', reads: all },
  settings: { title: 'Settings', ready: 'select' },
  system: { title: 'System', ready: '.halves', reads: all },
  connections: { title: 'Connections', ready: row, reads: all, empty: 'No vehicles yet' },
  warnings: { title: 'Warnings', ready: 'tr[data-warning]', reads: all, empty: 'No warnings' },
  welcome: { title: 'Connect your first device', ready: 'input[name="customer"]' },
  claim: { title: 'Add your car', ready: 'form' },
  apps: { title: 'Apps of partners', ready: 'li[data-app]', reads: /^\/v1\/apps/, empty: 'No partner has made an app yet' },
  people: { title: 'People', ready: 'li[data-person]', reads: /^\/v1\/people/ },
  audit: { title: 'Audit log', ready: 'li[data-act]', reads: /^\/v1\/audit/ },
  limits: { title: 'Limits', ready: 'li[data-app]', reads: /^\/v1\/app-limits/, empty: 'No partner has made an app yet' },
  partners: { title: 'For partners', ready: 'form' },
  partner: { title: 'Volt Insurance', ready: 'li[data-app]', reads: /^\/v1\/partners/ },
  organisations: { title: 'Organisations', ready: 'tr[data-organisation]', reads: /^\/v1\/organisations/ },
  organisation: { title: 'Milepost', ready: 'li[data-member]', reads: /^\/v1\/organisations/ },
  account: { title: 'Account', ready: 'form', reads: /^\/v1\/me/ },
  access: { title: 'Who has access', ready: '[data-grant]', reads: /^\/v1\/grants/, empty: 'Nobody reads anything of your cars' },
  invite: { title: 'Invite a driver', ready: 'form', reads: /^\/v1\/me\/vehicles/, empty: 'You hold no car' },
  invitation: { title: 'An invitation', query: '?code=none', ready: 'h1', isGone: true },
  requests: { title: 'Requests', ready: '[data-request]', reads: /^\/v1\/consents/, empty: 'Nobody waits for an answer' },
  activity: { title: 'Activity', ready: '[data-week]', reads: /^\/v1\/receipts/, empty: 'Nobody read anything this week' },
  signIn: { title: 'Sign in', ready: 'form', isEntry: true },
  catalogue: { title: 'What data there are', ready: '[data-item]', isEntry: true },
  erasure: { title: 'Erasure of a person', query: '?code=none', ready: 'form', isEntry: true, isGone: true },
  outside: { title: 'Sign in', ready: 'form', isEntry: true, isGone: true },
  signUp: { title: 'Make an account', ready: 'form', isEntry: true },
  reset: { title: 'Set a new password', ready: 'form', isEntry: true },
  confirmEmail: { title: 'Your new address', ready: 'form', isEntry: true },
  consent: { title: 'A request', ready: 'form', isEntry: true, isGone: true },
  firstOperator: { title: 'Welcome to Milepost', ready: 'form', isEntry: true },
  notFound: { title: 'There is nothing here', ready: 'h1' },
};

const sourceOf = (file: string): string => readFileSync(new URL(`../../../web/src/${file}`, import.meta.url), 'utf8');
/** The routes as the router has them, by name. */
const routes = new Map(
  [...sourceOf('router/routes.ts').matchAll(/path: '([^']*)',\s+name: '([^']+)'/g)].map(([, path = '', name = '']) => [
    name,
    path,
  ]),
);
const tabs = [...(/vehicleTabs = \[(.*)\]/.exec(sourceOf('features/vehicle/tabs.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
  ([, tab]) => `vehicle/${tab}`,
);

let milepost: Milepost;
let browser: Browser;
let shared: Visit;
let page: Page;
/** Of what was asked for since somebody looked last. */
let failed: string[] = [];
const ids: Record<string, string> = { consent: 'ask_none' };

const addressOf = (key: string): string => {
  const [name = '', tab] = key.split('/');
  const path = routes
    .get(name)
    ?.replace(/^\//, '')
    .replace(':id', ids[name] ?? '')
    .replace(/^:rest.*/, 'no/such/page');
  assert.notEqual(path, undefined, `the router has no ${name}`);
  return `/${path}${tab === undefined || tab === 'overview' ? '' : `?tab=${tab}`}${pages[key]?.query ?? ''}`;
};
const open = (key: string) => page.goto(milepost.origin + addressOf(key));
const ready = (key: string) =>
  page
    .locator(`main ${pages[key]?.ready}`)
    .first()
    .waitFor()
    .catch((error: unknown) => {
      throw new Error(`${key} never showed ${pages[key]?.ready}`, { cause: error });
    });

/** Breaks what of the API fits; answers how to make it well again. */
const breakApi = async (reads: RegExp, how: (route: Route) => Promise<void>): Promise<() => Promise<void>> => {
  const isRead = (url: URL): boolean => reads.test(url.pathname);
  await page.route(isRead, how);
  return () => page.unroute(isRead);
};
const answerWrongly = (route: Route): Promise<void> => route.fulfill({ status: 500, body: 'Internal error at server.ts:17' });
const answerNothing = (route: Route): Promise<void> => route.abort('internetdisconnected');

/** The operator has a car, too, of which an app reads something and asks for more. */
const shareOwnCar = async (operator: OperatorClient): Promise<void> => {
  const app = await makeLiveApp(page, milepost, {
    partner: 'Volt Insurance',
    name: 'Volt Drive',
    purpose: 'insurance',
    terms: 'We set your price by how far you drive.',
    items: [{ item: 'mileage', reason: 'The price follows it.' }],
  });
  ids['partner'] = app.partnerId;
  const vin = 'WVWZZZ1JZ00000077';
  const { id } = await operator.call('createVehicle', { body: { vin, customer: 'Demo', plate: 'OWN 1' } });
  const { code } = await operator.call('makeClaimCode', { id });
  await callAs(page, 'POST', '/v1/claims', { code });
  const items = [{ item: 'mileage' }];
  await app.ask(vin, { purpose: 'insurance', items });
  const { items: waiting } = await callAs<{ items: { id: string }[] }>(page, 'GET', '/v1/consents');
  const answer = { isAllowed: true, language: 'en', given: [{ ask: 0, vehicles: [id], items }] };
  await callAs(page, 'POST', `/v1/consents/${waiting[0]?.id}`, answer);
  await app.ask(vin, { purpose: 'insurance', items });
};

const fillIn = async (): Promise<void> => {
  const { van } = await addDrivenVehicle(milepost, Date.now());
  await van.report({ time: Date.now(), signals: { [signal.speed]: 0, [signal.rearLeftIsLow]: true } });
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const { id } = await operator.call('createDriver', { body: { name: 'Ana Ruiz', customer: 'Demo' } });
  await shareOwnCar(operator);
  const body = { driverId: id, from: '2026-01-01T00:00:00Z' };
  await operator.call('assignDriver', { id: van.id, body });
  const platform = await operator.call('listOrganisations', { query: { kind: 'platform' } });
  Object.assign(ids, { vehicle: van.id, driver: id, organisation: platform.items[0]?.id ?? '' });
};

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  // What Chromium writes of answers that the test makes fail; what failed else stands in `failed`.
  shared = await visit(browser, milepost, '/settings', { expects: /Failed to load resource/ });
  page = shared.page;
  page.on('response', (answer) => {
    if (answer.status() >= 400) failed.push(`${answer.status()} ${answer.url()}`);
  });
  page.on('requestfailed', (request) => {
    // What was under way when the next page was opened.
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') failed.push(`${why} ${request.url()}`);
  });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

test('each route of the router, and each part of a vehicle, has a row in the table of this file', () => {
  assert.ok(routes.size > 10 && tabs.length > 5);
  const expected = [...routes.keys()].filter((name) => name !== 'vehicle');
  assert.deepEqual(Object.keys(pages).sort(), [...expected, ...tabs].sort());
});

/** Looks at each of the pages and tells what is wrong with all of them at once. */
const onEach = async (keys: readonly string[], look: (key: string) => Promise<void>): Promise<void> => {
  const problems: string[] = [];
  for (const key of keys) {
    await look(key).catch((error: unknown) => problems.push(`${key}: ${String(error)}`));
    const unexpected = failed.filter((what) => !(pages[key]?.isGone && what.startsWith('410 ')));
    problems.push(...unexpected.map((what) => `${key}: ${what}`));
    failed = [];
    await page.unrouteAll();
  }
  assert.deepEqual(problems, []);
};
const keys = Object.keys(pages);

test('without a vehicle each page says that there is none, and how to begin', options, async () => {
  await onEach(
    keys.filter((key) => pages[key]?.empty),
    async (key) => {
      await open(key);
      await page
        .getByRole('heading', { name: pages[key]?.empty ?? '' })
        .first()
        .waitFor();
      assert.equal(await page.locator('h1').count(), 1);
      assert.deepEqual(await accessibilityProblems(page), []);
    },
  );
});

const looksWell = async (key: string): Promise<void> => {
  const title = `${pages[key]?.title} · Milepost`;
  await until(
    () => page.title(),
    (now) => now === title,
    `the title is not ${title}`,
  );
  assert.equal(await page.locator('h1').count(), 1, 'headings of the first level');
  assert.deepEqual(await accessibilityProblems(page), [], 'light');
};

/** What sticks out to the right: nothing may on a phone. */
const overflow = (): Promise<string[]> =>
  page.evaluate(`(() => {
    const main = document.querySelector('main');
    if (main.scrollWidth <= main.clientWidth && document.documentElement.scrollWidth <= innerWidth) return [];
    return [...main.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 120));
  })()`);

const fitsPhone = async (key: string): Promise<void> => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize(phone);
  await ready(key);
  assert.deepEqual(await accessibilityProblems(page), [], 'dark, on a phone');
  assert.deepEqual(await overflow(), [], 'it scrolls to the side on a phone');
};

interface Focused {
  readonly text: string;
  readonly isInSight: boolean;
  readonly isOutlined: boolean;
}
const focused = (): Promise<Focused> =>
  page.evaluate(`(() => {
    const element = document.activeElement;
    const { top, left, width, height } = element.getBoundingClientRect();
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return {
      text: element.textContent.trim(),
      isInSight: top >= 0 && left >= 0 && width > 0 && height > 0 && top < innerHeight,
      isOutlined: (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none',
    };
  })()`);

/** The first key leads past the bar, and what has the focus is seen. */
const obeysKeys = async (): Promise<void> => {
  await page.keyboard.press('Tab');
  assert.deepEqual(await focused(), { text: 'Skip to the content', isInSight: true, isOutlined: true });
  await page.keyboard.press('Tab');
  const { isInSight, isOutlined } = await focused();
  assert.deepEqual({ isInSight, isOutlined }, { isInSight: true, isOutlined: true }, 'what has the focus second');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'content');
};
const moving = 'document.getAnimations().filter((a) => a.playState === "running" && a.effect.getTiming().duration > 1).length';

test(
  'each page has a title and a heading, obeys keys, keeps still, is accessible in light and dark, and fits a phone',
  options,
  async () => {
    await fillIn();
    await onEach(keys, async (key) => {
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await page.setViewportSize(desk);
      await open(key);
      await ready(key);
      if (!pages[key]?.isEntry) await obeysKeys();
      await looksWell(key);
      assert.equal(await page.evaluate(moving), 0, 'animations, though less motion is preferred');
      await fitsPhone(key);
    });
  },
);

test('when the server fails or is away each page says so in words, and shows itself when asked again', options, async () => {
  const heading = (name: string) => page.locator('main').getByRole('heading', { name }).first();
  await onEach(
    keys.filter((key) => pages[key]?.reads),
    async (key) => {
      const { reads } = pages[key] as { reads: RegExp };
      const mendFirst = await breakApi(reads, answerWrongly);
      await open(key);
      const retry = page.locator('main').getByRole('button', { name: 'Try again' }).first();
      await heading('This could not be read').waitFor();
      assert.equal(await page.locator('h1').count(), 1, 'headings of the first level');
      assert.ok(!(await page.locator('body').innerText()).includes('server.ts'), 'it shows what the server wrote');
      await mendFirst();
      const mendSecond = await breakApi(reads, answerNothing);
      await retry.click();
      await heading('The server does not answer').waitFor();
      // It is the same on every page.
      if (key === 'map') assert.deepEqual(await accessibilityProblems(page), [], 'offline');
      await mendSecond();
      // A page that asks again by itself may be faster.
      await retry.click({ timeout: 3000 }).catch(() => {});
      await ready(key);
      failed = [];
    },
  );
  await shared.close();
});
