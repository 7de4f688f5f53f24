import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand, startCommand } from './support/commands.ts';
import { addFleet, repeat, type TestVehicle } from './support/fleet.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';
import { until } from './support/until.ts';

const ask = async (milepost: Milepost, address: string, method = 'GET'): Promise<unknown> => {
  const response = await fetch(milepost.origin + address, {
    method,
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
};

const signals = 'Vehicle.Speed';
/** Sample times, relative to a start. */
const timesOf = async (milepost: Milepost, vehicle: TestVehicle, startMs: number): Promise<number[]> => {
  const query = `signals=${signals}&from=${startMs}&to=${startMs + 3_600_000}`;
  const { times } = (await ask(milepost, `/v1/vehicles/${vehicle.id}/history?${query}`)) as { times: number[] };
  return times.map((time) => time - startMs);
};

const latestOf = async (milepost: Milepost, vehicle: TestVehicle): Promise<string> =>
  JSON.stringify(((await ask(milepost, `/v1/vehicles/${vehicle.id}`)) as { latest: unknown }).latest);

const leftIn = async (data: string): Promise<string[]> =>
  (await readdir(data)).filter((name) => name.endsWith('.rebuild') || name.startsWith('swap.json'));

/** Reports all the time, and reads each report back at once: what was acknowledged is always there. */
const busyVehicle = (milepost: Milepost, vehicle: TestVehicle, startMs: number) => {
  let count = 0;
  const stop = repeat(5, async () => {
    const afterMs = count * 100;
    await vehicle.report({ time: startMs + afterMs, signals: { [signals]: count % 300 } });
    count++;
    const times = await timesOf(milepost, vehicle, startMs);
    assert.equal(times.length, count, `after report ${count}`);
    assert.equal(times.at(-1), afterMs);
  });
  return { stop, count: () => count };
};

/** A viewer of the map and of one vehicle, that must never be cut off. */
const watch = async (milepost: Milepost, vehicle: TestVehicle) => {
  const socket = new WebSocket(`${milepost.origin.replace('http', 'ws')}/v1/stream`, {
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  } as unknown as string[]);
  socket.binaryType = 'arraybuffer';
  let [closed, maps, texts] = [false, 0, 0];
  socket.addEventListener('close', () => void (closed = true));
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') texts++;
    else maps++;
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('the stream was refused')));
  });
  socket.send(JSON.stringify({ subscribe: 'map' }));
  socket.send(JSON.stringify({ subscribe: 'vehicle', id: vehicle.id }));
  return { counts: () => ({ closed, maps, texts }), close: () => socket.close() };
};

test('a rebuild beside the running server: reports go on, an erasure meanwhile counts, streams stay, and older backups bring nothing back', {
  skip: notOnCluster.rebuild,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-rebuild-'));
  const [data, older] = [join(place, 'data'), join(place, 'older')];
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  try {
    const [busy, erased] = (await addFleet(milepost, [
      { plate: 'REBUILD 1', customer: 'Rebuild' },
      { plate: 'REBUILD 2', customer: 'Rebuild' },
    ])) as [TestVehicle, TestVehicle];
    const startMs = Date.now() - 3_000_000;
    const sample = (afterMs: number, speed: number) => ({ time: startMs + afterMs, signals: { [signals]: speed } });
    for (let i = 0; i < 30; i++) await erased.report(sample(i * 1000, i));
    assert.equal((await runCommand('backup', older, '--data', data)).code, 0);
    const viewer = await watch(milepost, busy);
    const reporting = busyVehicle(milepost, busy, startMs);
    const periods: string[] = [];

    for (const [turn, model] of (['history', 'live'] as const).entries()) {
      const rebuild = startCommand('rebuild', model, '--data', data);
      await rebuild.untilTold(/Rebuilding/);
      // It stands still while the world goes on.
      process.kill(rebuild.pid, 'SIGSTOP');
      const fromMs = startMs + turn * 10_000;
      periods.push(`from=${fromMs}&to=${fromMs + 5000}`);
      await ask(milepost, `/v1/vehicles/${erased.id}/data?${periods.at(-1)}`, 'DELETE');
      await erased.report(sample(turn * 10_000 + 500, 99), sample(60_000 + turn, 7));
      const before = reporting.count();
      await until(
        async () => reporting.count(),
        (count) => count > before + 5,
        'reports go on',
      );
      const ready = (await ask(milepost, '/readyz')) as { isReady: boolean; parts: { name: string; detail?: string }[] };
      assert.ok(ready.isReady);
      assert.match(ready.parts.find(({ name }) => name === 'rebuild')?.detail ?? '', new RegExp(`^${model}, `));
      assert.match(await (await fetch(`${milepost.origin}/metrics`)).text(), /milepost_rebuild_is_running 1/);
      assert.match((await runCommand('rebuild', 'history', '--data', data)).output, /another rebuild is under way/);
      assert.match((await runCommand('backup', join(place, 'refused'), '--data', data)).output, /being rebuilt/);
      process.kill(rebuild.pid, 'SIGCONT');
      const { code, output } = await rebuild.done;
      assert.equal(code, 0, output);
      assert.match(output, /is in place/);
      const shown = viewer.counts();
      await until(
        async () => viewer.counts(),
        ({ maps, texts }) => maps > shown.maps && texts > shown.texts,
        'the stream goes on',
      );
    }
    await reporting.stop();
    assert.equal(viewer.counts().closed, false);
    viewer.close();

    const left = [5, 6, 7, 8, 9, ...Array.from({ length: 15 }, (_, i) => 15 + i)].map((second) => second * 1000);
    const isRight = async (): Promise<void> => {
      assert.deepEqual(await timesOf(milepost, erased, startMs), [...left, 60_000, 60_001]);
      const all = Array.from({ length: reporting.count() }, (_, i) => i * 100);
      assert.deepEqual(await timesOf(milepost, busy, startMs), all, 'each once, none lost');
    };
    await isRight();
    const latest = [await latestOf(milepost, busy), await latestOf(milepost, erased)];
    await milepost.kill();
    await milepost.start();
    await isRight();
    assert.deepEqual([await latestOf(milepost, busy), await latestOf(milepost, erased)], latest);

    // The backup is older than both erasures, and than the reports that came while it was rebuilt.
    await milepost.kill();
    assert.match((await runCommand('restore', older, '--to', data, '--force')).output, /2 erasures apply/);
    await milepost.start();
    assert.deepEqual(await timesOf(milepost, erased, startMs), left);
    const again = await runCommand('rebuild', 'history', '--data', data);
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(await timesOf(milepost, erased, startMs), left);
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});

test('a rebuild that is cancelled, killed, or whose server is killed leaves what was there', {
  skip: notOnCluster.rebuild,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-rebuild-'));
  const data = join(place, 'data');
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  try {
    const [vehicle] = (await addFleet(milepost, [{ plate: 'REBUILD 3', customer: 'Rebuild' }])) as [TestVehicle];
    const startMs = Date.now() - 600_000;
    for (let i = 0; i < 20; i++) await vehicle.report({ time: startMs + i * 1000, signals: { [signals]: i } });
    const before = await timesOf(milepost, vehicle, startMs);
    const begin = async () => {
      const rebuild = startCommand('rebuild', 'history', '--data', data);
      await rebuild.untilTold(/Rebuilding/);
      process.kill(rebuild.pid, 'SIGSTOP');
      return rebuild;
    };
    const nothingLeft = (): Promise<unknown> =>
      until(
        () => leftIn(data),
        (names) => names.length === 0,
        'nothing is left',
      );

    const cancelled = await begin();
    process.kill(cancelled.pid, 'SIGINT');
    process.kill(cancelled.pid, 'SIGCONT');
    const { code, output } = await cancelled.done;
    assert.equal(code, 1);
    assert.match(output, /was cancelled; nothing of it is left/);
    await nothingLeft();

    const killed = await begin();
    process.kill(killed.pid, 'SIGKILL');
    await killed.done;
    await nothingLeft();
    assert.deepEqual(await timesOf(milepost, vehicle, startMs), before);

    const orphan = await begin();
    await milepost.kill();
    await milepost.start();
    process.kill(orphan.pid, 'SIGCONT');
    assert.equal((await orphan.done).code, 1);
    await nothingLeft();
    assert.deepEqual(await timesOf(milepost, vehicle, startMs), before);

    // At whatever moment of putting it in place the server is killed.
    for (const turn of [0, 1, 2]) {
      const late = startCommand('rebuild', turn % 2 ? 'live' : 'history', '--data', data);
      await late.untilTold(/putting in place/);
      if (turn === 2) await late.done;
      await milepost.kill();
      await late.done;
      await milepost.start();
      await nothingLeft();
      assert.deepEqual(await timesOf(milepost, vehicle, startMs), before);
      assert.ok((await latestOf(milepost, vehicle)).includes('"value":19'));
    }
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
