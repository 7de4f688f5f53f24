import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RetentionChanges } from '@milepost/contract/api';
import { sql } from 'kysely';
import { serverScope } from '../sharing/index.ts';
import { systemActor } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import { deriveDay, type TripSamples } from '../trips/index.ts';
import { joinSamples } from '../trips/samples.ts';
import { readFrom } from '../trips/testing/recorded-samples.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, RecordedDevice } from './testing/recorded-device.ts';
import { dayMs, dayOf, endOf, iso, recordedDrive, sendDrive, startingAt, startOf, tripsOf } from './testing/recorded-drives.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

// What becomes of stored days: erasure, retention, several devices, midnights of time zones, and sums over many vehicles.

const first = recordedDrive('T3_04_26_2021_1');
const second = recordedDrive('T2_04_26_2021');
const driveMs = endOf(first) - startOf(first);
const nowMs = dayOf(first) + dayMs + 4 * 3_600_000;
const clock = makeSettableClock(nowMs);
let server: TestServer;
let cars: RecordedDevice[];
const car = (i: number): RecordedDevice => cars[i] as RecordedDevice;

before(async () => {
  server = await openTestServer('trip-days', {}, { clock });
  cars = await addRecordedDevices(server, 8);
});
after(() => server.close());

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

const vehicleNoOf = ({ vehicleId }: RecordedDevice): number => {
  const vehicle = server.registry.directory.vehicleById(vehicleId);
  assert.ok(vehicle);
  return vehicle.vehicleNo;
};

const rowsIn = async (table: 'vehicle_days' | 'vehicle_day_marks', device: RecordedDevice): Promise<number[]> => {
  const { rows } = await server.storage.withActor(systemActor('trips'), (tx) =>
    sql<{ day: number }>`select day from ${sql.table(table)} where vehicle_no = ${vehicleNoOf(device)} order by day`.execute(tx),
  );
  return rows.map(({ day }) => day);
};

const expectedOf = async (samples: TripSamples) => {
  const { trips } = await deriveDay(dayOf(samples), readFrom(samples), { packKwh: null }, clock.now());
  return trips.map(({ fromMs, toMs }) => [iso(fromMs), iso(toMs)]).reverse();
};
const shownOf = async (device: RecordedDevice) => (await tripsOf(server, device.vehicleId)).map(({ start, end }) => [start, end]);

test('what is erased is derived anew from what is left, and a day of which nothing is left vanishes', async () => {
  const one = car(0);
  await sendDrive(one, first);
  await sendDrive(one, second);
  assert.equal((await shownOf(one)).length, (await expectedOf(joinSamples([first, second]))).length);
  assert.deepEqual(await rowsIn('vehicle_days', one), [dayOf(first) / dayMs]);

  const erase = async (period: string): Promise<void> => {
    const { status, text } = await server.call('DELETE', `/v1/vehicles/${one.vehicleId}/data${period}`);
    assert.equal(status, 200, text);
  };
  await erase(`?from=${iso(startOf(first) - 60_000)}&to=${iso(endOf(first) + 60_000)}`);
  assert.deepEqual(await shownOf(one), await expectedOf(second), 'hidden at once');
  assert.deepEqual(await rowsIn('vehicle_days', one), [dayOf(first) / dayMs]);

  await erase('');
  assert.deepEqual(await shownOf(one), []);
  assert.deepEqual(await rowsIn('vehicle_days', one), [], 'nothing is stored of it');
  const { json } = await server.ask('readMileage', { id: one.vehicleId, query: { from: iso(dayOf(first)) } });
  assert.ok(
    json.days.every(({ distanceKm }) => distanceKm === null),
    JSON.stringify(json),
  );
});

test('what was erased goes from the store by itself, without anybody reading', async () => {
  const one = car(1);
  await sendDrive(one, first);
  assert.equal((await shownOf(one)).length, 1);
  assert.equal((await server.call('DELETE', `/v1/vehicles/${one.vehicleId}/data`)).status, 200);
  await until('the row is gone', async () => (await rowsIn('vehicle_days', one)).length === 0);
});

test('places are hidden from when positions are no longer kept; a trip from when driving is not', async () => {
  const one = car(2);
  await sendDrive(one, first);
  const keep = async (body: RetentionChanges): Promise<void> => {
    const { status, text } = await server.ask('changeRetention', { id: one.vehicleId, body });
    assert.equal(status, 200, text);
  };
  const stopsOf = async () => (await server.ask('listStops', { id: one.vehicleId })).json.items;
  const [whole] = await tripsOf(server, one.vehicleId);
  assert.ok(whole?.from && whole.to);
  assert.ok((await stopsOf())[0]?.position);
  await keep({ groups: { position: 1 } });
  clock.set(Date.parse(whole.start) + dayMs + 1);
  try {
    const [trip] = await tripsOf(server, one.vehicleId);
    assert.deepEqual([trip?.from, trip?.to], [null, null]);
    assert.deepEqual([trip?.start, trip?.distanceKm], [whole.start, whole.distanceKm], 'how far it went is kept');
    clock.set(endOf(first) + dayMs + 1);
    assert.deepEqual((await stopsOf())[0]?.position, null);
    await keep({ groups: { position: 1, driving: 1 } });
    assert.deepEqual(await tripsOf(server, one.vehicleId), []);
    const { json } = await server.ask('readMileage', { id: one.vehicleId, query: { from: iso(dayOf(first)) } });
    assert.deepEqual([json.days[0]?.trips, json.days[0]?.drivingSeconds], [null, null]);
  } finally {
    clock.set(nowMs);
  }
});

test('two devices on a vehicle: the one that is preferred makes the trips', async () => {
  const one = car(3);
  const { json, status, text } = await server.ask('createDevice', {
    body: { imei: '352999000000001', vehicleId: one.vehicleId, kind: 'phone' },
  });
  assert.equal(status, 201, text);
  const phone = new RecordedDevice(server, one.vehicleId, { imei: '352999000000001', secret: json.secret });
  // The phone lay at home, and says so at the same times and between them.
  const still = (column: Float64Array, value: number): Float64Array => column.map(() => value);
  const atHome: TripSamples = {
    ...startingAt(first, startOf(first) + 400),
    speedKmh: still(first.speedKmh, 0),
    latitude: still(first.latitude, 33.5),
    longitude: still(first.longitude, -7.6),
    energyPercent: still(first.energyPercent, 50),
  };
  await sendDrive(phone, atHome);
  await sendDrive(one, first);
  await sendDrive(car(4), first);
  const figures = async (device: RecordedDevice) => (await tripsOf(server, device.vehicleId)).map(({ id: _id, ...rest }) => rest);
  assert.equal((await figures(one)).length, 1);
  assert.deepEqual(await figures(one), await figures(car(4)), 'as if the phone had said nothing');
});

test('a drive over midnight is one trip, and each day has its part of the way', async () => {
  const one = car(5);
  const midnightMs = dayOf(first) + dayMs;
  const drive = startingAt(first, midnightMs - driveMs / 2);
  await sendDrive(one, drive);
  const [trip, ...others] = await tripsOf(server, one.vehicleId);
  assert.ok(trip);
  assert.deepEqual(others, []);
  assert.ok(Date.parse(trip.start) < midnightMs && Date.parse(trip.end ?? '') > midnightMs);
  const { json } = await server.ask('readMileage', {
    id: one.vehicleId,
    query: { from: iso(midnightMs - dayMs), to: iso(midnightMs + dayMs) },
  });
  const [before_, after_] = json.days.map(({ distanceKm }) => distanceKm ?? 0) as [number, number];
  assert.ok(before_ > 0.1 && after_ > 0.1, `${before_} ${after_}`);
  assert.ok(Math.abs(before_ + after_ - trip.distanceKm) < 0.01);
  assert.deepEqual(
    json.days.map(({ trips }) => trips),
    [1, 0],
    'it is of the day on which it began',
  );
});

test('today is that of the time zone', async () => {
  const one = car(6);
  const midnightMs = dayOf(first) + dayMs;
  // 18:40 UTC is 20:40 in Madrid on the same day, and 00:10 in Kolkata on the next.
  await sendDrive(one, startingAt(first, midnightMs - 320 * 60_000));
  const [trip] = await tripsOf(server, one.vehicleId);
  const todayIn = async (timeZone: string) => {
    const { json } = await server.ask('readMileage', {
      id: one.vehicleId,
      query: { timeZone, from: iso(midnightMs - dayMs), to: iso(clock.now()) },
    });
    const driven = json.days.filter(({ distanceKm }) => (distanceKm ?? 0) > 0).map(({ day, trips }) => [day, trips]);
    return { today: Number(json.todayKm?.toFixed(2)), driven };
  };
  const way = Number(trip?.distanceKm.toFixed(2));
  assert.ok(way > 0);
  assert.deepEqual(await todayIn('Europe/Madrid'), { today: 0, driven: [['2021-04-26', 1]] });
  assert.deepEqual(await todayIn('Asia/Kolkata'), { today: way, driven: [['2021-04-27', 1]] });
  // In Madrid it is the 26th until 22:00 UTC.
  clock.set(midnightMs - 125 * 60_000);
  try {
    assert.equal((await todayIn('Europe/Madrid')).today, way);
  } finally {
    clock.set(nowMs);
  }
});

test('sums and trips of many vehicles come vehicle by vehicle, as the lists of each say', async () => {
  const vehicles = [car(6), car(4), car(5)];
  const vehicleNos = vehicles.map(vehicleNoOf);
  const { trips } = server.days;
  const period = { vehicleNos, fromMs: dayOf(first) - dayMs, toMs: dayOf(first) + 2 * dayMs };
  const listed = await Promise.all(vehicles.map(({ vehicleId }) => tripsOf(server, vehicleId)));
  const found = await collect(trips.trips(serverScope(), period));
  assert.deepEqual(
    found.map(({ vehicleNo, trip }) => [vehicleNo, iso(trip.fromMs)]),
    listed.flatMap((items, i) => items.toReversed().map(({ start }) => [vehicleNos[i], start])),
  );
  const sums = await collect(trips.summaries(serverScope(), { ...period, timeZone: 'Asia/Kolkata' }));
  assert.deepEqual([...new Set(sums.map(({ vehicleNo }) => vehicleNo))], vehicleNos);
  for (const [i, vehicleNo] of vehicleNos.entries()) {
    const own = sums.filter((one) => one.vehicleNo === vehicleNo);
    const items = listed[i] ?? [];
    assert.equal(
      own.reduce((sum, one) => sum + (one.trips ?? 0), 0),
      items.length,
    );
    const way = own.reduce((sum, one) => sum + (one.distanceM ?? 0), 0) / 1000;
    assert.ok(Math.abs(way - items.reduce((sum, { distanceKm }) => sum + distanceKm, 0)) < 0.01);
    assert.deepEqual(
      own.map(({ day }) => day),
      own.map(({ day }) => day).toSorted(),
    );
  }
  // What is only a minute old may be shown as it is, and says up to when it is complete.
  const ask = { ...period, vehicleNos: [vehicleNoOf(car(4))], acceptAgeMs: 60_000 };
  const [shown] = await collect(trips.summaries(serverScope(), ask));
  await sendDrive(car(4), second);
  const [aged] = await collect(trips.summaries(serverScope(), ask));
  assert.deepEqual([aged?.trips, aged?.completeTo], [shown?.trips, shown?.completeTo]);
  const [fresh] = await collect(trips.summaries(serverScope(), { ...ask, acceptAgeMs: undefined }));
  assert.ok((fresh?.trips ?? 0) > (shown?.trips ?? 0));
});

test('in the background days that are over are derived for good, and those older than they are kept go', async () => {
  const [fresh, old] = [car(7), car(2)];
  await sendDrive(fresh, first);
  const { status } = await server.ask('changeRetention', { id: old.vehicleId, body: { days: 1, groups: {} } });
  assert.equal(status, 200);
  assert.deepEqual(await rowsIn('vehicle_days', old), [dayOf(first) / dayMs]);
  await server.marks.flush();
  assert.deepEqual(await rowsIn('vehicle_days', fresh), []);
  assert.deepEqual(await rowsIn('vehicle_day_marks', fresh), [dayOf(first) / dayMs]);
  clock.set(nowMs + 2 * dayMs);
  try {
    server.days.tend();
    await until('the day is stored', async () => (await rowsIn('vehicle_days', fresh)).length > 0);
    await until('and its mark is gone', async () => (await rowsIn('vehicle_day_marks', fresh)).length === 0);
    assert.deepEqual(await rowsIn('vehicle_days', old), []);
    const { derived } = server.days.statistics();
    assert.equal((await shownOf(fresh)).length, 1);
    assert.equal(server.days.statistics().derived, derived, 'nothing is left to do for a reader');
  } finally {
    clock.set(nowMs);
  }
});
