import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from './support/commands.ts';
import { addFleet, type TestVehicle } from './support/fleet.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const historyOf = async (milepost: Milepost, vehicle: TestVehicle, startMs: number): Promise<unknown> => {
  const query = `signals=Vehicle.Speed&from=${startMs}&to=${startMs + 600_000}`;
  const response = await fetch(`${milepost.origin}/v1/vehicles/${vehicle.id}/history?${query}`, {
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  const { times, columns } = (await response.json()) as { times: number[]; columns: Record<string, number[]> };
  return { times, speeds: columns['Vehicle.Speed'] };
};

const detailOf = async (milepost: Milepost, vehicle: TestVehicle): Promise<string> => {
  const response = await fetch(`${milepost.origin}/v1/vehicles/${vehicle.id}`, {
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  return JSON.stringify(((await response.json()) as { signals: unknown }).signals);
};

test('history and live of a stopped server are made anew: the same is read before and after, and nothing erased is back', async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-rebuild-'));
  const data = join(place, 'data');
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  try {
    const [vehicle] = (await addFleet(milepost, [{ plate: 'REBUILD 1', customer: 'Rebuild' }])) as [TestVehicle];
    const startMs = Date.now() - 600_000;
    for (let i = 0; i < 20; i++) await vehicle.report({ time: startMs + i * 1000, signals: { 'Vehicle.Speed': i } });
    const erased = await fetch(`${milepost.origin}/v1/vehicles/${vehicle.id}/data?from=${startMs}&to=${startMs + 5000}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${milepost.operatorToken}` },
    });
    assert.equal(erased.status, 200);
    const before = [await historyOf(milepost, vehicle, startMs), await detailOf(milepost, vehicle)];
    const running = await runCommand('rebuild', 'history', '--data', data);
    assert.match(running.output, /is in use by the process/);
    await milepost.stop();

    const rebuilt = await runCommand('rebuild', 'history', '--data', data);
    assert.equal(rebuilt.code, 0, rebuilt.output);
    assert.match(rebuilt.output, /20 samples read.*\n1 months of vehicles compared: 0 differ/);
    const live = await runCommand('rebuild', 'live', '--data', data);
    assert.equal(live.code, 0, live.output);
    assert.deepEqual((await readdir(data)).filter((name) => /^(history|live)\.old-/.test(name)).length, 2);
    await milepost.start();
    assert.deepEqual([await historyOf(milepost, vehicle, startMs), await detailOf(milepost, vehicle)], before);
    assert.match((await runCommand('rebuild', 'everything')).output, /npm run rebuild -- history/);
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
