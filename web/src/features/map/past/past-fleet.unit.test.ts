import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warningKinds } from '@milepost/contract';
import { encodeMapFrame, type MapFrameEntry } from '@milepost/contract/stream';
import type { FleetRoster } from '@milepost/contract/api';
import { latitudeOf } from '../mercator.ts';
import { yAt } from '../glide.ts';
import { PastFleet } from './past-fleet.ts';
import { decodePastFrame, type PastFrame } from './past-frame.ts';

interface Known {
  readonly id: string;
  readonly latitude: number | null;
  readonly ageMs?: number;
  readonly entry?: Partial<MapFrameEntry>;
  readonly warnings?: number;
}

const options = { gapMs: 75_000, isMotionWanted: true };
const start = 1_795_000_000_000;

/** An answer of the server, decoded. */
const frameAt = (atMs: number, vehicles: readonly Known[], idsBefore: readonly string[] = []): PastFrame => {
  const roster: FleetRoster = {
    at: new Date(atMs).toISOString(),
    source: 'keyframes',
    keyframe: null,
    completeTo: new Date(atMs).toISOString(),
    vehicles: vehicles.map(({ id }) => id),
    positionAgesMs: vehicles.map(({ latitude, ageMs = 0 }) => (latitude === null ? null : ageMs)),
    statusAgesMs: vehicles.map(() => 5000),
    warnings: vehicles.map(({ warnings = 0 }) => warnings),
    goodbyes: [],
  };
  const frame = encodeMapFrame({
    kind: 'full',
    tick: 0,
    sinceTick: 0,
    timeMs: atMs,
    entries: vehicles.map(({ latitude, entry }, i) => ({
      handle: i + 1,
      latitude,
      longitude: latitude === null ? null : 0,
      headingDegrees: null,
      speedKmh: null,
      energyPercent: null,
      rangeKm: null,
      status: 'online',
      severity: 'none',
      isRemoved: false,
      ...entry,
    })),
  });
  const rosterBytes = new TextEncoder().encode(JSON.stringify(roster));
  const bytes = new Uint8Array(4 + rosterBytes.length + frame.length);
  new DataView(bytes.buffer).setUint32(0, rosterBytes.length, true);
  bytes.set(rosterBytes, 4);
  bytes.set(frame, 4 + rosterBytes.length);
  return decodePastFrame(bytes.buffer, idsBefore);
};

const latitudeAt = (fleet: PastFleet, id: string, ms: number): number => {
  const glide = fleet.find(id)?.glide;
  assert.ok(glide);
  return Math.round(latitudeOf(yAt(glide, ms)) * 1e4) / 1e4;
};

test('between two positions near in time a vehicle is on the line between them, at the times they were measured', () => {
  const fleet = new PastFleet(() => undefined);
  const next = frameAt(start + 60_000, [{ id: 'a', latitude: 10.01, ageMs: 20_000 }]);
  fleet.show(frameAt(start, [{ id: 'a', latitude: 10, ageMs: 10_000 }]), next, options);
  // Measured at -10 s and at 40 s.
  assert.equal(latitudeAt(fleet, 'a', start - 10_000), 10);
  assert.equal(latitudeAt(fleet, 'a', start + 15_000), 10.005);
  assert.equal(latitudeAt(fleet, 'a', start + 40_000), 10.01);
  assert.equal(latitudeAt(fleet, 'a', start + 60_000), 10.01);
});

test('a gap is not bridged: the vehicle stays where it was heard last and appears where it is heard again', () => {
  const fleet = new PastFleet(() => undefined);
  const next = frameAt(start + 300_000, [{ id: 'a', latitude: 11, ageMs: 0 }]);
  fleet.show(frameAt(start, [{ id: 'a', latitude: 10, ageMs: 0 }]), next, options);
  assert.equal(latitudeAt(fleet, 'a', start + 299_999), 10);
  assert.equal(latitudeAt(fleet, 'a', start + 300_000), 11);
});

test('less motion: no vehicle is drawn where it was not heard', () => {
  const fleet = new PastFleet(() => undefined);
  const next = frameAt(start + 10_000, [{ id: 'a', latitude: 10.01 }]);
  fleet.show(frameAt(start, [{ id: 'a', latitude: 10 }]), next, { ...options, isMotionWanted: false });
  assert.equal(latitudeAt(fleet, 'a', start + 9_999), 10);
});

test('who was not heard of is unobserved; who has no position is nowhere', () => {
  const fleet = new PastFleet(() => undefined);
  fleet.show(
    frameAt(start, [
      { id: 'fresh', latitude: 10, ageMs: 75_000 },
      { id: 'old', latitude: 10, ageMs: 75_001 },
      { id: 'none', latitude: null },
    ]),
    undefined,
    options,
  );
  assert.deepEqual(
    ['fresh', 'old', 'none'].map((id) => [fleet.find(id)?.isUnobserved, fleet.find(id)?.glide === null]),
    [
      [false, false],
      [true, false],
      [true, true],
    ],
  );
});

test('values are those of the frame, and warnings those of their bits', () => {
  const fleet = new PastFleet(() => undefined);
  const entry = { speedKmh: 36, energyPercent: 62.5, status: 'late', severity: 'critical' } as const;
  const warnings = (1 << warningKinds.brake_fluid_low.bit) | (1 << warningKinds.service_due.bit);
  fleet.show(frameAt(start, [{ id: 'a', latitude: 10, ageMs: 3000, entry, warnings }]), undefined, options);
  const vehicle = fleet.find('a');
  assert.deepEqual(
    [vehicle?.speedKmh, vehicle?.energyPercent, vehicle?.status, vehicle?.statusSinceMs, vehicle?.positionMs],
    [36, 62.5, 'late', start - 5000, start - 3000],
  );
  assert.deepEqual(
    vehicle?.warnings.map(({ code }) => code),
    ['brake_fluid_low', 'service_due'],
  );
});

test('who is not in the frame shown is not there, and comes back with it', () => {
  const fleet = new PastFleet(() => undefined);
  const both = frameAt(start, [
    { id: 'a', latitude: 10 },
    { id: 'b', latitude: 11 },
  ]);
  const one = frameAt(start + 1000, [{ id: 'b', latitude: 11.001 }], both.ids);
  fleet.show(both, one, options);
  assert.equal(latitudeAt(fleet, 'b', start + 1000), 11.001);
  fleet.show(one, undefined, options);
  assert.deepEqual(
    fleet.list().map(({ id }) => id),
    ['b'],
  );
  assert.equal(fleet.find('a'), undefined);
  fleet.show(both, undefined, options);
  assert.equal(fleet.list().length, 2);
});

test('frames of the same fleet share its ids', () => {
  const first = frameAt(start, [{ id: 'a', latitude: 10 }]);
  assert.equal(frameAt(start, [{ id: 'a', latitude: 11 }], first.ids).ids, first.ids);
  assert.notEqual(frameAt(start, [{ id: 'b', latitude: 11 }], first.ids).ids, first.ids);
});
