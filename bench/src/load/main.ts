/**
 * Load in a process of its own: `main.ts '{"way": "websocket", …}'`, see `LoadOptions`. Prints one JSON line a second, see `Measured`; the latencies are
 * those since the line before.
 */
import { enrolDevices } from './enrol.ts';
import { loadHttp } from './http.ts';
import { Latencies } from './latencies.ts';
import { makePayload } from './payloads.ts';
import type { LoadOptions, Measured, Tally } from './types.ts';
import { loadWebSocket } from './websocket.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const tally: Tally = { reports: 0, connections: 0, latencies: new Latencies() };
const payload = makePayload(options.form, options.samples);
const tokens = await enrolDevices(options.origin, options.operatorToken, options.connections);
const load = options.way === 'websocket' ? loadWebSocket : loadHttp;
for (const token of tokens) load(options, token, payload, tally);
setInterval(() => {
  const { reports, connections, latencies } = tally;
  const measured: Measured = { reports, connections, ackP50Ms: latencies.quantile(0.5), ackP99Ms: latencies.quantile(0.99) };
  latencies.reset();
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}, 1000);
