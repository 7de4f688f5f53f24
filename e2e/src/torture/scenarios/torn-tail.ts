import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { checkFleet } from '../support/check-fleet.ts';
import { secondsSince } from '../support/figures.ts';
import { lastGroupOf, segmentsOf } from '../support/journal-files.ts';
import { endFleet, makeFleet, waysIn } from '../support/make-fleet.ts';
import type { Scenario } from '../scenario.ts';

const acksPerRound = 40;

/** What a power cut can leave behind the last whole group, given the group before it. */
const tails: Readonly<Record<string, (group: Buffer) => Buffer>> = {
  'half of a group': (group) => group.subarray(0, group.length / 2),
  'the header of a group alone': (group) => group.subarray(0, 20),
  'a group whose end is zeros': (group) => Buffer.concat([group.subarray(0, group.length - 9), Buffer.alloc(9)]),
  'a page of zeros': () => Buffer.alloc(4096),
  'a page of noise': () => randomBytes(4096),
};

/** The group as it would stand at the end of the file: with its own offset, and the checksum that fits. */
const asNext = (group: Buffer): Buffer => {
  const next = Buffer.from(group);
  next.writeBigUInt64LE(group.readBigUInt64LE(8) + BigInt(group.length), 8);
  next.writeUInt32LE(crc32(next.subarray(0, 16)), 16);
  return next;
};

export const tornTail: Scenario = {
  name: 'torn-tail',
  what: `kill -9 under streams on each way in, then the journal gets a torn end, as a power cut leaves it: ${Object.keys(tails).join(', ')}`,
  expected:
    'None of the torn group was acknowledged, so devices send it again. The start cuts it away by itself and says so in the log; a user sees every acknowledged report, once.',
  run: async (context) => {
    const milepost = await context.start();
    const devices = await makeFleet(milepost, waysIn);
    context.atEnd(() => endFleet(devices));
    for (const device of devices) device.go();
    const kinds = Object.entries(tails).slice(0, context.bySize(Number.POSITIVE_INFINITY, 2));
    const recoverySeconds: number[] = [];
    let tally = { acknowledged: 0, found: 0 };
    for (const [name, tear] of kinds) {
      await Promise.all(devices.map((device) => device.untilAcked(device.acked + acksPerRound)));
      await milepost.kill();
      const segment = segmentsOf(milepost.data).at(-1) as string;
      const wholeBytes = statSync(segment).size;
      appendFileSync(segment, tear(asNext(lastGroupOf(readFileSync(segment)))));
      const startedAt = performance.now();
      const next = Promise.all(devices.map((device) => device.untilAcked(device.acked + 1)));
      await milepost.start();
      await next;
      recoverySeconds.push(secondsSince(startedAt));
      assert.match(milepost.log(), /cut a write that a crash had interrupted/, `${name}: the operator is told`);
      tally = await checkFleet(milepost, devices);
      context.say(`${name}: cut after byte ${wholeBytes}, ${tally.found} reports there`);
    }
    return { ...tally, recoverySeconds, figures: { 'kinds of torn ends': kinds.length } };
  },
};
