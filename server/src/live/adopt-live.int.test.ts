import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { adoptLive } from './adopt-live.ts';
import { compareLive, everyValue } from './compare-live.ts';
import { tickLagMs } from './limits.ts';
import { seedStatus, seedValue, settleSeeds } from './seed-live.ts';
import { aDirectory, aLive, loadAt, t0, withFolder } from './testing/test-live.ts';
import { aBatch, aReport } from './test-records.ts';

const scope = operatorScope(nothingPrivate);
const position = { 'CurrentLocation.Latitude': 34, 'CurrentLocation.Longitude': -6 };
const report = (vehicleNo: number, afterMs: number, speed: number, codes: string[] = []) =>
  aReport(vehicleNo, vehicleNo, t0 + afterMs, [
    { time: t0 + afterMs, signals: { ...position, Speed: speed, 'Diagnostics.DTCList': codes } },
  ]);

test('a state that is put in place of another: readers, map sources, listeners and snapshots go on with the new one', async () => {
  await withFolder(async (folder) => {
    const directory = aDirectory(3);
    const [live, next] = [aLive(directory, folder), aLive(directory)];
    live.apply(aBatch([report(1, 0, 10), report(2, 0, 20), report(2, 1, 20)]));
    next.apply(aBatch([report(1, 0, 11), report(3, 0, 30, ['P0123']), report(3, 1, 31, ['P0123'])]));
    const map = live.mapSource(scope);
    const first = map.full();
    assert.equal(first.count, 2);
    const tick = live.closeMapTick();
    const heard: number[] = [];
    live.listen({ vehicleChanged: (vehicleNo) => void heard.push(vehicleNo) });

    await adoptLive(live, next);
    assert.deepEqual(heard, [1, 3]);
    assert.equal(live.peek(1, 7)?.stored, next.peek(1, 7)?.stored);
    assert.equal(live.peek(2, 7), undefined);
    assert.equal(live.status(scope, 2).status, 'never_seen');
    assert.equal(live.status(scope, 3).lastSeen, t0 + 1);
    assert.deepEqual(
      live.warnings(scope, 3).map(({ code }) => code),
      ['fault_codes'],
    );
    live.closeMapTick();
    const delta = map.delta(tick);
    assert.equal(delta.count, 3, 'one went, one came, one is at another speed');
    assert.deepEqual(
      delta.introduced.map(({ vehicleNo }) => vehicleNo),
      [3],
    );
    assert.equal(map.handleOf(1), first.introduced.find(({ vehicleNo }) => vehicleNo === 1)?.handle);

    live.takeStatusChanges();
    // It follows the log, moves its timers and is saved as any other.
    live.apply(aBatch([report(3, 1000, 40)], 3));
    live.tick(t0 + 1000 + 75_001 + tickLagMs + 64);
    assert.deepEqual(
      live.takeStatusChanges().map(({ vehicleNo, to }) => [vehicleNo, to]),
      [
        [1, 'late'],
        [3, 'late'],
      ],
    );
    await live.saveSnapshot([{ partition: 0, offset: 40 }]);
    const again = aLive(directory, folder);
    assert.equal(await loadAt(again, 0, 40), 40);
    const { valueDifferences, connectionDifferences, vehicles } = compareLive(live, again, 1);
    assert.deepEqual([vehicles, valueDifferences, connectionDifferences], [2, 0, 0]);
  });
});

test('one that stands elsewhere is refused', () => {
  const directory = aDirectory(1);
  const [live, next] = [aLive(directory), aLive(directory)];
  live.apply(aBatch([report(1, 0, 10), report(1, 1, 11)]));
  next.apply(aBatch([report(1, 0, 10)]));
  assert.throws(() => adoptLive(live, next), /stands at 20 of partition 0, what should replace it at 10 of partition 0/);
});

test('what was found outside of the log gives way to its own record, else it is settled as it was', () => {
  const directory = aDirectory(3);
  const running = aLive(directory);
  running.apply(aBatch([report(1, 0, 10), report(2, 5, 20), report(3, 7, 30)]));
  const live = aLive(directory);
  for (const { vehicleNo, value } of everyValue(running)) seedValue(live, vehicleNo, value);
  for (const vehicleNo of [2, 3]) {
    const { status, since, reason, lastSeen } = running.status(scope, vehicleNo);
    seedStatus(live, vehicleNo, { status, since: since as number, reason, lastSeen: lastSeen as number, deviceNo: vehicleNo });
  }
  live.apply(aBatch([report(1, 0, 10)], 2));
  const seeds = settleSeeds(live, running);
  assert.ok(seeds >= 4);
  const { values, valueDifferences, connectionDifferences } = compareLive(running, live, 1);
  assert.ok(values > seeds);
  assert.deepEqual([valueDifferences, connectionDifferences], [0, 0]);
});
