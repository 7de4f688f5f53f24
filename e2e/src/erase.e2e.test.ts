import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from './support/commands.ts';
import { addFleet, type TestVehicle } from './support/fleet.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const ask = async (
  milepost: Milepost,
  address: string,
  method = 'GET',
): Promise<{ readonly status: number; readonly body: unknown }> => {
  const response = await fetch(milepost.origin + address, {
    method,
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  return { status: response.status, body: await response.json() };
};

/** Everything through which a vehicle's past can be read. */
const readBack = async (milepost: Milepost, vehicle: TestVehicle, startMs: number) => {
  const query = `signals=Vehicle.Speed,Vehicle.TraveledDistance&from=${startMs - 1}&to=${startMs + 60_000}`;
  const history = await ask(milepost, `/v1/vehicles/${vehicle.id}/history?${query}`);
  const steps = await ask(milepost, `/v1/vehicles/${vehicle.id}/history?${query}&step=60`);
  const reports = await ask(milepost, `/v1/vehicles/${vehicle.id}/reports`);
  const detail = await ask(milepost, `/v1/vehicles/${vehicle.id}`);
  for (const { status } of [history, steps, reports, detail]) assert.equal(status, 200);
  const { items } = reports.body as { items: { samples: { time: string }[] }[] };
  return {
    history: (history.body as { times: number[] }).times.map((time) => time - startMs),
    counted: Object.values((steps.body as { columns: Record<string, { count: number[] }> }).columns).map(({ count }) =>
      count.reduce((sum, one) => sum + one, 0),
    ),
    reports: items.flatMap(({ samples }) => samples.map(({ time }) => Date.parse(time) - startMs)).sort((a, b) => a - b),
    latest: JSON.stringify(detail.body),
  };
};

/** A vehicle with a past, of which a period is erased by `erase`; `isGone` fails when anything of that can be read. */
const makeErased = async (milepost: Milepost) => {
  const [vehicle, other] = (await addFleet(milepost, [
    { plate: 'ERASE 1', customer: 'Erase' },
    { plate: 'ERASE 2', customer: 'Erase' },
  ])) as [TestVehicle, TestVehicle];
  const startMs = Date.now() - 120_000;
  const sample = (afterMs: number, speed: number) => ({ time: startMs + afterMs, signals: { 'Vehicle.Speed': speed } });
  // The distance is reported in the erased period alone: its latest value goes, too.
  await vehicle.report({ time: startMs, signals: { 'Vehicle.Speed': 11, 'Vehicle.TraveledDistance': 98_765 } }, sample(1000, 12));
  await vehicle.report(sample(2000, 13));
  await other.report(sample(0, 50));
  const before = await readBack(milepost, vehicle, startMs);
  assert.deepEqual(before.history, [0, 1000, 2000]);
  assert.ok(before.latest.includes('98765'));
  let erased: { readonly id: string };
  return {
    vehicle,
    reportLate: () => vehicle.report(sample(500, 99)),
    erase: async (): Promise<string> => {
      const erasing = `/v1/vehicles/${vehicle.id}/data?from=${startMs}&to=${startMs + 1500}&why=asked`;
      const { status, body } = await ask(milepost, erasing, 'DELETE');
      assert.equal(status, 200);
      erased = body as { id: string };
      return erased.id;
    },
    isGone: async (): Promise<void> => {
      const left = await readBack(milepost, vehicle, startMs);
      assert.deepEqual(left.history, [2000]);
      assert.deepEqual(left.counted, [1, 0]);
      assert.deepEqual(left.reports, [2000]);
      assert.ok(!left.latest.includes('98765'));
      assert.deepEqual((await readBack(milepost, other, startMs)).history, [0]);
      const { body } = await ask(milepost, `/v1/vehicles/${vehicle.id}/erasures`);
      assert.deepEqual((body as { items: unknown[] }).items, [erased]);
    },
  };
};

test('what was erased is gone at once, and stays gone after late reports and a restart', async () => {
  const milepost = await startMilepost({ mode: 'serve' });
  try {
    const { vehicle, reportLate, erase, isGone } = await makeErased(milepost);
    await erase();
    await isGone();
    await reportLate();
    await isGone();
    await milepost.stop();
    await milepost.start();
    await isGone();
    const future = await ask(milepost, `/v1/vehicles/${vehicle.id}/data?to=${Date.now() + 60_000}`, 'DELETE');
    assert.equal(future.status, 400);
    assert.equal((await ask(milepost, '/v1/vehicles/veh_0000000000000000/data', 'DELETE')).status, 404);
  } finally {
    await milepost.close();
  }
});

test('what was erased stays gone after older backups are restored', { skip: notOnCluster.backup }, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-erase-'));
  const [data, older, newer, ledger] = ['data', 'older', 'newer', 'ledger.ndjson'].map((name) => join(place, name)) as [
    string,
    string,
    string,
    string,
  ];
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  try {
    const { reportLate, erase, isGone } = await makeErased(milepost);
    assert.equal((await runCommand('backup', older, '--data', data)).code, 0);
    const id = await erase();
    await reportLate();
    await isGone();
    assert.equal((await runCommand('backup', newer, '--data', data)).code, 0);
    assert.ok((await readFile(join(newer, 'erasures.ndjson'), 'utf8')).includes(id));

    // An older backup over the folder that has the ledger.
    await milepost.kill();
    const forced = await runCommand('restore', older, '--to', data, '--force');
    assert.match(forced.output, /1 erasures apply/);
    await milepost.start();
    await isGone();

    // An older backup where nothing is left, with the ledger of a newer one.
    await milepost.kill();
    await copyFile(join(newer, 'erasures.ndjson'), ledger);
    await rm(data, { recursive: true });
    const restored = await runCommand('restore', older, '--to', data, '--ledger', ledger);
    assert.equal(restored.code, 0, restored.output);
    await milepost.start();
    await isGone();
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
