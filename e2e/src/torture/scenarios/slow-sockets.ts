import assert from 'node:assert/strict';
import type { Milepost } from '../../support/start-milepost.ts';
import { checkFleet } from '../support/check-fleet.ts';
import { quantile, rounded } from '../support/figures.ts';
import { logIn } from '../support/log-in.ts';
import { endFleet, enrol, makeFleet, waysIn } from '../support/make-fleet.ts';
import { frameOf, RawSocket, upgradeRequest } from '../support/raw-socket.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Scenario } from '../scenario.ts';

const openAtOnce = 100;
/** Nobody who has not said who it is may stay longer. */
const strangerSecondsMax = 20;
/** A known device that is silent in the middle of a frame is pinged, then ended. */
const halfFrameSecondsMax = 150;
/** So much of it that what is said of them fills every buffer on the way. */
const badReportsMax = 20_000;
const neverReadsSecondsMax = 120;
/** Rejected as a whole, so that the server has much to say. */
const badReport = (seq: number): string =>
  JSON.stringify({
    boot: 1,
    seq,
    samples: Array.from({ length: 64 }, () => ({ time: 'never', signals: { 'Vehicle.Speed': 'x' } })),
  });

/** Each opens a connection that keeps the server waiting; the first four before anybody knows who it is. */
const strangers: Readonly<Record<string, (milepost: Milepost) => Promise<RawSocket>>> = {
  'silent, port of HTTP': async ({ origin }) => (await RawSocket.open(origin)).drain(),
  'half of the headers': async ({ origin }) =>
    (await RawSocket.open(origin)).drain().say('POST /v1/telemetry HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bear'),
  'silent, port of MQTT': async ({ mqttOrigin }) => (await RawSocket.open(mqttOrigin)).drain(),
  'half of CONNECT': async ({ mqttOrigin }) =>
    (await RawSocket.open(mqttOrigin))
      .drain()
      .say(Buffer.from('10b6600004' + Buffer.from('MQTT').toString('hex') + '05c2003c', 'hex')),
};

const openStream = async ({ origin }: Milepost, token: string): Promise<RawSocket> => {
  const raw = await RawSocket.open(origin);
  raw.say(upgradeRequest(origin, token));
  await raw.until('\r\n\r\n');
  return raw;
};

/** Says half of a large frame and then nothing. */
const halfFrame = async (milepost: Milepost, token: string): Promise<RawSocket> => {
  const raw = await openStream(milepost, token);
  return raw.drain().say(frameOf(Buffer.alloc(64 * 1024, 32)).subarray(0, 32 * 1024));
};

/** Gets much to hear and reads none of it: the buffers of both systems fill up, then ours. */
const neverReads = async (milepost: Milepost, token: string): Promise<RawSocket> => {
  const raw = (await openStream(milepost, token)).stopReading();
  let seq = 0;
  return raw.keepSaying(() => (++seq <= badReportsMax ? frameOf(Buffer.from(badReport(seq))) : undefined));
};

const openMany = async (count: number, open: (n: number) => Promise<RawSocket>): Promise<RawSocket[]> => {
  const sockets: RawSocket[] = [];
  for (let from = 0; from < count; from += openAtOnce) {
    const numbers = Array.from({ length: Math.min(openAtOnce, count - from) }, (_, i) => from + i);
    sockets.push(...(await Promise.all(numbers.map(open))));
  }
  return sockets;
};

const longest = (sockets: readonly RawSocket[]): number =>
  rounded(Math.max(...sockets.map(({ endedAfterSeconds = 0 }) => endedAfterSeconds)));

const endedOf = (sockets: readonly RawSocket[]): number =>
  sockets.filter(({ endedAfterSeconds }) => endedAfterSeconds !== undefined).length;

export const slowSockets: Scenario = {
  name: 'slow-sockets',
  what: '5,000 connections that keep the server waiting: silent ones, half of the headers, half of CONNECT, half of a frame, and devices that never read what they are told; other devices go on',
  expected:
    'Devices that behave notice nothing. Whoever has not said who it is within ten seconds is cut, with what it began; a known device that is silent in the middle of a frame is pinged and ended after two intervals of 45 s; one that does not read what it is told is ended when 256 KiB wait for it. Memory stays bounded all the while.',
  run: async (context) => {
    const milepost = await context.start();
    const devices = await makeFleet(milepost, waysIn);
    context.atEnd(() => endFleet(devices));
    const perKind = context.bySize(1000, 40);
    const known = context.bySize(980, 20);
    const deaf = context.bySize(20, 2);
    const enrolled = await enrol(milepost, known + deaf, 1000);
    const tokens: string[] = [];
    for (const one of enrolled) tokens.push(await logIn(milepost, one));
    for (const device of devices) device.go();
    await Promise.all(devices.map((device) => device.untilAcked(100)));
    const quietPeakMb = context.memory.mb ?? 0;
    for (const device of devices) device.measures = true;
    const opened: RawSocket[] = [];
    context.atEnd(() => opened.forEach(({ socket }) => socket.destroy()));
    const groups = new Map<string, RawSocket[]>();
    const openGroup = async (name: string, count: number, open: (n: number) => Promise<RawSocket>): Promise<void> => {
      const sockets = await openMany(count, open);
      opened.push(...sockets);
      groups.set(name, sockets);
    };
    for (const [name, open] of Object.entries(strangers)) await openGroup(name, perKind, () => open(milepost));
    await openGroup('half of a frame', known, (n) => halfFrame(milepost, tokens[n] ?? ''));
    await openGroup('never reads', deaf, (n) => neverReads(milepost, tokens[known + n] ?? ''));
    context.say(`${opened.length} connections are open and keep the server waiting`);
    const figures: Record<string, number | string> = { connections: opened.length };
    const strangersOf = [...groups].filter(([name]) => name in strangers);
    for (const [name, sockets] of strangersOf) {
      await waitUntil(() => endedOf(sockets) === sockets.length, `all of "${name}" are ended`, strangerSecondsMax * 1000);
      figures[`${name}: ended after, s, at most`] = longest(sockets);
    }
    context.say('everybody who had not said who it is has been ended');
    const deafOnes = groups.get('never reads') ?? [];
    await waitUntil(() => endedOf(deafOnes) === deaf, 'who never reads is ended', neverReadsSecondsMax * 1000);
    figures['never reads: ended after, s, at most'] = longest(deafOnes);
    const halves = groups.get('half of a frame') ?? [];
    if (context.size === 'full') {
      await waitUntil(() => endedOf(halves) === halves.length, 'all halves of frames are ended', halfFrameSecondsMax * 1000);
      figures['half of a frame: ended after, s, at most'] = longest(halves);
    }
    for (const device of devices) device.pause();
    const latencies = devices.flatMap(({ latenciesMs }) => latenciesMs);
    assert.ok(latencies.length > 0, 'the others went on');
    return {
      ...(await checkFleet(milepost, devices)),
      figures: {
        ...figures,
        'the others: reports acknowledged meanwhile': latencies.length,
        'the others: p50 / p99 / longest, ms': [0.5, 0.99, 1].map((part) => rounded(quantile(latencies, part))).join(' / '),
        'peak memory before, MB': quietPeakMb,
      },
    };
  },
};
