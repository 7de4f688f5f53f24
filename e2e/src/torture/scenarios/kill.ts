import { checkFleet } from '../support/check-fleet.ts';
import type { CountingDevice } from '../support/counting-device.ts';
import { secondsSince } from '../support/figures.ts';
import { endFleet, makeFleet, waysIn } from '../support/make-fleet.ts';
import type { Scenario } from '../scenario.ts';

/** A round is over when this many further reports of each device were acknowledged; then the kill comes without warning. */
const acksPerRound = 40;

const furtherAcks = (devices: readonly CountingDevice[], count: number): Promise<unknown> =>
  Promise.all(devices.map((device) => device.untilAcked(device.acked + count)));

export const kill: Scenario = {
  name: 'kill',
  what: 'kill -9 of the server and its PostgreSQL, 20 times, under streams on each way in (WebSocket, HTTP, MQTT; JSON and binary)',
  expected:
    'A device sees its connection break, comes back with a growing wait, and sends again what was not acknowledged. A user sees every acknowledged report, once. The operator starts the server again and does nothing else.',
  run: async (context) => {
    const rounds = context.bySize(20, 2);
    const milepost = await context.start();
    const devices = await makeFleet(milepost, [...waysIn, { way: 'websocket', form: 'json' }]);
    context.atEnd(() => endFleet(devices));
    for (const device of devices) device.go();
    const readySeconds: number[] = [];
    const recoverySeconds: number[] = [];
    let tally = { acknowledged: 0, found: 0 };
    for (let round = 1; round <= rounds; round++) {
      await furtherAcks(devices, acksPerRound);
      const killed = await milepost.kill();
      const killedAt = performance.now();
      const next = furtherAcks(devices, 1).then(() => recoverySeconds.push(secondsSince(killedAt)));
      await milepost.start();
      readySeconds.push(secondsSince(killedAt));
      context.say(`round ${round}: ${killed} processes killed, ready again after ${readySeconds.at(-1)} s`);
      await next;
      tally = await checkFleet(milepost, devices);
    }
    return {
      ...tally,
      recoverySeconds,
      figures: { kills: rounds, waysIn: waysIn.length, 'ready again after, s, at most': Math.max(...readySeconds) },
    };
  },
};
