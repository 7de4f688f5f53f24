import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../../../../tools/lib/engines.mjs';
import { makeLogger } from '../../../kernel/index.ts';
import { hear } from '../../testing/hear.ts';
import { until } from '../../testing/wait.ts';
import { openValkey, openValkeyFanOut, type Valkey } from './index.ts';
import { openTestValkey, quick, startTestValkey, type TestContext } from './testing/own-server.ts';

const isThere = async (valkey: Valkey): Promise<void> => {
  await until('Valkey is there', () => !valkey.isAway);
  assert.equal(await valkey.request(['PING']), 'PONG');
};

/** Fails unless it is refused within one turn of the event loop, however slow the machine is just now: nothing was waited for. */
const isRefusedAtOnce = async (valkey: Valkey): Promise<void> => {
  let code: unknown;
  valkey.request(['GET', 'key']).catch((error: { code: unknown }) => {
    code = error.code;
  });
  await nextTurn();
  assert.equal(code, 'unavailable');
};

/** How long something takes, ms. */
const timeOf = async (run: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await run();
  return performance.now() - startedMs;
};

test('one that is away keeps no start waiting, refuses at once, and is used when it comes', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  await engine.stop();
  const lines: string[] = [];
  const logger = makeLogger('warn', (line) => void lines.push(line));
  let valkey: Valkey | undefined;
  const openMs = await timeOf(async () => {
    valkey = await openValkey({ url: `redis://${engine.address}`, logger, limits: { ...quick, openTimeoutMs: 200 } });
  });
  assert.ok(valkey);
  const opened = valkey;
  context.after(() => opened.close());
  assert.ok(openMs >= 190, `opened after ${openMs} ms`);
  assert.ok(valkey.isAway);
  assert.match(valkey.awayReason ?? '', /ECONNREFUSED/);
  await isRefusedAtOnce(opened);
  const fanOut = await openValkeyFanOut(valkey);
  await assert.rejects(fanOut.publish('channel', 'text'), { code: 'unavailable' });
  const { calls } = await hear(fanOut, 'channel');
  await engine.start();
  await isThere(valkey);
  await until('the subscriber is told that it may have missed something', () => calls.length > 0);
  await fanOut.publish('channel', 'text');
  await until('the message is heard', () => calls.length === 2);
  assert.deepEqual(calls, ['gap', 'text']);
  assert.equal(lines.filter((line) => line.includes('Valkey is away')).length, 2, 'said once for each connection');
  assert.equal(lines.filter((line) => line.includes('Valkey is back')).length, 2);
});

test('one that is stopped (SIGSTOP) fails what waits after requestTimeoutMs, then at once, and is used when it goes on', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`);
  await isThere(valkey);
  process.kill(engine.pid, 'SIGSTOP');
  await assert.rejects(valkey.request(['GET', 'key']), { code: 'unavailable' });
  assert.match(valkey.awayReason ?? '', /no answer for 300 ms/);
  for (let i = 0; i < 100; i++) {
    await isRefusedAtOnce(valkey);
    await delay(10);
  }
  assert.ok(valkey.isAway);
  process.kill(engine.pid, 'SIGCONT');
  const recoveredMs = await timeOf(() => isThere(valkey));
  context.diagnostic(`there again ${Math.round(recoveredMs)} ms after SIGCONT`);
});

test('an idle connection notices by itself that nobody answers', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`);
  await isThere(valkey);
  process.kill(engine.pid, 'SIGSTOP');
  await until('it is away', () => valkey.isAway);
  process.kill(engine.pid, 'SIGCONT');
  await isThere(valkey);
});

test('what waits for an answer is bounded, in number and bytes', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const limits = { requestsInFlightMax: 10, requestBytesInFlightMax: 1000, pingEveryMs: 60_000, requestTimeoutMs: 5000 };
  const valkey = await openTestValkey(context, `redis://${engine.address}`, limits);
  await isThere(valkey);
  process.kill(engine.pid, 'SIGSTOP');
  const waiting = Array.from({ length: 10 }, () => valkey.request(['GET', 'key']));
  assert.equal(valkey.statistics.requestsInFlight, 10);
  await assert.rejects(valkey.request(['GET', 'key']), { code: 'overloaded' });
  process.kill(engine.pid, 'SIGCONT');
  assert.deepEqual(
    await Promise.all(waiting),
    waiting.map(() => null),
  );
  await assert.rejects(valkey.request(['SET', 'key', 'x'.repeat(1000)]), { code: 'overloaded' });
  assert.deepEqual(valkey.statistics, { reconnections: 0, requestsInFlight: 0, requestBytesInFlight: 0 });
});

/** Publishes a number every few ms until told to end; answers those that were taken. One that was refused may have come through all the same. */
const stream = (publish: (message: string) => Promise<void>) => {
  let isOn = true;
  const taken: number[] = [];
  const running = (async () => {
    for (let next = 0; isOn; next++) {
      try {
        await publish(String(next));
        taken.push(next);
      } catch {
        // One that was refused is promised to nobody.
      }
      await delay(2);
    }
  })();
  const end = async (): Promise<readonly number[]> => {
    isOn = false;
    await running;
    return taken;
  };
  return { end };
};

/** Between two gaps everything comes in order, and nothing that was taken is missing; answers how many gaps there were. */
const checkWhole = (calls: readonly string[], taken: readonly number[]): number => {
  let last: number | undefined;
  let gaps = 0;
  for (const call of calls) {
    if (call === 'gap') {
      gaps++;
      last = undefined;
      continue;
    }
    const heard = Number(call);
    if (last !== undefined) {
      const before = last;
      assert.ok(heard > before, `${heard} came after ${before}`);
      const missing = taken.filter((number) => number > before && number < heard);
      assert.deepEqual(missing, [], 'a message is missing without a gap');
    }
    last = heard;
  }
  return gaps;
};

/** Ends when the connection that hears is there no more, and Valkey is. */
const faults: Readonly<Record<string, (engine: Engine, isLost: () => Promise<void>) => Promise<void>>> = {
  'kill -9 and a new start': async (engine, isLost) => {
    engine.kill();
    await isLost();
    await engine.start();
  },
  'a stop and a new start': async (engine, isLost) => {
    await engine.stop();
    await isLost();
    await engine.start();
  },
  'SIGSTOP and SIGCONT': async (engine, isLost) => {
    process.kill(engine.pid, 'SIGSTOP');
    await isLost();
    process.kill(engine.pid, 'SIGCONT');
  },
};

const streamThrough = async (context: TestContext & { diagnostic(text: string): void }, fault: string): Promise<void> => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const url = `redis://${engine.address}`;
  const lines: string[] = [];
  const logger = makeLogger('warn', (line) => void lines.push(line));
  const [publisher, hearer] = [await openTestValkey(context, url), await openTestValkey(context, url, {}, logger)];
  const [from, to] = [await openValkeyFanOut(publisher), await openValkeyFanOut(hearer)];
  const heard = [await hear(to, 'stream'), await hear(to, 'stream')];
  const streaming = stream((message) => from.publish('stream', message));
  context.after(() => streaming.end());
  const losses = (): number => lines.filter((line) => /Valkey is away.*subscriptions/.test(line)).length;
  const recoveryMs: number[] = [];
  for (let round = 1; round <= 2; round++) {
    const before = heard[0]?.calls.length ?? 0;
    await until('messages are heard', () => heard.every(({ calls }) => calls.length > before + 50));
    await faults[fault]?.(engine, () => until('the connection is lost', () => losses() === round));
    const startedMs = performance.now();
    const isBack = ({ calls }: { readonly calls: readonly string[] }): boolean =>
      calls.filter((call) => call === 'gap').length >= round && calls.at(-1) !== 'gap';
    await until('the gap and what follows are heard', () => heard.every(isBack));
    recoveryMs.push(Math.round(performance.now() - startedMs));
  }
  const taken = await streaming.end();
  for (const { calls } of heard) assert.ok(checkWhole(calls, taken) >= 2);
  context.diagnostic(`${fault}: heard again ${recoveryMs.join(', ')} ms after it was back`);
};

for (const fault of Object.keys(faults))
  test(`${fault} under a stream: each subscriber is told of the gap, and goes on`, (context) => streamThrough(context, fault));
