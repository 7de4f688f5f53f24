/**
 * What consent costs, and how soon taking it back counts: `node bench/src/consent.ts [reads] [switches]`, default 2000 and 10. A real server over real parts in this
 * process, readers in another one.
 *
 * - `read`: CPU (user + system) of the server's process for one read of a car's latest state, by its owner in a browser and by a partner with a grant of
 *   the same items, in turns; and with the processes of PostgreSQL.
 * - `switch`: ms from the answer to the owner's switch until the first read, event on an open stream, or delivery that leaves the item out.
 *
 * Prints one JSON object each.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { descendantsOf } from '../../e2e/src/support/kill-with-descendants.ts';
import { openTestServer, type TestServer } from '../../server/src/http/testing/open-test-server.ts';
import { testPassword } from '../../server/src/http/testing/test-browser.ts';
import { openTestPartner } from '../../server/src/http/testing/test-partner.ts';
import { openSocket } from '../../server/src/http/testing/test-stream.ts';
import { systemActor } from '../../server/src/storage/index.ts';
import { cpuSecondsOfAll } from './process-costs.ts';

const [reads = 2000, switches = 10] = process.argv.slice(2).map(Number);
const rounds = 5;
const readsAtOnce = 4;
const quota = 100_000;
const items = ['mileage', 'position', 'energy', 'driving', 'tires'] as const;

interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly count: number;
}

/** The other process: asks for an address so often, and says when it is done. */
const readWhenAsked = (): void => {
  process.on('message', ({ url, headers, count }: Asked) => {
    let left = count;
    const ask = async (): Promise<void> => {
      while (left-- > 0) {
        const answer = await fetch(url, { headers });
        if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
        await answer.arrayBuffer();
      }
    };
    void Promise.all(Array.from({ length: readsAtOnce }, ask)).then(() => process.send?.('done'));
  });
};

const round = (value: number): number => Math.round(value * 10) / 10;
const median = (values: readonly number[]): number => round(values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0);

type Cost = (asked: Asked) => Promise<{ readonly serverUs: number; readonly allUs: number }>;

/** CPU of one read: of this process, and with PostgreSQL, whose processes are ours but for the readers. */
const openReader = async (): Promise<{ readonly cost: Cost; stop(): void }> => {
  const child = fork(import.meta.filename, ['0'], { env: { ...process.env, BENCH_READER: '1' } });
  const program = async (): Promise<readonly number[]> => [...descendantsOf(process.pid)].filter((pid) => pid !== child.pid);
  return {
    cost: async (asked) => {
      const [before, allBefore] = [process.cpuUsage(), await cpuSecondsOfAll(program)];
      child.send(asked);
      await new Promise((resolve) => child.once('message', resolve));
      const { user, system } = process.cpuUsage(before);
      return {
        serverUs: (user + system) / asked.count,
        allUs: (((await cpuSecondsOfAll(program)) - allBefore) * 1e6) / asked.count,
      };
    },
    stop: () => child.kill(),
  };
};

const signalsOf = (km: number): Record<string, number> => ({
  'Vehicle.TraveledDistance': 5_000_000 + km,
  'Vehicle.Speed': 50,
  'Vehicle.CurrentLocation.Latitude': 48.1,
  'Vehicle.CurrentLocation.Longitude': 11.5,
  'Vehicle.CurrentLocation.Heading': 90,
  'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 80,
  'Vehicle.Powertrain.TractionBattery.Range': 200_000,
});

const measureReads = async (server: TestServer): Promise<void> => {
  const partner = await openTestPartner(
    server,
    items.map((item) => ({ item })),
  );
  const car = await partner.addCar(1);
  const token = await partner.give(
    [car],
    items.map((item) => ({ item })),
  );
  await car.report([{ time: Date.now(), signals: signalsOf(0) }]);
  // A quota is for guests; here it would be what is measured.
  await server.storage.withActor(systemActor('bench'), (tx) =>
    sql`update partner_apps set requests_per_minute = ${quota}`.execute(tx),
  );
  // The quota is read anew with the app.
  const params = { id: partner.app.partnerId, app: partner.app.id, purpose: 'insurance' };
  await partner.owner.ask('declarePurpose', {
    params,
    body: { language: 'en', terms: 'We set your price by it, and by nothing else.' },
  });
  const reader = await openReader();
  const whence = { address: '127.0.0.1', userAgent: 'bench' };
  const { value } = await server.people.signIn.signIn({ login: 'ada@example.com', password: testPassword }, whence);
  const cookie = `${server.access.cookieName}=${value}`;
  const asks = {
    owner: { url: `${server.origin}/v1/vehicles/${car.id}`, headers: { cookie } },
    partner: {
      url: `${server.origin}/v1/partner/vehicles/${await partner.nameOf(token)}?items=${items.join(',')}`,
      headers: { authorization: `Bearer ${token}` },
    },
  };
  const costs = { owner: [] as number[], partner: [] as number[], ownerAll: [] as number[], partnerAll: [] as number[] };
  for (const who of ['owner', 'partner'] as const) await reader.cost({ ...asks[who], count: Math.ceil(reads / 4) });
  for (let turn = 0; turn < rounds; turn++)
    for (const who of ['owner', 'partner'] as const) {
      const { serverUs, allUs } = await reader.cost({ ...asks[who], count: reads });
      costs[who].push(serverUs);
      costs[`${who}All`].push(allUs);
    }
  reader.stop();
  const differences = costs.partner.map((us, i) => us - (costs.owner[i] ?? 0));
  console.log(
    JSON.stringify({
      bench: 'consent',
      part: 'read',
      reads,
      rounds,
      ownerUs: median(costs.owner),
      partnerUs: median(costs.partner),
      moreUs: { median: median(differences), max: round(Math.max(...differences)) },
      withPostgresUs: { owner: median(costs.ownerAll), partner: median(costs.partnerAll) },
    }),
  );
};

interface Delivery {
  readonly data: { readonly signals?: Readonly<Record<string, unknown>> };
}

/** A server of a partner that hears of everything at once. */
const openReceiver = async () => {
  const heard: { readonly atMs: number; readonly hasPlace: boolean }[] = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      const { signals } = (JSON.parse(body) as Delivery).data;
      if (signals) heard.push({ atMs: performance.now(), hasPlace: latitude in signals });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
  return { heard, receiver, address: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` };
};

const latitude = 'Vehicle.CurrentLocation.Latitude';
const reportEveryMs = 50;
const watchMs = 3000;

/** ms after `fromMs` until the last that still had the place, 0: none had; and how many came without it. */
const lateOf = (heard: readonly { readonly atMs: number; readonly hasPlace: boolean }[], fromMs: number) => {
  const after = heard.filter(({ atMs }) => atMs > fromMs);
  const last = after.findLast(({ hasPlace }) => hasPlace);
  return { lateMs: last ? last.atMs - fromMs : 0, without: after.filter(({ hasPlace }) => !hasPlace).length };
};

const measureSwitch = async (server: TestServer): Promise<void> => {
  const partner = await openTestPartner(
    server,
    items.map((item) => ({ item })),
    'bo@example.com',
  );
  const car = await partner.addCar(2);
  const { heard: delivered, receiver, address } = await openReceiver();
  const params = { id: partner.app.partnerId, app: partner.app.id };
  const made = await partner.owner.ask('makeWebhook', { params, body: { address, types: [] } });
  if (made.status !== 201) throw new Error(JSON.stringify(made.json));
  let km = 0;
  const timer = setInterval(() => void car.report([{ time: Date.now(), signals: signalsOf(++km) }]), reportEveryMs);
  const late = { rest: [] as number[], stream: [] as number[], webhook: [] as number[] };
  const came = { stream: 0, webhook: 0 };
  for (let turn = 0; turn < switches; turn++) {
    const token = await partner.give(
      [car],
      items.map((item) => ({ item })),
    );
    const name = await partner.nameOf(token);
    const stream = await openSocket(server, token);
    const streamed: { readonly atMs: number; readonly hasPlace: boolean }[] = [];
    let seen = 0;
    const look = setInterval(() => {
      for (const event of stream.heard.slice(seen))
        if ('signals' in event) streamed.push({ atMs: performance.now(), hasPlace: latitude in event.signals });
      seen = stream.heard.length;
    }, 1);
    await new Promise((resolve) => setTimeout(resolve, watchMs / 3));
    await partner.change({ items: [{ item: 'mileage' }] });
    const answeredMs = performance.now();
    const { json } = await partner.get<{ signals: object }>(`/vehicles/${name}`, token);
    if (latitude in json.signals) throw new Error('a read after the switch told what was taken back');
    late.rest.push(performance.now() - answeredMs);
    await new Promise((resolve) => setTimeout(resolve, watchMs));
    clearInterval(look);
    stream.close();
    for (const [kind, list] of [
      ['stream', streamed],
      ['webhook', delivered],
    ] as const) {
      const { lateMs, without } = lateOf(list, answeredMs);
      late[kind].push(lateMs);
      came[kind] += without;
    }
    await partner.end();
  }
  clearInterval(timer);
  receiver.close();
  const spread = (list: readonly number[]) => ({ median: median(list), max: round(Math.max(...list)) });
  console.log(
    JSON.stringify({
      bench: 'consent',
      part: 'switch',
      switches,
      firstReadAnsweredMs: spread(late.rest),
      lastOnStreamMs: spread(late.stream),
      lastByWebhookMs: spread(late.webhook),
      cameWithoutIt: came,
    }),
  );
};

if (process.env['BENCH_READER'] === '1') readWhenAsked();
else {
  const server = await openTestServer('bench-consent', {}, { mayPingPrivate: true });
  await measureReads(server);
  await measureSwitch(server);
  await server.close();
}
