import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SqliteChunkStore } from './adapters/sqlite/index.ts';
import { killedReports, readApplied, vehicles } from './testing/flush-and-merge.ts';
import { MergePass } from './merge-pass.ts';
import { runQuery } from './run-query.ts';

const rounds = 8;

/** Reports that were applied, in the order of the log, as rows of a vehicle: each value once. */
const check = async (store: SqliteChunkStore, applied: number): Promise<void> => {
  const reports = killedReports(applied);
  for (let vehicleNo = 1; vehicleNo <= vehicles; vehicleNo++) {
    const expected = reports.filter((one) => one.vehicleNo === vehicleNo).map(({ samples }) => samples[0]);
    const { times, raw } = await runQuery(store, {
      vehicleNo,
      signals: [5],
      periods: [{ fromMs: Date.UTC(2026, 9), toMs: Date.UTC(2027, 5) }],
      stepMs: undefined,
      rowsMax: 1_000_000,
      records: new Uint8Array(0),
      ends: [],
    });
    assert.deepEqual(
      [...times],
      expected.map((sample) => sample?.time),
      `vehicle ${vehicleNo}`,
    );
    assert.deepEqual(
      [...(raw?.[0]?.numbers ?? [])],
      expected.map((sample) => sample?.values[0]?.[1]),
      `vehicle ${vehicleNo}`,
    );
  }
};

test('kill -9 while it flushes and merges loses nothing and gives nothing twice', { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'history-kill-'));
  let merges = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, [new URL('./testing/flush-and-merge.ts', import.meta.url).pathname, folder, 'run'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // Each line is a step that is done: the kill falls between two, or within one, at another place each round.
      let lines = 0;
      child.stdout.on('data', (data: Buffer) => {
        for (const byte of data) {
          if (byte === 109) merges++;
          if (byte === 10 && ++lines >= 5 + round * 7) child.kill('SIGKILL');
        }
      });
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      assert.equal(signal, 'SIGKILL');
      const store = new SqliteChunkStore({ folder, groups: 2 }, 'write');
      await check(store, await readApplied(store));
      await store.close();
    }
    const store = new SqliteChunkStore({ folder, groups: 2 }, 'write');
    const merging = new MergePass(store);
    while (await merging.step(Date.UTC(2027, 5)));
    await check(store, await readApplied(store));
    await store.close();
    assert.ok(merges > rounds, `${merges} steps of merging`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
