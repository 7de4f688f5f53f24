import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ChangesPage, FeedEvent, GrantFeedEvent, VehicleChanged, WebhookDeliveryView } from '@milepost/contract/api';
import { sql } from 'kysely';
import { webhookLimits } from '../feeds/index.ts';
import { FeedAudience } from '../feeds/streams/audience.ts';
import { StreamConnection } from '../feeds/streams/connection.ts';
import { silentLogger } from '../kernel/index.ts';
import { partnerScope } from '../sharing/index.ts';
import { systemActor } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import { grantSourcesOf } from './grant-sources.ts';
import type { TestVehicle } from './testing/fleet.ts';
import { openTestFeed } from './testing/open-test-feed.ts';
import { openReceiver, type TestReceiver } from './testing/open-receiver.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';
import { openEvents, openSocket } from './testing/test-stream.ts';

// When apps are told, and when they are not: periods on an open stream, a node that hears nothing of consent, two that share the webhooks, and the end of all tries.

const odometer = 'Vehicle.TraveledDistance';
const energy = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed';
const latitude = 'Vehicle.CurrentLocation.Latitude';
/** A moment before the end of a minute, so that the next look at periods comes soon. */
const timeOf = (hours: number, minutes: number): number => Date.UTC(2026, 10, 22, hours, minutes, 59, 900);
const clock = makeSettableClock(timeOf(7, 30));
let server: TestServer;
let volt: TestPartner;
let car: TestVehicle;
let receiver: TestReceiver;

before(async () => {
  receiver = await openReceiver();
  server = await openTestServer('http-partner-told', {}, { clock, tokenLifetimeMs: 90 * 86_400_000 });
  volt = await openTestPartner(
    server,
    ['mileage', 'energy', 'position'].map((item) => ({ item })),
  );
  car = await volt.addCar(1);
});
after(async () => {
  await server?.close();
  receiver?.close();
});

const params = (webhook = '') => ({ id: volt.app.partnerId, app: volt.app.id, webhook });
const make = async (): Promise<string> => {
  const made = await volt.owner.ask('makeWebhook', { params: params(), body: { address: receiver.address } });
  if (made.status === 403) {
    assert.equal((await volt.owner.ask('confirmMe', { body: { password: 'correct horse battery' } })).status, 204);
    return make();
  }
  assert.equal(made.status, 201, JSON.stringify(made.json));
  return made.json.webhook.id;
};
const end = async (id: string): Promise<void> => {
  assert.equal((await volt.owner.ask('endWebhook', { params: params(id) })).status, 204);
};
const deliveries = async (id: string): Promise<readonly WebhookDeliveryView[]> =>
  (await volt.owner.ask('listWebhookDeliveries', { params: params(id) })).json.items;
let metres = 0;
const report = async (): Promise<number> => {
  clock.set(clock.now() + 1);
  const place = { [latitude]: 48.1, 'Vehicle.CurrentLocation.Longitude': 11.5 };
  await car.report([{ time: clock.now(), signals: { [odometer]: ++metres, [energy]: 60, ...place } }]);
  return metres;
};
const workers = (): Promise<{ readonly worker: string; readonly until: number }[]> =>
  server.storage.withActor(systemActor('test'), async (tx) => {
    const { rows } = await sql<{ worker: string; until: number }>`select worker,
      (extract(epoch from worked_until) * 1000)::float8 as until from webhooks where ended_at is null`.execute(tx);
    return rows;
  });
/** Each process that works has looked again since this moment. */
const looked = async (): Promise<void> => {
  clock.set(clock.now() + 1000);
  const untilMs = clock.now() + webhookLimits.leaseMs;
  await until('webhooks are looked after', async () => (await workers()).every((one) => one.until >= untilMs));
};

for (const [how, open] of [
  ['WebSocket', openSocket],
  ['server-sent events', openEvents],
] as const)
  test(`${how}: what is granted once a minute or an hour is told on an open stream when that is over, with the end of it as its time`, async () => {
    clock.set(timeOf(9, 58) + (how === 'WebSocket' ? 0 : 2 * 3_600_000));
    const ending = clock.now() + 100;
    const given = [{ item: 'mileage', time: 'minute' }, { item: 'energy', time: 'hour' }, { item: 'position' }] as const;
    const token = await volt.give([car], [...given]);
    const stream = await open(server, token);
    const changes = () => stream.heard.filter((one) => one.type === 'vehicle.changed') as VehicleChanged[];
    const told = (path: string) => changes().flatMap(({ signals }) => (signals[path] ? [signals[path]] : []));
    const value = await report();
    await until('each report is told at once where it may be', () => told(latitude).length > 0);
    assert.deepEqual([told(odometer), told(energy)], [[], []]);
    clock.set(ending + 59_900);
    await until('the minute is told', () => told(odometer).length > 0);
    assert.deepEqual([told(odometer)[0]?.value, told(odometer)[0]?.time], [value, new Date(ending).toISOString()]);
    assert.deepEqual(told(energy), [], 'the hour goes on');
    clock.set(ending + 119_900);
    await until('the hour is told', () => told(energy).length > 0);
    assert.deepEqual([told(energy)[0]?.value, told(energy)[0]?.time], [60, new Date(ending + 60_000).toISOString()]);
    stream.close();
  });

test('while a node hears nothing of changes of consent streams end, none is opened, and webhooks wait', async () => {
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const id = await make();
  const streams = [await openSocket(server, token), await openEvents(server, token)];
  const { book } = server.consents;
  // As when PostgreSQL is away, of which only this is to be seen here.
  Object.defineProperty(book, 'isHeard', { value: () => false, configurable: true });
  let value = 0;
  const appNo = server.partners.directory.find(volt.app.id)?.appNo ?? 0;
  try {
    await until('all streams have ended', () => streams.every((stream) => stream.ended() !== undefined));
    assert.match(streams[0]?.ended() ?? '', /^1013 /);
    assert.equal(streams[1]?.heard.at(-1)?.type, 'stream.closing');
    await assert.rejects(openSocket(server, token), /503/);
    const name = server.vehicleIds.idOf(appNo, server.registry.directory.vehicleById(car.id)?.vehicleNo ?? 0);
    for (const path of ['/vehicles', `/vehicles/${name}`, '/changes'])
      assert.equal((await volt.get(path, token)).status, 503, path);
    const before_ = receiver.received.length;
    value = await report();
    await looked();
    await looked();
    assert.equal(receiver.received.length, before_);
  } finally {
    Reflect.deleteProperty(book, 'isHeard');
  }
  await until('it is told when all is heard again', () =>
    receiver.received.some(({ body }) => body.includes(`"value":${value},`)),
  );
  await end(id);
});

test('a grant is told to webhooks though the process that tells it looked at the log before it heard of it', async () => {
  await volt.end();
  const id = await make();
  const { book } = server.consents;
  const types = () => receiver.events<FeedEvent>().map(({ type }) => type);
  const known = receiver.received.length;
  // As in the moment between the grant being written and being heard of.
  Object.defineProperties(book, {
    vehiclesOf: { value: () => [], configurable: true },
    byId: { value: () => undefined, configurable: true },
  });
  try {
    await volt.give([car], [{ item: 'mileage' }]);
    await looked();
    await until('it is told', () => types().slice(known).includes('grant.given'));
  } finally {
    Reflect.deleteProperty(book, 'vehiclesOf');
    Reflect.deleteProperty(book, 'byId');
  }
  const { body } = receiver.received[known] ?? assert.fail();
  assert.equal((JSON.parse(body) as { data: GrantFeedEvent }).data.grant.purpose, 'insurance');
  await end(id);
});

test('a report of a vehicle that was granted while webhooks looked at the log is told by the next look', async () => {
  await volt.give([car], [{ item: 'mileage' }]);
  const id = await make();
  const { book } = server.consents;
  let looks = 0;
  Object.defineProperty(book, 'vehiclesOf', {
    configurable: true,
    value: (...of: Parameters<typeof book.vehiclesOf>) => {
      if (looks++ === 0) return [];
      Reflect.deleteProperty(book, 'vehiclesOf');
      return book.vehiclesOf(...of);
    },
  });
  const value = await report();
  await looked();
  await until('it is told', () => receiver.received.some(({ body }) => body.includes(`"value":${value},`)));
  assert.ok(looks > 1);
  await end(id);
});

/** A stream on a feed whose pages do something else after they were read. */
const openHeld = async (afterPage: (pages: number, connection: StreamConnection) => Promise<void>) => {
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const appNo = server.partners.directory.find(volt.app.id)?.appNo ?? 0;
  const vehicleNo = server.registry.directory.vehicleById(car.id)?.vehicleNo ?? 0;
  const grants = [...server.consents.book.of({ kind: 'app', appNo }, vehicleNo)];
  const own = openTestFeed({ clock, logger: silentLogger }, server, server, {
    publicUrl: () => server.origin,
    mayReachPrivate: true,
  });
  const { feed } = own;
  const sources = grantSourcesOf({
    registry: server.registry,
    consents: server.consents,
    clock,
    vocabulary: feed.parts.vocabulary,
  });
  const scope = partnerScope(sources, appNo);
  const from = await feed.now(appNo);
  const heard: { readonly type: string; readonly cursor: string }[] = [];
  const owner = {
    appNo,
    vehicleNos: new Set([vehicleNo]),
    grantIds: new Set(grants.map(({ id }) => id)),
    isLetIn: () => true,
  };
  const sink = {
    send: (type: string, _text: string, cursor: string) => void heard.push({ type, cursor }),
    unsentBytes: () => 0,
    close: () => {},
  };
  const { log } = from;
  const connection = new StreamConnection(owner, sink, from, log.report);
  let pages = 0;
  const held = Object.assign(Object.create(feed) as typeof feed, {
    page: async (...of: Parameters<typeof feed.page>) => {
      const page = await feed.page(...of);
      await afterPage(++pages, connection);
      return page;
    },
  });
  const audience = new FeedAudience({ feed: held, logger: silentLogger, tail: () => log.report }, appNo, scope, from);
  audience.add(connection);
  return { token, feed, from, heard, pages: () => pages, catchUp: () => audience.catchUp(connection), close: () => own.close() };
};

test('what was taken back while a stream read what it missed is not told', async () => {
  const stream = await openHeld(async (pages) => (pages === 1 ? volt.change({ state: 'paused' }) : undefined));
  await report();
  await stream.catchUp();
  assert.ok(!stream.heard.some(({ type }) => type === 'vehicle.changed'));
  await stream.close();
});

test('within a page a stream has the cursor of its begin: who loses it there misses nothing', async () => {
  const stream = await openHeld(async () => {});
  const values = [await report(), await report(), await report()];
  await stream.catchUp();
  const told = stream.heard.filter(({ type }) => type === 'vehicle.changed');
  assert.equal(told.length, values.length);
  const restOf = async (cursor = ''): Promise<number> =>
    (await volt.get<ChangesPage>(`/changes?cursor=${cursor}`, stream.token)).json.items.length;
  assert.deepEqual([await restOf(told[0]?.cursor), await restOf(told[2]?.cursor)], [values.length, 0]);
  await stream.close();
});

test('of what waits for a stream that reads nothing is forgotten for good', async () => {
  const stream = await openHeld(async (pages, connection) => {
    if (pages > 1) return;
    connection.take({ type: 'grant.paused', text: '{}', cursor: '' });
    connection.forgetWaiting(connection.joinAt);
  });
  await stream.catchUp();
  assert.equal(stream.pages(), 2, 'it is read once more');
  await stream.close();
});

test('two processes share the webhooks: one works on each at a time, every change is delivered once, and made in order', async () => {
  await volt.give([car], [{ item: 'mileage' }]);
  const other = openTestFeed({ clock, logger: silentLogger }, server, server, {
    publicUrl: () => server.origin,
    mayReachPrivate: true,
  });
  const ids = [await make(), await make(), await make()];
  const known = receiver.received.length;
  const names = new Map<string, Set<string>>();
  const values: number[] = [];
  for (let i = 0; i < 12; i++) {
    values.push(await report());
    for (const [n, { worker }] of (await workers()).entries()) {
      const name = String(n);
      names.set(name, (names.get(name) ?? new Set()).add(worker));
    }
    clock.set(clock.now() + 200);
  }
  const fresh = () => receiver.received.slice(known);
  const timesTold = (value: number): number => fresh().filter(({ body }) => body.includes(`"value":${value},`)).length;
  await until('all are told to all three', () => values.every((value) => timesTold(value) >= ids.length));
  const counts = new Map<string, number>();
  for (const {
    headers: { 'milepost-delivery': delivery = '' },
  } of fresh())
    counts.set(delivery, (counts.get(delivery) ?? 0) + 1);
  assert.deepEqual(
    [...counts.values()].filter((count) => count > 1),
    [],
    'nobody worked twice',
  );
  for (const id of ids) {
    const listed = (await deliveries(id)).filter(({ type }) => type === 'vehicle.changed').toReversed();
    const order = listed.map((one) => fresh().find(({ headers }) => headers['milepost-delivery'] === one.id)?.body ?? '');
    assert.deepEqual(
      order.map((text) => Number(/"value":(\d+),/.exec(text)?.[1])),
      values,
    );
  }
  for (const found of names.values()) found.delete('');
  assert.ok(
    [...names.values()].every((found) => found.size <= 1),
    'a webhook stays with who works on it',
  );
  // Whoever goes leaves its work at once to who stays.
  await other.close();
  const last = await report();
  await until('it is told to all three', () => timesTold(last) >= ids.length);
  for (const id of ids) await end(id);
});

test('what nobody takes is tried again for a day, then given up, and delivered when it is asked for again', async () => {
  await volt.give([car], [{ item: 'mileage' }]);
  const id = await make();
  receiver.answer = 500;
  const { delivery } = (await volt.owner.ask('pingWebhook', { params: params(id) })).json;
  const state = async (): Promise<WebhookDeliveryView | undefined> => (await deliveries(id)).find((one) => one.id === delivery);
  let attempts = 0;
  for (let leftMs = webhookLimits.deadAfterMs; leftMs > 0; leftMs -= webhookLimits.deadAfterMs / 4) {
    await until('it was tried once more', async () => ((await state())?.attempts ?? 0) > attempts);
    const found = await state();
    attempts = found?.attempts ?? 0;
    assert.deepEqual([found?.state, found?.lastStatus, found?.lastError], ['waiting', 500, 'answered 500']);
    clock.set(clock.now() + webhookLimits.deadAfterMs / 4);
  }
  await until('it is given up', async () => (await state())?.state === 'dead');
  const dead = await state();
  assert.deepEqual([dead?.attempts, dead?.nextAt, dead?.doneAt !== null], [attempts + 1, null, true]);
  receiver.answer = 204;
  const sent = receiver.received.length;
  await looked();
  assert.equal(receiver.received.length, sent, 'nobody tries any more');
  const replayed = await volt.owner.ask('replayWebhook', { params: params(id), body: { state: 'dead' } });
  assert.equal(replayed.json.deliveries, 1, JSON.stringify(replayed.json));
  await until('it is delivered', async () => (await state())?.state === 'delivered');
  await end(id);
});
