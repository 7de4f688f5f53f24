import assert from 'node:assert/strict';
import type { Milepost } from '../../support/start-milepost.ts';
import { ask, readMetric } from '../support/ask.ts';
import { checkFleet } from '../support/check-fleet.ts';
import { rounded, secondsSince } from '../support/figures.ts';
import { logIn } from '../support/log-in.ts';
import { endFleet, enrol, makeFleet, waysIn } from '../support/make-fleet.ts';
import { dataWithSmall, makeSmallDisk, mayMount } from '../support/small-disk.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Scenario } from '../scenario.ts';

const diskBytes = 2 * 1024 * 1024;

const isRefusing = async (milepost: Milepost): Promise<boolean> =>
  (await readMetric(milepost, 'milepost_journal_is_refusing')) === 1;

/** What a device that is not the SDK gets for a report over HTTP. */
const refusalOf = async (milepost: Milepost): Promise<string> => {
  const [device] = await enrol(milepost, 1, 900_000);
  assert.ok(device);
  const token = await logIn(milepost, device);
  const init = { method: 'POST', body: '{"samples":[]}', headers: { authorization: `Bearer ${token}` } };
  const answer = await ask(milepost, '/v1/telemetry', init);
  const { code } = (await answer.json()) as { code?: string };
  return `${answer.status} ${code}, Retry-After: ${answer.headers.get('retry-after')}`;
};

export const fullDisk: Scenario = {
  name: 'full-disk',
  what: 'the disk of the journal (2 MB) fills up under streams on each way in; the server is stopped, killed and started while it is full; then there is room again',
  expected:
    'A device hears that nothing is taken (503 `disk_full` with Retry-After, on sockets the same and the end of the connection) and keeps its reports. A user reads on as if nothing were. The operator sees /readyz say `disk_full` and the gauge `milepost_journal_is_refusing`; the server starts on a full disk, too; with room it goes on by itself.',
  needs: [mayMount],
  run: async (context) => {
    const disk = makeSmallDisk(diskBytes);
    context.atEnd(() => disk.remove());
    disk.take(diskBytes / 2);
    const data = dataWithSmall(disk, 'journal');
    const milepost = await context.start({ data, settings: { MILEPOST_DISK_RESERVE_MIB: '0' } });
    const devices = await makeFleet(milepost, waysIn);
    context.atEnd(() => endFleet(devices));
    for (const device of devices) device.go();
    await Promise.all(devices.map((device) => device.untilAcked(50)));
    const fullAfter = await waitUntil(() => isRefusing(milepost), 'the log refuses reports');
    for (const device of devices) device.pause();
    disk.take(diskBytes);
    const before = await checkFleet(milepost, devices);
    context.say(`full after ${rounded(fullAfter)} s: ${before.found} reports there and readable`);
    assert.equal((await ask(milepost, '/readyz')).status, 503);
    const refusal = await refusalOf(milepost);
    assert.match(refusal, /^503 disk_full, Retry-After: \d+$/);
    const startSeconds: number[] = [];
    for (const isKilled of [false, true]) {
      await (isKilled ? milepost.kill() : milepost.stop());
      const startedAt = performance.now();
      await milepost.start();
      startSeconds.push(secondsSince(startedAt));
      await checkFleet(milepost, devices);
      context.say(`started on the full disk after ${isKilled ? 'kill -9' : 'a stop'}: everything readable`);
    }
    const freedAt = performance.now();
    disk.free();
    await waitUntil(async () => !(await isRefusing(milepost)), 'the log takes reports');
    const takesAfter = secondsSince(freedAt);
    // What they could not get rid of all the while; more would only fill the disk again.
    await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
    const recoverySeconds = [secondsSince(freedAt)];
    return {
      ...(await checkFleet(milepost, devices)),
      recoverySeconds,
      figures: {
        'reports stored when it was full': before.acknowledged,
        'a report over HTTP is answered': refusal,
        'start on the full disk, s, at most': Math.max(...startSeconds),
        'the log takes reports again after, s': takesAfter,
      },
    };
  },
};

const historyDiskBytes = 4 * 1024 * 1024;

export const fullHistoryDisk: Scenario = {
  name: 'full-history-disk',
  what: 'the disk of history (4 MB) is full while devices report on each way in; the server is stopped and started meanwhile; then there is room again',
  expected:
    'Devices notice nothing: what they say is on the disk of the journal. A user reads everything, chunks and what could not be flushed, before and after a start. The operator sees `milepost_history_flush_failures_total` and the log; with room the flush succeeds by itself.',
  needs: [mayMount],
  run: async (context) => {
    const disk = makeSmallDisk(historyDiskBytes);
    context.atEnd(() => disk.remove());
    const milepost = await context.start({ data: dataWithSmall(disk, 'history') });
    const devices = await makeFleet(milepost, waysIn);
    context.atEnd(() => endFleet(devices));
    const report = async (): Promise<void> => {
      for (const device of devices) device.go();
      await Promise.all(devices.map((device) => device.untilAcked(device.acked + context.bySize(500, 100))));
      for (const device of devices) device.pause();
      await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
    };
    await report();
    disk.take(historyDiskBytes);
    await report();
    // A stop flushes, in vain.
    await milepost.stop();
    const startedAt = performance.now();
    await milepost.start();
    const startSeconds = secondsSince(startedAt);
    const meanwhile = await checkFleet(milepost, devices);
    await report();
    disk.free();
    await milepost.stop();
    await milepost.start();
    const rows = await readMetric(milepost, 'milepost_history_stored_rows');
    assert.ok(rows > 0, 'history is flushed');
    return {
      ...(await checkFleet(milepost, devices)),
      recoverySeconds: [startSeconds],
      figures: { 'reports read back while it was full': meanwhile.found, 'start while it is full, s': startSeconds },
    };
  },
};
