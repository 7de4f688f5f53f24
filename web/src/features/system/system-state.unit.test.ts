import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SystemView } from '@milepost/contract/api';
import { attentionOf, behindOf, wordOf } from './system-state.ts';

const model = (changes: Partial<SystemView['readModels'][number]> = {}) => ({
  name: 'live',
  positions: [{ partition: 0, offset: 90, storedOffset: null, endOffset: 100 }],
  lagMs: 0,
  isCaughtUp: true,
  canBeRebuilt: true,
  ...changes,
});
const fine = {
  parts: [{ name: 'postgres', isReady: true }],
  log: { isRefusing: null } as SystemView['log'],
  readModels: [model()],
};

test('the worst is said first', () => {
  assert.equal(wordOf(fine), 'fine');
  assert.equal(wordOf({ ...fine, readModels: [model({ lagMs: 9999 })] }), 'fine');
  const behind = { ...fine, readModels: [model(), model({ lagMs: 10_001 })] };
  assert.equal(wordOf(behind), 'behind');
  assert.equal(wordOf({ ...behind, readModels: [...behind.readModels, model({ isCaughtUp: false })] }), 'starting');
  const refusing = { ...behind, log: { isRefusing: 'disk_full' } as SystemView['log'] };
  assert.equal(wordOf(refusing), 'refusing');
  assert.equal(wordOf({ ...refusing, parts: [{ name: 'postgres', isReady: false }] }), 'broken');
});

test('what is behind is summed over partitions, and nothing is ahead', () => {
  const positions = [
    { partition: 0, offset: 5, storedOffset: null, endOffset: 9 },
    { partition: 1, offset: 7, storedOffset: null, endOffset: 6 },
  ];
  assert.equal(behindOf(model({ positions })), 4);
});

test('only what is there is to be looked at', () => {
  const quiet = {
    deadLetters: { count: 0, unwritten: 0 },
    unknownVehicles: 0,
    history: null,
    clockSteps: 0,
    disk: { daysLeft: null },
  } as unknown as SystemView;
  assert.deepEqual(attentionOf(quiet), []);
  const loud = { ...quiet, deadLetters: { count: 1, unwritten: 2 }, clockSteps: 1, disk: { ...quiet.disk, daysLeft: 3 } };
  assert.deepEqual(
    attentionOf(loud).map(({ name, count }) => [name, count]),
    [
      ['diskSoon', 1],
      ['deadLetters', 3],
      ['clock', 1],
    ],
  );
});
