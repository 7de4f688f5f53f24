import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventLog, JoinOptions } from '../ports.ts';
import { appendRange, range, seqsIn } from '../test-support.ts';
import { type LogHarness, untilAtEnd } from './log-harness.ts';

const group = 'projector';

/** Joins and notes what it hears. */
const joinNoting = (log: EventLog, more: Partial<JoinOptions> = {}) => {
  const heard: string[] = [];
  const generations: number[] = [];
  const assigned = Promise.withResolvers<void>();
  const membership = log.join({
    group,
    assigned: (partitions, generation) => {
      heard.push(`assigned ${partitions.join()}`);
      generations.push(generation);
      assigned.resolve();
    },
    revoked: (isLost) => {
      heard.push(isLost ? 'lost' : 'revoked');
      return Promise.resolve();
    },
    failed: (error) => heard.push(error.message),
    ...more,
  });
  return { membership, heard, generations, assigned: assigned.promise };
};

export const testJoining = (opened: () => LogHarness): void => {
  test('a single member gets every partition, and gives them back when it leaves', async () => {
    const log = await opened().open();
    const { membership, heard, assigned } = joinNoting(log);
    await assigned;
    await membership.leave();
    assert.deepEqual(heard, ['assigned 0', 'revoked']);
    await membership.leave();
    await log.close();
    assert.deepEqual(heard, ['assigned 0', 'revoked']);
  });

  test('each assignment has a higher generation, and groups know nothing of each other', async () => {
    const log = await opened().open();
    const generations: number[] = [];
    for (let round = 0; round < 3; round++) {
      const [one, other] = [joinNoting(log), joinNoting(log, { group: 'export' })];
      await Promise.all([one.assigned, other.assigned]);
      await Promise.all([one.membership.leave(), other.membership.leave()]);
      generations.push(...one.generations);
    }
    assert.ok(generations.every((one, i) => i === 0 || one > (generations[i - 1] as number)));
    assert.equal(generations.length, 3);
    await log.close();
  });

  test('leaving waits until what was held is given back', async () => {
    const log = await opened().open();
    const events: string[] = [];
    const gate = Promise.withResolvers<void>();
    const { membership, assigned } = joinNoting(log, {
      revoked: async () => {
        events.push('giving back');
        await gate.promise;
        events.push('given back');
      },
    });
    await assigned;
    const left = membership.leave().then(() => events.push('left'));
    await new Promise(setImmediate);
    gate.resolve();
    await left;
    assert.deepEqual(events, ['giving back', 'given back', 'left']);
    await log.close();
  });

  test('leaving at once is no failure', async () => {
    const log = await opened().open();
    const { membership, heard } = joinNoting(log);
    await membership.leave();
    assert.ok(heard.length === 0 || heard.join() === 'assigned 0,revoked', heard.join());
    await log.close();
  });

  test('closing the log leaves its groups', async () => {
    const log = await opened().open();
    const { heard, assigned } = joinNoting(log);
    await assigned;
    await log.close();
    assert.deepEqual(heard, ['assigned 0', 'revoked']);
  });

  test('a member whose callback throws is a member no longer, is told once, and may join again', async () => {
    const log = await opened().open();
    const throwing = {
      assigned: () => {
        throw new Error('no room');
      },
      revoked: () => Promise.reject(new Error('not given back')),
    };
    for (const [name, message] of [
      ['assigned', 'no room'],
      ['revoked', 'not given back'],
    ] as const) {
      const failed = Promise.withResolvers<Error>();
      const { membership, assigned } = joinNoting(log, { [name]: throwing[name], failed: failed.resolve });
      if (name === 'revoked') await assigned.then(() => membership.leave());
      assert.equal((await failed.promise).message, message);
      await membership.leave();
    }
    const again = joinNoting(log);
    await again.assigned;
    await again.membership.leave();
    assert.deepEqual(again.heard, ['assigned 0', 'revoked']);
    await log.close();
  });

  test('a member follows from its position and commits; the next one goes on there', async () => {
    const log = await opened().open();
    const offsets = await appendRange(log, 0, 20);
    const seqs: number[] = [];
    const half = { partition: 0, offset: offsets[10] as number };
    for (const commitAt of [half, { partition: 0, offset: log.endOffset(0) }]) {
      const { membership, assigned } = joinNoting(log);
      await assigned;
      const fromOffset = (await log.consumerPosition(group, 0)) ?? log.startOffset(0);
      const handle = (batch: Parameters<typeof seqsIn>[0]): void => void seqs.push(...seqsIn(batch));
      const follower = log.follow({ partition: 0, fromOffset, handle, failed: (error) => assert.fail(error) });
      await untilAtEnd(log, follower);
      await follower.stop();
      await log.commitConsumer(group, commitAt);
      await membership.leave();
    }
    assert.deepEqual(seqs, [...range(0, 20), ...range(10, 20)]);
    assert.equal(await log.consumerPosition(group, 0), log.endOffset(0));
    await log.close();
  });

  test('a position may be committed while partitions are given back, and afterwards by who is no member, while there is none', async () => {
    const log = await opened().open();
    await appendRange(log, 0, 3);
    const { membership, assigned } = joinNoting(log, {
      revoked: () => log.commitConsumer(group, { partition: 0, offset: 1 }),
    });
    await assigned;
    await membership.leave();
    assert.equal(await log.consumerPosition(group, 0), 1);
    await log.commitConsumer(group, { partition: 0, offset: 2 });
    assert.equal(await log.consumerPosition(group, 0), 2);
    await log.close();
  });
};
