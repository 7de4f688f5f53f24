import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Milepost } from '../../support/start-milepost.ts';
import { ask, type AskOptions } from '../support/ask.ts';
import { checkFleet } from '../support/check-fleet.ts';
import { quantile, rounded, secondsSince } from '../support/figures.ts';
import { connect, endFleet, enrol, makeFleet, waysIn } from '../support/make-fleet.ts';
import { isLinux, postgresOf, signalAll } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Scenario } from '../scenario.ts';

/** Longest that a call which needs the database may take to say that there is none. */
const answerSecondsMax = 6;
const callsAtOnce = 20;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly seconds: number;
}

const timed = async (milepost: Milepost, path: string, init?: AskOptions): Promise<Answer> => {
  const startedAt = performance.now();
  const response = await ask(milepost, path, { ...init, signal: AbortSignal.timeout(60_000) });
  await response.text();
  return { status: response.status, retryAfter: response.headers.get('retry-after'), seconds: secondsSince(startedAt) };
};

let created = 0;
/** Needs SQL, and many at once: more than there are connections to the database. */
const writes = (milepost: Milepost): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: callsAtOnce }, () => {
      created++;
      return timed(milepost, '/v1/customers', { method: 'POST', body: JSON.stringify({ name: `Stopped ${created}` }) });
    }),
  );

const reads = (vehicleId: string): readonly string[] => [
  '/v1/vehicles',
  `/v1/vehicles/${vehicleId}`,
  `/v1/vehicles/${vehicleId}/history?signals=Vehicle.Speed`,
  '/v1/config',
];

export const databaseStopped: Scenario = {
  name: 'database-stopped',
  what: 'SIGSTOP of every process of PostgreSQL for 30 s under streams on each way in, then SIGCONT',
  expected:
    'A device notices nothing: who is connected, reconnects or logs in is checked from memory, and reports go to the journal. A user sees live and history as ever; what needs the database (to add, change, grant) is answered 503 `unavailable` with Retry-After within seconds. The operator sees it in /readyz and the log. When PostgreSQL goes on, so does all of that, without a restart.',
  needs: [isLinux],
  run: async (context) => {
    const stoppedSeconds = context.bySize(30, 6);
    const milepost = await context.start();
    const devices = await makeFleet(milepost, waysIn);
    context.atEnd(() => endFleet(devices));
    for (const device of devices) device.go();
    await Promise.all(devices.map((device) => device.untilAcked(100)));
    const [newcomer] = await enrol(milepost, 1, 2000);
    assert.ok(newcomer);
    const processes = postgresOf(milepost);
    assert.ok(processes.length > 3, 'PostgreSQL runs');
    const ackedBefore = devices.map(({ acked }) => acked);
    for (const device of devices) device.measures = true;
    signalAll(processes, 'SIGSTOP');
    context.atEnd(() => signalAll(processes, 'SIGCONT'));
    const stoppedAt = performance.now();
    const answers: Answer[] = [];
    const readAnswers: Answer[] = [];
    while (secondsSince(stoppedAt) < stoppedSeconds) {
      answers.push(...(await writes(milepost)));
      for (const path of reads(devices[0]?.vehicleId ?? '')) readAnswers.push(await timed(milepost, path));
      await delay(500);
    }
    const readiness = await timed(milepost, '/readyz');
    const slowest = Math.max(...answers.map(({ seconds }) => seconds));
    context.say(`${answers.length} calls that need the database answered, the slowest after ${slowest} s`);
    for (const { status, retryAfter } of answers)
      assert.ok(status === 503 && retryAfter !== null, `${status}, Retry-After: ${retryAfter}`);
    assert.ok(slowest <= answerSecondsMax, `answered after ${slowest} s`);
    assert.equal(readiness.status, 503);
    for (const { status } of readAnswers) assert.equal(status, 200);
    // Who logs in while the database is away is let in, too.
    const late = connect(milepost, newcomer, { way: 'websocket', form: 'json' });
    late.sendOne();
    await late.untilAcked(1);
    // Reports are taken all the while; how many a second is the machine's affair.
    await Promise.all(devices.map((device, i) => device.untilAcked((ackedBefore[i] ?? 0) + 100)));
    devices.push(late);
    const latencies = devices.flatMap(({ latenciesMs }) => latenciesMs);
    const meanwhile = latencies.length;
    signalAll(processes, 'SIGCONT');
    const continuedAt = performance.now();
    await waitUntil(async () => (await ask(milepost, '/readyz')).status === 200, 'everything is ready again');
    const recoverySeconds = [secondsSince(continuedAt)];
    await enrol(milepost, 3, 1000);
    for (const device of devices) device.pause();
    return {
      ...(await checkFleet(milepost, devices)),
      recoverySeconds,
      figures: {
        'stopped for, s': stoppedSeconds,
        'reports acknowledged meanwhile': meanwhile,
        'their acknowledgement p50 / p99, ms': `${rounded(quantile(latencies, 0.5))} / ${rounded(quantile(latencies, 0.99))}`,
        'calls that need the database, answered 503': answers.length,
        'the slowest of them after, s': slowest,
        'calls that do not, answered 200': readAnswers.length,
        'the slowest of them after, s ': Math.max(...readAnswers.map(({ seconds }) => seconds)),
      },
    };
  },
};
