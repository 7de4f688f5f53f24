import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TortureContext } from '../context.ts';
import { checkFleet } from '../support/check-fleet.ts';
import type { CountingDevice } from '../support/counting-device.ts';
import { quantile, rounded, secondsSince } from '../support/figures.ts';
import { connect, endFleet, enrol, type WayIn, waysIn } from '../support/make-fleet.ts';
import { losePackets, mayLosePackets, stopLosing } from '../support/network.ts';
import type { Outcome, Scenario } from '../scenario.ts';

const lossPercent = 30;
const reportEveryMs = 500;

const report = async (devices: readonly CountingDevice[], seconds: number): Promise<void> => {
  const endAt = performance.now() + seconds * 1000;
  while (performance.now() < endAt) {
    for (const device of devices) device.sendOne();
    await delay(reportEveryMs);
  }
};

/** What happens inside the namespace. */
export const underLoss = async (context: TortureContext): Promise<Outcome> => {
  const seconds = context.bySize(60, 6);
  const milepost = await context.start();
  const perWay = context.bySize(5, 1);
  let broken = 0;
  const onState = (state: string): void => {
    if (state === 'waiting') broken++;
  };
  const enrolled = await enrol(milepost, waysIn.length * perWay);
  const devices = enrolled.map((one, i) => connect(milepost, one, waysIn[i % waysIn.length] as WayIn, { onState }));
  context.atEnd(() => endFleet(devices));
  for (const device of devices) device.sendOne();
  await Promise.all(devices.map((device) => device.untilAcked(1)));
  for (const device of devices) device.measures = true;
  losePackets(lossPercent);
  await report(devices, seconds);
  const waiting = devices.reduce((sum, { sent, acked }) => sum + sent - acked, 0);
  const latencies = devices.flatMap(({ latenciesMs }) => [...latenciesMs]);
  const dropped = stopLosing();
  const endedAt = performance.now();
  await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
  const recoverySeconds = [secondsSince(endedAt)];
  assert.ok(dropped > 0, 'packets were lost');
  return {
    ...(await checkFleet(milepost, devices)),
    recoverySeconds,
    figures: {
      'packets lost': dropped,
      'reports made meanwhile': devices.reduce((sum, { sent }) => sum + sent - 1, 0),
      'of these acknowledged meanwhile': latencies.length,
      'waiting when it ended': waiting,
      'acknowledgement p50 / p99, ms': `${rounded(quantile(latencies, 0.5))} / ${rounded(quantile(latencies, 0.99))}`,
      'connections that broke': broken,
    },
  };
};

export const packetLoss: Scenario = {
  name: 'packet-loss',
  what: `${lossPercent} % of all packets are lost, in both directions, for a minute while devices report twice a second on each way in (own network namespace, nft)`,
  expected:
    'TCP repeats what was lost, so acknowledgements come late, and some connections break and are made again. Nothing is lost and nothing there twice, though much is sent twice. When the loss ends, what waited is acknowledged within seconds.',
  needs: [mayLosePackets],
  run: async (context) => {
    const file = path.resolve(import.meta.dirname, '../inside.ts');
    const child = spawn('unshare', ['--net', process.execPath, file, context.size], { stdio: ['ignore', 'pipe', 'pipe'] });
    context.atEnd(() => void child.kill());
    let output = '';
    let errors = '';
    child.stdout.on('data', (text) => {
      output += String(text);
    });
    child.stderr.on('data', (text) => {
      errors += String(text);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`inside of the namespace: ${errors || code}`);
    const { peakMemoryMb, ...outcome } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Outcome & {
      peakMemoryMb?: number;
    };
    if (peakMemoryMb !== undefined) context.memory.note(peakMemoryMb);
    return outcome;
  },
};
