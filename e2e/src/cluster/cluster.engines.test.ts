import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DeviceClient, OperatorClient, type Way } from '@milepost/sdk';
import { describeGroup, ensureKafkaTools } from '../../../tools/lib/engines.mjs';
import { until } from '../support/until.ts';
import type { Stores } from './engines.ts';
import { openOwnStores, startAll } from './milepost-on-cluster.ts';
import { type Cluster, type ClusterNode, startCluster } from './start-cluster.ts';

const { TEST_KAFKA, TEST_CASSANDRA, TEST_VALKEY } = process.env;
const skip =
  TEST_KAFKA && TEST_CASSANDRA && TEST_VALKEY ? false : 'no Kafka, Cassandra and Valkey: npm run test:engines starts them';
/** A report that is never acknowledged ends the test, too. */
const options = { skip, timeout: 600_000 };
const speed = 'Vehicle.Speed';
const partitions = 4;

/** A vehicle with a device that speaks to one of the gateways. */
interface Reporter {
  readonly id: string;
  readonly deviceId: string;
  readonly way: Way;
  readonly client: DeviceClient;
  /** Resolves when it is acknowledged. */
  readonly report: (time: number, speedKmh: number) => Promise<void>;
}

let stores: Stores;
let cluster: Cluster;
let reporters: readonly Reporter[] = [];
const startMs = Date.now() - 600_000;

const operatorOf = ({ origin }: ClusterNode): OperatorClient => new OperatorClient(origin, cluster.operatorToken);
const operators = (): OperatorClient[] => cluster.apis.map(operatorOf);

/** In turns: what one process makes the other shows at once. */
const makeReporter = async (way: Way, gateway: ClusterNode, n: number): Promise<Reporter> => {
  const [one, other] = (n % 2 === 0 ? operators() : operators().toReversed()) as [OperatorClient, OperatorClient];
  const vehicle = await one.createVehicle({ vin: `TESTC1USTER${String(n).padStart(6, '0')}`, customer: 'Cluster' });
  assert.equal((await other.readVehicle(vehicle.id)).id, vehicle.id);
  const imei = String(353_000_000_000_000 + n);
  const device = await other.createDevice({ imei, vehicleId: vehicle.id });
  const acks = new Map<number, () => void>();
  const client = new DeviceClient({
    server: gateway.origin,
    mqttServer: gateway.mqttOrigin,
    way,
    imei,
    secret: device.secret,
    onAck: (seq) => {
      for (const [sent, resolve] of acks) if (sent <= seq) resolve();
    },
    onVerdict: (verdict) => assert.fail(JSON.stringify(verdict)),
  });
  client.start();
  let sent = 0;
  const report = (time: number, speedKmh: number): Promise<void> => {
    sent++;
    const acked = new Promise<void>((resolve) => void acks.set(sent, resolve));
    assert.ok(client.send([{ time, signals: { [speed]: speedKmh } }]).ok);
    return acked;
  };
  return { id: vehicle.id, deviceId: device.id, way, client, report };
};

const historyOf = async (operator: OperatorClient, id: string): Promise<readonly (readonly [number, unknown])[]> => {
  const query = { signals: speed, from: String(startMs), to: String(startMs + 600_000) };
  const answer = await operator.call('readHistory', { id, query });
  assert.ok(!('stepMs' in answer));
  return answer.times.map((time, row) => [time - startMs, answer.columns[speed]?.[row]] as const);
};

/** Texts of the browser's stream about a vehicle. */
const watch = async ({ origin }: ClusterNode, id: string) => {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/stream`, {
    headers: { authorization: `Bearer ${cluster.operatorToken}` },
  } as unknown as string[]);
  const texts: string[] = [];
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') texts.push(data);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('the stream was refused')));
  });
  socket.send(JSON.stringify({ subscribe: 'vehicle', id }));
  return { texts, close: () => socket.close() };
};

before(async () => {
  if (skip) return;
  stores = await openOwnStores();
  cluster = await startCluster({ engines: stores });
});
after(async () => {
  await Promise.all(reporters.map(({ client }) => client.goodbye()));
  await cluster?.close();
  await stores?.stop();
});

test(
  'what devices say to either gateway, in whatever way, is there on both API processes when it is acknowledged',
  options,
  async () => {
    const [one, other] = cluster.gateways as [ClusterNode, ClusterNode];
    const places = [one, other].flatMap((gateway) => (['websocket', 'http', 'mqtt'] as const).map((way) => ({ way, gateway })));
    const made: Reporter[] = [];
    reporters = made;
    for (const [n, { way, gateway }] of places.entries()) made.push(await makeReporter(way, gateway, n));
    const [watched] = made as [Reporter];
    const viewers = await Promise.all(cluster.apis.map((api) => watch(api, watched.id)));
    for (const [n, { id, report }] of made.entries()) {
      for (const second of [0, 1, 2]) await report(startMs + second * 1000, n * 10 + second);
      const expected = [0, 1, 2].map((second) => [second * 1000, n * 10 + second]);
      for (const operator of operators()) {
        assert.deepEqual(await historyOf(operator, id), expected);
        const { status, latest } = await operator.readVehicle(id);
        assert.equal(status, 'online');
        assert.ok(JSON.stringify(latest).includes(`"value":${n * 10 + 2}`), JSON.stringify(latest));
      }
    }
    for (const operator of operators()) {
      const { items } = await operator.call('listVehicles');
      assert.deepEqual(new Set(items.map(({ id }) => id)), new Set(made.map(({ id }) => id)));
      const changes = (await operator.call('listStatusChanges')).items;
      assert.equal(changes.length, made.length);
    }
    for (const { texts, close } of viewers) {
      await until(
        () => Promise.resolve(texts),
        (all) => all.some((text) => text.includes(speed) && text.includes('"value":2')),
        'the stream shows the last value',
      );
      close();
    }
  },
);

test(
  'the printed link makes the first operator once, on whichever process, and the session counts and ends on both',
  options,
  async () => {
    const [one, other] = cluster.apis as [ClusterNode, ClusterNode];
    const code = new URL(one.signInLink).searchParams.get('code') ?? '';
    const make = (node: ClusterNode, email: string): Promise<Response> =>
      fetch(`${node.origin}/v1/first-operator`, {
        method: 'POST',
        headers: { origin: node.origin, 'content-type': 'application/json' },
        body: JSON.stringify({ code, email, name: 'First', password: 'correct horse battery' }),
      });
    const made = await make(other, 'first@example.com');
    assert.equal(made.status, 201);
    assert.equal((await make(one, 'second@example.com')).status, 409);
    const cookie = (made.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
    const statuses = async (): Promise<number[]> =>
      Promise.all([one, other].map(async ({ origin }) => (await fetch(`${origin}/v1/session`, { headers: { cookie } })).status));
    assert.deepEqual(await statuses(), [200, 200]);
    await fetch(`${one.origin}/v1/session`, { method: 'DELETE', headers: { origin: one.origin, cookie } });
    await until(statuses, (all) => all.every((status) => status === 401), 'the session has ended on both');
  },
);

test('a device that is revoked through one API process is cut on either gateway', options, async (context) => {
  const [one, other] = operators() as [OperatorClient, OperatorClient];
  const connected = reporters.filter(({ way }) => way !== 'http');
  assert.equal(connected.length, 4);
  for (const { client } of connected) assert.equal(client.state, 'open');
  const beganMs = performance.now();
  await Promise.all(connected.map(({ deviceId }) => one.revokeDevice(deviceId)));
  const states = () => Promise.resolve(connected.map(({ client }) => client.state));
  await until(states, (all) => !all.includes('open'), 'every connection is cut');
  context.diagnostic(`four devices were cut ${Math.round(performance.now() - beganMs)} ms after they were revoked`);
  await until(states, (all) => all.every((state) => state === 'stopped'), 'none comes back');
  for (const { deviceId } of connected) assert.notEqual((await other.call('readDevice', { id: deviceId })).revokedAt, null);
});

test('what was erased through one is gone on the other, and after all processes were started again', options, async () => {
  const [one, other] = operators() as [OperatorClient, OperatorClient];
  const { id, report } = reporters.find(({ way }) => way === 'http') as Reporter;
  const whole = await historyOf(one, id);
  const query = { from: String(startMs), to: String(startMs + 1500), why: 'asked' };
  await one.call('eraseData', { id, query });
  const left = whole.filter(([time]) => time >= 1500);
  for (const operator of [other, one]) assert.deepEqual(await historyOf(operator, id), left);
  await report(startMs + 500, 99);
  for (const operator of [other, one]) assert.deepEqual(await historyOf(operator, id), left);

  await Promise.all(cluster.nodes().map((node) => node.stop()));
  await startAll(cluster.nodes());
  for (const operator of operators()) assert.deepEqual(await historyOf(operator, id), left);
  await report(startMs + 5000, 50);
  for (const operator of operators()) assert.deepEqual(await historyOf(operator, id), [...left, [5000, 50]]);
});

test('Kafka’s own tool shows how far the projectors are', options, async () => {
  const tools = ensureKafkaTools();
  assert.ok('path' in tools, JSON.stringify(tools));
  const table = await describeGroup(tools.path, TEST_KAFKA ?? '', `${stores.settings['MILEPOST_KAFKA_TOPIC']}.projector`);
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1] === stores.settings['MILEPOST_KAFKA_TOPIC']);
  assert.equal(rows.length, partitions, table);
  for (const [, , , current, end, lag] of rows) {
    assert.ok(Number(end) > 0, table);
    assert.equal(Number(lag), Number(end) - Number(current), table);
  }
  assert.equal(new Set(rows.map((columns) => columns[6])).size, 2, table);
});
