import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmur3OfInt32 } from './murmur3.ts';

/**
 * Of four bytes with seed 0, as they are published for MurmurHash3_x86_32 (Ian Boyd's list of test vectors): 00 00 00 00, FF FF FF FF and
 * 21 43 65 87.
 */
test('four bytes hash to the published values', () => {
  assert.equal(murmur3OfInt32(0), 0x2362f9de);
  assert.equal(murmur3OfInt32(-1), 0x76293b50);
  assert.equal(murmur3OfInt32(0x8765_4321 | 0), 0xf55b516b);
});
