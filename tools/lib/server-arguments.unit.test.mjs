import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverArguments } from './server-arguments.mjs';

test('the server has at least one helper, and not more than there are cores beside its own', () => {
  const helpers = [1, 2, 3, 8].map((cores) => serverArguments(cores)[0]);
  assert.deepEqual(
    helpers,
    [1, 1, 2, 4].map((count) => `--v8-pool-size=${count}`),
  );
});
