import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { coreSignal } from '@milepost/contract';
import { ByteWriter, ReportBuilder } from '@milepost/contract/report';
import { runCommand } from '../../support/commands.ts';
import type { Milepost } from '../../support/start-milepost.ts';
import { ask, readMetric } from '../support/ask.ts';
import { checkFleet } from '../support/check-fleet.ts';
import type { CountingDevice } from '../support/counting-device.ts';
import { secondsSince } from '../support/figures.ts';
import { appendGroup, lastGroupOf, recordLike, recordsOf, segmentsOf } from '../support/journal-files.ts';
import { endFleet, makeFleet, waysIn } from '../support/make-fleet.ts';
import type { Scenario } from '../scenario.ts';

const telemetryKind = 1;
const connectionKind = 2;
const savedSpeed = 399;

const reportOf = (timeMs: number, speed: number): Uint8Array => {
  const builder = new ReportBuilder();
  const out = new ByteWriter(64);
  const { number, perUnit } = coreSignal('Vehicle.Speed');
  builder.addSample(timeMs);
  builder.addValue(number, speed * perUnit);
  builder.encode(out);
  return out.toBytes();
};

const withByte = (record: Buffer, at: number, value: number): Buffer => {
  const changed = Buffer.from(record);
  changed[at] = value;
  return changed;
};

/** Records that are whole on the disk and that no read model can apply, by what is wrong with them; `good` is one that can be. */
const poisonOf = (good: Buffer, timeMs: number): Readonly<Record<string, Buffer>> => ({
  'a body that is no report': recordLike(good, Buffer.alloc(40, 0xff)),
  'half of a report': recordLike(good, reportOf(timeMs, 1).subarray(0, 5)),
  'an unknown kind of record': withByte(good, 1, 77),
  'an unknown event of a connection': withByte(
    recordLike(good, Buffer.from([1, 200, 0, 0, 0, 0, 0, 0, 0, 0])),
    1,
    connectionKind,
  ),
  'a vehicle number that cannot be': withByte(good, 7, 0x7f),
  'a time that cannot be': recordLike(good, reportOf(8e15, 1)),
});

/** A telemetry record of the journal, as a pattern for others. */
const findTelemetry = (data: string): Buffer => {
  const group = lastGroupOf(readFileSync(segmentsOf(data).at(-1) as string));
  const found = recordsOf(group).find((record) => record[1] === telemetryKind && record.readInt32LE(4) > 0);
  return found ?? assert.fail('the last group has a report');
};

/** One that could be applied, as if an older version had not been able to. */
const addGoodLetter = (milepost: Milepost, record: Buffer): void => {
  const line = {
    at: new Date().toISOString(),
    reader: 'history',
    partition: 0,
    offset: 1,
    vehicleNo: record.readInt32LE(4),
    deviceNo: record.readInt32LE(8),
    receivedAt: Number(record.readBigUInt64LE(24)),
    why: 'an older version did not know it',
    record: record.toString('base64'),
  };
  appendFileSync(path.join(milepost.data, 'dead-letters.ndjson'), `${JSON.stringify(line)}\n`);
};

const isSpeedThere = async (milepost: Milepost, devices: readonly CountingDevice[], timeMs: number): Promise<boolean> => {
  for (const { vehicleId } of devices) {
    const query = `signals=Vehicle.Speed&from=${timeMs}&to=${timeMs + 1}`;
    const answer = await ask(milepost, `/v1/vehicles/${vehicleId}/history?${query}`);
    const { columns } = (await answer.json()) as { columns: Record<string, number[]> };
    if (columns['Vehicle.Speed']?.includes(savedSpeed)) return true;
  }
  return false;
};

const letters = (milepost: Milepost): Promise<number> => readMetric(milepost, 'milepost_dead_letters');
const command = async (milepost: Milepost, name: 'list' | 'retry' | 'drop'): Promise<string> => {
  const { code, output } = await runCommand('dead-letters', name, '--data', milepost.data);
  assert.equal(code, 0, output);
  return output;
};

export const poison: Scenario = {
  name: 'poison',
  what: 'records that are whole on the disk and that no read model can apply stand in the journal, six kinds of them',
  expected:
    'Nothing stops for them, not even for the moment of a start: each is put aside, whole, in `dead-letters.ndjson` with the reader, the place and the reason, and everything behind it is applied. The operator sees their number in /readyz and `milepost_dead_letters`, looks at them with `npm run dead-letters -- list`, and puts them into the log once more with `retry` when a version is there that can apply them. A user sees all else, also of the same vehicle.',
  run: async (context) => {
    const milepost = await context.start();
    const startMs = Date.now() - 3_600_000;
    const devices = await makeFleet(milepost, waysIn, { startMs });
    context.atEnd(() => endFleet(devices));
    const report = async (): Promise<void> => {
      for (const device of devices) device.go();
      await Promise.all(devices.map((device) => device.untilAcked(device.acked + 100)));
      for (const device of devices) device.pause();
      await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
    };
    await report();
    await milepost.kill();
    const good = findTelemetry(milepost.data);
    const unreadable = poisonOf(good, startMs);
    appendGroup(milepost.data, Object.values(unreadable));
    const startedAt = performance.now();
    await milepost.start();
    const recoverySeconds = [secondsSince(startedAt)];
    await report();
    const listed = await command(milepost, 'list');
    assert.equal(await letters(milepost), Object.keys(unreadable).length, listed);
    assert.match(listed, /live: offset \d+, vehicle number \d+/);
    assert.equal((await ask(milepost, '/readyz')).status, 200);
    await checkFleet(milepost, devices);
    // A stop flushes history, which meets them, too.
    await milepost.stop();
    await milepost.start();
    assert.equal(await letters(milepost), Object.keys(unreadable).length, 'they are the same after a start');
    await report();
    await milepost.stop();
    const savedTime = startMs - 60_000;
    addGoodLetter(milepost, recordLike(good, reportOf(savedTime, savedSpeed)));
    context.say((await command(milepost, 'retry')).trim());
    await milepost.start();
    assert.ok(await isSpeedThere(milepost, devices, savedTime), 'what can be applied now is there');
    assert.equal(await letters(milepost), Object.keys(unreadable).length, 'what still cannot is put aside again');
    await report();
    const tally = await checkFleet(milepost, devices);
    await milepost.stop();
    await command(milepost, 'drop');
    await milepost.start();
    await report();
    return {
      ...tally,
      recoverySeconds,
      figures: {
        'poison records': Object.keys(unreadable).length,
        'what is wrong with them': Object.keys(unreadable).join('; '),
      },
    };
  },
};
