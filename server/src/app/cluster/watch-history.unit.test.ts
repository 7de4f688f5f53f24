import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { historyWatchEveryMs, type WatchedHistory, watchHistory } from './watch-history.ts';

/** A store whose answers are given by hand. */
const makeStore = () => {
  const asked: PromiseWithResolvers<void>[] = [];
  const history: WatchedHistory = {
    reach: () => {
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      return answer.promise;
    },
  };
  return { asked, history };
};

const settled = (): Promise<void> => new Promise(setImmediate);

test('a store that refuses, or says nothing, is told of until it answers again; the process stays ready', async () => {
  const clock = makeManualClock(1_000_000);
  const { asked, history } = makeStore();
  const { readiness, stop } = watchHistory(() => history, { clock, logger: silentLogger });
  const detail = (): string => readiness()[0]?.detail ?? '';
  clock.advance(historyWatchEveryMs);
  asked[0]?.resolve();
  await settled();
  assert.deepEqual(readiness(), [{ name: 'history store', isReady: true }]);
  clock.advance(historyWatchEveryMs);
  asked[1]?.reject(new Error('no host answers'));
  await settled();
  assert.match(detail(), /^away \(no host answers\)/);
  clock.advance(historyWatchEveryMs);
  assert.equal(asked.length, 3);
  clock.advance(historyWatchEveryMs);
  assert.match(detail(), /^away \(it does not answer\)/);
  assert.equal(asked.length, 3, 'one question at a time');
  assert.equal(readiness()[0]?.isReady, true);
  asked[2]?.resolve();
  await settled();
  assert.equal(detail(), '');
  stop();
  clock.advance(historyWatchEveryMs * 10);
  assert.equal(asked.length, 3);
});

test('what was closed between two assignments says nothing about the store', async () => {
  const clock = makeManualClock(1_000_000);
  const { asked, history } = makeStore();
  let held: WatchedHistory | undefined = history;
  const { readiness, stop } = watchHistory(() => held, { clock, logger: silentLogger });
  clock.advance(historyWatchEveryMs);
  held = undefined;
  asked[0]?.reject(new Error('the read thread of history ended'));
  await settled();
  clock.advance(historyWatchEveryMs * 3);
  assert.deepEqual([asked.length, readiness()[0]?.detail], [1, undefined]);
  stop();
});
