import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mapFrameType } from '@milepost/contract/api';
import type { VehicleMessage } from '@milepost/contract/stream';
import { secret, tellsSecret } from './testing/find-places.ts';
import { findTelling } from './testing/find-telling.ts';
import { addVehicle, type Sample, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock, mergeEverything } from './testing/settable-clock.ts';
import { openStreamClient } from './testing/stream-client.ts';

const minuteMs = 60_000;
const startMs = Date.now();
const clock = makeSettableClock(startMs);
const authorization = `Bearer ${operatorToken}`;
const location = 'Vehicle.CurrentLocation';
const place = {
  latitude: `${location}.Latitude`,
  longitude: `${location}.Longitude`,
  altitude: `${location}.Altitude`,
  heading: `${location}.Heading`,
} as const;
const mileage = 'Vehicle.TraveledDistance';

let server: TestServer;
/** Private in the past; private now. */
let van: TestVehicle;
let car: TestVehicle;
/** Drove in private, and says where it is only then. */
let taxi: TestVehicle;
let driverIds: string[];

const sampleAt = (time: number, isPrivate: boolean): Sample => ({
  time,
  signals: {
    [place.latitude]: isPrivate ? secret.latitude : 48.1,
    [place.longitude]: isPrivate ? secret.longitude : 11.5,
    [place.altitude]: isPrivate ? secret.altitude : 519,
    [place.heading]: 90,
    [mileage]: Math.round((time - startMs + 1e9) / 1000),
    'Vehicle.Speed': 40,
  },
});
const secretMs = { from: startMs - 60 * minuteMs, to: startMs - 30 * minuteMs };
const isSecretTime = (time: number): boolean => time >= secretMs.from && time < secretMs.to;

/** Stands, drives with a harsh braking in the middle, stands, and charges ten minutes later; positions are of the drive alone. */
const taxiSamples = (): Sample[] => {
  const level = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed';
  return Array.from({ length: 150 }, (_, i): Sample => {
    const time = startMs - 85 * minuteMs + i * 30_000;
    const driven = (time - secretMs.from) / 30_000;
    if (time < secretMs.from) return { time, signals: { 'Vehicle.Speed': 0, [level]: 50 } };
    if (time >= secretMs.to) return { time, signals: { 'Vehicle.Speed': 0, [level]: 40 + Math.max(0, driven - 85) * 2 } };
    const where = { [place.latitude]: secret.latitude + driven * 0.003, [place.longitude]: secret.longitude };
    const braking = driven === 30 ? { 'Vehicle.Acceleration.Longitudinal': -6.5 } : {};
    return { time, signals: { 'Vehicle.Speed': 40, [level]: 50 - driven / 6, ...where, ...braking } };
  });
};

const addDriver = async (name: string, vehicle: TestVehicle): Promise<string> => {
  const { json } = await server.ask('createDriver', { body: { name, customer: 'Demo' } });
  const assigned = await server.ask('assignDriver', { id: vehicle.id, body: { driverId: json.id, from: null } });
  assert.equal(assigned.status, 201, assigned.text);
  return json.id;
};

before(async () => {
  server = await openTestServer('private', {}, { clock });
  van = await addVehicle(server, 1, { plate: 'VAN 1' });
  car = await addVehicle(server, 2, { plate: 'CAR 2' });
  taxi = await addVehicle(server, 4, { plate: 'TAXI 4' });
  driverIds = [await addDriver('Ana', car), await addDriver('Ben', taxi)];
  const times = Array.from({ length: 180 }, (_, i) => startMs - 90 * minuteMs + i * 30_000);
  await van.report(times.map((time) => sampleAt(time, isSecretTime(time))));
  await taxi.report(taxiSamples());
  await car.report([sampleAt(startMs - 10 * minuteMs, false), sampleAt(startMs - 2 * minuteMs, true)]);
});
after(() => server?.close());

const period = { from: String(startMs - 120 * minuteMs), to: String(startMs + 10 * minuteMs) };
const allPlaces = [...Object.values(place), mileage].join(',');

const routesThatTell = (): Promise<string[]> =>
  findTelling(server, { startMs, vehicleIds: [van.id, car.id, taxi.id], driverIds, headers: { authorization } });

/** By its id alone: the place where it ended is in its last sample, which an exclusive end would leave open. */
const makeTripPrivate = async (): Promise<void> => {
  const { json } = await server.ask('listTrips', { id: taxi.id });
  const [trip] = json.items;
  assert.equal(json.items.length, 1);
  const { status, text, json: periods } = await server.ask('makePrivate', { id: taxi.id, body: { trip: trip?.id ?? '' } });
  assert.equal(status, 201, text);
  assert.deepEqual(
    periods.items.map(({ from, to }) => [from, to]),
    [[trip?.start, new Date(Date.parse(trip?.end ?? '') + 1).toISOString()]],
  );
  for (const body of [{ trip: 'trip_zzz' }, { trip: trip?.id ?? '', from: startMs - minuteMs }])
    assert.equal((await server.ask('makePrivate', { id: taxi.id, body })).problem?.field, 'trip');
};

test('before anything is private all of them tell: the search finds what it looks for', async () => {
  assert.deepEqual(await routesThatTell(), [
    'exportHistory csv',
    'exportHistory geojson',
    'exportHistory gpx',
    'exportHistory parquet',
    'listCharging',
    'listDriverHarshEvents',
    'listDriverTrips',
    'listStops',
    'listTrips',
    'listVehicles',
    'listVehicles csv',
    'readFleetAt',
    'readFleetAt frame',
    'readHistory',
    'readHistory csv',
    'readReports',
    'readTrip',
    'readVehicle',
  ]);
  const { headers } = await server.call('GET', `/v1/fleet?at=${startMs}&format=frame`);
  assert.equal(headers.get('content-type'), mapFrameType);
});

test('under a private period no answer of any route tells a position of it, from memory or from merged chunks', async () => {
  const made = await server.ask('makePrivate', { id: van.id, body: secretMs });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.items[0]?.driver, null);
  await makeTripPrivate();
  const on = await server.ask('makePrivate', { id: car.id, body: { from: startMs - 5 * minuteMs } });
  assert.equal(on.json.items.at(-1)?.driver?.id, driverIds[0]);
  assert.equal(on.json.items.at(-1)?.to, null);
  assert.deepEqual(await routesThatTell(), []);
  await mergeEverything(server.history, clock);
  await server.history.makeKeyframes();
  assert.deepEqual(await routesThatTell(), []);
});

test('a trip that is private says how far it went and who drove, the stop behind it not where, its charging how much', async () => {
  const { json } = await server.ask('listTrips', { id: taxi.id });
  const [trip] = json.items;
  assert.deepEqual([trip?.isPrivate, trip?.driver?.name, trip?.from, trip?.to], [true, 'Ben', null, null]);
  assert.ok((trip?.distanceKm ?? 0) > 15, String(trip?.distanceKm));
  assert.deepEqual(
    trip?.harshEvents.map(({ kind, position }) => [kind, position]),
    [['braking', null]],
  );
  const stops = await server.ask('listStops', { id: taxi.id });
  assert.ok(stops.json.items.length >= 1 && stops.json.items.every(({ position }) => position === null));
  const charging = await server.ask('listCharging', { id: taxi.id });
  assert.deepEqual([charging.json.items.length, charging.json.items[0]?.position], [1, null]);
  assert.ok((charging.json.items[0]?.toPercent ?? 0) > 60);
  const mileage_ = await server.ask('readMileage', { id: taxi.id });
  assert.ok(
    mileage_.json.days.some(({ distanceKm }) => (distanceKm ?? 0) > 5),
    mileage_.text,
  );
});

test('mileage and speed stay, and positions outside of it', async () => {
  const { json } = await server.ask('readHistory', { id: van.id, query: { signals: allPlaces, ...period } });
  const columns = json.columns as Record<string, (number | null)[]>;
  assert.equal(json.times.length, 180);
  json.times.forEach((time, row) => {
    assert.notEqual(columns[mileage]?.[row], null);
    assert.equal(columns[place.latitude]?.[row], isSecretTime(time) ? null : 48.1);
    assert.equal(columns[place.heading]?.[row], isSecretTime(time) ? null : 90);
  });
  const steps = await server.ask('readHistory', { id: van.id, query: { signals: allPlaces, ...period, step: 600 } });
  const latitudes = (steps.json.columns as unknown as Record<string, { count: (number | null)[]; min: (number | null)[] }>)[
    place.latitude
  ];
  assert.equal(
    latitudes?.count.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    120,
  );
  const odometer = (steps.json.columns as unknown as Record<string, { count: number[] }>)[mileage];
  assert.equal(
    odometer?.count.reduce((sum, one) => sum + one, 0),
    180,
  );
  const fleet = await server.ask('readFleetAt', { query: { at: String(startMs - 45 * minuteMs) } });
  const [seen] = fleet.json.items;
  assert.deepEqual([seen?.position, seen?.speedKmh], [null, 40]);
});

test('a map and a page that are open lose the position within a second, and have it again with the next report after', async () => {
  const bus = await addVehicle(server, 3, { plate: 'BUS 3' });
  await bus.report([sampleAt(startMs - minuteMs, false)]);
  const client = await openStreamClient(`ws://127.0.0.1:${server.port}/v1/stream`, { authorization });
  client.send({ subscribe: 'map' });
  client.send({ subscribe: 'vehicle', id: bus.id });
  const handle = await client.until(({ messages }) => {
    const rows = messages.flatMap((message) => (message.type === 'roster' ? message.vehicles : []));
    return rows.find(([, id]) => id === bus.id)?.[0];
  });
  const told = () => client.messages.filter((message): message is VehicleMessage => message.type === 'vehicle');
  const shown = () => client.frames.flatMap(({ entries }) => entries).filter((entry) => entry.handle === handle);
  await client.until(() => (shown().at(-1)?.latitude === 48.1 && told().length > 0) || undefined);
  const frames = client.frames.length;
  const rosters = () => client.messages.filter(({ type }) => type === 'roster').length;
  const rostersBefore = rosters();

  assert.equal((await server.ask('makePrivate', { id: bus.id, body: {} })).status, 201);
  await client.until(() => shown().at(-1)?.latitude === null || undefined);
  const last = await client.until(() => told().find(({ isPrivate }) => isPrivate));
  assert.equal(last.isComplete, true);
  assert.deepEqual(Object.keys(last.latest).sort(), ['Vehicle.Speed', mileage]);
  assert.ok(
    client.frames.slice(frames).every(({ kind }) => kind === 'delta'),
    'nobody else’s map begins anew',
  );
  assert.equal(rosters(), rostersBefore);

  clock.set(startMs + 1000);
  await bus.report([sampleAt(startMs + 500, true)]);
  await client.until(() => told().at(-1)?.latest[mileage]?.time === new Date(startMs + 500).toISOString() || undefined);
  assert.equal((await server.ask('readVehicle', { id: bus.id })).json.position, null);
  assert.equal((await server.ask('readVehicle', { id: bus.id })).json.isPrivate, true);
  assert.equal((await server.ask('endPrivate', { id: bus.id })).status, 204);
  await client.until(() => told().at(-1)?.isPrivate === false || undefined);
  assert.equal((await server.ask('readVehicle', { id: bus.id })).json.position, null, 'its last sample was private');

  clock.set(startMs + 3000);
  await bus.report([sampleAt(startMs + 2000, false)]);
  await client.until(() => shown().at(-1)?.latitude === 48.1 || undefined);
  assert.equal((await server.ask('readVehicle', { id: bus.id })).json.position?.latitude, 48.1);
  const everything = Buffer.from(JSON.stringify([client.frames, client.messages]));
  assert.equal(await tellsSecret(everything, 'application/json'), false);
  client.socket.close();
});
