import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SharedCharging, SharedHistory, SharedMileage, SharedStops, SharedTrips } from '@milepost/contract/api';
import type { TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

// What an app reads of a car's past: values, trips, stops, charging, mileage; each as far and as finely as it was given.

const location = 'Vehicle.CurrentLocation';
const charge = 'Vehicle.Powertrain.TractionBattery';
const groups = ['driving', 'position', 'motion', 'energy', 'mileage'];
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const startMs = Date.UTC(2026, 10, 22, 8);
const clock = makeSettableClock(startMs);
let server: TestServer;
let volt: TestPartner;
let car: TestVehicle;
let vehicle: string;

/** Twenty minutes north at 60 km/h from a moment on, then half an hour on the charger. */
const drive = async (fromMs: number): Promise<void> => {
  const samples = Array.from({ length: 300 }, (_, i) => {
    const seconds = i * 10;
    const metres = Math.min(seconds, 1200) * (60 / 3.6);
    return {
      time: fromMs + seconds * 1000,
      signals: {
        [`${location}.Latitude`]: Number((48.1371 + metres / 111_200).toFixed(6)),
        [`${location}.Longitude`]: 11.5754,
        'Vehicle.Speed': seconds < 1200 ? 60 : 0,
        'Vehicle.TraveledDistance': 5_000_000 + metres,
        [`${charge}.StateOfCharge.Displayed`]: seconds < 1200 ? 80 - seconds / 300 : 76 + (seconds - 1200) / 120,
        [`${charge}.Charging.IsCharging`]: seconds >= 1260,
      },
    };
  });
  await car.report(samples);
};

before(async () => {
  server = await openTestServer('http-partner-reads', {}, { clock, tokenLifetimeMs: 5 * day });
  volt = await openTestPartner(
    server,
    [...groups, 'Vehicle.Speed', 'Vehicle.TraveledDistance'].map((item) => ({ item })),
  );
  car = await volt.addCar(1);
  clock.set(startMs + minute);
  await car.report([{ time: clock.now(), signals: { 'Vehicle.TraveledDistance': 5_000_000 } }]);
  clock.set(startMs + day + hour);
  await drive(startMs + day + 2 * minute);
});
after(() => server?.close());

const give = async (...items: Parameters<TestPartner['give']>[1][number][]): Promise<string> => {
  const token = await volt.give([car], items);
  vehicle = await volt.nameOf(token);
  return token;
};
const read = async <T>(what: string, token: string): Promise<T> => {
  const { status, json } = await volt.get<T>(`/vehicles/${vehicle}/${what}`, token);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};
const reasons = ({ withheld }: { readonly withheld: readonly { item: string; reason: string }[] }): string[] =>
  withheld.map(({ item, reason }) => `${item} ${reason}`);
const at = (ms: number): string => new Date(ms).toISOString();
const lastDay = `from=${startMs + day}`;

test('trips, stops and charging tell all that is granted', async () => {
  const token = await give({ item: 'driving' }, { item: 'position' }, { item: 'motion' }, { item: 'energy' });
  const trips = await read<SharedTrips>(`trips?${lastDay}`, token);
  assert.deepEqual([trips.items.length, trips.withheld], [1, []]);
  const [trip] = trips.items;
  assert.ok(trip && Math.abs(trip.distanceKm - 20) < 1, JSON.stringify(trip));
  assert.ok(Math.abs((trip.from?.latitude ?? 0) - 48.1371) < 0.01 && (trip.topSpeedKmh ?? 0) >= 59 && trip.harshEvents);
  assert.ok(!('driver' in trip));
  const stops = await read<SharedStops>(`stops?${lastDay}`, token);
  assert.ok(stops.items.length > 0 && stops.items[0]?.position, JSON.stringify(stops));
  const charging = await read<SharedCharging>(`charging?${lastDay}`, token);
  assert.ok((charging.items[0]?.toPercent ?? 0) > (charging.items[0]?.fromPercent ?? 100), JSON.stringify(charging));
});

test('of what is derived, what is not granted is null, and says why', async () => {
  const token = await give({ item: 'driving' }, { item: 'position', place: 'about1km' });
  const trips = await read<SharedTrips>(`trips?${lastDay}`, token);
  const [trip] = trips.items;
  assert.deepEqual([trip?.topSpeedKmh, trip?.averageSpeedKmh, trip?.harshEvents, trip?.energyKwh], [null, null, null, null]);
  assert.equal(trip?.from?.latitude, 48.135);
  assert.deepEqual(reasons(trips).sort(), ['energy revoked', 'motion revoked']);
  const charging = await read<SharedCharging>('charging', token);
  assert.deepEqual([charging.items, charging.completeTo, reasons(charging)], [[], null, ['energy revoked']]);
  const coarse = await give({ item: 'driving', time: 'hour' });
  const none = await read<SharedStops>(`stops?${lastDay}`, coarse);
  assert.deepEqual(
    [none.items, none.completeTo, reasons(none)[0]],
    [[], null, 'driving not_granted'],
    'of hours no stop is told',
  );
});

test('where driving is granted by hours or minutes, it is told in which it was driven and how far, and nothing finer', async () => {
  const token = await give({ item: 'driving', time: 'hour' }, { item: 'position' }, { item: 'motion' });
  const trips = await read<SharedTrips>(`trips?${lastDay}`, token);
  const [hourOf, ...more] = trips.driven;
  assert.deepEqual([trips.items, more, hourOf?.start, hourOf?.end], [[], [], at(startMs + day), at(startMs + day + hour)]);
  assert.ok(Math.abs((hourOf?.distanceKm ?? 0) - 20) < 1, JSON.stringify(trips));
  assert.deepEqual(reasons(trips).sort(), ['energy revoked', 'motion not_granted', 'position not_granted']);
  assert.equal(trips.completeTo, at(startMs + day + hour));
  assert.deepEqual(
    (await read<SharedTrips>(`trips?from=${startMs + day + 30 * minute}`, token)).driven,
    trips.driven,
    'whole hours',
  );
  assert.deepEqual((await read<SharedTrips>(`trips?to=${startMs + day}`, token)).driven, []);
  const used = await volt.owner.ask('listReceipts', { query: { item: 'driving' } });
  assert.ok(used.json.items.some(({ channel }) => channel === 'rest'));
  const byMinute = await read<SharedTrips>(`trips?${lastDay}`, await give({ item: 'driving', time: 'minute' }));
  const [minutes] = byMinute.driven;
  assert.ok(
    minutes && Date.parse(minutes.start) % minute === 0 && Date.parse(minutes.end) - Date.parse(minutes.start) < 25 * minute,
  );
  const byDay = await read<SharedTrips>('trips', await give({ item: 'driving', time: 'day' }));
  assert.deepEqual(byDay.driven, [], 'the day is not over');
});

test('values over time are told at the precision of the grant, in pages', async () => {
  const token = await give({ item: 'position', place: 'about1km', time: 'minute' }, { item: 'Vehicle.Speed', above: 50 });
  const all = await read<SharedHistory>(`history?${lastDay}`, token);
  const latitude = all.signals[`${location}.Latitude`];
  assert.equal(latitude?.precision.place, 'about1km');
  assert.ok(latitude && latitude.times.length >= 48 && latitude.times.every((time) => time.endsWith(':00.000Z')));
  assert.ok(
    latitude.values.every((value) => Math.abs(((Number(value) * 100) % 1) - 0.5) < 1e-6),
    JSON.stringify(latitude.values),
  );
  const speed = all.signals['Vehicle.Speed'];
  assert.deepEqual([speed?.unit, speed?.precision.above, new Set(speed?.values)], [null, 50, new Set([true, false])]);
  assert.ok(!('Vehicle.TraveledDistance' in all.signals));
  const paged: unknown[] = [];
  for (let from: string | null = new Date(startMs + day).toISOString(), pages = 0; from !== null; pages++) {
    assert.ok(pages < 100);
    const page: SharedHistory = await read(`history?items=Vehicle.Speed&limit=50&from=${from}`, token);
    paged.push(...(page.signals['Vehicle.Speed']?.times ?? []));
    from = page.next;
  }
  assert.deepEqual(paged, speed?.times);
  const other = await read<SharedHistory>('history?items=mileage', token);
  assert.deepEqual(
    [other.signals, other.completeTo, reasons(other)],
    [{}, null, ['mileage revoked']].toSpliced(2, 1, reasons(other)),
  );
  assert.equal((await volt.get(`/vehicles/${vehicle}/history?items=nonsense`, token)).status, 400);
});

test('mileage by day is made of the odometer as it is told: one value a day is enough', async () => {
  const exact = await read<SharedMileage>(`mileage?${lastDay}`, await give({ item: 'mileage' }));
  assert.deepEqual(
    exact.days.map(({ day: of }) => of),
    ['2026-11-23'],
  );
  const daily = await give({ item: 'mileage', time: 'day' });
  assert.deepEqual((await read<SharedMileage>('mileage', daily)).days, [], 'the day is not over');
  clock.set(startMs + 2 * day);
  const [first, ...more] = (await read<SharedMileage>('mileage', await give({ item: 'mileage', time: 'day' }))).days;
  assert.deepEqual([first?.day, first?.odometerKm, more], ['2026-11-23', 5020, []]);
  const threshold = await read<SharedMileage>('mileage', await give({ item: 'Vehicle.TraveledDistance', above: 10 }));
  assert.deepEqual([threshold.days, threshold.withheld.length], [[], 1]);
});
