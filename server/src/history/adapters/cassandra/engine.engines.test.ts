import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { everythingScope } from '../../fleet/test-scope.ts';
import { openHistory, type ThreadedHistory } from '../../open-history.ts';
import type { StatusChange } from '../../ports.ts';
import { encodeTestReport, makeBatch, modelRows, type TestReport } from '../../test-support.ts';
import type { CassandraStoreOptions } from './options.ts';
import { makeStores } from './test-cassandra.ts';

const address = process.env['TEST_CASSANDRA'];
const startMs = Date.UTC(2026, 9, 31, 22);
const hourMs = 3_600_000;
const [speed, charge] = [5, 9];
const vehicles = [1, 2, 300];

const start = (adapterOptions: CassandraStoreOptions, keyframeRetentionMs = 0): Promise<ThreadedHistory> =>
  openHistory({
    store: { adapterModule: new URL('./index.ts', import.meta.url), adapterOptions },
    clock: makeManualClock(startMs + 40 * 24 * hourMs),
    logger: silentLogger,
    consentGroupOf: () => 'motion',
    failed: (error) => {
      throw error;
    },
    fleet: { signals: [speed, charge], keyframeRetentionMs },
  });

/** Four hours over the end of a month, a report each ten seconds; each seventh comes two hours late. */
const reports: readonly TestReport[] = Array.from({ length: 4 * 360 }, (_, i) => {
  const receivedAt = startMs + i * 10_000;
  const time = i % 7 === 6 ? receivedAt - 2 * hourMs - 5000 : receivedAt;
  return {
    vehicleNo: vehicles[i % vehicles.length] as number,
    deviceNo: 1,
    receivedAt,
    samples: [{ time, values: [[speed, i] as const, ...(i % 3 === 0 ? [[charge, i % 100] as const] : [])] }],
  };
});

const expectRows = async (history: ThreadedHistory, count: number): Promise<void> => {
  for (const vehicleNo of vehicles) {
    const query = { vehicleNo, signals: [speed, charge], fromMs: startMs - 3 * hourMs, toMs: startMs + 5 * hourMs };
    const { times, raw } = await history.query(everythingScope, { ...query, rowsMax: 100_000 });
    const rows = Array.from(times, (time, row) => ({
      time,
      values: (raw ?? []).map(({ numbers }) =>
        numbers === undefined || Number.isNaN(numbers[row]) ? null : (numbers[row] as number),
      ),
    }));
    assert.deepEqual(rows, modelRows(reports.slice(0, count), query));
  }
};

if (address)
  test('the whole engine on Cassandra: memory, chunks, merged chunks and what a restart finds are the same', async (context) => {
    const { options } = await makeStores(address, 1);
    const records = reports.map(encodeTestReport);
    const history = await start(options);
    context.after(() => history.abandon());
    for (let from = 0; from < records.length; from += 240) {
      history.apply(makeBatch(records, from, from + 240));
      await expectRows(history, from + 240);
      await history.flush();
    }
    await expectRows(history, records.length);
    const changes: StatusChange[] = vehicles.map((vehicleNo, i) => {
      const at = startMs + i * hourMs;
      return { vehicleNo, at, from: 'late', to: 'offline', reason: 'silent' };
    });
    history.applyStatus(changes);
    await history.flush();
    await history.merge();
    const { merges, storedRows, storedChunks, conflictsAtMerge } = history.statistics();
    assert.deepEqual([merges, storedRows, conflictsAtMerge], [2, records.length, 0]);
    assert.ok(storedChunks <= 2 * vehicles.length, `${storedChunks} chunks`);
    await expectRows(history, records.length);
    await history.abandon();

    const again = await start(options);
    context.after(() => again.abandon());
    assert.equal(again.appliedOffset(0), records.length * 10);
    await expectRows(again, records.length);
    const page = { vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 };
    assert.deepEqual(await again.status(everythingScope, page), changes.toReversed());
    const byStep = await again.query(everythingScope, {
      vehicleNo: 1,
      signals: [speed],
      fromMs: startMs,
      toMs: startMs + 4 * hourMs,
      stepMs: hourMs,
      rowsMax: 10,
    });
    assert.deepEqual(
      [...byStep.times],
      [0, 1, 2, 3].map((hour) => startMs + hour * hourMs),
    );
    const moment = await again.fleetAt(everythingScope, { atMs: startMs + 4 * hourMs, vehicleNos: vehicles, rankOf: () => 0 });
    assert.equal(moment.keyframeMs, null);
    for (const [place, vehicleNo] of vehicles.entries()) {
      const newest = reports
        .filter((report) => report.vehicleNo === vehicleNo)
        .flatMap(({ samples }) => samples)
        .reduce((last, sample) => (sample.time > last.time ? sample : last));
      assert.deepEqual(moment.value(place, speed), { stored: newest.values[0]?.[1], time: newest.time, deviceNo: 1 });
      assert.equal(moment.status(place).status, 'offline');
    }
    await again.close();
    await assert.rejects(start(options, 86_400_000), /keeps no keyframes: keyframeRetentionMs has to be 0/);
  });
