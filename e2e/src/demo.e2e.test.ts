import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ChargingView, DemoRole, RouteResponse, TripView } from '@milepost/contract/api';
import { ApiClient, OperatorClient } from '@milepost/sdk';
import { noBrowser, openBrowser, visit } from './support/browser.ts';
import { readMissing, untilPastIsTold } from './support/demo-past.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';
import { until } from './support/until.ts';

type Listed = RouteResponse<'listVehicles'>['items'][number];

const dayMs = 86_400_000;
describe('the demo', { skip: notOnCluster.demo }, () => {
  let milepost: Milepost;
  let operator: OperatorClient;

  const samplesTaken = async (): Promise<number> => {
    const text = await (await fetch(`${milepost.origin}/metrics`)).text();
    return Number(/^milepost_ingest_samples_total (\d+)/m.exec(text)?.[1]);
  };

  const vehicle = async (plate: string): Promise<Listed> => {
    const { items } = await operator.call('listVehicles', { query: { q: plate } });
    return items[0] as Listed;
  };

  const tripsOf = async (plate: string): Promise<readonly TripView[]> => {
    const { id } = await vehicle(plate);
    const all: TripView[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const query: Record<string, string> = { limit: '100', ...(cursor === undefined ? {} : { cursor }) };
      const page: RouteResponse<'listTrips'> = await operator.call('listTrips', { id, query });
      all.push(...page.items);
      cursor = page.next;
    }
    return all;
  };

  const chargingOf = async (plate: string): Promise<readonly ChargingView[]> => {
    const { id } = await vehicle(plate);
    return (await operator.call('listCharging', { id, query: { limit: '100' } })).items;
  };

  before(async () => {
    milepost = await startMilepost({ mode: 'demo' });
    operator = new OperatorClient(milepost.origin, milepost.operatorToken);
    await untilPastIsTold(milepost);
  });
  after(() => milepost.close());

  test('of two weeks there is mileage by day, weekends included', async () => {
    const { id } = await vehicle('31000 B 1');
    const query = { from: String(Date.now() - 13 * dayMs), timeZone: 'Africa/Casablanca' };
    // Days for which there was no time come with a later answer.
    const { days, kwhPer100Km } = await until(
      () => operator.call('readMileage', { id, query }),
      (answer) => answer.days.slice(0, -1).every(({ distanceKm }) => distanceKm !== null),
      'mileage of all days',
      60_000,
    );
    const whole = days.slice(0, -1);
    assert.ok(whole.length >= 12, `${whole.length} days`);
    const [sundays, others] = [whole, whole].map((list, i) =>
      list.filter(({ day }) => (new Date(day).getUTCDay() === 0) === (i === 0)).map(({ distanceKm }) => distanceKm as number),
    ) as [number[], number[]];
    assert.ok(sundays.length > 0 && sundays.every((km) => km === 0), `${sundays.join()}`);
    assert.ok(others.every((km) => km > 45 && km < 110) && new Set(others.map(Math.round)).size > 1, `${others.join()}`);
    assert.ok(kwhPer100Km !== null && kwhPer100Km > 18 && kwhPer100Km < 30, `${kwhPer100Km}`);
  });

  test('trips have energy that fits their way; one vehicle has gaps that are named, another one harsh events', async () => {
    const twizy = (await tripsOf('20000 A 1')).filter(({ isRunning }) => !isRunning);
    assert.ok(twizy.length >= 15, `${twizy.length} trips`);
    for (const { distanceKm, energyKwh } of twizy) {
      const per100 = ((energyKwh as number) / distanceKm) * 100;
      assert.ok(per100 > 5 && per100 < 16, `${energyKwh} kWh on ${distanceKm} km`);
    }
    const gaps = (await tripsOf('31565 B 1')).flatMap((trip) => trip.gaps);
    assert.ok(gaps.length > 5);
    assert.ok(gaps.every(({ distanceKm }) => distanceKm !== null && distanceKm > 3 && distanceKm < 8));
    const harsh = (await tripsOf('31226 B 1')).flatMap(({ harshEvents }) => harshEvents);
    assert.ok(harsh.length > 3 && harsh.every(({ source }) => source === 'measured'));
  });

  test('charging is as quick as such vehicles charge, and one van uses a fast charger', async () => {
    const peak = async (plate: string): Promise<number> => {
      const sessions = await chargingOf(plate);
      assert.ok(sessions.length >= 5, `${sessions.length} sessions of ${plate}`);
      return Math.max(...sessions.map(({ peakPowerKw }) => peakPowerKw ?? 0));
    };
    assert.equal(await peak('20000 A 1'), 2.2);
    assert.equal(await peak('31000 B 1'), 11);
    assert.equal(await peak('31452 B 1'), 7.4);
    assert.ok((await peak('31226 B 1')) > 40);
  });

  test('one tire has lost for days', async () => {
    const { id } = await vehicle('20074 A 1');
    const { wheels } = await operator.call('readTireTrends', { id });
    assert.ok((wheels[3]?.days.length ?? 0) >= 12);
    assert.deepEqual(
      wheels.slice(0, 3).map(({ isLeaking }) => isLeaking),
      [false, false, false],
    );
    // Filled up every second Thursday: until four days are over since then, nobody can say.
    const { slopeKpaPerDay } = wheels[3] ?? {};
    assert.ok(slopeKpaPerDay === null || (slopeKpaPerDay !== undefined && slopeKpaPerDay < -1), `${slopeKpaPerDay}`);
  });

  test('drivers have trips, two of them changed vehicles, and of a private trip nobody sees where it was', async () => {
    const { items } = await operator.call('listDrivers');
    assert.deepEqual(
      items.map(({ name, vehicle: now }) => [name, now?.plate]),
      [
        ['Nadia Berrada', '31226 B 1'],
        ['Salma Idrissi', '31000 B 1'],
        ['Youssef Alami', '31452 B 1'],
      ],
    );
    for (const { id, name } of items) {
      const trips = (await operator.call('listDriverTrips', { id, query: { limit: '200' } })).items;
      assert.ok(trips.length > 5, `${trips.length} trips of ${name}`);
    }
    const hidden = (await tripsOf('31452 B 1')).filter(({ isPrivate }) => isPrivate);
    assert.ok(hidden.length > 0);
    assert.ok(hidden.every(({ from, to, distanceKm }) => from === null && to === null && distanceKm > 10));
  });

  test('a report was made by its schedule, and has figures of last week', async () => {
    const { items } = await until(
      () => operator.call('listReportFiles'),
      (page) => page.items.length > 0,
      'a file of a report',
      60_000,
    );
    assert.deepEqual([items[0]?.schedule, items[0]?.rows], ['Last week by vehicle', 6]);
    const query = { period: 'lastWeek', by: 'vehicle', customer: 'Atlas Parcels Demo', timeZone: 'Africa/Casablanca' };
    const { total } = await operator.call('readFleetReport', { query });
    assert.ok(total.vehiclesKnown === 6 && (total.distanceKm ?? 0) > 300, JSON.stringify(total));
  });

  test('the connection board has each state with its reason', async () => {
    const unseen = await vehicle('20444 A 1');
    assert.equal(unseen.status, 'never_seen');
    // Late, and three minutes after its last word offline.
    const lost = await until(
      () => vehicle('20259 A 1'),
      ({ status }) => status === 'late' || status === 'offline',
      'the lost one is silent',
      200_000,
    );
    assert.equal(lost.statusReason, 'device_battery_low');
    const gone = await until(
      () => vehicle('20333 A 1'),
      ({ status }) => status === 'offline',
      'one has said goodbye',
      60_000,
    );
    assert.equal(gone.statusReason, 'goodbye');
  });

  test('nothing rang for what is old', async () => {
    const { items } = await operator.call('listWarnings', { query: { limit: '200' } });
    assert.ok(items.length > 0);
    for (const { rangAt, raisedAt } of items)
      assert.ok(rangAt === null || Date.parse(rangAt) - Date.parse(raisedAt) <= 3_600_000, `${raisedAt} rang at ${rangAt}`);
  });

  test('a second start tells nothing of the past again', async () => {
    const drivers = (await operator.call('listDrivers')).items.length;
    assert.ok((await samplesTaken()) > 100_000);
    await milepost.stop();
    await milepost.start();
    const expected = 75;
    await until(
      () => operator.call('countVehicles'),
      ({ byStatus }) => byStatus.online >= expected,
      'the fleet is online again',
      60_000,
    );
    assert.equal(await readMissing(milepost), 0);
    assert.ok((await samplesTaken()) < 10_000, `${await samplesTaken()} samples`);
    assert.equal((await operator.call('listDrivers')).items.length, drivers);
    assert.equal((await operator.call('listReportSchedules')).items.length, 1);
  });

  /** What somebody of the demo is told. */
  const as = async (role: DemoRole): Promise<ApiClient> => {
    const answer = await fetch(`${milepost.origin}/v1/demo/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ as: role }),
    });
    assert.equal(answer.status, 200);
    const cookie = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
    return new ApiClient(milepost.origin, () => Promise.resolve({ cookie: cookie.join('; '), origin: milepost.origin }));
  };

  test('an owner has a car that an app reads, and is asked for more; a manager sees the fleet alone', async () => {
    const owner = await as('owner');
    const { items: grants } = await until(
      () => owner.call('listGrants'),
      ({ items }) => items.length === 1,
      'what was granted',
    );
    const [grant] = grants;
    assert.deepEqual([grant?.state, grant?.purpose, grant?.reader.name], ['active', 'insurance', 'Kilometre']);
    assert.deepEqual(
      (await owner.call('listVehicles')).items.map(({ id }) => id),
      [grant?.vehicle.id],
    );
    const asked = await until(
      () => owner.call('listConsents'),
      ({ items }) => items.length > 0,
      'a request that waits',
    );
    assert.equal(asked.items.length, 1, 'asked once, also after a restart');
    const customers = new Set((await (await as('manager')).call('listVehicles')).items.map(({ customer }) => customer));
    assert.deepEqual([...customers], ['Atlas Parcels Demo']);
    // After a start it listens elsewhere, and says so as soon as it does.
    const readPage = async (): Promise<string> => {
      const { items } = await owner.call('listConsents');
      const answer = await fetch(items[0]?.app.homepage ?? '').catch(() => undefined);
      return (await answer?.text()) ?? '';
    };
    const page = await until(readPage, (text) => text.includes('Vehicle.TraveledDistance'), 'what the app of the partner reads');
    assert.doesNotMatch(page, /StateOfCharge/, 'what was not granted');
  });

  test('whoever looks at it enters as one of them', { skip: noBrowser }, async (context) => {
    const browser = await openBrowser();
    context.after(() => browser.close());
    const { page, close } = await visit(browser, milepost, '/sign-in?to=/requests', { isSignedIn: false });
    await page.getByRole('button', { name: /^Owner/ }).click();
    await page.waitForURL(/\/requests$/);
    await page.getByRole('heading', { name: 'Kilometre asks you' }).waitFor();
    await close();
  });
});
