import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { BugError, type Logger, makeLogger } from '../kernel/index.ts';
import type { FanOut, FanOutLimits } from './fan-out.ts';
import { hear } from './testing/hear.ts';
import { until } from './testing/wait.ts';

export interface FanOutHarness {
  /** Of another process, as far as the adapter knows processes. */
  open(logger: Logger, limits?: Partial<FanOutLimits>): Promise<FanOut>;
  remove(): Promise<void>;
}

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `message ${from + i}`);

const testHearing = (open: (limits?: Partial<FanOutLimits>) => Promise<FanOut>, lines: () => readonly string[]): void => {
  test('every subscriber of the channel hears everything in its order, the publisher too', async () => {
    const [one, another] = [await open(), await open()];
    const heard = [
      await hear(one, 'devices.revoked'),
      await hear(another, 'devices.revoked'),
      await hear(another, 'devices.revoked'),
    ];
    const other = await hear(another, 'other');
    const messages = numbered(0, 500);
    for (const message of messages) await one.publish('devices.revoked', message);
    await another.publish('other', 'for the other');
    for (const { calls } of heard) await until('all heard', () => calls.length === messages.length);
    for (const { calls } of heard) assert.deepEqual(calls, messages);
    await until('the other heard', () => other.calls.length > 0);
    assert.deepEqual(other.calls, ['for the other']);
  });

  test('bytes come as they were', async () => {
    const fanOut = await open();
    const got: Buffer[] = [];
    await fanOut.subscribe('bytes', { heard: (message) => void got.push(message), gap: () => {} });
    const sent = Uint8Array.from({ length: 256 }, (_, i) => i);
    await fanOut.publish('bytes', sent);
    await fanOut.publish('bytes', new Uint8Array(0));
    await until('both heard', () => got.length === 2);
    assert.deepEqual(got, [Buffer.from(sent), Buffer.alloc(0)]);
  });

  test('who has ended a subscription hears nothing more; who begins one anew does', async () => {
    const fanOut = await open();
    const [first, second] = [await hear(fanOut, 'channel'), await hear(fanOut, 'channel')];
    await fanOut.publish('channel', '1');
    await until('both heard', () => first.calls.length + second.calls.length === 2);
    first.end();
    await fanOut.publish('channel', '2');
    await until('the second heard', () => second.calls.length === 2);
    second.end();
    const third = await hear(fanOut, 'channel');
    await fanOut.publish('channel', '3');
    await until('the third heard', () => third.calls.length === 1);
    assert.deepEqual([first.calls, second.calls, third.calls], [['1'], ['1', '2'], ['3']]);
  });

  test('the next message waits until the subscriber is done; one that throws goes on and is logged', async () => {
    const fanOut = await open();
    let running = 0;
    const seen: string[] = [];
    await fanOut.subscribe('channel', {
      heard: async (message) => {
        assert.equal(++running, 1);
        await new Promise(setImmediate);
        running--;
        seen.push(message.toString());
        if (seen.length === 2) throw new Error('does not like it');
      },
      gap: () => {},
    });
    for (const message of numbered(0, 5)) await fanOut.publish('channel', message);
    await until('all heard', () => seen.length === 5);
    assert.deepEqual(seen, numbered(0, 5));
    assert.equal(lines().filter((line) => line.includes('does not like it')).length, 1);
  });
};

const testLimits = (open: (limits?: Partial<FanOutLimits>) => Promise<FanOut>, lines: () => readonly string[]): void => {
  for (const limits of [{ queuedMessagesMax: 10 }, { queuedBytesMax: 100 }])
    test(`a slow subscriber is told of the gap instead: ${Object.keys(limits).join()}`, async () => {
      const fanOut = await open(limits);
      const quick = await hear(fanOut, 'channel');
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const slow = await hear(fanOut, 'channel', released);
      for (const message of numbered(0, 100)) {
        await fanOut.publish('channel', message);
        await until('the quick one heard', () => quick.calls.at(-1) === message);
      }
      assert.equal(lines().filter((line) => line.includes('too slow')).length, 1, 'said once');
      assert.deepEqual(slow.calls, []);
      release();
      await fanOut.publish('channel', 'after');
      await until('the last heard', () => slow.calls.at(-1) === 'after');
      assert.deepEqual(slow.calls.slice(0, 2), ['message 0', 'gap']);
      const rest = slow.calls.slice(2, -1);
      assert.deepEqual(rest, numbered(100 - rest.length, 100));
      assert.ok(rest.length <= 10);
      assert.deepEqual(quick.calls, [...numbered(0, 100), 'after']);
    });

  test('one that is done at once keeps pace with publishers that do not wait', async () => {
    const fanOut = await open();
    const calls: string[] = [];
    await fanOut.subscribe('channel', {
      heard: (message) => void calls.push(message.toString()),
      gap: () => void calls.push('gap'),
    });
    const messages = numbered(0, 20_000);
    for (let from = 0; from < messages.length; from += 100)
      await Promise.all(messages.slice(from, from + 100).map((message) => fanOut.publish('channel', message)));
    await until('all heard', () => calls.length === messages.length);
    assert.deepEqual(calls, messages);
  });

  test('a message that is too large is refused', async () => {
    const fanOut = await open({ messageBytesMax: 1000 });
    const { calls } = await hear(fanOut, 'channel');
    await assert.rejects(fanOut.publish('channel', Buffer.alloc(1001)), { code: 'payload_too_large' });
    await fanOut.publish('channel', 'x'.repeat(1000));
    await until('it is heard', () => calls.length === 1);
    assert.equal(calls[0]?.length, 1000);
  });

  test('a channel that is none is a mistake', async () => {
    const fanOut = await open();
    await assert.rejects(fanOut.publish('a b', 'text'), BugError);
    await assert.rejects(fanOut.subscribe('*', { heard: () => {}, gap: () => {} }), BugError);
  });
};

/** Every promise of the port `FanOut`, for each of its adapters. */
export const fanOutContract = (name: string, makeHarness: () => Promise<FanOutHarness>): void => {
  describe(`fan-out: ${name}`, () => {
    const harnesses: FanOutHarness[] = [];
    let next: FanOutHarness;
    let lines: string[] = [];
    beforeEach(async () => {
      next = await makeHarness();
      harnesses.push(next);
      lines = [];
    });
    after(async () => {
      for (const harness of harnesses) await harness.remove();
    });
    const open = (limits?: Partial<FanOutLimits>): Promise<FanOut> =>
      next.open(
        makeLogger('warn', (line) => void lines.push(line)),
        limits,
      );
    testHearing(open, () => lines);
    testLimits(open, () => lines);
  });
};
