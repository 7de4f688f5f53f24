import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StatusChange } from '../history/index.ts';
import { makeLogger } from '../kernel/index.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { tickLagMs } from './limits.ts';
import { aDirectory, aLive, loadAt, t0, withFolder } from './testing/test-live.ts';
import { aBatch, anEvent, aReport } from './test-records.ts';
import type { Live } from './types.ts';

const scope = operatorScope(nothingPrivate);
const vehicles = 6;

type Step = { readonly afterMs: number; readonly vehicleNo: number; readonly kind: number; readonly value: number };
const steps = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.integer({ min: -50, max: 5000 }),
      fc.integer({ min: 0, max: 120_000 }),
      fc.constantFrom(0, 75_000, 75_001, 105_000, 180_000),
    ),
    vehicleNo: fc.integer({ min: 1, max: vehicles }),
    kind: fc.integer({ min: 0, max: 19 }),
    value: fc.integer({ min: 0, max: 400 }),
  }),
  { minLength: 1, maxLength: 60 },
);

/** Records with the moment at which each was received. */
const toLog = (list: readonly Step[]) => {
  let now = t0;
  return list.map(({ afterMs, vehicleNo, kind, value }) => {
    now += afterMs;
    const connection = ({ 14: 'goodbye', 15: 'tokenExpired', 16: 'revoked', 17: 'opened' } as const)[kind as 14];
    if (connection) return { now, record: anEvent(vehicleNo, vehicleNo, now, connection) };
    if (kind === 18) return { now, record: anEvent(0, 0, now, 'serverAlive') };
    if (kind === 13) {
      const stepMs = (value - 200) * 6000;
      now += stepMs;
      return { now, record: anEvent(0, 0, now, 'clockStepped', stepMs) };
    }
    if (kind === 19) return { now, record: anEvent(0, 0, now, 'serverStarted', now - value * 100) };
    const signals = {
      Speed: value,
      'Device.BatteryVoltage': 3 + value / 400,
      'Diagnostics.DTCList': value > 390 ? ['P0123'] : [],
    };
    return { now, record: aReport(vehicleNo, vehicleNo, now, kind === 0 ? [] : [{ time: now - (value % 7) * 1000, signals }]) };
  });
};

const stateOf = (live: Live) =>
  Array.from({ length: vehicles }, (_, i) => [live.status(scope, i + 1), live.latest(scope, i + 1), live.warnings(scope, i + 1)]);

/** The clock is set back after the server's own silence was told from a vehicle's: what was found then is not later than what follows. */
const provenBeforeAStepBack = [
  { afterMs: 0, vehicleNo: 1, kind: 0, value: 0 },
  { afterMs: 1, vehicleNo: 1, kind: 19, value: 1 },
  { afterMs: 31, vehicleNo: 2, kind: 0, value: 0 },
  { afterMs: 180_000, vehicleNo: 1, kind: 13, value: 0 },
  { afterMs: 0, vehicleNo: 1, kind: 0, value: 0 },
];

test('any split into batches, any ticks and a restart from a snapshot: the same changes and the same state', async () => {
  await withFolder(async (folder) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        async (list, sizes, restartAt) => {
          const log = toLog(list);
          const directory = aDirectory(vehicles);
          const whole = aLive(directory);
          whole.apply(aBatch(log.map(({ record }) => record)));
          const end = (log.reduce((max, { now }) => Math.max(max, now), 0) ?? t0) + 1_000_000;
          whole.tick(end);

          const place = join(folder, String(run++));
          let split = aLive(directory, place);
          const changes: StatusChange[] = [];
          for (let from = 0, batch = 0; from < log.length; batch++) {
            const size = sizes[batch % sizes.length] as number;
            const part = log.slice(from, from + size);
            // As at the tail: the clock moves on between batches, up to the next record that will come, unless the server was down.
            const next = log.slice(from).reduce((min, { now }) => Math.min(min, now), Number.POSITIVE_INFINITY);
            // Nor is the time looked at between a step of the clock and its record.
            const isRestart = log.slice(from).some(({ record }) => [6, 9].includes(record[36 + 1] as number) && record[1] === 2);
            if (batch % 2 === 1 && !isRestart) split.tick(next + tickLagMs);
            split.apply(
              aBatch(
                part.map(({ record }) => record),
                from,
              ),
            );
            changes.push(...split.takeStatusChanges());
            from += part.length;
            if (batch === restartAt % 5) {
              await split.saveSnapshot([{ partition: 0, offset: from * 10 }]);
              split = aLive(directory, place);
              assert.equal(await loadAt(split, 0, from * 10), from * 10);
            }
          }
          split.tick(end);
          changes.push(...split.takeStatusChanges());
          assert.deepEqual(changes, whole.takeStatusChanges());
          assert.deepEqual(stateOf(split), stateOf(whole));
          for (let vehicleNo = 1; vehicleNo <= vehicles; vehicleNo++) {
            const own = changes.filter((change) => change.vehicleNo === vehicleNo);
            for (const [i, change] of own.entries()) {
              const before = own[i - 1];
              assert.equal(change.from, before?.to ?? 'never_seen');
              if (before) assert.ok(change.at >= before.at, 'changes of a vehicle are in order of time');
            }
          }
        },
      ),
      { numRuns: 150, examples: [[provenBeforeAStepBack, [1], 0]] },
    );
  });
});

const report = (vehicleNo: number, i: number) =>
  aReport(vehicleNo, vehicleNo, t0 + i, [{ time: t0 + i, signals: { Speed: i % 100, 'Diagnostics.DTCList': [`P${i}`] } }]);

test('a snapshot is the state of its offset even when reports come in while it is written', async () => {
  await withFolder(async (folder) => {
    const count = 40_000;
    const directory = aDirectory(1);
    const live = aLive(directory, folder);
    const every = Array.from({ length: count / 8 }, (_, i) => i * 8 + 1);
    live.apply(aBatch(every.map((vehicleNo) => report(vehicleNo, 1))));
    const offset = every.length * 10;
    const saving = live.saveSnapshot([{ partition: 0, offset: offset }]);
    live.apply(
      aBatch(
        every.map((vehicleNo) => report(vehicleNo, 2)),
        every.length,
      ),
    );
    live.apply(aBatch([report(count + 5000, 3)], every.length * 2));
    await saving;
    const restored = aLive(directory, folder);
    assert.equal(await loadAt(restored, 0, offset), offset);
    for (const vehicleNo of every) {
      assert.equal(restored.peek(vehicleNo, 35)?.stored, '["P1"]');
      assert.equal(restored.peek(vehicleNo, 7)?.time, t0 + 1);
      assert.equal(restored.status(scope, vehicleNo).lastSeen, t0 + 1);
      assert.equal(live.peek(vehicleNo, 35)?.stored, '["P2"]');
    }
    assert.equal(restored.peek(count + 5000, 7), undefined);
    assert.equal(restored.statistics().values, every.length * 2);
  });
});

test('three are kept; the newest whole one at or below the wanted offset is loaded', async () => {
  await withFolder(async (folder) => {
    const directory = aDirectory(1);
    const live = aLive(directory, folder);
    for (let i = 0; i < 5; i++) {
      live.apply(aBatch([report(1, i)], i));
      await live.saveSnapshot([{ partition: 0, offset: (i + 1) * 10 }]);
    }
    const names = readdirSync(folder).sort();
    assert.deepEqual(names, [
      'live-0-0000000000000030.snapshot',
      'live-0-0000000000000040.snapshot',
      'live-0-0000000000000050.snapshot',
    ]);
    assert.equal(await loadAt(aLive(directory, folder), 0, 49), 40);
    assert.equal(await loadAt(aLive(directory, folder), 0, 29), undefined);
    assert.equal(await loadAt(aLive(directory, folder), 1, 1000), undefined);

    const lines: string[] = [];
    const logger = makeLogger('warn', (line) => lines.push(line));
    const newest = join(folder, names[2] as string);
    const bytes = readFileSync(newest);
    for (let at = 0; at < bytes.length; at += 13) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      writeFileSync(newest, damaged);
      const restored = aLive(directory, folder, { logger });
      assert.equal(await loadAt(restored, 0, 1000), 40, `byte ${at}`);
      assert.equal(restored.peek(1, 7)?.time, t0 + 3);
    }
    truncateSync(newest, bytes.length - 1);
    assert.equal(await loadAt(aLive(directory, folder, { logger }), 0, 1000), 40);
    assert.ok(lines.length > 10 && lines.every((line) => line.includes('older one is used')));
  });
});

test('a snapshot at an offset where live does not stand is refused', async () => {
  const live = aLive(aDirectory(1));
  live.apply(aBatch([report(1, 1)]));
  await assert.rejects(live.saveSnapshot([{ partition: 0, offset: 5 }]), /live stands at 10/);
});
