import type { Latencies } from './latencies.ts';
import type { Form } from './payloads.ts';

export interface LoadOptions {
  readonly origin: string;
  readonly operatorToken: string;
  /** Where the MQTT listener is. */
  readonly mqttOrigin?: string;
  readonly way: 'websocket' | 'http' | 'mqtt';
  readonly form: Form;
  readonly samples: number;
  readonly connections: number;
  /** Number of the first device, where another load has used those before; 0. */
  readonly firstDevice?: number;
  /** Closed loop: so many reports of one connection that are not acknowledged yet. */
  readonly inFlight: number;
  /** Open loop, WebSocket only: so many reports each second over all connections, whether they are acknowledged or not. */
  readonly reportsPerSecond?: number;
  /** Tokens of devices that are enrolled already, as a JSON list. */
  readonly tokensFile?: string;
}

/** What was acknowledged so far; latencies since the line `begin` on standard input. */
export interface Measured {
  readonly reports: number;
  readonly connections: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
}

/** One device of an open loop. */
export interface OpenDevice {
  /** Sends the next report; its latency counts from when it was due (`performance.now()`). */
  sendDue(dueAt: number): void;
}

/** Where the two ways count. */
export interface Tally {
  reports: number;
  connections: number;
  readonly latencies: Latencies;
}
