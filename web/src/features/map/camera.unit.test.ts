import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSameCamera, readCamera, writeCamera } from './camera.ts';

test('what the address says is what was shown', () => {
  const camera = fc.record({
    latitude: fc.double({ min: -85, max: 85, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    zoom: fc.double({ min: 0, max: 22, noNaN: true }),
  });
  fc.assert(
    fc.property(camera, (shown) => {
      const read = readCamera(writeCamera(shown));
      assert.ok(read && isSameCamera(read, shown));
    }),
  );
});

test('what is no place on the earth is not followed', () => {
  for (const text of ['', 'here', '34,-6', '95,0,3', '0,190,3', '0,0,30', '1e9,0,3', '0,0,3,4'])
    assert.equal(readCamera(text), undefined, text);
});
