/**
 * Load in a process of its own: `main.ts '{"way": "websocket", …}'`, see `LoadOptions`. Prints one JSON line a second, see `Measured`; the latencies are
 * those since the line before.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { enrolDevices, imeiOf } from './enrol.ts';
import { loadHttp } from './http.ts';
import { Latencies } from './latencies.ts';
import { loadMqtt } from './mqtt.ts';
import { makePayload } from './payloads.ts';
import type { LoadOptions, Measured, OpenDevice, Tally } from './types.ts';
import { loadWebSocket } from './websocket.ts';

/** Opened in slices: a server that is asked by ten thousand at once refuses some. */
const openedAtOnce = 200;
const openEveryMs = 40;
const paceMs = 5;

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const tally: Tally = { reports: 0, connections: 0, latencies: new Latencies() };
const payload = makePayload(options.form, options.samples);
const { firstDevice = 0 } = options;
const tokens = options.tokensFile
  ? (JSON.parse(readFileSync(options.tokensFile, 'utf8')) as string[])
  : await enrolDevices(options.origin, options.operatorToken, options.connections, firstDevice);
const devices: OpenDevice[] = [];
for (let from = 0; from < tokens.length; from += openedAtOnce) {
  for (const [i, token] of tokens.slice(from, from + openedAtOnce).entries()) {
    if (options.way === 'mqtt') devices.push(loadMqtt(options, token, imeiOf(firstDevice + from + i), payload, tally));
    else if (options.way === 'websocket') devices.push(loadWebSocket(options, token, payload, tally));
    else loadHttp(options, token, payload, tally);
  }
  await wait(openEveryMs);
}

/** Reports fall due at an even pace, one device after the other. */
const keepPace = (reportsPerSecond: number): void => {
  const startedAt = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * reportsPerSecond;
    for (; sent < due; sent++) devices[sent % devices.length]?.sendDue(startedAt + (sent * 1000) / reportsPerSecond);
  }, paceMs);
};
if (options.reportsPerSecond !== undefined) keepPace(options.reportsPerSecond);

process.stdin.on('data', () => tally.latencies.reset());
setInterval(() => {
  const { reports, connections, latencies } = tally;
  const measured: Measured = { reports, connections, ackP50Ms: latencies.quantile(0.5), ackP99Ms: latencies.quantile(0.99) };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}, 1000);
