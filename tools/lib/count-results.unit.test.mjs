import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countResults } from './count-results.mjs';

const file = '/x/a.unit.test.ts';
/** @type {(kind: 'start' | 'pass' | 'fail', name: string, nesting?: number, more?: object) => import('./report-events.mjs').TestEvent} */
const event = (kind, name, nesting = 0, more = {}) => ({ kind, name, nesting, file, line: 1, ...more });

test('counts single tests, neither suites nor tests that hold others', () => {
  const counts = countResults([
    event('start', 'suite'),
    event('start', 'one', 1),
    event('pass', 'one', 1),
    event('start', 'parent', 1),
    event('start', 'child', 2),
    event('pass', 'child', 2),
    event('pass', 'parent', 1),
    event('pass', 'suite', 0, { isSuite: true }),
  ]);
  assert.deepEqual(counts, { passed: 2, failures: [], skips: [], unfinished: [] });
});

test('a failure is counted once, at the test itself, with its whole title', () => {
  const { passed, failures } = countResults([
    event('start', 'suite'),
    event('start', 'bad', 1),
    event('fail', 'bad', 1, { error: 'boom' }),
    event('fail', 'suite', 0, { isSuite: true, isParentOfFailure: true, error: '1 subtest failed' }),
  ]);
  assert.equal(passed, 0);
  assert.deepEqual(failures, [`suite › bad\n  at ${file}:1\nboom`]);
});

test('a suite that fails by itself, as by a hook, is a failure', () => {
  const { failures } = countResults([
    event('start', 'suite'),
    event('fail', 'suite', 0, { isSuite: true, error: 'hook failed' }),
  ]);
  assert.equal(failures.length, 1);
});

test('skipped and to-do tests are neither passed nor failed, and say why', () => {
  const { passed, failures, skips } = countResults([
    event('start', 'a'),
    event('pass', 'a', 0, { skip: 'no Chromium' }),
    event('start', 'b'),
    event('fail', 'b', 0, { skip: 'to do: later', error: 'x' }),
  ]);
  assert.deepEqual({ passed, failures, skips }, { passed: 0, failures: [], skips: ['a: no Chromium', 'b: to do: later'] });
});

test('a file without a test is a failure; a file that broke shows what it printed', () => {
  const { failures } = countResults([
    event('start', file),
    event('pass', file),
    { kind: 'output', name: '', nesting: 0, file, error: 'Cannot find module' },
    event('start', file),
    event('fail', file, 0, { error: 'test failed' }),
  ]);
  assert.equal(failures.length, 2);
  assert.match(failures[0] ?? '', /has no test/);
  assert.match(failures[1] ?? '', /Cannot find module/);
});

test('says what was running when a run was cut short', () => {
  assert.deepEqual(countResults([event('start', 'suite'), event('start', 'endless', 1)]).unfinished, ['suite › endless']);
});
