import assert from 'node:assert/strict';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from './support/commands.ts';
import { addFleet, type TestVehicle } from './support/fleet.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const ask = async (milepost: Milepost, address: string, method = 'GET'): Promise<unknown> => {
  const response = await fetch(milepost.origin + address, {
    method,
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

const historyOf = async (milepost: Milepost, vehicle: TestVehicle, startMs: number): Promise<unknown> => {
  const query = `signals=Vehicle.Speed&from=${startMs}&to=${startMs + 600_000}`;
  const answer = await ask(milepost, `/v1/vehicles/${vehicle.id}/history?${query}`);
  const { times, columns } = answer as { times: number[]; columns: Record<string, number[]> };
  return { times, speeds: columns['Vehicle.Speed'] };
};

const detailOf = async (milepost: Milepost, vehicle: TestVehicle): Promise<string> =>
  JSON.stringify(((await ask(milepost, `/v1/vehicles/${vehicle.id}`)) as { latest: unknown }).latest);

const asideIn = async (data: string): Promise<string[]> =>
  (await readdir(data)).filter((name) => /\.(old-|rebuild)/.test(name)).map((name) => name.replace(/old-.*/, 'old'));

test('history and live are made anew, while the server runs and when it is stopped: the same is read before and after, and nothing erased is back', {
  skip: notOnCluster.rebuild,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-rebuild-'));
  const data = join(place, 'data');
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  try {
    const [vehicle] = (await addFleet(milepost, [{ plate: 'REBUILD 1', customer: 'Rebuild' }])) as [TestVehicle];
    const startMs = Date.now() - 600_000;
    for (let i = 0; i < 20; i++) await vehicle.report({ time: startMs + i * 1000, signals: { 'Vehicle.Speed': i } });
    await ask(milepost, `/v1/vehicles/${vehicle.id}/data?from=${startMs}&to=${startMs + 5000}`, 'DELETE');
    const before = [await historyOf(milepost, vehicle, startMs), await detailOf(milepost, vehicle)];
    const readAgain = async (): Promise<unknown> => [
      await historyOf(milepost, vehicle, startMs),
      await detailOf(milepost, vehicle),
    ];

    const history = await runCommand('rebuild', 'history', '--data', data);
    assert.equal(history.code, 0, history.output);
    assert.match(history.output, /1 months of vehicles compared: 0 differ\n[01] changes of status compared: 0 differ/);
    assert.deepEqual(await readAgain(), before);
    const live = await runCommand('rebuild', 'live', '--data', data);
    assert.equal(live.code, 0, live.output);
    assert.match(live.output, /1 latest values compared: 0 differ\n1 connections compared: 0 differ/);
    assert.deepEqual(await readAgain(), before);
    assert.deepEqual((await asideIn(data)).sort(), ['history.old', 'live.old']);
    await milepost.stop();
    await milepost.start();
    assert.deepEqual(await readAgain(), before);
    await milepost.stop();

    for (const model of ['history', 'live']) {
      const stopped = await runCommand('rebuild', model, '--data', data);
      assert.equal(stopped.code, 0, stopped.output);
    }
    assert.equal((await asideIn(data)).length, 4);
    await milepost.start();
    assert.deepEqual(await readAgain(), before);
    // Back to what the first rebuild replaced.
    await milepost.stop();
    const [first] = (await readdir(data)).filter((name) => name.startsWith('history.old-')).sort();
    await rm(join(data, 'history'), { recursive: true });
    await rename(join(data, first as string), join(data, 'history'));
    const back = await runCommand('rebuild', 'live', '--data', data, '--swap=always');
    assert.equal(back.code, 0, back.output);
    await milepost.start();
    assert.deepEqual(await readAgain(), before);
    assert.match((await runCommand('rebuild', 'everything')).output, /npm run rebuild -- <read model>/);
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
