import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ProtocolError } from '@platformatic/kafka';
import { GroupSession } from './group-session.ts';

const sessionTimeoutMs = 60;

interface Times {
  readonly heardMs?: number;
  readonly timeoutMs?: number;
}

const begin = (context: TestContext, beat: () => Promise<void>, times: Times = {}) => {
  const heard: string[] = [];
  const session = new GroupSession({
    beat,
    heardMs: times.heardMs ?? performance.now(),
    heartbeatMs: 5,
    sessionTimeoutMs: times.timeoutMs ?? sessionTimeoutMs,
    lost: () => heard.push('lost'),
    unanswered: () => heard.push('unanswered'),
  });
  context.after(() => session.stop());
  return { session, heard };
};

const failWith = (name: string) => (): Promise<void> => Promise.reject(new ProtocolError(name));

test('a broker that is silent ends a session as one that says so: when its time is over', async (context) => {
  const startedMs = performance.now();
  const silent = begin(context, () => new Promise(() => undefined));
  const away = begin(context, () => Promise.reject(new Error('connect ECONNREFUSED')));
  await Promise.all([silent.session.ended, away.session.ended]);
  assert.ok(performance.now() - startedMs >= sessionTimeoutMs - 2);
  assert.deepEqual(silent.heard, ['lost']);
  assert.equal(away.heard.at(-1), 'lost');
  assert.ok(away.heard.includes('unanswered'));
  assert.ok(silent.session.isLost && away.session.isLost);
});

test('a member that the group has forgotten knows it with the next beat', async (context) => {
  for (const name of ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION']) {
    const { session, heard } = begin(context, failWith(name));
    await session.ended;
    assert.ok(session.isLost);
    assert.deepEqual(heard, ['lost']);
  }
});

test('while partitions are shared out anew the session lives: who gives back is heard of', async (context) => {
  let beats = 0;
  // Long enough for a machine that is busy.
  const timeoutMs = 500;
  const beat = (): Promise<void> => {
    beats++;
    return failWith('REBALANCE_IN_PROGRESS')();
  };
  const { session, heard } = begin(context, beat, { timeoutMs });
  await session.ended;
  const startedMs = performance.now();
  while (performance.now() - startedMs < timeoutMs) await new Promise(setImmediate);
  assert.ok(!session.isLost);
  assert.ok(beats > 2);
  assert.deepEqual(heard, []);
});

test('the time counts from when a request was sent: a session can be over before it is noticed', (context) => {
  const { session } = begin(context, () => Promise.resolve(), { heardMs: performance.now() - sessionTimeoutMs });
  assert.ok(session.isLost);
});

test('an answer that comes after the time is over changes nothing', async (context) => {
  const answer = Promise.withResolvers<void>();
  const { session, heard } = begin(context, () => answer.promise);
  await session.ended;
  answer.resolve();
  await new Promise(setImmediate);
  assert.ok(session.isLost);
  assert.deepEqual(heard, ['lost']);
});
