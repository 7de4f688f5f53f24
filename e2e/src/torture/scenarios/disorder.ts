import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import type { Milepost } from '../../support/start-milepost.ts';
import { ask } from '../support/ask.ts';
import { secondsSince } from '../support/figures.ts';
import { type Enrolled, enrol } from '../support/make-fleet.ts';
import { logIn } from '../support/log-in.ts';
import type { Scenario } from '../scenario.ts';

const socketsPerDevice = 3;
const speedsThere = 400;

/** A list in another order, some of it twice. */
const shuffled = (counts: readonly number[]): number[] => {
  const again = counts.filter(() => Math.random() < 0.3);
  const all = [...counts, ...again].map((count) => ({ count, place: Math.random() }));
  return all.sort((a, b) => a.place - b.place).map(({ count }) => count);
};

/** Sends a share of the frames on a socket of its own; resolves when the last one is acknowledged. */
const pour = (milepost: Milepost, token: string, boot: number, counts: readonly number[], timeOf: (count: number) => number) =>
  new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(`${milepost.origin.replace('http', 'ws')}/v1/devices/stream`, {
      headers: { authorization: `Bearer ${token}` },
    });
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const { ack, rejected, error } = JSON.parse(data.toString('utf8')) as { ack?: number; rejected?: unknown; error?: unknown };
      if (rejected || error) reject(new Error(data.toString('utf8')));
      if (ack !== counts.length) return;
      socket.close();
      resolve();
    });
    socket.on('open', () => {
      counts.forEach((count, i) => {
        const samples = [{ time: timeOf(count), signals: { 'Vehicle.Speed': count % speedsThere } }];
        socket.send(JSON.stringify({ boot, seq: i + 1, samples }));
      });
    });
  });

interface Seen {
  readonly times: readonly number[];
  readonly speeds: readonly number[];
  readonly latest: unknown;
}

const look = async (milepost: Milepost, { vehicleId }: Enrolled, fromMs: number, toMs: number): Promise<Seen> => {
  const query = `signals=Vehicle.Speed&from=${fromMs}&to=${toMs}`;
  const answer = (await (await ask(milepost, `/v1/vehicles/${vehicleId}/history?${query}`)).json()) as {
    times: number[];
    columns: Record<string, number[]>;
  };
  const detail = (await (await ask(milepost, `/v1/vehicles/${vehicleId}`)).json()) as {
    latest: Record<string, { time: string; value: number }>;
  };
  const { time, value } = detail.latest['Vehicle.Speed'] ?? assert.fail('there is a latest value');
  return { times: answer.times, speeds: answer.columns['Vehicle.Speed'] ?? [], latest: { time, value } };
};

export const disorder: Scenario = {
  name: 'disorder',
  what: 'the frames of each device are shuffled, a third of them doubled, and poured in over three sockets at once; compared with a device that sent in order, before and after kill -9',
  expected:
    'Sample time orders what is shown, not arrival: latest values and history are the same as if everything had come in order and once. (Of two different values for one moment the one stored first stays; the property tests beside `ingest` hold both.)',
  run: async (context) => {
    const reports = context.bySize(5000, 500);
    const startMs = Date.now() - 3_600_000;
    const timeOf = (count: number): number => startMs + count * 100;
    const counts = Array.from({ length: reports }, (_, i) => i + 1);
    const milepost = await context.start();
    const enrolled = await enrol(milepost, context.bySize(6, 2));
    const [ordered, ...others] = enrolled;
    assert.ok(ordered);
    await pour(milepost, await logIn(milepost, ordered), 1, counts, timeOf);
    let sent = reports;
    await Promise.all(
      others.map(async (one) => {
        const token = await logIn(milepost, one);
        const frames = shuffled(counts);
        sent += frames.length;
        const share = Math.ceil(frames.length / socketsPerDevice);
        const shares = Array.from({ length: socketsPerDevice }, (_, n) => frames.slice(n * share, (n + 1) * share));
        await Promise.all(shares.map((some, n) => pour(milepost, token, n + 1, some, timeOf)));
      }),
    );
    const compare = async (): Promise<number> => {
      const wanted = await look(milepost, ordered, startMs, timeOf(reports + 1));
      assert.equal(wanted.times.length, reports);
      for (const one of others) assert.deepEqual(await look(milepost, one, startMs, timeOf(reports + 1)), wanted);
      return wanted.times.length * enrolled.length;
    };
    await compare();
    await milepost.kill();
    const killedAt = performance.now();
    await milepost.start();
    const recoverySeconds = [secondsSince(killedAt)];
    const found = await compare();
    return {
      acknowledged: reports * enrolled.length,
      found,
      recoverySeconds,
      figures: { 'devices with shuffled frames': others.length, 'frames sent': sent, 'rows that are there': found },
    };
  },
};
