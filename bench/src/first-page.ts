/**
 * How long somebody with a slow line and a slow phone waits for the first page: 1.6 Mbit/s, 150 ms round trip, CPU slowed four times, an empty
 * cache. Read from the browser's own trace: from the start of the navigation until the list of vehicles is painted, its search field takes
 * input and the main thread answers. `node bench/src/first-page.ts [runs]`, default 5; the web app as it was built last, on the demo.
 * Prints two JSON objects a page: slowed four times from whatever pace this machine has just now, and four times from the usual pace (see
 * `usualReference`), so that a machine which others keep busy tells something about the page, too.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { noBrowser, openBrowser, until, visit } from '../../e2e/src/support/browser.ts';
import { untilPastIsTold } from '../../e2e/src/support/demo-past.ts';
import { type Milepost, startMilepost } from '../../e2e/src/support/start-milepost.ts';
import { descendantsOf } from '../../e2e/src/support/kill-with-descendants.ts';
import { cpuSecondsOfAll, type Program } from './process-costs.ts';
import { measureReference } from './reference.ts';

const runs = Number(process.argv[2] ?? 5);
const line = { bitsPerSecond: 1_600_000, roundTripMs: 150 };
const cpuSlowdown = 4;
/** What the reference of the bench tells on a machine of this kind that has its cores to itself, see reference.ts. */
const usualReference = 1_090_000;
/** By how much the CPU is slowed down, of which pace. */
const slowedFrom = {
  'this machine': (): number => cpuSlowdown,
  'the usual pace': (): number => Math.max(1, (cpuSlowdown * measureReference()) / usualReference),
} as const;
/** A task that keeps input waiting for longer is felt. */
const longTaskMs = 50;
const limitMs = 60_000;
/** `BENCH_TRACE=folder` keeps the trace and a CPU profile of each load there. */
const traceFolder = process.env['BENCH_TRACE'];

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly args?: { readonly data?: { readonly documentLoaderURL?: string; readonly isOutermostMainFrame?: boolean } };
}

const pages = [
  { name: 'map', address: '/', row: '[data-row]' },
  { name: 'vehicles', address: '/vehicles', row: 'tr[data-vehicle]' },
] as const;

/** Marks, in the page, the first frame painted with a row in the list and a search field that takes input. */
const markUsable = (row: string): string => `
  new MutationObserver((_, observer) => {
    const field = document.querySelector('input[type=search], [role=searchbox], input');
    if (!document.querySelector(${JSON.stringify(row)}) || !field || field.disabled) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark('milepost-usable');
      console.debug('milepost-usable');
    }));
  }).observe(document, { childList: true, subtree: true });`;

const quietMs = 400;
/** On a machine of the usual pace; a slower one needs more of its CPU for the same. */
const quietCpuSeconds = 0.04;
/** The demo makes up its history first. */
const quietWithinMs = 60_000;
/**
 * Chromium's own pages, of which each new window brings some, take a whole core for a second, and so does a server that has just started: what is
 * measured is the page. Resolves when browser and server have used next to no CPU for a while.
 */
const untilQuiet = async (): Promise<void> => {
  const all: Program = () => Promise.resolve(descendantsOf(process.pid).slice(1));
  const restingCpuSeconds = quietCpuSeconds * Math.max(1, usualReference / measureReference());
  let before = await cpuSecondsOfAll(all);
  await until(
    async () => {
      await wait(quietMs);
      const now = await cpuSecondsOfAll(all);
      const used = now - before;
      before = now;
      return used;
    },
    (usedSeconds) => usedSeconds <= restingCpuSeconds,
    'browser and server at rest',
    quietWithinMs,
  );
};

const slowDown = async (page: Page, rate: number): Promise<CDPSession> => {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const bytesPerSecond = line.bitsPerSecond / 8;
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: line.roundTripMs,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  return session;
};

const trace = async (browser: Browser, run: () => Promise<void>): Promise<TraceEvent[]> => {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['blink.user_timing', 'devtools.timeline', 'loading', 'disabled-by-default-devtools.timeline'],
    },
  });
  await run();
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  return events;
};

/** When the page was usable, ms after the start: painted, and no long task under way. */
const readTrace = (
  events: readonly TraceEvent[],
  address: string,
): { usableMs: number; paintedMs: number; blockedMs: number } => {
  const start = events.findLast(
    ({ name, args }) => name === 'navigationStart' && args?.data?.documentLoaderURL?.endsWith(address),
  )?.ts;
  const painted = events.find(({ name }) => name === 'milepost-usable')?.ts;
  if (start === undefined || painted === undefined) throw new Error('the trace lacks the start or the mark');
  const ofPage = events.filter(({ ph, ts }) => ph === 'X' && ts >= start);
  const long = ofPage.filter(({ name, dur = 0 }) => name === 'RunTask' && dur > longTaskMs * 1000);
  const under = long.find(({ ts, dur = 0 }) => ts <= painted && ts + dur > painted);
  const usable = under ? under.ts + (under.dur ?? 0) : painted;
  const blocked = long.filter(({ ts }) => ts < usable).reduce((sum, { dur = 0 }) => sum + dur / 1000 - longTaskMs, 0);
  return { usableMs: (usable - start) / 1000, paintedMs: (painted - start) / 1000, blockedMs: blocked };
};

interface Transferred {
  readonly url: string;
  readonly bytes: number;
}

const load = async (
  browser: Browser,
  milepost: Milepost,
  { address, row }: (typeof pages)[number],
  slowed: keyof typeof slowedFrom,
) => {
  const transferred: Transferred[] = [];
  const opened = await visit(browser, milepost, '/healthz', { expects: /404/, viewport: { width: 390, height: 844 } });
  const { page } = opened;
  const urls = new Map<string, string>();
  // Before the CPU is slowed down, which takes CPU by itself.
  await untilQuiet();
  const rate = slowedFrom[slowed]();
  const session = await slowDown(page, rate);
  session.on('Network.responseReceived', ({ requestId, response }) => void urls.set(requestId, response.url));
  let isUsable = false;
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!isUsable) transferred.push({ url: new URL(urls.get(requestId) ?? 'about:blank').pathname, bytes: encodedDataLength });
  });
  await page.addInitScript(markUsable(row));
  const events = await trace(browser, async () => {
    // Heard, not asked for: asking would put code of the test into the page that is measured.
    const marked = page.waitForEvent('console', { predicate: (said) => said.text() === 'milepost-usable', timeout: limitMs });
    if (traceFolder) {
      await session.send('Profiler.enable');
      await session.send('Profiler.start');
    }
    await page.goto(milepost.origin + address, { waitUntil: 'commit', timeout: limitMs });
    await marked;
    isUsable = true;
    if (traceFolder) {
      const { profile } = await session.send('Profiler.stop');
      await writeFile(path.join(traceFolder, `${Date.now()}.cpuprofile`), JSON.stringify(profile));
    }
  });
  if (traceFolder) await writeFile(path.join(traceFolder, `${Date.now()}.json`), JSON.stringify(events));
  await opened.close();
  return { ...readTrace(events, address), rate, transferred };
};

/** gzip of the scripts that were loaded until the page was usable, as a budget counts them. */
const scriptBytes = async (transferred: readonly Transferred[]): Promise<number> => {
  const folder = path.resolve(import.meta.dirname, '../../web/dist/spa');
  const files = new Set(await readdir(path.join(folder, 'assets')));
  let bytes = 0;
  for (const { url } of transferred) {
    const name = url.split('/').at(-1) ?? '';
    if (name.endsWith('.js') && files.has(name)) bytes += gzipSync(await readFile(path.join(folder, 'assets', name))).length;
  }
  return bytes;
};

const round = (ms: number): number => Math.round(ms);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const measure = async (
  browser: Browser,
  milepost: Milepost,
  page: (typeof pages)[number],
  slowed: keyof typeof slowedFrom,
): Promise<object> => {
  const loads = [];
  for (let i = 0; i < runs; i++) loads.push(await load(browser, milepost, page, slowed));
  const [first] = loads;
  if (!first) throw new Error('at least one run');
  return {
    bench: 'first-page',
    page: page.name,
    ...line,
    slowedFrom: slowed,
    cpuSlowdown: Math.round(median(loads.map((one) => one.rate)) * 100) / 100,
    runs,
    usableMs: {
      median: round(median(loads.map((one) => one.usableMs))),
      max: round(Math.max(...loads.map((one) => one.usableMs))),
    },
    blockedMs: round(median(loads.map((one) => one.blockedMs))),
    scriptGzipBytes: await scriptBytes(first.transferred),
    transferredBytes: first.transferred.reduce((sum, { bytes }) => sum + bytes, 0),
    requests: first.transferred.length,
    ...(process.env['BENCH_FILES'] ? { files: first.transferred } : {}),
  };
};

if (noBrowser) throw new Error(noBrowser);
const browser = await openBrowser();
const milepost = await startMilepost({ mode: 'demo' });
try {
  // What its trackers tell of the past would want a core meanwhile.
  await untilPastIsTold(milepost);
  const opened = await visit(browser, milepost, '/vehicles');
  await until(
    () => opened.page.locator('tr[data-vehicle]').count(),
    (count) => count > 0,
    'vehicles in the demo',
  );
  await opened.close();
  for (const page of pages)
    for (const slowed of ['this machine', 'the usual pace'] as const)
      process.stdout.write(`${JSON.stringify(await measure(browser, milepost, page, slowed))}\n`);
} finally {
  await milepost.close();
  await browser.close();
}
