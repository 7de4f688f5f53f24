import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { GrantFeedEvent, VehicleChanged } from '@milepost/contract/api';
import * as client from 'openid-client';
import { feedStreamLimits } from '../feeds/index.ts';
import { until } from '../storage/testing/wait.ts';
import type { TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';
import { type Heard, openEvents, openSocket, type TestStream } from './testing/test-stream.ts';

// What an app hears on a stream: through its grants, as they are at that moment, and on from a cursor.

const odometer = 'Vehicle.TraveledDistance';
const latitude = 'Vehicle.CurrentLocation.Latitude';
let server: TestServer;
let volt: TestPartner;
let car: TestVehicle;
let km = 0;
const open: TestStream[] = [];

before(async () => {
  server = await openTestServer('http-partner-stream');
  volt = await openTestPartner(
    server,
    ['mileage', 'position'].map((item) => ({ item })),
  );
  car = await volt.addCar(1);
});
after(async () => {
  for (const stream of open) stream.close();
  await server?.close();
});

const kinds = { WebSocket: openSocket, 'server-sent events': openEvents } as const;
const opened = async (how: keyof typeof kinds, token: string, cursor?: string): Promise<TestStream> => {
  const stream = await kinds[how](server, token, cursor);
  open.push(stream);
  return stream;
};
const report = async (): Promise<number> => {
  await car.report([
    { time: Date.now(), signals: { [odometer]: ++km, [latitude]: 48.1371, 'Vehicle.CurrentLocation.Longitude': 11.5 } },
  ]);
  return km;
};
const odometerOf = (event: Heard): unknown => (event as Partial<VehicleChanged>).signals?.[odometer]?.value;

for (const how of Object.keys(kinds) as (keyof typeof kinds)[]) {
  test(`${how}: what comes is told at once, and what was missed from the cursor on, in order and whole`, async () => {
    const token = await volt.give([car], [{ item: 'mileage' }, { item: 'position', place: 'about1km' }]);
    const stream = await opened(how, token);
    const first = await report();
    const heard = (await stream.next((event) => odometerOf(event) === first)) as VehicleChanged & { cursor: string };
    assert.equal(heard.signals[latitude]?.value, 48.135);
    stream.close();
    const missed = [await report(), await report(), await report()];
    const again = await opened(how, token, heard.cursor);
    const later = await report();
    await again.next((event) => odometerOf(event) === later);
    const values = again.heard.map(odometerOf).filter((value) => value !== undefined);
    assert.deepEqual([...new Set(values)], [...missed, later]);
    assert.equal((await volt.get(`/changes?cursor=${heard.cursor}`, token)).status, 200, 'it is a cursor of changes, too');
    again.close();
  });

  test(`${how}: what is taken back is told no more, and that it was`, async () => {
    const token = await volt.give([car], [{ item: 'mileage' }, { item: 'position' }]);
    const stream = await opened(how, token);
    const begun = await report();
    await stream.next((event) => odometerOf(event) === begun);
    await volt.change({ items: [{ item: 'mileage' }] });
    const narrowed = (await stream.next(({ type }) => type === 'grant.narrowed')) as GrantFeedEvent;
    assert.deepEqual(narrowed.grant.items, [{ item: 'mileage' }]);
    const next = await report();
    const told = (await stream.next((event) => odometerOf(event) === next)) as VehicleChanged;
    assert.deepEqual([Object.keys(told.signals), told.withheld], [[odometer], [{ item: 'position', reason: 'revoked' }]]);
    await volt.end();
    const ended = (await stream.next(({ type }) => type === 'grant.ended')) as GrantFeedEvent;
    assert.equal(ended.reason, 'revoked');
    await report();
    await report();
    assert.ok(!stream.heard.some((event) => Number(odometerOf(event)) > next), JSON.stringify(stream.heard.at(-1)));
    stream.close();
  });

  test(`${how}: it ends with its token`, async () => {
    const token = await volt.give([car], [{ item: 'mileage' }]);
    const stream = await opened(how, token);
    await client.tokenRevocation(volt.app.config, token);
    await until('the stream has ended', () => stream.ended() !== undefined);
    assert.match(`${stream.ended()} ${JSON.stringify(stream.heard.at(-1))}`, /token/);
  });
}

test('nobody comes in without a token, with the cursor of nobody, or when there are too many', async () => {
  await assert.rejects(openSocket(server, 'mpa_none'), /401/);
  const token = await volt.give([car], [{ item: 'mileage' }]);
  await assert.rejects(openSocket(server, token, 'bm9uZQ'), /400/);
  const refused = await fetch(`${server.origin}/v1/partner/stream`, {
    headers: { authorization: `Bearer ${token}`, 'last-event-id': 'bm9uZQ' },
  });
  assert.equal(refused.status, 400);
  const streams: TestStream[] = [];
  for (let i = 0; i < feedStreamLimits.streamsPerAppMax; i++) streams.push(await opened('WebSocket', token));
  await assert.rejects(openSocket(server, token), /503/);
  for (const stream of streams) stream.close();
  await until('there is room again', () =>
    openSocket(server, token).then(
      (stream) => {
        stream.close();
        return true;
      },
      () => false,
    ),
  );
});

test('owners are shown what was told', async () => {
  const { items } = (await volt.owner.ask('listReceipts')).json;
  assert.ok(
    items.some(({ channel, item }) => channel === 'stream' && item === 'mileage'),
    JSON.stringify(items.slice(0, 3)),
  );
});
