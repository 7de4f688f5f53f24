import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RouteResponse } from '@milepost/contract/api';
import { runCommand } from './support/commands.ts';
import { addFleet, signal, type TestVehicle } from './support/fleet.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const dayMs = 86_400_000;
const ages = [200, 60, 20, 1];

const ask = async (milepost: Milepost, address: string, body?: object): Promise<unknown> => {
  const response = await fetch(milepost.origin + address, {
    method: body ? 'PATCH' : 'GET',
    headers: { authorization: `Bearer ${milepost.operatorToken}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
};

/** Ages in days of what can be read: speeds and places. */
const readBack = async (
  milepost: Milepost,
  { id }: TestVehicle,
  nowMs: number,
): Promise<[speeds: number[], places: number[]]> => {
  const query = `signals=${signal.speed},${signal.latitude}&from=0&to=${nowMs + dayMs}`;
  const history = (await ask(milepost, `/v1/vehicles/${id}/history?${query}`)) as RouteResponse<'readHistory'>;
  assert.ok(!('stepMs' in history));
  const { times, columns } = history;
  const agesOf = (path: string): number[] =>
    times.filter((_, row) => columns[path]?.[row] !== null).map((time) => Math.round((nowMs - time) / dayMs));
  const { items } = (await ask(milepost, `/v1/vehicles/${id}/reports`)) as RouteResponse<'readReports'>;
  const raw = items.flatMap(({ samples }) => samples).filter(({ signals }) => signal.latitude in signals);
  assert.deepEqual(
    raw.map(({ time }) => Math.round((nowMs - Date.parse(time)) / dayMs)),
    agesOf(signal.latitude),
    'raw reports show the same places',
  );
  return [agesOf(signal.speed), agesOf(signal.latitude)];
};

/** Two vehicles with a past; answers what fails unless the rule of the first one's customer is obeyed. */
const makeRuled = async (milepost: Milepost): Promise<(server: Milepost) => Promise<void>> => {
  const [vehicle, other] = (await addFleet(milepost, [
    { plate: 'KEEP 1', customer: 'Short' },
    { plate: 'KEEP 2', customer: 'Standard' },
  ])) as [TestVehicle, TestVehicle];
  const nowMs = Date.now();
  const samples = ages.map((age) => ({
    time: nowMs - age * dayMs,
    signals: { [signal.speed]: age, [signal.latitude]: 30.5, [signal.longitude]: 20.5 },
  }));
  await vehicle.report(...samples);
  await other.report(...samples);
  const { customerId } = (await ask(milepost, `/v1/vehicles/${vehicle.id}`)) as RouteResponse<'readVehicle'>;
  await ask(milepost, `/v1/customers/${customerId}/retention`, { days: 100, groups: { position: 30 } });
  return async (server) => {
    assert.deepEqual(await readBack(server, vehicle, nowMs), [
      [60, 20, 1],
      [20, 1],
    ]);
    assert.deepEqual(await readBack(server, other, nowMs), [ages, ages]);
  };
};

test('retention survives a restart', async () => {
  const milepost = await startMilepost({ mode: 'serve' });
  try {
    const isObeyed = await makeRuled(milepost);
    await isObeyed(milepost);
    await milepost.stop();
    await milepost.start();
    await isObeyed(milepost);
  } finally {
    await milepost.close();
  }
});

test('a rebuild and a restored backup obey retention', { skip: notOnCluster.backup }, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-retention-'));
  const [data, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(place, name)) as [string, string, string];
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  let copy: Milepost | undefined;
  try {
    const isObeyed = await makeRuled(milepost);
    assert.equal((await runCommand('backup', backup, '--data', data)).code, 0);
    await milepost.stop();
    const rebuilt = await runCommand('rebuild', 'history', '--data', data);
    assert.equal(rebuilt.code, 0, rebuilt.output);
    assert.match(rebuilt.output, /: 0 differ/);
    await milepost.start();
    await isObeyed(milepost);

    const put = await runCommand('restore', backup, '--to', restored);
    assert.equal(put.code, 0, put.output);
    copy = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: restored } });
    await isObeyed(copy);
  } finally {
    await copy?.close();
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
