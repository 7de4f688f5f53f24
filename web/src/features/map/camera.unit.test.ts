import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSameCamera, readCamera, ToldCameras, writeCamera } from './camera.ts';

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

const place = (longitude: number) => ({ latitude: 34, longitude, zoom: 12 });
const [start, first, second, elsewhere] = [place(0), place(1), place(2), place(3)];

test('a place that the map left again is no wish when it comes back from the address', () => {
  const told = new ToldCameras();
  told.tell(first, start);
  told.tell(second, start);
  assert.ok(told.isEcho(first));
  assert.ok(told.isEcho(second));
  assert.ok(!told.isEcho(first), 'it was told once');
});

test('a link to a place leads there, also to one that was told and overtaken, or is in the address already', () => {
  const told = new ToldCameras();
  assert.ok(!told.isEcho(elsewhere));
  told.tell(elsewhere, elsewhere);
  told.tell(first, elsewhere);
  told.tell(second, elsewhere);
  assert.ok(told.isEcho(second), 'the address took both at once');
  assert.ok(!told.isEcho(first));
  assert.ok(!told.isEcho(elsewhere));
});
