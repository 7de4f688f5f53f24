import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personErasureStates } from '@milepost/contract/api';
import { CallerError } from '../kernel/index.ts';
import { decideErasure, erasedLines, erasureTable, evolveErasure, percentOf } from './decide-erasure.ts';
import type { ErasureCommand, PersonErasure } from './types.ts';

const asked: PersonErasure = {
  id: 'pea_1',
  personNo: 1,
  state: 'waiting',
  askedMs: 0,
  dueMs: 10,
  beganMs: null,
  endedMs: null,
  steps: [],
  stays: null,
};
const line = { what: 'sessions', count: 2, method: 'deleted' } as const;
const hold = { kind: 'hold', organisations: ['org_1'] } as const;
const begin = { kind: 'begin', erased: [line], found: [] } as const;
const takeBack = { kind: 'take_back' } as const;
const pass = (stage: 'releasing' | 'clearing' | 'forgetting') => ({ kind: 'pass', stage, erased: [line] }) as const;
const all: readonly ErasureCommand[] = [hold, begin, takeBack, pass('releasing'), pass('clearing'), pass('forgetting')];

/** What all of it leads to; words that change nothing are passed over. */
const after = (...commands: readonly ErasureCommand[]): PersonErasure =>
  commands.reduce((erasure, command, i) => {
    const step = decideErasure(erasure, command, 100 + i);
    return step ? evolveErasure(erasure, step) : erasure;
  }, asked);
const isRefused = (erasure: PersonErasure, command: ErasureCommand): boolean => {
  try {
    decideErasure(erasure, command, 0);
    return false;
  } catch (error) {
    assert.ok(error instanceof CallerError && error.code === 'erasure_begun');
    return true;
  }
};

test('it goes from stage to stage, and tells what each erased', () => {
  const done = after(begin, pass('releasing'), pass('clearing'), pass('forgetting'));
  assert.equal(done.state, 'done');
  assert.deepEqual([done.beganMs, done.endedMs], [100, 103]);
  assert.deepEqual(
    erasedLines(done).map(({ atMs }) => atMs),
    [100, 101, 102, 103],
  );
});

test('it can be taken back until it has begun, and then no more', () => {
  for (const before of [asked, after(hold)]) {
    assert.equal(evolveErasure(before, decideErasure(before, takeBack, 5)!).state, 'taken_back');
  }
  for (const begun of [after(begin), after(begin, pass('releasing')), after(begin, pass('releasing'), pass('clearing'))])
    assert.ok(isRefused(begun, takeBack), begun.state);
});

test('what was taken back, or is done, is for ever', () => {
  const takenBack = after(takeBack);
  for (const command of all) assert.ok(command === takeBack || isRefused(takenBack, command), command.kind);
  const done = after(begin, pass('releasing'), pass('clearing'), pass('forgetting'));
  for (const command of [begin, pass('releasing'), pass('clearing'), pass('forgetting')])
    assert.equal(decideErasure(done, command, 0), undefined);
});

test('a stage that is run once more changes nothing, and none is passed over', () => {
  const clearing = after(begin, pass('releasing'));
  assert.equal(decideErasure(clearing, begin, 0), undefined);
  assert.equal(decideErasure(clearing, pass('releasing'), 0), undefined);
  assert.ok(isRefused(clearing, pass('forgetting')));
  assert.ok(isRefused(asked, pass('releasing')));
});

test('one that is held begins when it may', () => {
  assert.equal(after(hold).state, 'held');
  assert.equal(after(hold, hold).steps.length, 1, 'it is held once');
  assert.equal(after(hold, begin).state, 'releasing');
});

test('every state has an answer to every word, and a share of the way', () => {
  assert.deepEqual(Object.keys(erasureTable).sort(), [...personErasureStates].sort());
  const words = new Set(Object.values(erasureTable).flatMap((row) => Object.keys(row)));
  for (const row of Object.values(erasureTable)) assert.equal(Object.keys(row).length, words.size);
  const way = ['waiting', 'releasing', 'clearing', 'forgetting', 'done'] as const;
  const percents = way.map((state) => percentOf({ state }));
  assert.deepEqual(
    percents,
    [...percents].sort((a, b) => a - b),
  );
});
