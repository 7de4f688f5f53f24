import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareNext } from './share-next.ts';

const makeRuns = () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const ask = shareNext(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  return { runs, ask };
};

test('who asks while it runs is answered by one run that begins after it', async () => {
  const { runs, ask } = makeRuns();
  const first = ask();
  const [second, third] = [ask(), ask()];
  assert.equal(runs.length, 1);
  runs[0]?.resolve();
  await first;
  assert.equal(runs.length, 2);
  runs[1]?.resolve();
  await Promise.all([second, third]);
  assert.equal(runs.length, 2);
  const fourth = ask();
  assert.equal(runs.length, 3);
  runs[2]?.resolve();
  await fourth;
});

test('a run that fails is told to those who shared it, and the next one runs', async () => {
  const { runs, ask } = makeRuns();
  const first = ask();
  const second = ask();
  runs[0]?.reject(new Error('away'));
  await assert.rejects(first, /away/);
  runs[1]?.resolve();
  await second;
});
