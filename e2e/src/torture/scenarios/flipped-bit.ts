import assert from 'node:assert/strict';
import { renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Milepost } from '../../support/start-milepost.ts';
import { checkFleet } from '../support/check-fleet.ts';
import { rounded, secondsSince } from '../support/figures.ts';
import { flipBit, segmentsOf } from '../support/journal-files.ts';
import { endFleet, makeFleet, waysIn } from '../support/make-fleet.ts';
import type { Scenario } from '../scenario.ts';

const acksFirst = 200;

/** Why the start is refused; fails when it is not. */
const refusedStart = async (milepost: Milepost): Promise<string> => {
  const error = await milepost.start().then(
    () => assert.fail('a damaged journal was taken for whole'),
    (thrown: Error) => thrown,
  );
  return error.message;
};

export const flippedBit: Scenario = {
  name: 'flipped-bit',
  what: 'one bit is flipped in the middle of the journal, after a clean stop and after kill -9; then mended, then given up as the message says',
  expected:
    'Damage of what had been on disk is never cut away in silence: the start is refused, with the file, the byte and what can be done. With the file put back everything is there. Renamed to .lost, the server starts without it, and what history had taken from it is still there.',
  run: async (context) => {
    const milepost = await context.start();
    const devices = await makeFleet(milepost, waysIn);
    context.atEnd(() => endFleet(devices));
    const refusalSeconds: number[] = [];
    for (const isKilled of [false, true]) {
      for (const device of devices) device.go();
      await Promise.all(devices.map((device) => device.untilAcked(device.acked + acksFirst)));
      for (const device of devices) device.pause();
      await (isKilled ? milepost.kill() : milepost.stop());
      const segment = segmentsOf(milepost.data).at(-1) as string;
      const middle = Math.floor(statSync(segment).size / 2);
      flipBit(segment, middle);
      const startedAt = performance.now();
      const message = await refusedStart(milepost);
      refusalSeconds.push(secondsSince(startedAt));
      assert.match(message, new RegExp(`damaged in the middle: ${path.basename(segment)} at byte \\d+`));
      flipBit(segment, middle);
      await milepost.start();
      const { found } = await checkFleet(milepost, devices);
      context.say(`bit 0 of byte ${middle} after ${isKilled ? 'kill -9' : 'a stop'}: refused; mended: ${found} reports there`);
    }
    await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
    // A clean stop has flushed history.
    await milepost.stop();
    const segment = segmentsOf(milepost.data).at(-1) as string;
    flipBit(segment, Math.floor(statSync(segment).size / 2));
    await refusedStart(milepost);
    renameSync(segment, `${segment}.lost`);
    const startedAt = performance.now();
    await milepost.start();
    for (const device of devices) device.go();
    await Promise.all(devices.map((device) => device.untilAcked(device.acked + 1)));
    return {
      ...(await checkFleet(milepost, devices)),
      recoverySeconds: [secondsSince(startedAt)],
      figures: { 'a damaged journal is refused after, s, at most': rounded(Math.max(...refusalSeconds)) },
    };
  },
};
