import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackFill, type LateVehicle, missingAt, subtract } from './back-fill.ts';
import { simulatorLimits } from './limits.ts';
import type { PastSample } from './model.ts';
import type { Period } from './state-file.ts';

const dayMs = 86_400_000;
const everyMs = dayMs / 400;

function* past(fromMs: number, toMs: number): Generator<PastSample> {
  for (let time = Math.ceil(fromMs / everyMs) * everyMs; time < toMs; time += everyMs) yield { time, signals: {} };
}

/** A vehicle that notes what it sends; reports are acknowledged by hand. */
const makeVehicle = (missing: readonly Period[], priority = 0) => {
  const vehicle = {
    sent: [] as number[][],
    waiting: [] as (() => void)[],
    hasRoom: true,
    state: 'open',
    feed: {
      get client() {
        return { state: vehicle.state };
      },
      sendLate: (samples: readonly PastSample[], stored: () => void): boolean => {
        if (!vehicle.hasRoom) return false;
        assert.ok(samples.length > 0 && samples.length <= simulatorLimits.lateSamplesPerReport);
        vehicle.sent.push(samples.map(({ time }) => time));
        vehicle.waiting.push(stored);
        return true;
      },
    } as unknown as LateVehicle['feed'],
    past,
    missing,
    priority,
    acknowledge: (): void => {
      for (const stored of vehicle.waiting.splice(0)) stored();
    },
  };
  return vehicle;
};

test('what is missing: what was before, and from the last end to where it goes on, no older than its tracker keeps', () => {
  assert.deepEqual(missingAt({}, 100, 900), [[100, 900]]);
  assert.deepEqual(missingAt({ sentUntilMs: 700 }, 100, 900), [[700, 900]]);
  assert.deepEqual(missingAt({ sentUntilMs: 900, missing: [[50, 200]] }, 100, 900), [[100, 200]]);
  assert.deepEqual(missingAt({ sentUntilMs: 20, missing: [[5, 10]] }, 100, 900), [[100, 900]]);
  assert.deepEqual(missingAt({ sentUntilMs: 950 }, 100, 950), []);
});

test('a period is taken out of others', () => {
  assert.deepEqual(
    subtract(
      [
        [0, 10],
        [20, 30],
      ],
      [5, 25],
    ),
    [
      [0, 5],
      [25, 30],
    ],
  );
  assert.deepEqual(subtract([[0, 10]], [0, 10]), []);
  assert.deepEqual(subtract([[0, 10]], [3, 4]), [
    [0, 3],
    [4, 10],
  ]);
});

test('the newest day comes first, each moment once, no more reports than allowed, and done when all was acknowledged', () => {
  const vehicles = [makeVehicle([[0.5 * dayMs, 3 * dayMs]]), makeVehicle([[1 * dayMs, 3 * dayMs]])];
  let done = 0;
  const fill = new BackFill(vehicles, () => done++);
  assert.equal(fill.days, 5);
  const days: number[] = [];
  for (let turn = 0; turn < 50 && done === 0; turn++) {
    const before = vehicles.flatMap(({ sent }) => sent).length;
    fill.advance(2);
    const sent = vehicles.flatMap((vehicle) => vehicle.sent);
    assert.ok(sent.length - before <= 2);
    for (const vehicle of vehicles) {
      const newest = vehicle.sent.at(-1);
      if (vehicle.waiting.length > 0 && newest) days.push(Math.floor((newest[0] as number) / dayMs));
      vehicle.acknowledge();
    }
  }
  assert.equal(done, 1);
  assert.deepEqual(
    days,
    [...days].sort((a, b) => b - a),
  );
  assert.deepEqual(
    vehicles.map(({ missing }) => missing),
    [[], []],
  );
  const times = (vehicles[0]?.sent ?? []).flat().sort((a, b) => a - b);
  assert.deepEqual(
    times,
    [...past(0.5 * dayMs, 3 * dayMs)].map(({ time }) => time),
  );
  assert.equal(fill.samples, 1000 + 800);
});

test('one that takes nothing holds up no other; what is not acknowledged stays missing', () => {
  const [stuck, other] = [makeVehicle([[0, 2 * dayMs]]), makeVehicle([[0, 2 * dayMs]])];
  let done = 0;
  const fill = new BackFill([stuck, other], () => done++);
  stuck.hasRoom = false;
  for (let turn = 0; turn < 10; turn++) fill.advance(3);
  assert.deepEqual(stuck.sent, []);
  assert.equal(other.sent.flat().length, 800);
  assert.deepEqual(other.missing, [[0, 2 * dayMs]]);
  other.acknowledge();
  assert.deepEqual(other.missing, []);
  assert.equal(done, 0);
  stuck.hasRoom = true;
  for (let turn = 0; turn < 10; turn++) {
    fill.advance(3);
    stuck.acknowledge();
  }
  assert.deepEqual([stuck.missing, done], [[], 1]);
});

test('one that has stopped is not waited for', () => {
  const vehicle = makeVehicle([[0, dayMs]]);
  let done = 0;
  const fill = new BackFill([vehicle], () => done++);
  fill.advance(1);
  vehicle.state = 'stopped';
  fill.advance(1);
  assert.deepEqual([done, vehicle.missing], [1, [[0, dayMs]]]);
});
