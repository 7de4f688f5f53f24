import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StopView, TripView } from '@milepost/contract/api';
import { daysOf, withNewest } from './trip-list.ts';

const trip = (start: string, end: string, distanceKm: number): TripView => ({
  id: `trip_${start}`,
  start,
  end,
  isRunning: false,
  from: null,
  to: null,
  distanceKm,
  distanceSource: 'positions',
  durationSeconds: 60,
  idleSeconds: 0,
  averageSpeedKmh: null,
  topSpeedKmh: null,
  energyKwh: null,
  energySource: null,
  energyPercent: null,
  energyFromPercent: null,
  energyToPercent: null,
  gaps: [],
  harshEvents: [],
  driver: null,
  isPrivate: false,
});
const stop = (start: string): StopView => ({ start, end: null, kind: 'parked', position: null, idleSeconds: 0 });

test('trips and the stops between them stand by day, newest first, days by the clock of the person', () => {
  const trips = [
    trip('2026-11-22T08:00:00.000Z', '2026-11-22T08:30:00.000Z', 12),
    trip('2026-11-21T23:30:00.000Z', '2026-11-21T23:50:00.000Z', 5),
    trip('2026-11-21T10:00:00.000Z', '2026-11-21T10:20:00.000Z', 7),
  ];
  const stops = [stop('2026-11-22T08:30:00.000Z'), stop('2026-11-21T23:50:00.000Z')];
  const inUtc = daysOf(trips, stops, 'UTC');
  assert.deepEqual(
    inUtc.map(({ key, distanceKm, entries }) => [key, distanceKm, entries.map(({ kind }) => kind).join()]),
    [
      ['2026-11-22', 12, 'stop,trip'],
      ['2026-11-21', 12, 'stop,trip,trip'],
    ],
  );
  const inMadrid = daysOf(trips, stops, 'Europe/Madrid');
  assert.deepEqual(
    inMadrid.map(({ key, distanceKm }) => [key, distanceKm]),
    [
      ['2026-11-22', 17],
      ['2026-11-21', 7],
    ],
  );
});

test('what is read anew replaces what was known of the same time, and no more', () => {
  const old = [trip('2026-11-22T08:00:00.000Z', '2026-11-22T08:10:00.000Z', 3), trip('2026-11-20T08:00:00.000Z', '', 1)];
  const longer = trip('2026-11-22T07:59:00.000Z', '2026-11-22T08:30:00.000Z', 12);
  const merged = withNewest(old, [longer], Date.parse('2026-11-22T00:00:00.000Z'));
  assert.deepEqual(merged, [longer, old[1]]);
  assert.deepEqual(withNewest(old, [longer], 0), [longer]);
});
