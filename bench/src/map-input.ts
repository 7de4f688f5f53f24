/**
 * How soon the pages answer while a fleet of which each vehicle reports each second is on screen: a real server, and the map and the list of vehicles in a real
 * Chromium, which somebody moves, zooms, scrolls, searches and clicks without pause. `node bench/src/map-input.ts [vehicles] [seconds] [map | vehicles]`, default 10,000, 60, both.
 * From the browser: what people wait from an input until the picture that answers it is on the screen, of those inputs that the browser tells it of (see
 * input-latency.ts); of all inputs, until the frame after that picture's begins, which is up to 17 ms later than needed; its event timing (clicks and keys, in steps of
 * 8 ms from 16 on); frames and tasks of more than 50 ms; the heap after a collection; and what other machines took of the cores meanwhile. Server and load are kept on
 * one core and behind the browser, which has both: otherwise theirs would be measured too. Last the fleet falls silent and the same is done once more: what is left then is the page's and the machine's, which draws the map by software.
 * `BENCH_PROFILE=folder` writes a CPU profile of each page. Prints one JSON object a page.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, constants, setPriority } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { noBrowser, openBrowser, until, visit } from '../../e2e/src/support/browser.ts';
import { descendantsOf } from '../../e2e/src/support/kill-with-descendants.ts';
import { type Milepost, startMilepost } from '../../e2e/src/support/start-milepost.ts';
import { latenciesOf, latencyCategories } from './input-latency.ts';

const vehicles = Number(process.argv[2] ?? 10_000);
const seconds = Number(process.argv[3] ?? 60);
const onlyPage = process.argv[4];
const { priority } = constants;
/** Opening ten thousand connections takes a while on a busy machine. */
const drivingMs = 300_000;
/** Vehicles that were not heard of for longer count as late, which would be other work. */
const silentSecondsMax = 40;
const loadedMs = 120_000;

/** Collects, in the page, what the browser knows of inputs and frames. */
const observe = `
  const isKnown = 'bench' in window;
  window.bench = { frameDone: {}, events: new Map(), longTasks: [], longFrames: [], firstInteraction: performance.interactionCount ?? 0 };
  if (!isKnown) (() => {
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId) bench.events.set(interactionId, Math.max(bench.events.get(interactionId) ?? 0, duration));
  }).observe({ type: 'event', durationThreshold: 16, buffered: false });
  new PerformanceObserver((list) => bench.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' });
  new PerformanceObserver((list) => bench.longFrames.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'long-animation-frame' });
  for (const [type, name] of [['pointermove', 'drag'], ['wheel', 'wheel'], ['keydown', 'key'], ['click', 'click']])
    addEventListener(type, (event) => {
      if (type === 'pointermove' && event.buttons === 0) return;
      requestAnimationFrame(() =>
        requestAnimationFrame(() => (bench.frameDone[name] ??= []).push(performance.now() - event.timeStamp)));
    }, { capture: true, passive: true });
  })()`;

interface Collected {
  readonly frameDone: Readonly<Record<string, readonly number[]>>;
  readonly events: readonly number[];
  readonly interactions: number;
  readonly longTasks: readonly number[];
  readonly longFrames: readonly number[];
}
const collect = `({ frameDone: bench.frameDone, events: [...bench.events.values()], longTasks: bench.longTasks, longFrames: bench.longFrames,
  interactions: (performance.interactionCount ?? 0) - bench.firstInteraction })`;

type Latencies = Readonly<Record<string, readonly number[]>>;
const round = (ms: number): number => Math.round(ms * 10) / 10;
const spread = (values: readonly number[]): object => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { count: values.length, p50: at(0.5), p99: at(0.99), max: round(sorted.at(-1) ?? 0) };
};

/** What people feel as at once. */
const limitMs = 100;
/** By kind and of all together. */
const spreads = (latencies: Latencies): object => {
  const all = Object.values(latencies).flat();
  const spreadOfAll = { ...spread(all), overLimit: all.filter((ms) => ms > limitMs).length };
  return {
    ...Object.fromEntries(Object.entries(latencies).map(([kind, values]): [string, object] => [kind, spread(values)])),
    all: spreadOfAll,
  };
};

const pan = async (page: Page): Promise<void> => {
  await page.mouse.move(900, 400);
  await page.mouse.down();
  for (let step = 1; step <= 10; step++) await page.mouse.move(900 + 12 * step, 400 + 6 * step);
  for (let step = 10; step >= 0; step--) await page.mouse.move(900 + 12 * step, 400 + 6 * step);
  await page.mouse.up();
};
const zoom = async (page: Page): Promise<void> => {
  await page.mouse.move(900, 400);
  for (const by of [-240, -240, 240, 240]) await page.mouse.wheel(0, by);
};
const search = async (page: Page): Promise<void> => {
  await page.keyboard.press('/');
  for (const letter of '00012') await page.keyboard.type(letter);
  for (let i = 0; i < 5; i++) await page.keyboard.press('Backspace');
};
const choose = async (page: Page): Promise<void> => {
  const row = page.locator('[data-row]').nth(2);
  await row.click();
  await page.keyboard.press('Escape');
};
const scroll = async (page: Page): Promise<void> => {
  await page.mouse.move(600, 500);
  for (let step = 0; step < 8; step++) await page.mouse.wheel(0, 400);
  for (let step = 0; step < 8; step++) await page.mouse.wheel(0, -400);
};

/** Waits until what a page shows at first has come, and no script is under way for a while. */
const mapIsReady = async (page: Page): Promise<void> => {
  const count = vehicles.toLocaleString('en');
  await page.getByText(`${count} vehicles`, { exact: true }).waitFor({ timeout: loadedMs });
  await until(
    () => page.locator('canvas.overlay').count(),
    (canvases) => canvases === 1,
    'the map',
    loadedMs,
  );
};
const listIsReady = async (page: Page): Promise<void> => {
  await page.locator('tr[data-vehicle]').first().waitFor({ timeout: loadedMs });
};

const pages = [
  { name: 'map', address: '/?at=34.02,-6.84,12', isReady: mapIsReady, acts: [pan, zoom, search, choose] },
  { name: 'vehicles', address: '/vehicles', isReady: listIsReady, acts: [search, scroll] },
] as const;
type BenchPage = (typeof pages)[number];

const heapMb = async (session: CDPSession): Promise<number> => {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return round(usedSize / 1024 / 1024);
};

type Driven = Collected & { readonly rounds: number; readonly latencies: Latencies; readonly stolenPercent: number };

/** Of Linux: how long the cores have been there, and how long of that the machine below gave them to others, in hundredths of a second. */
const cpuTimes = async (): Promise<{ readonly all: number; readonly stolen: number }> => {
  const times = (await readFile('/proc/stat', 'utf8')).split('\n')[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
  return { all: times.reduce((sum, one) => sum + one, 0), stolen: times.at(-1) ?? 0 };
};

const act = async (browser: Browser, page: Page, { acts }: BenchPage, forSeconds: number): Promise<Driven> => {
  await page.evaluate(`(() => {${observe}})()`);
  await browser.startTracing(page, { categories: latencyCategories });
  const before = await cpuTimes();
  const endMs = performance.now() + forSeconds * 1000;
  let rounds = 0;
  while (performance.now() < endMs) {
    for (const one of acts) {
      await one(page);
      await wait(restMs);
    }
    rounds++;
  }
  const latencies = latenciesOf((await browser.stopTracing()).toString());
  const after = await cpuTimes();
  const stolenPercent = round(((after.stolen - before.stolen) / (after.all - before.all)) * 100);
  return { ...((await page.evaluate(collect)) as Collected), rounds, latencies, stolenPercent };
};

const figuresOf = ({
  latencies,
  frameDone,
  events,
  interactions,
  longTasks,
  longFrames,
  rounds,
  stolenPercent,
}: Driven): object => ({
  rounds,
  stolenPercent,
  inputToScreenMs: spreads(latencies),
  inputToNextFrameMs: spreads(frameDone),
  // The browser tells of none that took less than 16 ms.
  eventTimingMs: spread([...events, ...Array<number>(Math.max(0, interactions - events.length)).fill(8)]),
  longFramesMs: spread(longFrames),
  longTasksMs: spread(longTasks),
});

/** How much of the time the page's own scripts, styles and layouts take. */
const mainThread = async (session: CDPSession): Promise<Record<string, number>> => {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
};
const sharesOf = (before: Record<string, number>, after: Record<string, number>): object => {
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  const share = (name: string): number => Math.round((grown(name) / grown('Timestamp')) * 1000) / 10;
  return {
    scriptPercent: share('ScriptDuration'),
    stylePercent: share('RecalcStyleDuration'),
    layoutPercent: share('LayoutDuration'),
  };
};

/** Of a laptop. */
const viewport = { width: 1280, height: 800 };

/**
 * What the machine takes for a picture of the size of the window with nothing on it: a WebGL canvas that is cleared, on an empty page. Nothing of this project is in it,
 * so what an input waits for beyond that is ours.
 */
const measureEmptyFrames = async (browser: Browser): Promise<void> => {
  const page = await browser.newPage({ viewport });
  const costs = (await page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: innerWidth, height: innerHeight });
    document.body.append(canvas);
    const gl = canvas.getContext('webgl2');
    const costs = [];
    for (let i = 0; i < 40; i++) {
      await new Promise((done) => requestAnimationFrame(() => {
        const beganMs = performance.now();
        gl.clearColor(i / 40, 0, 0, 1);
        gl.clear(gl.COLOR_BUFFER_BIT);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { costs.push(performance.now() - beganMs); done(); };
        channel.port2.postMessage(0);
      }));
    }
    return costs;
  })()`)) as number[];
  await page.close();
  process.stdout.write(
    `${JSON.stringify({ bench: 'map-input', page: 'an empty picture', ...viewport, frameMs: spread(costs) })}\n`,
  );
};

const profileFolder = process.env['BENCH_PROFILE'];
/** Whoever has moved the map looks before doing something else; meanwhile the map, drawn by software, catches up. */
const restMs = 800;
/** On the map there is work for a while after it is seen first: outlines are cut into tiles. */
const settleRounds = 3;

const measurePage = async (browser: Browser, milepost: Milepost, of: BenchPage, load: Load): Promise<void> => {
  const { page, close } = await visit(browser, milepost, of.address, { viewport });
  await of.isReady(page);
  const session = await page.context().newCDPSession(page);
  for (let i = 0; i < settleRounds; i++) for (const one of of.acts) await one(page);
  await session.send('Performance.enable');
  const heap = [await heapMb(session)];
  if (profileFolder) {
    await session.send('Profiler.enable');
    await session.send('Profiler.start');
  }
  const before = await mainThread(session);
  const driving = await act(browser, page, of, seconds);
  const mainThreadOfPage = sharesOf(before, await mainThread(session));
  if (profileFolder)
    await writeFile(
      path.join(profileFolder, `${of.name}.cpuprofile`),
      JSON.stringify((await session.send('Profiler.stop')).profile),
    );
  heap.push(await heapMb(session));
  const reportsPerSecond = await load.reportsPerSecond();
  load.pause(true);
  const silent = await act(browser, page, of, Math.min(seconds, silentSecondsMax));
  load.pause(false);
  await close();
  const figures = { reportsPerSecond, ...figuresOf(driving), mainThreadOfPage, heapMb: heap, whenSilent: figuresOf(silent) };
  process.stdout.write(`${JSON.stringify({ bench: 'map-input', page: of.name, vehicles, seconds, ...figures })}\n`);
};

interface Load {
  /** In the last five seconds. */
  reportsPerSecond(): Promise<number>;
  pause(isSilent: boolean): void;
}

/** Resolves when each vehicle has reported twice. */
const untilDriving = async (load: ChildProcess): Promise<Load> => {
  await new Promise<void>((driving, failed) => {
    const timer = setTimeout(() => failed(new Error(`not all drive after ${drivingMs} ms`)), drivingMs);
    load.once('exit', (code) => failed(new Error(`the load ended with ${code}`)));
    load.stdout?.once('data', () => {
      clearTimeout(timer);
      driving();
    });
  });
  return {
    reportsPerSecond: () =>
      new Promise((resolve) =>
        load.once('message', (message) => resolve((message as { reportsPerSecond: number }).reportsPerSecond)),
      ),
    pause: (isSilent) => void load.send({ isSilent }),
  };
};

/** Of Linux. The last core, and last in its queue. */
const stepBack = (pids: readonly number[]): void => {
  for (const pid of pids) {
    execFileSync('taskset', ['-a', '-c', '-p', String(cpus().length - 1), String(pid)], { stdio: 'ignore' });
    setPriority(pid, priority.PRIORITY_LOW);
  }
};

if (noBrowser) throw new Error(noBrowser);
const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_MAP_STYLE: 'outlines' } });
const { origin, operatorToken } = milepost;
const load = fork(path.join(import.meta.dirname, 'map-load.ts'), [JSON.stringify({ origin, operatorToken, vehicles })], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const browser = await openBrowser();
try {
  const driving = await untilDriving(load);
  stepBack([...descendantsOf(milepost.pid), load.pid as number]);
  await measureEmptyFrames(browser);
  for (const page of pages.filter(({ name }) => !onlyPage || name === onlyPage))
    await measurePage(browser, milepost, page, driving);
} finally {
  await browser.close();
  load.kill();
  await milepost.close();
}
