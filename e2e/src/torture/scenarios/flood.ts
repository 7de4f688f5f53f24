import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Milepost } from '../../support/start-milepost.ts';
import { ask } from '../support/ask.ts';
import { checkFleet } from '../support/check-fleet.ts';
import type { CountingDevice } from '../support/counting-device.ts';
import { quantile, rounded } from '../support/figures.ts';
import { connect, endFleet, enrol, type WayIn } from '../support/make-fleet.ts';
import { Flood } from '../support/flood.ts';
import type { Scenario } from '../scenario.ts';

const ways: readonly WayIn[] = [
  { way: 'websocket', form: 'json' },
  { way: 'websocket', form: 'binary' },
  { way: 'mqtt', form: 'json' },
  { way: 'http', form: 'json' },
];
const reportEveryMs = 1000;
/** With the flood, 99 of 100 acknowledgements of the others take at most so many times what they took without it, and so much more. */
const p99FactorMax = 3;
const p99AddedMsMax = 150;

/** Lets each device report once a second for a while; answers how long acknowledgements took. */
const steadyTraffic = async (devices: readonly CountingDevice[], seconds: number): Promise<number[]> => {
  for (const device of devices) {
    device.latenciesMs.length = 0;
    device.measures = true;
  }
  for (let second = 0; second < seconds; second++) {
    const slice = Math.ceil(devices.length / 10);
    for (let part = 0; part < 10; part++) {
      for (const device of devices.slice(part * slice, (part + 1) * slice)) device.sendOne();
      await delay(reportEveryMs / 10);
    }
  }
  await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
  return devices.flatMap(({ latenciesMs }) => latenciesMs);
};

const spread = (latencies: readonly number[]): string =>
  [0.5, 0.99, 1].map((part) => rounded(quantile(latencies, part))).join(' / ');

const busiest = async (milepost: Milepost): Promise<string> => {
  const text = await (await ask(milepost, '/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith('milepost_busiest_device_reports_per_second{'));
  return lines[0] ?? '';
};

export const flood: Scenario = {
  name: 'flood',
  what: 'one device sends as fast as it can, on its own connection from a process of its own, while 200 others report once a second on each way in',
  expected:
    'The others notice next to nothing. The one that floods is slowed down by its own socket: past its share (2,000 reports a second) it is not read for a moment, nothing of it is lost. The operator finds it by name in `milepost_busiest_device_reports_per_second`.',
  run: async (context) => {
    const seconds = context.bySize(30, 4);
    const milepost = await context.start();
    const count = context.bySize(200, 40);
    const [flooding, ...others] = await enrol(milepost, count + 1);
    assert.ok(flooding);
    const devices = others.map((one, i) => connect(milepost, one, ways[i % ways.length] as WayIn));
    context.atEnd(() => endFleet(devices));
    for (const device of devices) device.sendOne();
    await Promise.all(devices.map((device) => device.untilAcked(1)));
    const quiet = await steadyTraffic(devices, seconds);
    const quietMb = context.memory.mb ?? 0;
    context.say(`without the flood: ${spread(quiet)} ms`);
    const pouring = new Flood(milepost, flooding);
    context.atEnd(async () => void (await pouring.stop()));
    await pouring.begun;
    const flooded = await steadyTraffic(devices, seconds);
    const named = await busiest(milepost);
    const { sent, acknowledged, seconds: poured } = await pouring.stop();
    context.say(`with it: ${spread(flooded)} ms; it got rid of ${acknowledged} of ${sent} reports in ${poured} s`);
    assert.ok(acknowledged > 0, 'the flood was taken, slowly');
    assert.match(named, /device="dev_/, 'the metric names it');
    const p99 = quantile(flooded, 0.99);
    const p99Max = quantile(quiet, 0.99) * p99FactorMax + p99AddedMsMax;
    assert.ok(p99 <= p99Max, `the others waited ${p99} ms, expected at most ${p99Max}`);
    return {
      ...(await checkFleet(milepost, devices)),
      figures: {
        'the others: p50 / p99 / longest without the flood, ms': spread(quiet),
        'the others: p50 / p99 / longest with it, ms': spread(flooded),
        'the flood: reports acknowledged a second': Math.round(acknowledged / poured),
        'the metric says': named,
        'peak memory without the flood, MB': quietMb,
      },
    };
  },
};
