/**
 * How soon the map answers: a real server, a fleet of which each vehicle reports each second, and the map in a real Chromium, which somebody moves, zooms,
 * searches and clicks without pause. `node bench/src/map-input.ts [vehicles] [seconds]`, default 10,000 and 60. From the browser: what people wait from an input
 * until the next frame is painted, its own event timing (which knows clicks and keys, in steps of 8 ms from 16 on), the frames, and the heap after a collection.
 * `BENCH_PROFILE=file` writes a CPU profile of the page. Prints one JSON object.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { noBrowser, openBrowser, until, visit } from '../../e2e/src/support/browser.ts';
import { type Milepost, startMilepost } from '../../e2e/src/support/start-milepost.ts';

const vehicles = Number(process.argv[2] ?? 10_000);
const seconds = Number(process.argv[3] ?? 60);
/** Opening ten thousand connections takes a while on a busy machine. */
const drivingMs = 300_000;
const loadedMs = 120_000;

/** Collects, in the page, what the browser knows of inputs and frames. */
const observe = `
  window.bench = { paints: {}, events: new Map(), longTasks: [], frames: [] };
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId) bench.events.set(interactionId, Math.max(bench.events.get(interactionId) ?? 0, duration));
  }).observe({ type: 'event', durationThreshold: 16, buffered: false });
  new PerformanceObserver((list) => bench.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' });
  for (const [type, name] of [['pointermove', 'pan'], ['wheel', 'zoom'], ['keydown', 'type'], ['click', 'click']])
    addEventListener(type, (event) => {
      if (type === 'pointermove' && event.buttons === 0) return;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (bench.paints[name] ??= []).push(performance.now() - event.timeStamp);
      requestAnimationFrame(() => channel.port2.postMessage(0));
    }, { capture: true, passive: true });
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    bench.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  bench.firstInteraction = performance.interactionCount ?? 0;`;

interface Collected {
  readonly paints: Readonly<Record<string, readonly number[]>>;
  readonly events: readonly number[];
  readonly interactions: number;
  readonly longTasks: readonly number[];
  readonly frames: readonly number[];
}
const collect = `({ paints: bench.paints, events: [...bench.events.values()], longTasks: bench.longTasks, frames: bench.frames,
  interactions: (performance.interactionCount ?? 0) - bench.firstInteraction })`;

const round = (ms: number): number => Math.round(ms * 10) / 10;
const spread = (values: readonly number[]): object => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { count: values.length, p50: at(0.5), p98: at(0.98), max: round(sorted.at(-1) ?? 0) };
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

const heapMb = async (session: CDPSession): Promise<number> => {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return round(usedSize / 1024 / 1024);
};

const useMap = async (page: Page, session: CDPSession): Promise<{ collected: Collected; heap: number[]; rounds: number }> => {
  const heap = [await heapMb(session)];
  await page.evaluate(observe);
  const endMs = performance.now() + seconds * 1000;
  let [rounds, nextHeapMs] = [0, performance.now() + 60_000];
  while (performance.now() < endMs) {
    for (const act of [pan, zoom, search, choose]) await act(page);
    rounds++;
    if (performance.now() < nextHeapMs) continue;
    heap.push(await heapMb(session));
    nextHeapMs += 60_000;
  }
  const collected = (await page.evaluate(collect)) as Collected;
  heap.push(await heapMb(session));
  return { collected, heap, rounds };
};

const figuresOf = ({ paints, events, interactions, longTasks, frames }: Collected): object => ({
  inputToPaintMs: Object.fromEntries(Object.entries(paints).map(([name, values]) => [name, spread(values)])),
  allInputToPaintMs: spread(Object.values(paints).flat()),
  // The browser tells of none that took less than 16 ms.
  eventTimingMs: spread([...events, ...Array<number>(Math.max(0, interactions - events.length)).fill(8)]),
  framesMs: spread(frames),
  longTasksMs: spread(longTasks),
});

const measure = async (milepost: Milepost, load: ChildProcess): Promise<object> => {
  const browser = await openBrowser();
  try {
    const { page, close } = await visit(browser, milepost, '/?at=34.02,-6.84,12', { viewport: { width: 1440, height: 900 } });
    const count = vehicles.toLocaleString('en');
    await page.getByText(`${count} vehicles`, { exact: true }).waitFor({ timeout: loadedMs });
    await until(
      () => page.locator('canvas.overlay').count(),
      (canvases) => canvases === 1,
      'the map',
      loadedMs,
    );
    const session = await page.context().newCDPSession(page);
    const profile = process.env['BENCH_PROFILE'];
    if (profile) {
      await session.send('Profiler.enable');
      await session.send('Profiler.start');
    }
    const { collected, heap, rounds } = await useMap(page, session);
    if (profile) await writeFile(path.resolve(profile), JSON.stringify((await session.send('Profiler.stop')).profile));
    await close();
    const reportsPerSecond = await new Promise((resolve) =>
      load.once('message', (message) => resolve((message as { reportsPerSecond: number }).reportsPerSecond)),
    );
    return { bench: 'map-input', vehicles, seconds, rounds, reportsPerSecond, ...figuresOf(collected), heapMb: heap };
  } finally {
    await browser.close();
  }
};

if (noBrowser) throw new Error(noBrowser);
const milepost = await startMilepost({ mode: 'serve' });
const { origin, operatorToken } = milepost;
const load = fork(path.join(import.meta.dirname, 'map-load.ts'), [JSON.stringify({ origin, operatorToken, vehicles })], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
try {
  await new Promise<void>((driving, failed) => {
    const timer = setTimeout(() => failed(new Error(`not all drive after ${drivingMs} ms`)), drivingMs);
    load.once('exit', (code) => failed(new Error(`the load ended with ${code}`)));
    load.stdout?.once('data', () => {
      clearTimeout(timer);
      driving();
    });
  });
  process.stdout.write(`${JSON.stringify(await measure(milepost, load))}\n`);
} finally {
  load.kill();
  await milepost.close();
}
