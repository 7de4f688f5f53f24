import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { WebhookDeliveryView } from '@milepost/contract/api';
import { listAudit } from '../audit/index.ts';
import { systemActor } from '../storage/index.ts';
import { until } from '../storage/testing/wait.ts';
import type { TestVehicle } from './testing/fleet.ts';
import { openReceiver, type ReceivedPost, type TestReceiver } from './testing/open-receiver.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';

// Deliveries to an app's own server: signed CloudEvents, tried again until they are taken, and never of what was taken back meanwhile.

const odometer = 'Vehicle.TraveledDistance';
const latitude = 'Vehicle.CurrentLocation.Latitude';
let server: TestServer;
let volt: TestPartner;
let car: TestVehicle;
let receiver: TestReceiver;
let km = 0;

type Received = ReceivedPost & {
  readonly event: {
    readonly specversion: string;
    readonly type: string;
    readonly id: string;
    readonly data: { readonly signals?: object; readonly withheld?: unknown };
  };
};
const received = (): Received[] => receiver.received.map((one) => ({ ...one, event: JSON.parse(one.body) as Received['event'] }));

before(async () => {
  receiver = await openReceiver();
  server = await openTestServer('http-partner-webhooks');
  volt = await openTestPartner(
    server,
    ['mileage', 'position'].map((item) => ({ item })),
  );
  car = await volt.addCar(1);
});
after(async () => {
  await server?.close();
  receiver?.close();
});

const paramsOf = (webhook = '') => ({ id: volt.app.partnerId, app: volt.app.id, webhook });
const make = async (types: readonly string[] = []): Promise<{ readonly id: string; readonly secret: string }> => {
  const { status, json } = await volt.owner.ask('makeWebhook', {
    params: paramsOf(),
    body: { address: receiver.address, types: types as never },
  });
  assert.equal(status, 201, JSON.stringify(json));
  return { id: json.webhook.id, secret: json.secret };
};
const end = async (id: string): Promise<void> => {
  assert.equal((await volt.owner.ask('endWebhook', { params: paramsOf(id) })).status, 204);
};
const report = async (): Promise<number> => {
  await car.report([
    { time: Date.now(), signals: { [odometer]: ++km, [latitude]: 48.1, 'Vehicle.CurrentLocation.Longitude': 11.5 } },
  ]);
  return km;
};
const got = async (fits: (one: Received) => boolean): Promise<Received> => {
  await until('it is delivered', () => received().some(fits));
  return received().find(fits) as Received;
};
const saysKm = (value: number) => (one: Received) => JSON.stringify(one.event.data).includes(`"value":${value},`);
const deliveries = async (id: string): Promise<readonly WebhookDeliveryView[]> =>
  (await volt.owner.ask('listWebhookDeliveries', { params: paramsOf(id) })).json.items;
const hasPython = spawnSync('python3', ['--version']).status === 0;
const hasGo = spawnSync('go', ['version']).status === 0;
const stateOf = async (id: string, delivery: string): Promise<WebhookDeliveryView | undefined> =>
  (await deliveries(id)).find((one) => one.id === delivery);

/** An example of docs/partner.md, as it stands there. */
const exampleOf = (language: string): string => {
  const page = readFileSync(new URL('../../../docs/partner.md', import.meta.url), 'utf8');
  const [, text = ''] = page.split(`\n${language} (`);
  const lines = text.split('\n').slice(2);
  const endAt = lines.findIndex((line) => line !== '' && !line.startsWith('    '));
  return lines
    .slice(0, endAt)
    .map((line) => line.slice(4))
    .join('\n');
};
const run = (command: string, args: readonly string[], input: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(command, [...args], (error, out) => {
      if (error) reject(new Error(`${command} failed`, { cause: error }));
      else resolve(out.trim());
    });
    child.stdin?.end(input);
  });
const inTypeScript = (secret: string, { headers, body }: Received): Promise<string> => {
  const call = `\nimport { text } from 'node:stream/consumers';
    console.log(isSigned(process.argv[1], process.argv[2], await text(process.stdin)));`;
  const args = [
    '--input-type=module-typescript',
    '-e',
    exampleOf('TypeScript') + call,
    secret,
    headers['milepost-signature'] ?? '',
  ];
  return run(process.execPath, args, body);
};
const inPython = (secret: string, { headers, body }: Received): Promise<string> => {
  const call = '\nimport sys\nprint(str(is_signed(sys.argv[1], sys.argv[2], sys.stdin.buffer.read())).lower())';
  return run('python3', ['-c', exampleOf('Python') + call, secret, headers['milepost-signature'] ?? ''], body);
};

/** Built once: to translate it takes longer than all the rest. */
const buildGo = async (folder: string): Promise<(secret: string, one: Received) => Promise<string>> => {
  const imports = ['crypto/hmac', 'crypto/sha256', 'encoding/hex', 'fmt', 'io', 'math', 'os', 'strconv', 'strings', 'time'];
  const main = `func main() {
  body, _ := io.ReadAll(os.Stdin)
  fmt.Println(isSigned(os.Args[1], os.Args[2], body))
}`;
  const text = ['package main', ...imports.map((name) => `import "${name}"`), exampleOf('Go'), main].join('\n');
  writeFileSync(join(folder, 'main.go'), text);
  const program = join(folder, 'is-signed');
  await run('go', ['build', '-o', program, join(folder, 'main.go')], '');
  return (secret, { headers, body }) => run(program, [secret, headers['milepost-signature'] ?? ''], body);
};

test('the check of a signature in Go works as it stands on the page', { skip: hasGo ? false : 'there is no go' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-go-'));
  try {
    const inGo = await buildGo(folder);
    const { id, secret } = await make();
    const { delivery } = (await volt.owner.ask('pingWebhook', { params: paramsOf(id) })).json;
    const one = await got(({ headers }) => headers['milepost-delivery'] === delivery);
    assert.deepEqual(
      [await inGo(secret, one), await inGo(`${secret}x`, one), await inGo(secret, { ...one, body: `${one.body} ` })],
      ['true', 'false', 'false'],
    );
    const old = `t=1,${one.headers['milepost-signature']?.split(',').slice(1).join(',')}`;
    assert.equal(await inGo(secret, { ...one, headers: { ...one.headers, 'milepost-signature': old } }), 'false');
    await end(id);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what changes is delivered as a signed CloudEvent, checked as the page says, and listed', async () => {
  await volt.give([car], [{ item: 'mileage' }]);
  const { id, secret } = await make();
  const one = await got(saysKm(await report()));
  assert.deepEqual([one.event.specversion, one.event.type], ['1.0', 'vehicle.changed']);
  assert.match(one.headers['content-type'] ?? '', /^application\/cloudevents\+json/);
  const checks = { TypeScript: inTypeScript, ...(hasPython ? { Python: inPython } : {}) };
  for (const [language, isSigned] of Object.entries(checks)) {
    assert.equal(await isSigned(secret, one), 'true', language);
    assert.equal(await isSigned(`${secret}x`, one), 'false', language);
    assert.equal(await isSigned(secret, { ...one, body: `${one.body} ` }), 'false', language);
  }
  const delivery = one.headers['milepost-delivery'] ?? '';
  await until('it is written down', async () => (await stateOf(id, delivery))?.state === 'delivered');
  const rotate = async () => (await volt.owner.ask('rotateWebhookSecret', { params: paramsOf(id) })).json.secret;
  const further = await rotate();
  const next = await got(saysKm(await report()));
  assert.deepEqual(
    [await inTypeScript(secret, next), await inTypeScript(further, next)],
    ['true', 'true'],
    'both live secrets sign',
  );
  const twoAtOnce = await Promise.all([rotate(), rotate()]);
  const last = await got(saysKm(await report()));
  for (const made of twoAtOnce) assert.equal(await inTypeScript(made, last), 'true', 'neither of two at once is lost');
  assert.equal(await inTypeScript(further, last), 'false', 'the oldest ended');
  await end(id);
  const query = { subjectPersonNo: null, beforeNo: null, fromMs: 0, limit: 10 };
  const events = await server.storage.withActor(systemActor('test'), (tx) => listAudit(tx, query));
  const acts = events.filter(({ subject }) => subject === id).map(({ act, actorName, detail }) => [act, actorName, detail['to']]);
  const { host } = new URL(receiver.address);
  const expected = ['webhook_ended', ...Array<string>(3).fill('webhook_secret_made'), 'webhook_made'].map((act) => [
    act,
    'Ada Byron',
    host,
  ]);
  assert.deepEqual(acts, expected, 'who had it told where is in the audit log');
});

test('what is not taken is tried again, and what was taken back meanwhile is not told', async () => {
  await volt.give([car], [{ item: 'mileage' }, { item: 'position' }]);
  const { id } = await make(['vehicle.changed']);
  receiver.answer = 302;
  const first = await got(saysKm(await report()));
  const delivery = first.headers['milepost-delivery'] ?? '';
  await until('it waits', async () => (await stateOf(id, delivery))?.attempts === 1);
  const waiting = await stateOf(id, delivery);
  assert.deepEqual([waiting?.state, waiting?.lastStatus, waiting?.lastError], ['waiting', 302, 'answered 302']);
  assert.ok(waiting?.nextAt && Date.parse(waiting.nextAt) > Date.now());
  assert.ok(first.body.includes(latitude));
  await volt.change({ items: [{ item: 'mileage' }] });
  receiver.answer = 204;
  const before_ = received().length;
  const again = await volt.owner.ask('replayWebhook', { params: paramsOf(id), body: { delivery } });
  assert.equal(again.json.deliveries, 1, JSON.stringify(again.json));
  await until('it is delivered again', () =>
    received()
      .slice(before_)
      .some(({ headers }) => headers['milepost-delivery'] === delivery),
  );
  const second = received()
    .slice(before_)
    .find(({ headers }) => headers['milepost-delivery'] === delivery) as Received;
  assert.deepEqual(Object.keys(second.event.data.signals ?? {}), [odometer]);
  assert.deepEqual(second.event.data.withheld, [{ item: 'position', reason: 'revoked' }]);
  assert.equal(second.event.id, first.event.id);
  await volt.end();
  const replayed = await volt.owner.ask('replayWebhook', { params: paramsOf(id), body: { from: 0 } });
  assert.ok(replayed.json.deliveries > 0);
  await until('nothing is left to tell', async () => (await stateOf(id, delivery))?.state === 'withheld');
  await end(id);
});

test('a ping is delivered, grants are, and only the types that are wanted', async () => {
  await volt.give([car], [{ item: 'mileage' }]);
  const { id } = await make(['grant.paused']);
  const { delivery } = (await volt.owner.ask('pingWebhook', { params: paramsOf(id) })).json;
  await got((one) => one.event.type === 'ping' && one.headers['milepost-delivery'] === delivery);
  const value = await report();
  await volt.change({ state: 'paused' });
  await got(({ event }) => event.type === 'grant.paused');
  assert.ok(!received().some(saysKm(value)));
  await end(id);
});

test('they are of members of the partner alone, and not too many', async () => {
  const other = await openTestPartner(server, [{ item: 'mileage' }], 'eve@example.com');
  assert.equal((await other.owner.ask('listWebhooks', { params: paramsOf() })).status, 404);
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push((await make()).id);
  assert.equal((await volt.owner.ask('makeWebhook', { params: paramsOf(), body: { address: receiver.address } })).status, 409);
  for (const id of ids) await end(id);
});
