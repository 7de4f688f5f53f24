import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OperatorClient } from '@milepost/sdk';
import { logIn, reportAs } from './support/fleet.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const read = async (milepost: Milepost, address: string): Promise<Response> =>
  fetch(milepost.origin + address, { headers: { authorization: `Bearer ${milepost.operatorToken}` } });

const signals = 'signals=Vehicle.Speed';

/** Makes a vehicle with a device that has reported one speed. */
const addVehicle = async (
  milepost: Milepost,
  n: number,
  time: number,
): Promise<{ readonly id: string; readonly secret: string }> => {
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const vehicle = await operator.createVehicle({ vin: `TESTLDER000000${String(n).padStart(3, '0')}`, customer: 'Older' });
  const imei = String(352_000_000_000_000 + n);
  const { secret } = await operator.createDevice({ imei, vehicleId: vehicle.id });
  const token = await logIn(milepost, imei, secret);
  const position = { 'Vehicle.CurrentLocation.Latitude': 50, 'Vehicle.CurrentLocation.Longitude': n };
  await reportAs(milepost, token, [{ time, signals: { 'Vehicle.Speed': n, ...position } }]);
  return { id: vehicle.id, secret };
};

const speedsOf = async (milepost: Milepost, id: string, time: number): Promise<unknown> => {
  const response = await read(milepost, `/v1/vehicles/${id}/history?${signals}&from=${time}&to=${time + 1000}`);
  assert.equal(response.status, 200);
  return ((await response.json()) as { columns: Record<string, unknown> }).columns['Vehicle.Speed'];
};

const unknownOf = async (milepost: Milepost): Promise<number> => {
  const text = await (await read(milepost, '/metrics')).text();
  return Number(/^milepost_unknown_vehicles (\d+)$/m.exec(text)?.[1]);
};

test('a registry older than the log: what it does not know is kept aside under its own numbers, and is back when it knows them', {
  skip: notOnCluster.registry,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-older-'));
  const [data, older, newer] = ['data', 'older', 'newer'].map((name) => join(place, name)) as [string, string, string];
  const postgres = join(data, 'postgres');
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  const time = Date.now() - 60_000;
  try {
    const first = await addVehicle(milepost, 1, time);
    await milepost.stop();
    execFileSync('cp', ['-a', postgres, older]);
    await milepost.start();
    const second = await addVehicle(milepost, 2, time);
    assert.equal(await unknownOf(milepost), 0);
    await milepost.stop();

    await rename(postgres, newer);
    await rename(older, postgres);
    await milepost.start();
    assert.equal(await unknownOf(milepost), 1);
    assert.deepEqual(await speedsOf(milepost, first.id, time), [1]);
    assert.equal((await read(milepost, `/v1/vehicles/${second.id}`)).status, 404);
    const { items } = (await (await read(milepost, '/v1/status')).json()) as { items: { vehicleId: string }[] };
    assert.deepEqual([...new Set(items.map(({ vehicleId }) => vehicleId))], [first.id]);
    await assert.rejects(logIn(milepost, '352000000000002', second.secret));
    // Its number and its device's are not given again: the third starts with nothing.
    const third = await addVehicle(milepost, 3, time + 10);
    assert.deepEqual(await speedsOf(milepost, third.id, time), [3]);
    await milepost.stop();

    await rm(postgres, { recursive: true });
    await rename(newer, postgres);
    await milepost.start();
    assert.deepEqual(await speedsOf(milepost, second.id, time), [2]);
    await logIn(milepost, '352000000000002', second.secret);
    assert.equal(await unknownOf(milepost), 1, 'the third is the one that this registry does not know');
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
