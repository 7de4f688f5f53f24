/**
 * Load in a process of its own: `main.ts '{"way": "websocket", …}'`, see `LoadOptions`. Prints one JSON line a second, see `Measured`; the latencies are
 * those since the line before.
 */
import { enrolDevices } from './enrol.ts';
import { Latencies } from './latencies.ts';
import { type Form, makePayload } from './payloads.ts';
import { loadHttp } from './http.ts';
import { loadWebSocket } from './websocket.ts';

export interface LoadOptions {
  readonly origin: string;
  readonly operatorToken: string;
  readonly way: 'websocket' | 'http';
  readonly form: Form;
  readonly samples: number;
  readonly connections: number;
  /** Reports of one connection that are not acknowledged yet. */
  readonly inFlight: number;
}

/** What was acknowledged so far. */
export interface Measured {
  readonly reports: number;
  readonly connections: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
}

/** Where the two ways count. */
export interface Tally {
  reports: number;
  connections: number;
  readonly latencies: Latencies;
}

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
