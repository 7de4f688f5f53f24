import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionStatuses } from '../status.ts';
import { warningSeverities } from '../warnings.ts';
import { decodeMapFrame, encodeMapFrame, MapFrameError, type MapFrame } from './map-frame.ts';

const golden: MapFrame = {
  kind: 'delta',
  tick: 258,
  sinceTick: 257,
  timeMs: 1_795_000_000_000,
  entries: [
    {
      handle: 1,
      latitude: 48.1371,
      longitude: 11.5754,
      headingDegrees: 120,
      speedKmh: 50,
      energyPercent: 62.5,
      status: 'online',
      severity: 'critical',
      isRemoved: false,
    },
    {
      handle: 2,
      latitude: null,
      longitude: null,
      headingDegrees: null,
      speedKmh: null,
      energyPercent: null,
      status: 'never_seen',
      severity: 'none',
      isRemoved: false,
    },
    {
      handle: 3,
      latitude: null,
      longitude: null,
      headingDegrees: null,
      speedKmh: null,
      energyPercent: null,
      status: 'never_seen',
      severity: 'none',
      isRemoved: true,
    },
  ],
};
const goldenBytes = readFileSync(new URL('golden/map-frame-v1-delta.bin', import.meta.url));

test('the bytes of version 1 never change', () => {
  assert.deepEqual(Buffer.from(encodeMapFrame(golden)), goldenBytes);
  assert.deepEqual(decodeMapFrame(goldenBytes), golden);
});

const optional = (max: number, min = 0) => fc.option(fc.double({ min, max, noNaN: true }));
const entry = fc
  .record({
    handle: fc.integer({ min: 0, max: 0xffff_ffff }),
    position: fc.option(
      fc.tuple(fc.integer({ min: -900_000_000, max: 900_000_000 }), fc.integer({ min: -1_800_000_000, max: 1_800_000_000 })),
    ),
    headingDegrees: optional(360),
    speedKmh: optional(450, -150),
    energyPercent: optional(100),
    status: fc.constantFrom(...connectionStatuses),
    severity: fc.constantFrom(...warningSeverities),
  })
  .map(({ position, ...rest }) => ({
    ...rest,
    latitude: position ? position[0] / 1e7 : null,
    longitude: position ? position[1] / 1e7 : null,
    isRemoved: false,
  }));

const isNear = (a: number | null, b: number | null, by: number): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) <= by;

test('positions come back exactly, the rest within half a step', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 100 }), fc.nat(), (entries, tick) => {
      const frame = decodeMapFrame(encodeMapFrame({ kind: 'full', tick, sinceTick: 0, timeMs: 1, entries }));
      assert.equal(frame.entries.length, entries.length);
      for (const [i, after] of frame.entries.entries()) {
        const before = entries[i] as (typeof entries)[number];
        assert.deepEqual(
          [after.handle, after.latitude, after.longitude],
          [
            before.handle,
            before.latitude === null ? null : before.latitude + 0,
            before.longitude === null ? null : before.longitude + 0,
          ],
        );
        assert.deepEqual([after.status, after.severity], [before.status, before.severity]);
        const turn =
          before.headingDegrees === null || after.headingDegrees === null
            ? 0
            : Math.abs(before.headingDegrees - after.headingDegrees) % 360;
        assert.equal(after.headingDegrees === null, before.headingDegrees === null);
        assert.ok(Math.min(turn, 360 - turn) <= 360 / 255 / 2 + 1e-9);
        assert.ok(isNear(after.speedKmh, before.speedKmh === null ? null : Math.min(254, Math.abs(before.speedKmh)), 0.5));
        assert.ok(isNear(after.energyPercent, before.energyPercent, 0.25));
      }
    }),
  );
});

test('bytes that are no frame are refused, never misread', () => {
  const bytes = encodeMapFrame(golden);
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => decodeMapFrame(bytes.subarray(0, length)), MapFrameError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
      try {
        decodeMapFrame(any);
      } catch (error) {
        assert.ok(error instanceof MapFrameError);
      }
    }),
  );
});
