import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBox, writeBox } from './box.ts';

test('a box comes back from the address as it was written', () => {
  const box = [-6.912341, 33.9, -6.7, 34.1] as const;
  assert.equal(writeBox(box), '-6.91234,33.9,-6.7,34.1');
  assert.deepEqual(readBox('-6.91234,33.9,-6.7,34.1'), [-6.91234, 33.9, -6.7, 34.1]);
  assert.deepEqual(readBox('170,-10,-170,10'), [170, -10, -170, 10]);
});

test('what is no box on the earth is none', () => {
  for (const text of ['', '1,2,3', '1,2,3,4,5', 'a,b,c,d', '-200,0,0,1', '0,5,1,4', '0,0,1,91', '1e1,0,1,1'])
    assert.equal(readBox(text), undefined, text);
});
