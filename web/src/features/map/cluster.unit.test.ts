import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clusterByCell, clusterSizeMin, clusterZoomMax, type Placed } from './cluster.ts';

const place = fc.record({ x: fc.double({ min: 0, max: 0.999, noNaN: true }), y: fc.double({ min: 0, max: 0.999, noNaN: true }) });

test('each vehicle is drawn once, alone or in a cluster that is large enough', () => {
  fc.assert(
    fc.property(fc.array(place, { maxLength: 300 }), fc.double({ min: 1.5, max: 18, noNaN: true }), (places, zoom) => {
      const { clusters, singles } = clusterByCell<Placed>(places, zoom);
      const drawn = [...singles, ...clusters.flatMap(({ members }) => members)];
      assert.equal(drawn.length, places.length);
      assert.equal(new Set(drawn).size, new Set(places).size);
      for (const { members } of clusters) assert.ok(members.length >= clusterSizeMin);
    }),
  );
});

test('a cluster lies in the middle of its members', () => {
  const places = [0.5001, 0.5002, 0.5003, 0.5004].map((x) => ({ x, y: 0.3 }));
  const { clusters, singles } = clusterByCell(places, 4);
  assert.equal(singles.length, 0);
  assert.equal(clusters.length, 1);
  assert.ok(Math.abs((clusters[0]?.x ?? 0) - 0.50025) < 1e-9);
});

test('neighbours on both sides of a cell border become one', () => {
  const cell = 64 / (512 * 2 ** 6);
  const border = 100 * cell;
  const places = [-0.1, -0.05, 0.05, 0.1].map((share) => ({ x: border + share * cell, y: 50.5 * cell }));
  assert.equal(clusterByCell(places, 6).clusters.length, 1);
});

test('close to the ground everything is drawn by itself', () => {
  const places = Array.from({ length: 50 }, () => ({ x: 0.5, y: 0.5 }));
  assert.equal(clusterByCell(places, clusterZoomMax).singles.length, 50);
});
