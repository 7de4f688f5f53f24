import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TripView } from '@milepost/contract/api';
import { deriveDay, type TripSamples } from '../trips/index.ts';
import { joinSamples } from '../trips/samples.ts';
import { readFrom } from '../trips/testing/recorded-samples.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice } from './testing/recorded-device.ts';
import { dayMs, dayOf, endOf, iso, tripsOf as listTrips, recordedDrive, sendDrive } from './testing/recorded-drives.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

// Recorded drives of a Renault Twizy, through ingest, log and history to what the API says of trips.

const first = recordedDrive('T3_04_26_2021_1');
const second = recordedDrive('T2_04_26_2021');
/** Two drives of one day; between them the car was driven back, which nobody recorded. */
const both = joinSamples([first, second]);
const nowMs = endOf(second) + 3_600_000;
const clock = makeSettableClock(nowMs);
let server: TestServer;
let cars: RecordedDevice[];
const car = (i: number): RecordedDevice => cars[i] as RecordedDevice;

before(async () => {
  server = await openTestServer('trips', {}, { clock });
  cars = await addRecordedDevices(server, 8);
  await server.ask('changeVehicle', { id: car(0).vehicleId, body: { batteryKwh: 6.1 } });
});
after(() => server.close());

const tripsOf = (device: RecordedDevice, query: Record<string, string> = {}): Promise<readonly TripView[]> =>
  listTrips(server, device.vehicleId, query);
/** What the model says of samples, as the API shows it. */
const expected = async (samples: TripSamples, packKwh: number | null) => {
  const { trips } = await deriveDay(dayOf(samples), readFrom(samples), { packKwh }, nowMs);
  return trips.map(({ fromMs, toMs, distanceM, energyKwh, topSpeedKmh }) => ({
    start: iso(fromMs),
    end: iso(toMs),
    distanceKm: Number((distanceM / 1000).toFixed(1)),
    energyKwh: energyKwh === null ? null : Number(energyKwh.toFixed(2)),
    topSpeedKmh: topSpeedKmh === null ? null : Math.round(topSpeedKmh),
  }));
};
const shown = ({ start, end, distanceKm, energyKwh, topSpeedKmh }: TripView) => ({
  start,
  end,
  distanceKm: Number(distanceKm.toFixed(1)),
  energyKwh: energyKwh === null ? null : Number(energyKwh.toFixed(2)),
  topSpeedKmh: topSpeedKmh === null ? null : Math.round(topSpeedKmh),
});

test('what is sent is a trip, with the figures that the model finds in the recording', async () => {
  await sendDrive(car(0), first);
  const [trip, ...others] = await tripsOf(car(0));
  assert.ok(trip);
  assert.deepEqual(others, []);
  assert.deepEqual([shown(trip)], await expected(first, 6.1));
  assert.equal(trip.isRunning, false);
  assert.equal(trip.energySource, 'modelled');
  assert.deepEqual([trip.driver, trip.isPrivate], [null, false]);
  const read = await server.call('GET', `/v1/vehicles/${car(0).vehicleId}/trips/${trip.id}`);
  assert.deepEqual(JSON.parse(read.text), trip);
});

test('trips come newest first and page by page, each once', async () => {
  await sendDrive(car(0), second);
  const all = await tripsOf(car(0));
  assert.deepEqual(all.map(shown), (await expected(both, 6.1)).reverse());
  assert.ok(all.length >= 2);
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await server.ask('listTrips', { id: car(0).vehicleId, query: { limit: 1, ...(cursor ? { cursor } : {}) } });
    assert.ok(json.items.length <= 1);
    found.push(...json.items.map(({ id }) => id));
    cursor = json.next ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(
    found,
    all.map(({ id }) => id),
  );
  const oldest = all.at(-1) as TripView;
  assert.deepEqual(await tripsOf(car(0), { from: iso(Date.parse(oldest.start) + 1) }), all.slice(0, -1));
  assert.deepEqual(await tripsOf(car(0), { from: oldest.start, to: iso(Date.parse(oldest.start) + 1) }), [oldest]);
});

test('it stands between drives, and where it stands now the stop has no end', async () => {
  const { json } = await server.ask('listStops', { id: car(0).vehicleId });
  const { stops } = await deriveDay(dayOf(both), readFrom(both), { packKwh: 6.1 }, nowMs);
  assert.deepEqual(
    json.items.map(({ start, end }) => [start, end]),
    stops.map(({ fromMs, toMs, isOpen }) => [iso(fromMs), isOpen ? null : iso(toMs)]).reverse(),
  );
  assert.equal(json.items[0]?.end, null);
  assert.ok(Math.abs((json.items[0]?.position?.latitude ?? 0) - (second.latitude.at(-1) as number)) < 0.001);
});

test('late samples correct a trip that was shown before', async () => {
  const half = Math.floor(first.times.length / 2);
  await sendDrive(car(1), first, 0, half);
  const [early] = await tripsOf(car(1));
  assert.equal(early?.end, iso(first.times[half - 1] as number));
  await sendDrive(car(1), first, half);
  const [whole] = await tripsOf(car(1));
  assert.deepEqual(whole && shown(whole), (await expected(first, null))[0]);
  assert.equal(whole?.id, early?.id, 'it goes on to be the same trip');
  // The id names a moment: with samples from before its beginning the trip begins earlier, and is still found.
  await sendDrive(car(2), first, 200);
  const [late] = await tripsOf(car(2));
  await sendDrive(car(2), first, 0, 200);
  const found = await server.call('GET', `/v1/vehicles/${car(2).vehicleId}/trips/${late?.id}`);
  const [whole2] = await expected(first, null);
  assert.deepEqual(shown(JSON.parse(found.text) as TripView), whole2);
  assert.ok((late?.start ?? '') > (whole2?.start ?? ''));
});

test('a day that was derived for good is derived anew when samples of it come late', async () => {
  await sendDrive(car(3), first);
  clock.set(nowMs + 3 * dayMs);
  try {
    await server.marks.flush();
    assert.equal((await tripsOf(car(3))).length, 1);
    const before_ = server.days.statistics().derived;
    assert.equal((await tripsOf(car(3))).length, 1);
    assert.equal(server.days.statistics().derived, before_, 'nothing came: what is stored is shown');
    await sendDrive(car(3), second);
    const corrected = (await expected(both, null)).reverse();
    assert.deepEqual((await tripsOf(car(3))).map(shown), corrected, 'the mark is not written yet');
    await server.marks.flush();
    assert.deepEqual((await tripsOf(car(3))).map(shown), corrected);
  } finally {
    clock.set(nowMs);
  }
});

test('mileage: today by the time zone, each day, consumption and the battery that it is modelled with', async () => {
  const { json, status, text } = await server.ask('readMileage', {
    id: car(0).vehicleId,
    query: { from: iso(dayOf(first)), to: iso(dayOf(first) + dayMs) },
  });
  assert.equal(status, 200, text);
  const trips = await tripsOf(car(0));
  const driven = trips.reduce((sum, { distanceKm }) => sum + distanceKm, 0);
  assert.ok(Math.abs((json.todayKm ?? 0) - driven) < 0.01, `${json.todayKm} ${driven}`);
  assert.deepEqual(
    json.days.map(({ day, trips: count }) => [day, count]),
    [['2021-04-26', trips.length]],
  );
  assert.equal(json.packKwh, 6.1);
  assert.equal(json.energySource, 'modelled');
  assert.ok((json.kwhPer100Km ?? 0) > 3 && (json.kwhPer100Km ?? 0) < 15, String(json.kwhPer100Km));
  assert.deepEqual([json.averageDayKm, json.averageOverDays], [null, 0], 'no day is over yet');
});

test('what is asked wrongly is refused with the field', async () => {
  const id = car(0).vehicleId;
  const fieldOf = async (name: 'listTrips' | 'readMileage', query: Record<string, string>) =>
    (await server.ask(name, { id, query })).problem?.field;
  assert.equal(await fieldOf('listTrips', { cursor: 'x' }), 'cursor');
  assert.equal(await fieldOf('readMileage', { timeZone: 'Europe/Atlantis' }), 'timeZone');
  assert.equal(await fieldOf('readMileage', { from: '2000-01-01', to: '2021-01-01' }), 'from');
  assert.equal((await server.call('GET', `/v1/vehicles/${id}/trips/trip_zzz`)).status, 404);
  assert.equal((await server.call('GET', `/v1/vehicles/${id}/trips/nonsense`)).status, 404);
  assert.equal((await server.ask('listTrips', { id: 'veh_none' })).status, 404);
});
