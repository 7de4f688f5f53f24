import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { openJournal } from '../eventlog/adapters/journal/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import { type Clock, silentLogger } from '../kernel/index.ts';
import { serverScope } from '../sharing/index.ts';
import { systemActor } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import {
  type AssembledTrips,
  assembleTrips,
  type DeriveDay,
  deriveDay,
  forgetDays,
  makeDayWith,
  type Trip,
  TripMarks,
} from '../trips/index.ts';
import { readFrom } from '../trips/testing/recorded-samples.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice } from './testing/recorded-device.ts';
import { dayMs, dayOf, recordedDrive, sendDrive } from './testing/recorded-drives.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

// Marks and days when the process ends at the wrong moment, and when the log is another one than they remember.

const first = recordedDrive('T3_04_26_2021_1');
const second = recordedDrive('T2_04_26_2021');
const day = dayOf(first) / dayMs;
const clock = makeSettableClock(dayOf(first) + 3 * dayMs);
/** Nothing happens by itself: what is written and when is up to the test. */
const stillClock: Clock = { ...clock, now: () => clock.now(), after: () => () => {} };
let server: TestServer;
let cars: RecordedDevice[];
const car = (i: number): RecordedDevice => cars[i] as RecordedDevice;
const running: Process[] = [];

/** Trips of one process after another, on the same log, history and database. */
interface Process {
  readonly marks: TripMarks;
  readonly days: AssembledTrips;
  /** As a kill: what is only in memory is lost. */
  kill(): Promise<void>;
}

const start = async ({
  log = server.eventLog,
  derive = deriveDay,
}: {
  readonly log?: EventLog;
  readonly derive?: DeriveDay;
} = {}): Promise<Process> => {
  const { storage, history, retention, erasures, registry } = server;
  const timed = { clock: stillClock, logger: silentLogger };
  const marks = new TripMarks({ storage, log, partitions: [0], isWriter: true, ...timed });
  await marks.open(() => log.startOffset(0));
  const caughtUp = Promise.withResolvers<void>();
  const follower = log.follow({
    partition: 0,
    fromOffset: marks.startOffset(0) ?? 0,
    handle: (batch) => marks.apply(batch),
    caughtUp: () => caughtUp.resolve(),
    failed: (error) => caughtUp.reject(error),
  });
  await caughtUp.promise;
  const makeDay = makeDayWith(derive);
  const days = assembleTrips({ storage, history, directory: registry.directory, retention, erasures, marks, makeDay, ...timed });
  const started: Process = {
    marks,
    days,
    kill: async () => {
      running.splice(running.indexOf(started), 1);
      await follower.stop();
      await days.close();
      await marks.close(true);
    },
  };
  running.push(started);
  return started;
};

before(async () => {
  server = await openTestServer('trip-restart', {}, { clock });
  cars = await addRecordedDevices(server, 6);
  const { trips } = await deriveDay(dayOf(first), readFrom(first), { packKwh: null }, clock.now());
  assert.equal(trips.length, 1);
  firstStart = (trips[0] as Trip).fromMs;
});
after(async () => {
  for (const one of running) await one.kill();
  await server.close();
});

const vehicleNoOf = ({ vehicleId }: RecordedDevice): number => {
  const vehicle = server.registry.directory.vehicleById(vehicleId);
  assert.ok(vehicle);
  return vehicle.vehicleNo;
};
const startsOf = async ({ days }: Process, device: RecordedDevice): Promise<number[]> => {
  const query = { vehicleNo: vehicleNoOf(device), fromMs: 0, toMs: clock.now(), limit: 100 };
  const { items } = await days.trips.listTrips(serverScope(), query);
  return items.map(({ fromMs }) => fromMs);
};
const daysIn = (table: 'vehicle_days' | 'vehicle_day_marks', device: RecordedDevice): Promise<number[]> =>
  server.storage.withActor(systemActor('trips'), async (tx) => {
    const { rows } = await sql<{ day: number }>`select day from ${sql.table(table)}
      where vehicle_no = ${vehicleNoOf(device)} order by day`.execute(tx);
    return rows.map((row) => row.day);
  });

/** When every trip of both drives began, newest first. */
let bothStarts: number[];
/** When the trip of the first drive began. */
let firstStart: number;

test('after a restart what is stored is shown without being derived again', async () => {
  const one = await start();
  await sendDrive(car(0), first);
  await sendDrive(car(0), second);
  await one.marks.flush();
  bothStarts = await startsOf(one, car(0));
  assert.ok(bothStarts.length >= 2);
  assert.deepEqual(await daysIn('vehicle_day_marks', car(0)), [], 'the day is finished');
  await one.kill();
  const two = await start();
  assert.equal(two.marks.noted.count, 0, 'nothing is read again');
  assert.deepEqual(await startsOf(two, car(0)), bothStarts);
  assert.equal(two.days.statistics().derived, 0);
  await two.kill();
});

test('killed before marks were written: late samples of a finished day are found in the log again', async () => {
  const one = await start();
  await sendDrive(car(1), first);
  await one.marks.flush();
  assert.deepEqual(await startsOf(one, car(1)), [firstStart]);
  assert.deepEqual(await daysIn('vehicle_day_marks', car(1)), []);
  await sendDrive(car(1), second);
  assert.ok(one.marks.noted.rangesOf(vehicleNoOf(car(1))).length > 0);
  await one.kill();
  assert.deepEqual(await daysIn('vehicle_day_marks', car(1)), [], 'the database has not heard of them');
  const two = await start();
  assert.deepEqual(await startsOf(two, car(1)), bothStarts);
  await two.marks.flush();
  assert.deepEqual(await startsOf(two, car(1)), bothStarts);
  await two.kill();
});

test('killed while a marked day was derived: the mark is there, and the next process derives it', async () => {
  const reached = Promise.withResolvers<void>();
  const never = new Promise<never>(() => {});
  const one = await start({
    derive: () => {
      reached.resolve();
      return never;
    },
  });
  await sendDrive(car(2), first);
  await one.marks.flush();
  void startsOf(one, car(2));
  await reached.promise;
  await one.kill();
  assert.deepEqual(await daysIn('vehicle_days', car(2)), []);
  assert.deepEqual(await daysIn('vehicle_day_marks', car(2)), [day]);
  const two = await start();
  assert.deepEqual(await startsOf(two, car(2)), [firstStart]);
  assert.deepEqual(await daysIn('vehicle_days', car(2)), [day]);
  assert.deepEqual(await daysIn('vehicle_day_marks', car(2)), []);
  await two.kill();
});

test('samples that come while their day is derived keep it marked', async () => {
  let meanwhile = async (): Promise<void> => {};
  const one = await start({
    derive: async (...asked) => {
      const found = await deriveDay(...asked);
      await meanwhile();
      return found;
    },
  });
  await sendDrive(car(3), first);
  await one.marks.flush();
  meanwhile = async () => {
    meanwhile = async () => {};
    await sendDrive(car(3), second);
    await one.marks.flush();
  };
  assert.deepEqual(await startsOf(one, car(3)), [firstStart], 'what was read before they came');
  assert.deepEqual(await daysIn('vehicle_day_marks', car(3)), [day]);
  assert.deepEqual(await startsOf(one, car(3)), bothStarts);
  assert.deepEqual(await daysIn('vehicle_day_marks', car(3)), []);
  await one.kill();
});

test('another process takes the partitions over: the one before writes nothing more', async () => {
  const one = await start();
  const two = await start();
  await sendDrive(car(4), first);
  await two.marks.flush();
  await one.marks.flush();
  assert.deepEqual([one.marks.isWriter, two.marks.isWriter], [false, true]);
  assert.deepEqual(await startsOf(two, car(4)), [firstStart]);
  assert.deepEqual(await startsOf(one, car(4)), [firstStart]);
  await two.kill();
  await one.kill();
});

test('a log that ends before what stored days contain: every day is derived anew from history, by itself', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'milepost-lower-log-'));
  const timed = { clock, logger: silentLogger };
  const log = await openJournal({ folder, ...timed, limits: { diskReserveBytes: 0, commitSpacingMs: 0 } });
  try {
    assert.ok(log.endOffset(0) < server.eventLog.endOffset(0));
    const one = await start({ log });
    assert.deepEqual(await daysIn('vehicle_days', car(0)), [day], 'what is stored stays until then');
    assert.deepEqual(await startsOf(one, car(0)), bothStarts);
    assert.equal(one.days.statistics().derived, 1);
    assert.deepEqual(await startsOf(one, car(0)), bothStarts);
    assert.equal(one.days.statistics().derived, 1, 'once');
    await one.kill();
    const two = await start({ log });
    assert.deepEqual(await startsOf(two, car(0)), bothStarts);
    assert.equal(two.days.statistics().derived, 0, 'and not with each start');
    await two.kill();
  } finally {
    await log.close();
    await rm(folder, { recursive: true });
  }
});

test('a rebuild: stored days stay, and each is derived anew once', async () => {
  const one = await start();
  await startsOf(one, car(0));
  const { derived } = one.days.statistics();
  const { days } = await forgetDays(server.storage);
  assert.ok(days >= 4, `${days}`);
  assert.deepEqual(await daysIn('vehicle_days', car(0)), [day]);
  assert.deepEqual(await startsOf(one, car(0)), bothStarts);
  assert.deepEqual(await startsOf(one, car(0)), bothStarts);
  assert.equal(one.days.statistics().derived, derived + 1);
  await one.kill();
});

test('rows that were removed from outside are made again from history', async () => {
  const one = await start();
  await startsOf(one, car(0));
  await server.storage.withActor(systemActor('trips'), async (tx) => {
    await sql`delete from trip_vehicles`.execute(tx);
  });
  assert.deepEqual(await daysIn('vehicle_days', car(0)), []);
  assert.deepEqual(await startsOf(one, car(0)), bothStarts, 'whoever asks looks through history first');
  assert.deepEqual(await daysIn('vehicle_days', car(0)), [day]);
  await one.kill();
  // In the background: the server's own, which takes the partition over when it starts anew.
  const { storage, history, retention, erasures, registry, eventLog: log } = server;
  const timed = { clock, logger: silentLogger };
  const marks = new TripMarks({ storage, log, partitions: [0], isWriter: true, ...timed });
  await marks.open(() => log.startOffset(0));
  const parts = { storage, history, directory: registry.directory, retention, erasures, marks };
  const days = assembleTrips({ ...parts, makeDay: makeDayWith(deriveDay), ...timed });
  days.tend();
  try {
    for (const device of [car(1), car(2), car(4)])
      await until('the day is stored again', async () => (await daysIn('vehicle_days', device)).includes(day));
  } finally {
    await days.close();
    await marks.close(false);
  }
});
