import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { FleetReport, NewReportSchedule, RouteQuery } from '@milepost/contract/api';
import { openReportsOf } from '../app/keep-reports.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Wednesday, noon; last week were the 9th to the 15th. */
const nowMs = Date.UTC(2026, 10, 18, 12);
const clock = makeSettableClock(nowMs);
const monday = Date.UTC(2026, 10, 9);
let server: TestServer;
const cars: TestVehicle[] = [];
const drivers: string[] = [];

/** Where each stands: a car that began elsewhere would have been moved unseen. */
const standsAt = new Map<string, number>();

/** Minutes at 36 km/h to the north, then a stop; the level falls from 80 % where there is one. */
const drive = async (car: TestVehicle, atMs: number, minutes: number, hasLevel: boolean): Promise<void> => {
  const from = standsAt.get(car.id) ?? 48;
  standsAt.set(car.id, from + (minutes * 600) / 111_200);
  const samples = Array.from({ length: minutes * 6 + 40 }, (_, n) => {
    const moved = Math.min(n, minutes * 6);
    return {
      time: atMs + n * 10_000,
      signals: {
        'Vehicle.Speed': n < minutes * 6 ? 36 : 0,
        'Vehicle.CurrentLocation.Latitude': from + (moved * 100) / 111_200,
        'Vehicle.CurrentLocation.Longitude': 11,
        ...(hasLevel ? { 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 80 - moved / 12 } : {}),
      },
    };
  });
  await car.report(samples);
};

before(async () => {
  server = await openTestServer('fleet-reports', {}, { clock });
  for (const [i, customer] of ['North', 'North', 'South', 'South'].entries())
    cars.push(await addVehicle(server, i + 1, { plate: `=P ${i + 1}`, customer }));
  const [a, b, , d] = cars as [TestVehicle, TestVehicle, TestVehicle, TestVehicle];
  await server.ask('changeVehicle', { id: a.id, body: { batteryKwh: 50, groups: ['pool', 'city'] } });
  for (const name of ['Ada', 'Bo']) {
    const made = await server.ask('createDriver', { body: { name, customer: 'South' } });
    assert.equal(made.status, 201, made.text);
    drivers.push(made.json.id);
  }
  const assign = (driver: number, from: number, to: number) =>
    server.ask('assignDriver', { id: d.id, body: { driverId: drivers[driver] ?? '', from: monday + from, to: monday + to } });
  await assign(0, 0, 2 * dayMs);
  await assign(1, 2 * dayMs, 3 * dayMs);
  await drive(a, monday + 8 * hourMs, 30, true);
  await drive(b, monday + dayMs + 8 * hourMs, 20, false);
  // Late on Sunday in Berlin, Sunday in UTC as well; in Auckland it is Monday.
  await drive(b, monday + 6 * dayMs + 20 * hourMs, 10, false);
  await drive(d, monday + dayMs + 8 * hourMs, 10, false);
  await drive(d, monday + 2 * dayMs + 8 * hourMs, 40, false);
  await drive(d, nowMs - 2 * hourMs, 15, false);
});
after(() => server?.close());

const report = async (query: RouteQuery<'readFleetReport'>): Promise<FleetReport> => {
  const answer = await server.ask('readFleetReport', { query });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const near = (value: number | null | undefined, expected: number, tolerance = 0.03): void =>
  assert.ok(Math.abs((value ?? Number.NaN) - expected) <= expected * tolerance, `${value} is not about ${expected}`);
const lastWeek = { period: 'lastWeek' } as const;

test('by vehicle: what the vehicle’s own trips say; unknown stays unknown', async () => {
  const { rows, total, from, to, days } = await report(lastWeek);
  assert.deepEqual([from, to, days], ['2026-11-09T00:00:00.000Z', '2026-11-16T00:00:00.000Z', 7]);
  assert.deepEqual(
    rows.map(({ name, trips, vehiclesKnown }) => [name, trips, vehiclesKnown]),
    [
      ['=P 1', 1, 1],
      ['=P 2', 2, 1],
      ['=P 3', null, 0],
      ['=P 4', 2, 1],
    ],
  );
  for (const [n, row] of rows.entries()) {
    const { json } = await server.ask('listTrips', { id: cars[n]?.id ?? '', query: { from, to } });
    const km = json.items.reduce((sum, trip) => sum + trip.distanceKm, 0);
    if (n !== 2) near(row.distanceKm, km, 0.01);
  }
  near(rows[0]?.distanceKm, 18);
  near(rows[0]?.averageDayKm, 18 / 7);
  near(rows[0]?.drivingSeconds, 1800, 0.05);
  // 15 of 100 percent of 50 kWh over 18 km.
  near(rows[0]?.energyKwh, 7.5, 0.05);
  near(rows[0]?.kwhPer100Km, 41.7, 0.05);
  assert.deepEqual([rows[0]?.energySource, rows[0]?.energyShare], ['modelled', 1]);
  assert.deepEqual([rows[1]?.energyKwh, rows[1]?.energyShare, rows[1]?.kwhPer100Km], [null, null, null]);
  assert.deepEqual([rows[2]?.distanceKm, rows[2]?.averageDayKm, rows[2]?.drivingSeconds], [null, null, null]);
  near(total.distanceKm, 18 + 12 + 6 + 6 + 24);
  near(total.energyShare, 18 / 66);
  assert.deepEqual([total.vehicles, total.vehiclesKnown, total.trips], [4, 3, 5]);
});

test('rows add up to the total, by whatever they are', async () => {
  const whole = (await report(lastWeek)).total;
  for (const by of ['customer', 'driver', 'day'] as const) {
    const { rows, total } = await report({ ...lastWeek, by });
    near(total.distanceKm, whole.distanceKm ?? 0, 0.01);
    near(
      rows.reduce((sum, row) => sum + (row.distanceKm ?? 0), 0),
      whole.distanceKm ?? 0,
      0.01,
    );
    assert.equal(
      rows.reduce((sum, row) => sum + (row.trips ?? 0), 0),
      whole.trips,
      by,
    );
  }
  const groups = await report({ ...lastWeek, by: 'group' });
  assert.deepEqual(
    groups.rows.map(({ name, vehicles, trips }) => [name, vehicles, trips]),
    [
      ['city', 1, 1],
      ['pool', 1, 1],
      [null, 3, 4],
    ],
  );
  assert.equal(groups.total.trips, 5, 'a vehicle in two groups counts once in the total');
});

test('by driver and of a driver', async () => {
  const { rows } = await report({ ...lastWeek, by: 'driver' });
  assert.deepEqual(
    rows.map(({ name, customer, trips }) => [name, customer, trips]),
    [
      ['Ada', 'South', 1],
      ['Bo', 'South', 1],
      [null, null, 3],
    ],
  );
  near(rows[1]?.distanceKm, 24);
  const ofBo = await report({ ...lastWeek, driver: drivers[1] ?? '', by: 'day' });
  assert.deepEqual(
    ofBo.rows.map(({ name, trips, charging }) => [name, trips, charging]),
    [['2026-11-11', 1, null]],
  );
});

test('days and weeks begin by the time zone', async () => {
  const { rows } = await report({ ...lastWeek, by: 'day', timeZone: 'Pacific/Auckland' });
  // The drive of Sunday evening is of the week after there.
  const driven = rows.filter(({ trips }) => trips !== 0);
  assert.deepEqual(
    driven.map(({ name }) => name),
    ['2026-11-09', '2026-11-10', '2026-11-11'],
  );
  const custom = await report({ period: 'custom', from: '2026-11-15', to: '2026-11-18', by: 'day' });
  assert.deepEqual(rows.length > 0 && custom.rows.map(({ name }) => name), ['2026-11-15', '2026-11-18']);
  assert.deepEqual(
    (await report({ period: 'today' })).rows.map(({ trips }) => trips),
    [null, null, null, 1],
  );
});

test('what cannot be asked is refused', async () => {
  for (const query of [
    { period: 'custom' },
    { timeZone: 'Moon' },
    { customer: 'Nobody' },
    { vehicle: 'veh_nothing' },
    { driver: 'drv_nothing' },
  ] as const)
    assert.equal((await server.ask('readFleetReport', { query })).status, 400, JSON.stringify(query));
});

test('CSV: the rows and a total, nothing that runs', async () => {
  const headers = { authorization: `Bearer ${operatorToken}` };
  const { text } = await server.call('GET', '/v1/fleet-reports?period=lastWeek&format=csv', undefined, headers);
  const lines = text.trimEnd().split('\r\n');
  assert.equal(lines.length, 6);
  assert.match(lines[0] ?? '', /^kind,vehicle,id,customer,from,to,timeZone,vehicles,/);
  assert.match(lines[1] ?? '', /^row,'=P 1,veh_\w+,North,2026-11-09T/);
  assert.match(lines[5] ?? '', /^total,,,,2026-11-09T/);
});

const weekly: NewReportSchedule = {
  name: 'Fleet / week',
  period: 'lastWeek',
  by: 'customer',
  timeZone: 'Europe/Berlin',
  every: 'weekly',
  weekday: 1,
  hour: 6,
};

test('a schedule makes its file when it is time, once, and after a downtime once', async () => {
  const made = await server.ask('createReportSchedule', { body: weekly });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.nextRun, '2026-11-23T05:00:00.000Z');
  assert.equal(await server.reports.runDue(), 0);
  // Three weeks of silence, then two processes at once.
  const other = openReportsOf(server.reportParts);
  clock.set(Date.UTC(2026, 11, 8, 9));
  const runs = await Promise.all([server.reports.runDue(), other.runDue()]);
  assert.deepEqual(runs.toSorted(), [0, 1]);
  assert.deepEqual([await server.reports.runDue(), await other.runDue()], [0, 0]);
  const { json } = await server.ask('listReportFiles', {});
  assert.deepEqual(
    json.items.map(({ name, rows, from }) => [name, rows, from]),
    [[`fleet-week-${1}_2026-11-30_2026-12-06.csv`, 2, '2026-11-29T23:00:00.000Z']],
  );
  const [schedule] = (await server.ask('listReportSchedules', {})).json.items;
  assert.deepEqual(
    [schedule?.nextRun, schedule?.lastRun, schedule?.lastProblem],
    ['2026-12-14T05:00:00.000Z', '2026-12-08T09:00:00.000Z', null],
  );
  clock.set(nowMs);
});

test('a file out of turn is what the report says then; it can be read and removed', async () => {
  const [schedule] = (await server.ask('listReportSchedules', {})).json.items;
  assert.equal((await server.ask('runReportSchedule', { id: schedule?.id ?? '' })).status, 204);
  await server.reports.runDue();
  const { items } = (await server.ask('listReportFiles', {})).json;
  const file = items.find(({ from }) => from === '2026-11-08T23:00:00.000Z');
  assert.ok(file, JSON.stringify(items));
  const headers = { authorization: `Bearer ${operatorToken}` };
  const text = (await server.call('GET', `/v1/report-files/${file.id}`, undefined, headers)).text;
  const now = await server.call(
    'GET',
    '/v1/fleet-reports?period=lastWeek&by=customer&timeZone=Europe/Berlin&format=csv',
    undefined,
    headers,
  );
  assert.equal(text, now.text);
  assert.equal(file.bytes, text.length);
  assert.equal((await server.ask('deleteReportFile', { id: file.id })).status, 204);
  assert.equal((await server.ask('readReportFile', { id: file.id })).status, 404);
  assert.deepEqual(
    await readdir(server.reportParts.folder),
    items.filter(({ id }) => id !== file.id).map(({ name }) => name),
  );
});

test('what is not there any more makes a run fail, which says why; a schedule can be mended and removed', async () => {
  const made = await server.ask('createReportSchedule', { body: { ...weekly, name: 'Bad', customer: 'South' } });
  const { id } = made.json;
  const { items } = (await server.ask('listCustomers', { query: { q: 'South' } })).json;
  await server.ask('changeCustomer', { id: items[0]?.id ?? '', body: { name: 'Far south' } });
  await server.ask('runReportSchedule', { id });
  await server.reports.runDue();
  const found = (await server.ask('listReportSchedules', {})).json.items.find((one) => one.id === id);
  assert.match(found?.lastProblem ?? '', /customer is "South"/);
  const mended = { ...weekly, name: 'Mended', customer: 'Far south', every: 'daily' } as const;
  const { json, status } = await server.ask('replaceReportSchedule', { id, body: mended });
  assert.deepEqual([status, json.name, json.nextRun, json.lastProblem], [200, 'Mended', '2026-11-19T05:00:00.000Z', null]);
  assert.equal((await server.ask('replaceReportSchedule', { id: 'rps_none', body: weekly })).status, 404);
  assert.equal((await server.ask('createReportSchedule', { body: { ...weekly, timeZone: 'Moon' } })).status, 400);
  assert.equal((await server.ask('deleteReportSchedule', { id })).status, 204);
  assert.equal((await server.ask('deleteReportSchedule', { id })).status, 404);
});

test('a reader who may not see a vehicle has no row of it', async () => {
  const all = operatorScope(nothingPrivate);
  const first = server.registry.directory.vehicleById(cars[0]?.id ?? '')?.vehicleNo;
  const scope = { ...all, allowsVehicle: (vehicleNo: number) => vehicleNo === first } as typeof all;
  const question = { by: 'vehicle', period: 'lastWeek', timeZone: 'UTC', filters: {} } as const;
  const { rows, total } = await server.reports.read(scope, question);
  assert.deepEqual([rows.map(({ name }) => name), total.vehicles], [['=P 1'], 1]);
});
