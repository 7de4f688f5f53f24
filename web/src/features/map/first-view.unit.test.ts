import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { densestArea } from './first-view.ts';

const around = (latitude: number, longitude: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ latitude: latitude + (n % 10) * 0.005, longitude: longitude + (n % 7) * 0.005 }));
const rabat = around(34.0, -6.85, 40);
const austin = around(30.25, -97.75, 25);

test('the first view is the city with most vehicles, not the ocean between two', () => {
  const [west, south, east, north] = densestArea([...austin, ...rabat]) ?? [0, 0, 0, 0];
  assert.ok(west > -7 && east < -6.7 && south > 33.9 && north < 34.2, `${west} ${south} ${east} ${north}`);
});

test('a city on the border of two cells is shown whole', () => {
  const bounds = densestArea([...rabat, ...around(34.12, -6.76, 30)]) ?? [0, 0, 0, 0];
  assert.ok(bounds[1] < 34.0 && bounds[3] > 34.16);
});

test('nothing to show without a position, and a device without a fix at 0, 0 is none', () => {
  assert.equal(densestArea([]), undefined);
  assert.equal(densestArea([{ latitude: 0, longitude: 0 }]), undefined);
});

test('the view holds at least one vehicle, wherever they are', () => {
  const place = fc.record({
    latitude: fc.double({ min: -85, max: 85, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 50 }), (places) => {
      const bounds = densestArea(places);
      if (!bounds) return places.every(({ latitude, longitude }) => latitude === 0 && longitude === 0);
      const [west, south, east, north] = bounds;
      return places.some(
        ({ latitude, longitude }) => latitude >= south && latitude <= north && longitude >= west && longitude <= east,
      );
    }),
  );
});
