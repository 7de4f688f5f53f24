import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Milepost } from '../../support/start-milepost.ts';
import { ask, readMetric } from '../support/ask.ts';
import { checkFleet } from '../support/check-fleet.ts';
import type { CountingDevice } from '../support/counting-device.ts';
import { FakeClock, hasFaketime } from '../support/fake-clock.ts';
import { quantile, rounded, secondsSince } from '../support/figures.ts';
import { connect, endFleet, enrol, type WayIn, waysIn } from '../support/make-fleet.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Scenario } from '../scenario.ts';

const reportEveryMs = 500;
const lateAfterSeconds = 4;
const offlineAfterSeconds = 8;
/** How late a silence may be noticed. */
const noticeSecondsMax = 3;
/** Minutes from the true time, one after the other. */
const offsets = [20, 0, -20, 0];

interface Status {
  readonly id: string;
  readonly status: string;
}

const readStatuses = async (milepost: Milepost): Promise<Map<string, string>> => {
  const answer = (await (await ask(milepost, '/v1/vehicles?limit=500')).json()) as { items: Status[] };
  return new Map(answer.items.map(({ id, status }) => [id, status]));
};

/** What was seen while the clock was set. */
interface Watch {
  falseAlarms: number;
  readonly noticed: number[];
}

/** One device falls silent, the clock is set, and the others must stay online until the silent one is offline. */
const setClock = async (
  milepost: Milepost,
  fake: FakeClock,
  offset: number,
  victim: CountingDevice,
  reporting: readonly CountingDevice[],
  watch: Watch,
): Promise<void> => {
  victim.sendOne();
  await victim.untilAcked(victim.sent);
  const lastWordAt = performance.now();
  fake.set(offset);
  await waitUntil(async () => {
    const statuses = await readStatuses(milepost);
    watch.falseAlarms += reporting.filter(({ vehicleId }) => statuses.get(vehicleId) !== 'online').length;
    return statuses.get(victim.vehicleId) === 'offline';
  }, `who fell silent when the clock was set to ${offset} min is offline`);
  watch.noticed.push(secondsSince(lastWordAt));
  const { serverTime } = (await (await ask(milepost, '/v1/config')).json()) as { serverTime: string };
  assert.ok(Math.abs(Date.parse(serverTime) - Date.now() - offset * 60_000) < 5000, 'the new time holds');
};

const killAndCheck = async (milepost: Milepost, fake: FakeClock, reporting: readonly CountingDevice[]): Promise<number> => {
  fake.set(-20);
  await delay(1000);
  await milepost.kill();
  const killedAt = performance.now();
  await milepost.start();
  await Promise.all(reporting.map((device) => device.untilAcked(device.acked + 1)));
  return secondsSince(killedAt);
};

/** Reports again and again until stopped. */
const keepReporting = (devices: readonly CountingDevice[]): (() => void) => {
  const timer = setInterval(() => {
    for (const device of devices) device.sendOne();
  }, reportEveryMs);
  return () => clearInterval(timer);
};

export const clock: Scenario = {
  name: 'clock',
  what: "the server's time of day is set 20 minutes forward, back, 20 minutes back, and right again (libfaketime; timers and the steady clock go on) while devices report; then kill -9 and a start",
  expected:
    'A device notices nothing: its connection, its acknowledgements and its token live on. A user sees no vehicle late or offline because of it, and one that falls silent then is late and offline after the usual time; what is received from then on carries the new time. The operator is told in the log and by `milepost_clock_steps_total`. After a start the new time simply holds.',
  needs: [hasFaketime],
  run: async (context) => {
    const fake = new FakeClock();
    context.atEnd(() => fake.remove());
    const settings = {
      ...fake.settings,
      MILEPOST_LATE_AFTER_SECONDS: String(lateAfterSeconds),
      MILEPOST_OFFLINE_AFTER_SECONDS: String(offlineAfterSeconds),
    };
    const milepost = await context.start({ settings });
    const perWay = context.bySize(10, 2);
    const enrolled = await enrol(milepost, waysIn.length * perWay + offsets.length);
    let broken = 0;
    const onState = (state: string): void => {
      if (state === 'waiting') broken++;
    };
    const devices = enrolled.map((one, i) => connect(milepost, one, waysIn[i % waysIn.length] as WayIn, { onState }));
    context.atEnd(() => endFleet(devices));
    const reporting = devices.slice(offsets.length);
    const silent = devices.slice(0, offsets.length);
    for (const device of devices) {
      device.measures = true;
      device.sendOne();
    }
    await Promise.all(devices.map((device) => device.untilAcked(1)));
    context.atEnd(keepReporting(reporting));
    const watch: Watch = { falseAlarms: 0, noticed: [] };
    for (const [i, offset] of offsets.entries()) {
      await setClock(milepost, fake, offset, silent[i] as CountingDevice, reporting, watch);
      assert.equal(await readMetric(milepost, 'milepost_clock_steps_total'), i + 1);
      context.say(
        `${offset} min: offline after ${watch.noticed[i]} s of silence; ${watch.falseAlarms} false alarms, ${broken} broken connections`,
      );
    }
    const { falseAlarms, noticed } = watch;
    const brokenByClock = broken;
    assert.equal(falseAlarms, 0, 'nobody who reports was late or offline');
    assert.equal(brokenByClock, 0, 'no connection broke');
    for (const seconds of noticed)
      assert.ok(
        seconds >= offlineAfterSeconds && seconds <= offlineAfterSeconds + noticeSecondsMax,
        `noticed after ${seconds} s`,
      );
    const latencies = devices.flatMap(({ latenciesMs }) => latenciesMs);
    const recoverySeconds = [await killAndCheck(milepost, fake, reporting)];
    return {
      ...(await checkFleet(milepost, devices)),
      recoverySeconds,
      figures: {
        'times the clock was set': offsets.length,
        'vehicles that reported': reporting.length,
        'of them late or offline at any look': falseAlarms,
        'connections that broke': brokenByClock,
        'silence of 8 s noticed after, s': noticed.join(', '),
        'acknowledgement p99 / longest, ms': `${rounded(quantile(latencies, 0.99))} / ${rounded(quantile(latencies, 1))}`,
      },
    };
  },
};
