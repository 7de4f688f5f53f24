import type { Milepost } from '../../support/start-milepost.ts';
import type { TortureContext } from '../context.ts';
import { checkFleet } from '../support/check-fleet.ts';
import type { CountingDevice } from '../support/counting-device.ts';
import { rounded, secondsSince } from '../support/figures.ts';
import { connect, endFleet, enrol, type WayIn } from '../support/make-fleet.ts';
import type { Scenario } from '../scenario.ts';

const connectAtOnce = 250;
const ways: readonly WayIn[] = [
  { way: 'websocket', form: 'binary' },
  { way: 'websocket', form: 'json' },
  { way: 'mqtt', form: 'binary' },
];

/** When devices were connected again, and how often one was turned away meanwhile. */
class Arrivals {
  readonly atMs: number[] = [];
  turnedAway = 0;

  reset(): void {
    this.atMs.length = 0;
    this.turnedAway = 0;
  }

  /** The most within one second. */
  peakPerSecond(): number {
    const times = [...this.atMs].sort((a, b) => a - b);
    let peak = 0;
    for (let from = 0, to = 0; to < times.length; to++) {
      while ((times[to] as number) - (times[from] as number) >= 1000) from++;
      peak = Math.max(peak, to - from + 1);
    }
    return peak;
  }
}

const makeCrowd = async (milepost: Milepost, count: number, arrivals: Arrivals): Promise<CountingDevice[]> => {
  const enrolled = await enrol(milepost, count);
  const devices: CountingDevice[] = [];
  const onState = (state: string, why: string): void => {
    if (state === 'open') arrivals.atMs.push(performance.now());
    if (state === 'waiting' && /answered 503|0x88/.test(why)) arrivals.turnedAway++;
  };
  for (let from = 0; from < count; from += connectAtOnce) {
    const some = enrolled
      .slice(from, from + connectAtOnce)
      .map((one, i) => connect(milepost, one, ways[i % ways.length] as WayIn, { onState }));
    for (const device of some) device.sendOne();
    await Promise.all(some.map((device) => device.untilAcked(1)));
    devices.push(...some);
  }
  return devices;
};

interface Round {
  readonly recovery: number;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Lets the server end, starts it again, and waits until every device got rid of a report made meanwhile. */
const endAndComeBack = async (
  context: TortureContext,
  milepost: Milepost,
  devices: readonly CountingDevice[],
  arrivals: Arrivals,
  isKilled: boolean,
): Promise<Round> => {
  arrivals.reset();
  const endedAt = performance.now();
  await (isKilled ? milepost.kill() : milepost.stop());
  const stopSeconds = secondsSince(endedAt);
  for (const device of devices) device.sendOne();
  await milepost.start();
  const readyAt = performance.now();
  await Promise.all(devices.map((device) => device.untilAcked(device.sent)));
  const recovery = secondsSince(readyAt);
  const name = isKilled ? 'kill -9' : 'SIGTERM';
  context.say(`${name}: down after ${stopSeconds} s, all ${devices.length} back ${recovery} s after the start was ready`);
  const figures = {
    [`${name}: the server took to end, s`]: stopSeconds,
    [`${name}: the next start took, s`]: rounded((readyAt - endedAt) / 1000 - stopSeconds),
    [`${name}: all back and acknowledged after it was ready, s`]: recovery,
    [`${name}: most that came back in one second`]: arrivals.peakPerSecond(),
    [`${name}: turned away with 503`]: arrivals.turnedAway,
  };
  return { recovery, figures };
};

export const reconnects: Scenario = {
  name: 'reconnects',
  what: '10,000 connected devices (WebSocket and MQTT); SIGTERM and a new start, then kill -9 and a new start',
  expected:
    'At SIGTERM devices are let go one after the other over at most four seconds, what they had sent is acknowledged first, and each is told when to come back: at most a thousand a second. Meanwhile new ones are answered 503 with Retry-After, and /readyz says so. After a kill nobody was told anything: there the jitter of the devices spreads them. Either way all are back within seconds and nothing that was acknowledged is lost.',
  run: async (context) => {
    const arrivals = new Arrivals();
    const milepost = await context.start();
    const devices = await makeCrowd(milepost, context.bySize(10_000, 500), arrivals);
    context.atEnd(() => endFleet(devices));
    context.say(`${devices.length} devices are connected`);
    const stopped = await endAndComeBack(context, milepost, devices, arrivals, false);
    const killed = await endAndComeBack(context, milepost, devices, arrivals, true);
    return {
      ...(await checkFleet(milepost, devices)),
      recoverySeconds: [stopped.recovery, killed.recovery],
      figures: { devices: devices.length, ...stopped.figures, ...killed.figures },
    };
  },
};
