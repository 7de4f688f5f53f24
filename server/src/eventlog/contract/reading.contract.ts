import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, appendRange, makeRecord, range, seqOf, testEpochMs } from '../test-support.ts';
import type { LogHarness } from './log-harness.ts';

const everything = { fromMs: 0, toMs: testEpochMs * 2, limit: 1000 };

export const testReading = (opened: () => LogHarness): void => {
  test('records of a vehicle are found newest first, page by page', async () => {
    const harness = opened();
    const log = await harness.open();
    for (let from = 0; from < 400; from += 50) await appendRange(log, from, from + 50);
    await log.close();
    const again = await harness.open();
    await appendRange(again, 400, 450);
    const seqs: number[] = [];
    let before: { beforeOffset?: number } = {};
    for (;;) {
      const page = await again.readVehicle({ ...everything, vehicleNo: 3, limit: 7, ...before });
      seqs.push(...page.map(({ bytes }) => seqOf(bytes)));
      const last = page.at(-1);
      if (!last) break;
      assert.ok(page.length <= 7);
      before = { beforeOffset: last.offset };
    }
    assert.deepEqual(
      seqs,
      range(0, 450)
        .filter((seq) => seq % 5 === 2)
        .toReversed(),
    );
    assert.deepEqual(await again.readVehicle({ ...everything, vehicleNo: 99 }), []);
    await again.close();
  });

  test('only records received within the period are found, also when the clock was set back', async () => {
    const log = await opened().open();
    const receivedAt = [10, 20, 30, 5, 15, 40];
    for (const [seq, at] of receivedAt.entries())
      await append(log, makeRecord({ seq, vehicleNo: 1, receivedAt: testEpochMs + at }));
    const found = await log.readVehicle({ vehicleNo: 1, fromMs: testEpochMs + 15, toMs: testEpochMs + 30, limit: 10 });
    assert.deepEqual(
      found.map(({ bytes }) => seqOf(bytes)),
      [4, 1],
    );
    await log.close();
  });

  test('records about the server itself (vehicle 0) and vehicles with large numbers are found', async () => {
    const log = await opened().open();
    await append(log, makeRecord({ seq: 1, vehicleNo: 0 }));
    await append(log, makeRecord({ seq: 2, vehicleNo: 2_147_483_647 }));
    for (const [vehicleNo, seq] of [
      [0, 1],
      [2_147_483_647, 2],
    ] as const) {
      assert.deepEqual(
        (await log.readVehicle({ ...everything, vehicleNo })).map(({ bytes }) => seqOf(bytes)),
        [seq],
      );
    }
    await log.close();
  });

  test('positions of consumers are kept, the last one of each', async () => {
    const harness = opened();
    const log = await harness.open();
    await appendRange(log, 0, 5);
    await Promise.all([1, 2, 3].map((offset) => log.commitConsumer('export', { partition: 0, offset })));
    await log.commitConsumer('lake', { partition: 0, offset: 4 });
    await log.close();
    const again = await harness.open();
    assert.equal(await again.consumerPosition('export', 0), 3);
    assert.equal(await again.consumerPosition('lake', 0), 4);
    assert.equal(await again.consumerPosition('other', 0), undefined);
    await again.close();
  });
};
