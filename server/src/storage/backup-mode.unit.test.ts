import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walFilesBetween } from './backup-mode.ts';

test('files of the write-ahead log are counted over the end of a log of 256', () => {
  assert.deepEqual(walFilesBetween('000000010000000000000002', '000000010000000000000002'), ['000000010000000000000002']);
  assert.deepEqual(walFilesBetween('0000000100000000000000FE', '000000010000000100000001'), [
    '0000000100000000000000FE',
    '0000000100000000000000FF',
    '000000010000000100000000',
    '000000010000000100000001',
  ]);
});

test('a wrong order, two timelines, too many files and no names are refused', () => {
  assert.throws(() => walFilesBetween('000000010000000000000003', '000000010000000000000002'), /needs 0 files/);
  assert.throws(() => walFilesBetween('000000010000000000000003', '000000020000000000000004'), /no files of one timeline/);
  assert.throws(() => walFilesBetween('000000010000000000000000', '000000010000001000000000'), /expected 1 to 1024/);
  assert.throws(() => walFilesBetween('', '000000010000000000000002'), /no files of one timeline/);
});
